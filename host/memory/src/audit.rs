//! The audit log: what components were allowed and denied. It is append-only. Entries wait in a bounded queue for the
//! writer, so that noting one costs a call no wait for the disk; entries beyond the bound are counted, and the log says how
//! many it lost.

use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};
use serde::Serialize;

use crate::error::Error;
use crate::store::{Store, now_ms};

/// How many entries may wait for the disk.
const QUEUE_MAX: usize = 4096;

/// The most bytes of a text in an entry; what is longer is cut, for a component chooses some of them.
const TEXT_BYTES_MAX: usize = 1024;

const INSERT: &str = "INSERT INTO audit (time_ms, component, action, target, verdict, detail) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It was granted.
    Allowed,
    /// It was not granted.
    Denied,
    /// It was granted and went wrong.
    Failed,
}

/// Something to note. Texts over 1 KiB are cut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// The component that acted.
    pub component: String,
    /// What it did, such as `http` or `component-replaced`.
    pub action: String,
    /// To what, such as an origin.
    pub target: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, in words.
    pub detail: String,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// Its place in the log, growing.
    pub number: i64,
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
    /// The component that acted; empty where it was the log itself.
    pub component: String,
    /// What it did.
    pub action: String,
    /// To what.
    pub target: String,
    /// What came of it.
    pub verdict: Verdict,
    /// Why, in words.
    pub detail: String,
}

impl Store {
    /// Notes an entry without waiting: it is on disk soon, and certainly after [`Store::flush`].
    ///
    /// # Errors
    /// [`Error::AuditQueueFull`]: the entry is dropped, and counted in the log.
    pub fn audit(&self, entry: AuditEntry) -> Result<(), Error> {
        if self.audit_queue().push(entry)? {
            self.wake_writer();
        }
        Ok(())
    }

    /// Gives up to `limit` entries, the latest first: of one component or of all, and before the entry with the number
    /// `before` where it is given.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn audit_log(
        &self,
        component: Option<&str>,
        limit: usize,
        before: Option<i64>,
    ) -> Result<Vec<AuditRecord>, Error> {
        let component = component.map(str::to_owned);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let before = before.unwrap_or(i64::MAX);
        self.read(move |connection| {
            let columns =
                "SELECT number, time_ms, component, action, target, verdict, detail FROM audit";
            let end = "number < ?2 ORDER BY number DESC LIMIT ?3";
            let sql = match component {
                Some(_) => format!("{columns} WHERE component = ?1 AND {end}"),
                None => format!("{columns} WHERE ?1 IS NULL AND {end}"),
            };
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(params![component, before, limit], record)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<AuditRecord> {
    let verdict = match row.get_ref(5)?.as_str()? {
        "allowed" => Verdict::Allowed,
        "denied" => Verdict::Denied,
        _ => Verdict::Failed,
    };
    Ok(AuditRecord {
        number: row.get(0)?,
        time_ms: row.get(1)?,
        component: row.get(2)?,
        action: row.get(3)?,
        target: row.get(4)?,
        verdict,
        detail: row.get(6)?,
    })
}

/// Notes an edit in the transaction that makes it, so that neither is there without the other. Here `detail` is whole: it
/// says which rows the edit touched.
pub(crate) fn note_edit(
    connection: &Connection,
    by: &str,
    action: &str,
    target: &str,
    detail: &str,
) -> Result<(), rusqlite::Error> {
    let short = |text: &str| text[..text.floor_char_boundary(TEXT_BYTES_MAX)].to_owned();
    connection.prepare_cached(INSERT)?.execute(params![
        now_ms(),
        short(by),
        action,
        short(target),
        Verdict::Allowed.name(),
        detail
    ])?;
    Ok(())
}

/// Entries on their way to the writer.
#[derive(Default)]
pub(crate) struct AuditQueue {
    waiting: Mutex<Waiting>,
}

/// What waits, and how many entries found no room.
#[derive(Default)]
pub(crate) struct Waiting {
    entries: Vec<(i64, AuditEntry)>,
    lost: usize,
}

impl AuditQueue {
    /// Puts an entry in; returns whether it is the first, so that the writer must be woken.
    fn push(&self, mut entry: AuditEntry) -> Result<bool, Error> {
        for text in [
            &mut entry.component,
            &mut entry.action,
            &mut entry.target,
            &mut entry.detail,
        ] {
            cut(text);
        }
        let mut waiting = self.lock();
        if waiting.entries.len() >= QUEUE_MAX {
            waiting.lost += 1;
            return Err(Error::AuditQueueFull { max: QUEUE_MAX });
        }
        waiting.entries.push((now_ms(), entry));
        Ok(waiting.entries.len() == 1)
    }

    /// Takes all that waits.
    pub(crate) fn take(&self) -> Waiting {
        std::mem::take(&mut *self.lock())
    }

    /// Counts entries that could not be written, for the log to say so when it can.
    pub(crate) fn lose(&self, count: usize, error: &Error) {
        if count > 0 {
            tracing::error!(entries = count, %error, "audit entries are lost");
            self.lock().lost += count;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A push or take can't stop half-way, so a poisoned lock says nothing about the queue.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// How many entries a failure to write would lose.
    pub(crate) fn len(&self) -> usize {
        self.entries.len() + self.lost
    }

    /// Writes the entries, or none of them.
    pub(crate) fn write(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        if self.len() == 0 {
            return Ok(());
        }
        connection.execute_batch("SAVEPOINT audit")?;
        let written = self.insert(connection);
        if !connection.is_autocommit() {
            let end = if written.is_ok() {
                "RELEASE audit"
            } else {
                "ROLLBACK TO audit; RELEASE audit"
            };
            connection.execute_batch(end)?;
        }
        written
    }

    fn insert(&self, connection: &Connection) -> Result<(), rusqlite::Error> {
        let mut statement = connection.prepare_cached(INSERT)?;
        for (time, entry) in &self.entries {
            let AuditEntry {
                component,
                action,
                target,
                verdict,
                detail,
            } = entry;
            statement.execute(params![
                time,
                component,
                action,
                target,
                verdict.name(),
                detail
            ])?;
        }
        if self.lost > 0 {
            let detail = format!(
                "{} entries came faster than they could be written",
                self.lost
            );
            statement.execute(params![
                now_ms(),
                "",
                "audit-lost",
                "audit",
                "failed",
                detail
            ])?;
        }
        Ok(())
    }
}

impl Verdict {
    /// The name that JSON and the database use.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Allowed => "allowed",
            Verdict::Denied => "denied",
            Verdict::Failed => "failed",
        }
    }
}

fn cut(text: &mut String) {
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
}
