//! Clients' idempotency keys: a message that is sent again with its key finds the turn that it started.

use rusqlite::{Connection, OptionalExtension, params};

use super::TurnKey;
use crate::error::{Error, Fault};
use crate::store::{Store, now_ms};

/// How long a key is known: a client that tries again does so within minutes, or after a night.
const KEY_MS: i64 = 24 * 60 * 60 * 1000;

impl Store {
    /// Gives the turn that was started with a key, and the digest of its request; `None` for a key that was not used
    /// within the last 24 hours, or whose turn was deleted.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn turn_of_key(&self, key: &str) -> Result<Option<(String, String)>, Error> {
        let key = key.to_owned();
        self.read(move |connection| find(connection, &key)).await
    }
}

/// Forgets old keys, and checks that this one is free.
pub(super) fn check(connection: &Connection, key: &TurnKey) -> Result<(), Fault> {
    connection
        .prepare_cached("DELETE FROM turn_keys WHERE time_ms < ?1")?
        .execute([now_ms() - KEY_MS])?;
    match find(connection, &key.key)? {
        Some((turn, digest)) => Err(Error::KeyUsed {
            key: key.key.clone(),
            turn,
            digest,
        }
        .into()),
        None => Ok(()),
    }
}

/// Notes which turn has a key.
pub(super) fn keep(connection: &Connection, key: &TurnKey, turn: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO turn_keys (key, digest, turn, time_ms) VALUES (?1, ?2, ?3, ?4)";
    let values = params![key.key, key.digest, turn, now_ms()];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn find(connection: &Connection, key: &str) -> Result<Option<(String, String)>, Fault> {
    let sql = "SELECT turn, digest FROM turn_keys WHERE key = ?1 AND time_ms >= ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params![key, now_ms() - KEY_MS], |row| {
        Ok((row.get(0)?, row.get(1)?))
    });
    Ok(found.optional()?)
}
