//! A copy of the database while it is in use: one state of it, in one file without a log, readable by its owner only.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, Fault};
use crate::store::{Store, make_private};

impl Store {
    /// Writes a copy of the whole database, as it is now, to a new file, and returns its bytes. Reads and writes go on
    /// meanwhile. The copy is on disk when this returns; a copy that breaks off leaves no file of that name. To restore
    /// it, put it in the database's place while no server runs, without the companions `-wal` and `-shm`.
    ///
    /// # Errors
    /// [`Error::Backup`] where there is a file of that name, or none can be written; any error of the database.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<u64, Error> {
        let path = path.as_ref().to_path_buf();
        let failed = {
            let path = path.clone();
            move |source: io::Error| Error::Backup {
                path: path.clone(),
                source: Arc::new(source),
            }
        };
        self.read_apart(move |connection| {
            if path.exists() {
                let error = io::Error::new(io::ErrorKind::AlreadyExists, "the file exists already");
                return Err(failed(error).into());
            }
            let partial = partial(&path);
            // What an earlier one left when its server was killed.
            drop(std::fs::remove_file(&partial));
            make_private(&partial).map_err(&failed)?;
            let copied = copy(connection, &partial, &path, &failed);
            if copied.is_err() {
                drop(std::fs::remove_file(&partial));
            }
            copied
        })
        .await
    }
}

fn copy(
    connection: &rusqlite::Connection,
    partial: &Path,
    path: &Path,
    failed: &impl Fn(io::Error) -> Error,
) -> Result<u64, Fault> {
    let Some(name) = partial.to_str() else {
        let error = io::Error::new(io::ErrorKind::InvalidFilename, "the name is not UTF-8");
        return Err(failed(error).into());
    };
    connection.execute("VACUUM INTO ?1", [name])?;
    let settle = || {
        let file = File::open(partial)?;
        file.sync_all()?;
        let bytes = file.metadata()?.len();
        std::fs::rename(partial, path)?;
        // The name is on disk when its directory is.
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()?;
        Ok(bytes)
    };
    Ok(settle().map_err(failed)?)
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".partial");
    name.into()
}
