//! The data directory: what a server keeps between runs, who serves from it now, and the lock that lets only one server do
//! so. The database inside belongs to `caxton-memory`, the cache of compiled code to `caxton-sandbox`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A data directory that is held by this process. The lock ends with it, and with the process, however that ends.
#[derive(Debug)]
pub struct Data {
    /// The directory.
    pub path: PathBuf,
    _lock: File,
}

/// The server that serves from a data directory, as it wrote down itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Where it answers.
    pub url: String,
    /// The workspace it serves.
    pub workspace: String,
    /// Its version.
    pub version: String,
}

/// Why a data directory can't be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another server has it.
    #[error("the data directory {path} is in use by another server{}; stop it with `caxton stop --data {path}`, or give this one another directory with --data", who(running.as_ref()), path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
        /// Who has it, where that is known.
        running: Option<Running>,
    },
    /// It can't be made, read or written.
    #[error("the data directory {path} can't be used: {source}; give one that can be written to with --data", path = path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

fn who(running: Option<&Running>) -> String {
    running.map_or_else(String::new, |Running { pid, url, .. }| {
        format!(" (process {pid} at {url})")
    })
}

/// The name of the data directory in a workspace.
pub const DIRECTORY: &str = ".caxton";

/// How often the lock is tried, and how long is waited in between.
const LOOKS: u32 = 3;
const LOOK: Duration = Duration::from_millis(10);

const LOCK: &str = "caxton.lock";
const RUNNING: &str = "server.json";

impl Data {
    /// Makes the directory where it is missing, and takes the lock.
    ///
    /// # Errors
    /// [`Error::InUse`] where another process has it, [`Error::Io`] where the directory can't be used.
    pub fn hold(path: &Path) -> Result<Self, Error> {
        let io = |source| Error::Io {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(path).map_err(io)?;
        let path = path.canonicalize().map_err(io)?;
        let lock = lock_file(&path)?;
        // Somebody who only looks whether a server runs holds the lock for an instant.
        for attempt in 0.. {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if attempt < LOOKS => std::thread::sleep(LOOK),
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::InUse {
                        running: read(&path),
                        path,
                    });
                }
                Err(TryLockError::Error(source)) => return Err(Error::Io { path, source }),
            }
        }
        // Left behind by a server that was killed.
        let data = Self { path, _lock: lock };
        data.forget();
        Ok(data)
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.path.join("caxton.db")
    }

    /// Where compiled code is kept.
    pub fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// Writes down that this process serves now.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn announce(&self, running: &Running) -> Result<(), Error> {
        let path = self.path.join(RUNNING);
        let io = |source| Error::Io {
            path: path.clone(),
            source,
        };
        let json = serde_json::to_string(running).map_err(|e| io(e.into()))?;
        // Written beside and renamed, so that nobody reads half of it.
        let beside = self.path.join(format!("{RUNNING}.new"));
        fs::write(&beside, json)
            .and_then(|()| fs::rename(&beside, &path))
            .map_err(io)
    }

    fn forget(&self) {
        drop(fs::remove_file(self.path.join(RUNNING)));
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Where a detached server of this data directory logs to.
pub fn log_file(path: &Path) -> PathBuf {
    path.join("caxton.log")
}

/// The server that holds a data directory now, or nothing where none does.
///
/// # Errors
/// [`Error::Io`] where the directory is there and can't be read.
pub fn running(path: &Path) -> Result<Option<Running>, Error> {
    if !path.join(LOCK).exists() {
        return Ok(None);
    }
    match lock_file(path)?.try_lock() {
        // Nobody has it; what was written down is old.
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(read(path)),
        Err(TryLockError::Error(source)) => Err(Error::Io {
            path: path.to_owned(),
            source,
        }),
    }
}

fn lock_file(path: &Path) -> Result<File, Error> {
    let path = path.join(LOCK);
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .map_err(|source| Error::Io { path, source })
}

fn read(path: &Path) -> Option<Running> {
    serde_json::from_slice(&fs::read(path.join(RUNNING)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_server_holds_a_data_directory() {
        let root = std::env::temp_dir().join(format!("caxton-data-{}", uuid::Uuid::now_v7()));
        let path = root.join("new");
        assert_eq!(running(&path).expect("no directory is no error"), None);
        let held = Data::hold(&path).expect("it is free");
        let me = Running {
            pid: 7,
            url: "http://127.0.0.1:1".to_owned(),
            workspace: "w".to_owned(),
            version: "0".to_owned(),
        };
        held.announce(&me).expect("it can be written");
        assert_eq!(running(&path).expect("it can be read"), Some(me));
        let refused = Data::hold(&path).expect_err("it is held").to_string();
        assert!(
            refused.contains("process 7 at http://127.0.0.1:1") && refused.contains("caxton stop"),
            "{refused}"
        );
        drop(held);
        assert_eq!(running(&path).expect("it can be read"), None);
        drop(Data::hold(&path).expect("it is free again"));
        fs::remove_dir_all(root).expect("it can be removed");
    }
}
