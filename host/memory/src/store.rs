//! Opening a database and running reads and writes on it. Reads run on a few connections of their own and see the last
//! commit; they never wait for the writer. Nothing here knows a table.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::audit::AuditQueue;
use crate::error::{Error, Fault, of_sqlite};
use crate::index::Index;
use crate::schema;
use crate::writer::{JOBS_WAITING_MAX, Job, Writer};

/// Reads that run at once. More would only take turns on the processor.
const READERS_MAX: usize = 4;

/// How long SQLite waits for a lock that another program holds, a backup for example.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// A handle on one workspace's database; clones share it. Its async functions need a Tokio runtime. A call that writes
/// may be dropped at any time: what has been handed over is still written.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
    audit: Arc<AuditQueue>,
    reading: Arc<Semaphore>,
    idle_readers: Mutex<Vec<Connection>>,
    /// The last turn that was there when the database was opened; see [`Store::running_turns`].
    last_turn_before: i64,
    index: Arc<Index>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("path", &self.inner.path)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at `path`, makes it where there is none (readable by its owner only), and brings an older one up
    /// to date. This blocks for some milliseconds. That only one server opens it is the server's care, not checked here.
    ///
    /// # Errors
    /// [`Error::Open`], [`Error::Corrupt`], [`Error::Foreign`], [`Error::Newer`], [`Error::Locked`],
    /// [`Error::DiskFull`], [`Error::Sqlite`].
    pub fn open(path: impl AsRef<Path>) -> Result<Store, Error> {
        let path = path.as_ref().to_path_buf();
        let open = |source| Error::Open {
            path: path.clone(),
            source: Arc::new(source),
        };
        count_no_memory();
        make_private(&path).map_err(open)?;
        let connection = writing_connection(&path)?;
        let last_turn_before = connection
            .query_one("SELECT coalesce(max(number), 0) FROM turns", [], |row| {
                row.get(0)
            })
            .map_err(|source| of_sqlite(source, &path))?;
        let (sender, jobs) = mpsc::channel(JOBS_WAITING_MAX);
        let audit = Arc::new(AuditQueue::default());
        let writer = Writer {
            connection,
            path: path.clone(),
            jobs,
            audit: Arc::clone(&audit),
        };
        std::thread::Builder::new()
            .name("memory-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(open)?;
        let inner = Inner {
            path,
            jobs: sender,
            audit,
            reading: Arc::new(Semaphore::new(READERS_MAX)),
            idle_readers: Mutex::new(Vec::new()),
            last_turn_before,
            index: Arc::default(),
        };
        Ok(Store {
            inner: Arc::new(inner),
        })
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// Waits until everything handed over so far is on disk, audit entries included: for the end of a server.
    ///
    /// # Errors
    /// Whatever the commit fails with.
    pub async fn flush(&self) -> Result<(), Error> {
        self.write(|_| Ok(())).await
    }

    /// Runs `work` in the next transaction, and returns when that is on disk.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        self.write_then(work, |made| made).await
    }

    /// Runs `work` in the next transaction, and `after` on what it made when that is on disk, before anything else is
    /// written, whether the caller still waits or not: for what is kept in memory beside the tables.
    pub(crate) async fn write_then<M, T, F, A>(&self, work: F, after: A) -> Result<T, Error>
    where
        M: Send + 'static,
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<M, Fault> + Send + 'static,
        A: FnOnce(M) -> T + Send + 'static,
    {
        let (sender, receiver) = oneshot::channel();
        let path = self.inner.path.clone();
        let job: Job = Box::new(move |transaction| {
            let result = transaction.and_then(|open| open.run(work).map_err(|f| f.at(&path)));
            // The caller may have gone; the write stands all the same.
            Box::new(move |committed| drop(sender.send(committed.and(result).map(after))))
        });
        self.inner.jobs.send(job).await.map_err(|_| Error::Closed)?;
        receiver.await.map_err(|_| Error::Closed)?
    }

    /// Runs `work` on the last commit: all of its statements see the same.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let permit = Arc::clone(&inner.reading)
            .acquire_owned()
            .await
            .map_err(|_| Error::Closed)?;
        let task = move || {
            let idle = inner.readers().pop();
            let connection = match idle {
                Some(connection) => connection,
                None => reading_connection(&inner.path)?,
            };
            let result = on_one_commit(&connection, work).map_err(|fault| fault.at(&inner.path));
            // One that did not get out of its transaction is closed.
            if connection.is_autocommit() {
                inner.readers().push(connection);
            }
            drop(permit);
            result
        };
        // A task ends without a result only where the runtime is shutting down.
        tokio::task::spawn_blocking(task)
            .await
            .map_err(|_| Error::Closed)?
    }

    /// Runs `work` on the last commit, on a connection of its own: for what takes long, and would hold up other reads.
    pub(crate) async fn read_apart<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let inner = Arc::clone(&self.inner);
        let task = move || {
            let connection = reading_connection(&inner.path)?;
            work(&connection).map_err(|fault| fault.at(&inner.path))
        };
        tokio::task::spawn_blocking(task)
            .await
            .map_err(|_| Error::Closed)?
    }

    /// Wakes the writer for the audit queue. Where its channel is full it is awake, and takes the queue on its way.
    pub(crate) fn wake_writer(&self) {
        let job: Job = Box::new(|_| Box::new(|_| {}));
        drop(self.inner.jobs.try_send(job));
    }

    pub(crate) fn audit_queue(&self) -> &AuditQueue {
        &self.inner.audit
    }

    pub(crate) fn index_handle(&self) -> Arc<Index> {
        Arc::clone(&self.inner.index)
    }

    pub(crate) fn last_turn_before(&self) -> i64 {
        self.inner.last_turn_before
    }
}

impl Inner {
    fn readers(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // Pushing and popping can't leave the list half changed, so a poisoned lock says nothing about it.
        self.idle_readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `work` in a transaction that only reads. Beside that nothing changes between its statements, each of them saves the
/// system calls by which SQLite looks for the last commit.
fn on_one_commit<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let result = work(connection);
    connection.prepare_cached("COMMIT")?.execute([])?;
    result
}

/// Milliseconds since 1970, UTC.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Makes an id, a UUID of version 7, for a conversation or a turn: it sorts after all that this process made earlier.
#[must_use]
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Makes the file, where there is none, for its owner only: it holds people's conversations. SQLite gives its companions
/// the same mode. Doing it here also yields the system's reason where the place is wrong.
pub(crate) fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

fn writing_connection(path: &Path) -> Result<Connection, Error> {
    let sqlite = |source| of_sqlite(source, path);
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(sqlite)?;
    // The order matters: the journal's mode is in the file, so a foreign or damaged file must be found before it is
    // changed.
    schema::migrate(&mut connection, path)?;
    // Busy conversations are spread over the file: with a larger cache (in KiB) and rarer checkpoints (in pages) their pages
    // are seldom read again, and written to the database once for many commits.
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864; \
             PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000",
        )
        .map_err(sqlite)?;
    Ok(connection)
}

fn reading_connection(path: &Path) -> Result<Connection, Error> {
    let sqlite = |source| of_sqlite(source, path);
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(sqlite)?;
    // Walks and searches read here and there: the upper pages of a million entities' tables fit into this (in KiB).
    connection
        .execute_batch("PRAGMA cache_size = -16384")
        .map_err(sqlite)?;
    Ok(connection)
}

/// Has SQLite not count the memory that it uses, which nobody asks for: each piece that it takes or gives back would be counted
/// under one lock for all connections.
fn count_no_memory() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: this option takes one number. Where SQLite is in use already, by others in this process, it refuses, and
        // goes on counting.
        let _ = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0) };
    });
}

fn connect(path: &Path, mode: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(LOCK_WAIT)?;
    // A file may have been tampered with: its schema runs no function that is not harmless.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Plans do not depend on what is bound. Otherwise a statement on a table with a partial index is prepared anew whenever a
    // number in it is another than before, which takes several times as long as running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch("PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY")?;
    Ok(connection)
}
