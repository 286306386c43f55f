//! Writing the workspace's files so that a crash leaves either the old or the new one, never half of it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file with `write`, beside its place, and puts it there when it is on disk. Directories are made as needed.
pub(crate) async fn replace(
    path: &Path,
    write: impl FnOnce(&mut File) -> io::Result<()> + Send + 'static,
) -> io::Result<()> {
    let path = path.to_path_buf();
    blocking(move || {
        let directory = path
            .parent()
            .map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        std::fs::create_dir_all(&directory)?;
        let name = path
            .file_name()
            .ok_or(io::ErrorKind::InvalidInput)?
            .to_string_lossy();
        // A name of its own for each write, so that two at once don't write into one file.
        let beside = directory.join(format!(".{name}.{}", uuid::Uuid::now_v7().simple()));
        let written = File::create(&beside).and_then(|mut file| {
            write(&mut file)?;
            file.sync_all()
        });
        let placed = written.and_then(|()| std::fs::rename(&beside, &path));
        if placed.is_err() {
            drop(std::fs::remove_file(&beside));
            return placed;
        }
        sync(&directory)
    })
    .await
}

/// Removes a file; one that is not there is no error.
pub(crate) async fn remove(path: &Path) -> io::Result<()> {
    let path = path.to_path_buf();
    blocking(move || match std::fs::remove_file(&path) {
        Ok(()) => sync(path.parent().unwrap_or(Path::new("."))),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    })
    .await
}

/// A rename or removal is on disk when its directory is.
fn sync(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = directory;
    Ok(())
}

async fn blocking(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> io::Result<()> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(io::Error::other(e)))
}
