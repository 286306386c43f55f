//! Forgetting what is old or too much, a bounded number at a time, so that other writes go on in between.

use rusqlite::{Connection, params};

use crate::audit::note_edit;
use crate::entities::Memory;
use crate::entities::rows::{Numbers, erase};
use crate::error::{Error, Fault};
use crate::index::Edit;
use crate::scope::{self, Scope};
use crate::store::now_ms;

/// Entities that one transaction forgets.
const BATCH: usize = 500;

/// How much of a scope is kept. The default keeps all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// What was not changed for so many milliseconds is forgotten.
    pub age_ms_max: Option<i64>,
    /// Of more than so many entities, those that were changed longest ago are forgotten.
    pub count_max: Option<u64>,
}

/// Which entities of a scope are to go.
#[derive(Debug, Clone, Copy)]
enum Which {
    /// Those that were changed last before this time.
    Before(i64),
    /// The oldest of more than so many.
    Beyond(u64),
}

impl Memory {
    /// Gives the scopes that have something in them, as far as they are in view.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn scopes(&self) -> Result<Vec<Scope>, Error> {
        self.read(|connection, seen| {
            let sql = "SELECT id, name FROM scopes WHERE EXISTS (SELECT 1 FROM entities WHERE scope = scopes.id)";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            let mut scopes = Vec::new();
            while let Some(row) = rows.next()? {
                if seen.sees(row.get(0)?) {
                    scopes.extend(row.get::<_, String>(1)?.parse::<Scope>().ok());
                }
            }
            Ok(scopes)
        })
        .await
    }

    /// Forgets what of a scope is older or more than it may be, with its relations, and returns how many entities that
    /// were.
    ///
    /// # Errors
    /// [`Error::OutOfView`]; any error of the database.
    pub async fn retain(&self, scope: &Scope, retention: Retention) -> Result<u64, Error> {
        let mut gone = 0;
        if let Some(age) = retention.age_ms_max {
            let before = now_ms().saturating_sub(age);
            gone += self
                .forget_all(scope, "memory-retain", Which::Before(before))
                .await?;
        }
        if let Some(count) = retention.count_max {
            gone += self
                .forget_all(scope, "memory-retain", Which::Beyond(count))
                .await?;
        }
        Ok(gone)
    }

    /// Forgets all that is in a scope, such as that of a conversation that was deleted, and returns how many entities that
    /// were.
    ///
    /// # Errors
    /// [`Error::OutOfView`]; any error of the database.
    pub async fn forget_scope(&self, scope: &Scope) -> Result<u64, Error> {
        self.forget_all(scope, "memory-forget", Which::Beyond(0))
            .await
    }

    async fn forget_all(
        &self,
        scope: &Scope,
        action: &'static str,
        which: Which,
    ) -> Result<u64, Error> {
        self.view.check(scope)?;
        let mut gone = 0;
        loop {
            let (scope, by) = (scope.clone(), self.view.by.clone());
            // Most often there is nothing to do, and writing nothing would still wait for the disk.
            let sought = scope.clone();
            let found = self.read(move |connection, _| oldest(connection, &sought, which));
            if found.await?.is_empty() {
                return Ok(gone);
            }
            let some = self
                .edit(move |connection| {
                    let ids = oldest(connection, &scope, which)?;
                    for id in &ids {
                        erase(connection, *id)?;
                    }
                    if !ids.is_empty() {
                        let detail = format!("forgot {}", Numbers(&ids));
                        note_edit(connection, &by, action, &scope.to_string(), &detail)?;
                    }
                    Ok((ids.len(), ids.into_iter().map(Edit::Gone).collect()))
                })
                .await?;
            gone += some as u64;
            if some < BATCH {
                return Ok(gone);
            }
        }
    }
}

/// The next entities that are to go.
fn oldest(connection: &Connection, scope: &Scope, which: Which) -> Result<Vec<i64>, Fault> {
    let Some(number) = scope::number(connection, scope)? else {
        return Ok(Vec::new());
    };
    let (before, limit) = match which {
        Which::Before(before) => (before, BATCH as u64),
        Which::Beyond(kept) => {
            let sql = "SELECT count(*) FROM entities WHERE scope = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let count: i64 = statement.query_one([number], |row| row.get(0))?;
            let beyond = count.unsigned_abs().saturating_sub(kept);
            (i64::MAX, beyond.min(BATCH as u64))
        }
    };
    let sql = "SELECT id FROM entities WHERE scope = ?1 AND updated_ms < ?2 ORDER BY updated_ms, id LIMIT ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map(params![number, before, limit as i64], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}
