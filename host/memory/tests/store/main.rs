//! The store against real SQLite files in temporary directories.

mod audit;
mod conversations;
mod files;
mod forks;
mod keys;
mod state;
mod turns;
mod usage;
mod writes;

use caxton_memory::Store;

/// A store in a directory of its own, which lives as long as the test.
pub struct Place {
    /// The store, at `sales.db`.
    pub store: Store,
    /// Its directory.
    pub directory: tempfile::TempDir,
}

/// Opens a new store.
pub fn place() -> Place {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let store = Store::open(directory.path().join("sales.db")).expect("a new store opens");
    Place { store, directory }
}

/// Names that would hurt where one of them reached SQL, a path or a C string.
pub const HOSTILE: &[&str] = &[
    "",
    "'; DROP TABLE messages; --",
    "\" OR \"\"=\"",
    "%",
    "_",
    "?1",
    ":name",
    "a\0b",
    "../../etc/passwd",
    "\u{202e}txt.exe",
    "漢字 🦀 e\u{301}",
    "\u{10ffff}",
];
