//! The tables, and how an older file is brought up to date. A migration is one SQL script; `user_version` counts those
//! that a file has had. A script that has been released is never changed: a new one is added.

use std::path::Path;

use rusqlite::Connection;

use crate::error::{Error, of_sqlite};

/// Marks a file as ours ("CXTN"), so that another program's database is never migrated.
const APPLICATION_ID: i64 = 0x4358_544e;

const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_foundation.sql"),
    include_str!("migrations/0002_turns.sql"),
    include_str!("migrations/0003_lean_writes.sql"),
    include_str!("migrations/0004_memory.sql"),
];

/// Brings the database up to date, in one transaction.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), Error> {
    let sqlite = |source| of_sqlite(source, path);
    let known = MIGRATIONS.len() as i64;
    // An immediate transaction: of two processes that open a new file, the second waits and then finds it migrated.
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(sqlite)?;
    let application: i64 = pragma(&transaction, "application_id").map_err(sqlite)?;
    let found: i64 = pragma(&transaction, "user_version").map_err(sqlite)?;
    let empty = transaction
        .query_one("SELECT count(*) = 0 FROM sqlite_schema", [], |row| {
            row.get(0)
        })
        .map_err(sqlite)?;
    if application != APPLICATION_ID && !(application == 0 && found == 0 && empty) {
        return Err(Error::Foreign {
            path: path.to_path_buf(),
        });
    }
    if found > known {
        return Err(Error::Newer {
            path: path.to_path_buf(),
            found,
            known,
        });
    }
    if found < known {
        let done = usize::try_from(found).unwrap_or(0);
        for script in MIGRATIONS.iter().skip(done) {
            transaction.execute_batch(script).map_err(sqlite)?;
        }
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(sqlite)?;
        transaction
            .pragma_update(None, "user_version", known)
            .map_err(sqlite)?;
        tracing::debug!(path = %path.display(), from = found, to = known, "database migrated");
    }
    transaction.commit().map_err(sqlite)
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
