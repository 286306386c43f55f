//! The one thread that writes. It takes every job that waits, up to a bound, runs them in one transaction, each in a
//! savepoint of its own so that a job that fails undoes only itself, and answers them all when the commit is on disk. Under
//! load the wait for the disk is so shared by many; alone, a job waits for nobody.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::Connection;
use tokio::sync::mpsc;

use crate::audit::AuditQueue;
use crate::error::{Error, Fault, of_sqlite};

/// Tells a job's caller how the commit went.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// A piece of work: it gets the open transaction, or why there is none, and returns what to call after the commit.
pub(crate) type Job = Box<dyn FnOnce(Result<&Connection, Error>) -> Answer + Send>;

/// How many jobs may wait; further callers wait to hand theirs over, which bounds what a burst holds in memory.
pub(crate) const JOBS_WAITING_MAX: usize = 256;

/// What the thread owns.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) jobs: mpsc::Receiver<Job>,
    pub(crate) audit: Arc<AuditQueue>,
}

impl Writer {
    /// Works until every [`crate::Store`] is gone and nothing waits.
    pub(crate) fn run(mut self) {
        let mut waiting = VecDeque::new();
        while let Some(job) = self.jobs.blocking_recv() {
            waiting.push_back(job);
            while waiting.len() < JOBS_WAITING_MAX
                && let Ok(job) = self.jobs.try_recv()
            {
                waiting.push_back(job);
            }
            // More than one round only where SQLite gave up a transaction in the middle (a full disk, say).
            while !waiting.is_empty() {
                self.commit_together(&mut waiting);
            }
        }
        self.commit_together(&mut waiting);
    }

    fn commit_together(&self, waiting: &mut VecDeque<Job>) {
        let entries = self.audit.take();
        if let Err(source) = self.connection.execute_batch("BEGIN IMMEDIATE") {
            let error = of_sqlite(source, &self.path);
            self.audit.lose(entries.len(), &error);
            for job in waiting.drain(..) {
                job(Err(error.clone()))(Err(error.clone()));
            }
            return;
        }
        let written = entries.write(&self.connection);
        let mut answers = Vec::with_capacity(waiting.len());
        while !self.connection.is_autocommit()
            && let Some(job) = waiting.pop_front()
        {
            answers.push(job(Ok(&self.connection)));
        }
        let committed = self.commit();
        match (&committed, written) {
            (Err(error), _) => self.audit.lose(entries.len(), error),
            (Ok(()), Err(source)) => {
                self.audit
                    .lose(entries.len(), &of_sqlite(source, &self.path));
            }
            (Ok(()), Ok(())) => {}
        }
        for answer in answers {
            answer(committed.clone());
        }
    }

    /// Commits, and leaves no transaction open whatever happens.
    fn commit(&self) -> Result<(), Error> {
        // Where SQLite has rolled back by itself there is no transaction any more, and COMMIT says so.
        let committed = self.connection.execute_batch("COMMIT");
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(path = %self.path.display(), %error, "a transaction can't be rolled back");
        }
        committed.map_err(|source| of_sqlite(source, &self.path))
    }
}

/// Runs `work` so that it is undone as a whole where it fails, without harm to the rest of the transaction.
pub(crate) fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = work(connection);
    // After a failure that ended the whole transaction there is no savepoint left to go back to.
    if !connection.is_autocommit() {
        if result.is_err() {
            connection.execute_batch("ROLLBACK TO job")?;
        }
        connection.prepare_cached("RELEASE job")?.execute([])?;
    }
    result
}
