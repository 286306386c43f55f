//! What components keep between calls: a key-value store for each component of the workspace, with limits.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Error, Fault, within};
use crate::store::Store;

/// The most bytes in a key.
pub const STATE_KEY_BYTES_MAX: usize = 512;

/// The most bytes in a value: 1 MiB.
pub const STATE_VALUE_BYTES_MAX: usize = 1 << 20;

/// The most bytes that one component keeps: 64 MiB of keys, values and [`STATE_ENTRY_BYTES`] for each entry.
pub const STATE_TOTAL_BYTES_MAX: usize = 64 << 20;

/// What an entry counts beside its key and value, so that a million empty values are not free.
pub const STATE_ENTRY_BYTES: usize = 64;

/// The most keys that one listing gives.
pub const STATE_KEYS_LISTED_MAX: usize = 100_000;

impl Store {
    /// Gives the value of a component's `key`.
    ///
    /// # Errors
    /// [`Error::Limit`] for a key over its limit; any error of the database.
    pub async fn state_get(&self, component: &str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        let (component, key) = owned(component, key)?;
        self.read(move |connection| {
            let sql = "SELECT value FROM component_state WHERE component = ?1 AND key = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement
                .query_row([&component, &key], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Sets the value of a component's `key`.
    ///
    /// # Errors
    /// [`Error::Limit`] for a key, a value or a total over its limit; any error of the database.
    pub async fn state_set(&self, component: &str, key: &str, value: Vec<u8>) -> Result<(), Error> {
        let (component, key) = owned(component, key)?;
        within("a state value's bytes", value.len(), STATE_VALUE_BYTES_MAX)?;
        self.write(move |connection| set(connection, &component, &key, &value))
            .await
    }

    /// Removes a component's `key`. Returns whether it was there.
    ///
    /// # Errors
    /// [`Error::Limit`] for a key over its limit; any error of the database.
    pub async fn state_delete(&self, component: &str, key: &str) -> Result<bool, Error> {
        let (component, key) = owned(component, key)?;
        self.write(move |connection| {
            let sql = "DELETE FROM component_state WHERE component = ?1 AND key = ?2";
            Ok(connection
                .prepare_cached(sql)?
                .execute([&component, &key])?
                > 0)
        })
        .await
    }

    /// Gives a component's keys that start with `prefix`, sorted by their bytes.
    ///
    /// # Errors
    /// [`Error::Limit`] for a prefix over a key's limit, and where there are more than [`STATE_KEYS_LISTED_MAX`] keys: a
    /// longer prefix gives fewer; any error of the database.
    pub async fn state_keys(&self, component: &str, prefix: &str) -> Result<Vec<String>, Error> {
        let (component, prefix) = owned(component, prefix)?;
        self.read(move |connection| keys(connection, &component, &prefix))
            .await
    }

    /// Removes all that a component keeps, for when it is removed from the workspace.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn state_clear(&self, component: &str) -> Result<(), Error> {
        let component = component.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM component_state WHERE component = ?1";
            connection.prepare_cached(sql)?.execute([&component])?;
            Ok(())
        })
        .await
    }
}

fn owned(component: &str, key: &str) -> Result<(String, String), Error> {
    within("a state key's bytes", key.len(), STATE_KEY_BYTES_MAX)?;
    Ok((component.to_owned(), key.to_owned()))
}

fn set(connection: &Connection, component: &str, key: &str, value: &[u8]) -> Result<(), Fault> {
    let sql = "INSERT INTO component_state (component, key, value) VALUES (?1, ?2, ?3) \
               ON CONFLICT (component, key) DO UPDATE SET value = excluded.value";
    connection
        .prepare_cached(sql)?
        .execute(params![component, key, value])?;
    // The triggers have counted it; where it is too much the error undoes it.
    let sql = "SELECT bytes FROM component_state_total WHERE component = ?1";
    let total: i64 = connection
        .prepare_cached(sql)?
        .query_row([component], |row| row.get(0))?;
    let total = usize::try_from(total).unwrap_or(0);
    Ok(within(
        "the component's state in bytes",
        total,
        STATE_TOTAL_BYTES_MAX,
    )?)
}

fn keys(connection: &Connection, component: &str, prefix: &str) -> Result<Vec<String>, Fault> {
    // Keys are sorted by their bytes, so those with the prefix stand together. LIKE would give % and _ a meaning.
    let sql = "SELECT key FROM component_state WHERE component = ?1 AND key >= ?2 ORDER BY key";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([component, prefix])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        if !key.starts_with(prefix) {
            break;
        }
        within("the keys listed", keys.len() + 1, STATE_KEYS_LISTED_MAX)?;
        keys.push(key);
    }
    Ok(keys)
}
