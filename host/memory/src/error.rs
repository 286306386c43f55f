//! Why the store could not do what it was asked. Errors can be cloned because one failed commit fails every write in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why the store could not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The file can't be opened or made.
    #[error("can't open the database {path}: {source}; check that its directory exists and can be written to", path = .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },

    /// The file is not an SQLite database, or parts of it are damaged or missing.
    #[error(
        "the database {path} is damaged: {source}; put back a copy from a backup, or move the file and its -wal and -shm companions away to start empty",
        path = .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },

    /// The file is a database of some other program.
    #[error("the database {path} was not made by Caxton; give another file name", path = .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },

    /// A newer Caxton wrote the file.
    #[error(
        "the database {path} has format {found}, and this version of Caxton knows formats up to {known}; use the newer version that wrote it",
        path = .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The file's format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },

    /// The disk is full.
    #[error("can't write to the database {path}: the disk is full; free some space", path = .path.display())]
    DiskFull {
        /// The file.
        path: PathBuf,
    },

    /// Another program keeps the file locked.
    #[error("the database {path} is locked by another program; end that program and try again", path = .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },

    /// SQLite failed in another way.
    #[error("the database {path} failed: {source}", path = .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Arc<rusqlite::Error>,
    },

    /// Stored JSON can't be read back, so something else changed the file.
    #[error(
        "the stored {what} is not what was written: {source}; the database was changed by another program"
    )]
    Stored {
        /// Which value.
        what: &'static str,
        /// Why it can't be read.
        source: Arc<serde_json::Error>,
    },

    /// There is no such thing.
    #[error("there is no {what} {id:?}")]
    NotFound {
        /// `conversation`, `turn` or `entity`.
        what: &'static str,
        /// The id that was asked for.
        id: String,
    },

    /// The turn has ended, so it takes no more checkpoints.
    #[error("turn {id} has ended already ({status})")]
    TurnEnded {
        /// The turn.
        id: String,
        /// How it ended.
        status: crate::TurnStatus,
    },

    /// A turn with the same key was started within the last day, so this one was not.
    #[error(
        "the key {key:?} was used for turn {turn}; see that turn for the answer, or give a new message a key of its own"
    )]
    KeyUsed {
        /// The key.
        key: String,
        /// The turn that has it.
        turn: String,
        /// The digest of that turn's request: where it differs, the key was used for another message.
        digest: String,
    },

    /// A copy of a conversation would end inside a turn, where a tool call could lose its result.
    #[error("a conversation can't be cut after message {seq}, in the middle of a turn; cut it after message {before}{}",
        .after.map(|after| format!(" or {after}")).unwrap_or_default())]
    Split {
        /// The message that was to be the last.
        seq: i64,
        /// The nearest message before it that can be the last; 0 for none at all.
        before: i64,
        /// The nearest one after it; `None` where the turn is still under way.
        after: Option<i64>,
    },

    /// Somebody wants to keep or find something where their view does not reach.
    #[error("{by} does not see the scope {scope}; use a scope of its own")]
    OutOfView {
        /// Whose view it is.
        by: String,
        /// The scope that is not in it.
        scope: String,
    },

    /// An entity or a relation that can't be kept as it is.
    #[error("{what} {value:?} {reason}")]
    Unfit {
        /// Which part, such as `an entity's name`.
        what: &'static str,
        /// What was given, cut short.
        value: String,
        /// What is wrong with it, and what would be right.
        reason: &'static str,
    },

    /// Another entity of the scope has that name.
    #[error("entity {id} is called {name:?} already; change that one, or choose another name")]
    NameUsed {
        /// The name.
        name: String,
        /// The entity that has it.
        id: i64,
    },

    /// The text of an entity is no longer the one that somebody wanted to change.
    #[error(
        "entity {id} was to be changed at version {version} and is at version {found} by now; read it again, and change what it says now"
    )]
    EntityChanged {
        /// The entity.
        id: i64,
        /// The version that was to be changed.
        version: i64,
        /// The version that it has.
        found: i64,
    },

    /// A line of an import can't be taken. What stands before it is kept; importing the mended file again goes on.
    #[error("line {line} of the import can't be taken: {reason}")]
    Import {
        /// The line, from 1.
        line: u64,
        /// Why, and what to do.
        reason: String,
    },

    /// A backup can't be written.
    #[error("can't write the backup {path}: {source}; give a new file in a directory that can be written to", path = .path.display())]
    Backup {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },

    /// Something is larger than it may be.
    #[error("{what} would be {value}, and the limit is {max}")]
    Limit {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it is or would become.
        value: u64,
        /// The most it may be.
        max: u64,
    },

    /// Entries for the audit log come faster than the disk takes them; this one was counted as lost.
    #[error(
        "the audit log's queue is full ({max} entries wait for the disk); the entry was dropped, and the log will say so"
    )]
    AuditQueueFull {
        /// How many entries may wait.
        max: usize,
    },

    /// The store is closed.
    #[error("the store is closed")]
    Closed,
}

/// An error inside a read or write, before it is known which file it is about.
#[derive(Debug)]
pub(crate) enum Fault {
    Sql(rusqlite::Error),
    Named(Error),
}

impl Fault {
    /// Gives the error for the database at `path`.
    pub(crate) fn at(self, path: &Path) -> Error {
        match self {
            Fault::Named(error) => error,
            Fault::Sql(source) => of_sqlite(source, path),
        }
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sql(error)
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Named(error)
    }
}

/// Sorts what SQLite says by what a person can do about it.
pub(crate) fn of_sqlite(source: rusqlite::Error, path: &Path) -> Error {
    let path = path.to_path_buf();
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Corrupt {
            path,
            source: Arc::new(source),
        },
        Some(ErrorCode::DiskFull) => Error::DiskFull { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Locked { path },
        _ => Error::Sqlite {
            path,
            source: Arc::new(source),
        },
    }
}

/// Reads JSON that this crate has written.
pub(crate) fn stored<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, Fault> {
    serde_json::from_str(text).map_err(|source| {
        Fault::Named(Error::Stored {
            what,
            source: Arc::new(source),
        })
    })
}

/// Checks a size against its limit.
pub(crate) fn within(what: &'static str, value: usize, max: usize) -> Result<(), Error> {
    if value <= max {
        Ok(())
    } else {
        Err(Error::Limit {
            what,
            value: value as u64,
            max: max as u64,
        })
    }
}
