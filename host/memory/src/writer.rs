//! The one thread that writes. It takes every job that waits, up to a bound, runs them in one transaction, each in a
//! savepoint of its own so that a job that fails undoes only itself, and answers them all when the commit is on disk. Under
//! load the wait for the disk is so shared by many; alone, a job waits for nobody, and the transaction is its savepoint.

use std::cell::Cell;
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
pub(crate) type Job = Box<dyn FnOnce(Result<Open<'_>, Error>) -> Answer + Send>;

/// The open transaction.
#[derive(Clone, Copy)]
pub(crate) struct Open<'a> {
    connection: &'a Connection,
    /// Set where there is nothing else in it: what fails is undone with all of it, and says so here.
    alone: Option<&'a Cell<bool>>,
}

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
        let failed = Cell::new(false);
        let alone = (waiting.len() == 1 && entries.len() == 0).then_some(&failed);
        if let Err(source) = self.execute("BEGIN IMMEDIATE") {
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
            let open = Open {
                connection: &self.connection,
                alone,
            };
            answers.push(job(Ok(open)));
        }
        let committed = match failed.get() {
            true => self.undo(),
            false => self.commit(),
        };
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
        let committed = self.execute("COMMIT");
        if let Err(error) = self.undo() {
            tracing::error!(path = %self.path.display(), %error, "a transaction can't be rolled back");
        }
        committed.map_err(|source| of_sqlite(source, &self.path))
    }

    /// Ends what is still open of a transaction.
    fn undo(&self) -> Result<(), Error> {
        if self.connection.is_autocommit() {
            return Ok(());
        }
        self.execute("ROLLBACK")
            .map_err(|source| of_sqlite(source, &self.path))
    }

    /// Runs a statement that is run again and again.
    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }
}

impl Open<'_> {
    /// Runs `work` so that it is undone as a whole where it fails, without harm to the rest of the transaction.
    pub(crate) fn run<T>(
        self,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let connection = self.connection;
        let run = |sql| -> Result<(), Fault> {
            connection.prepare_cached(sql)?.execute([])?;
            Ok(())
        };
        if let Some(failed) = self.alone {
            let result = work(connection);
            failed.set(result.is_err());
            return result;
        }
        run("SAVEPOINT job")?;
        let result = work(connection);
        // After a failure that ended the whole transaction there is no savepoint left to go back to.
        if !connection.is_autocommit() {
            if result.is_err() {
                run("ROLLBACK TO job")?;
            }
            run("RELEASE job")?;
        }
        result
    }
}
