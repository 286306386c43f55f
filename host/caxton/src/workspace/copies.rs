//! Copies of the database on their way to somebody. One that a server was killed at is removed when the next one starts.

use std::path::{Path, PathBuf};

use super::Workspace;

/// How their names begin: as no file begins that a person puts there.
const PREFIX: &str = ".caxton-copy-";

impl Workspace {
    /// A new name for a copy, among the server's own files.
    pub fn backup_file(&self) -> PathBuf {
        let id = caxton_memory::new_id();
        self.data().join(format!("{PREFIX}{id}.db"))
    }
}

/// Removes what is left of copies.
pub(super) fn remove_left(data: &Path) {
    let files = std::fs::read_dir(data).into_iter().flatten().flatten();
    for file in files {
        if file.file_name().to_string_lossy().starts_with(PREFIX)
            && let Err(error) = std::fs::remove_file(file.path())
        {
            let file = file.path();
            tracing::warn!(file = %file.display(), %error, "what is left of a backup can't be removed");
        }
    }
}
