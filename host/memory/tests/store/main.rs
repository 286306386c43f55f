//! The store against real SQLite files in temporary directories.

mod audit;
mod backups;
mod conversations;
mod crashes;
mod entities;
mod files;
mod forks;
mod isolation;
mod keys;
mod relations;
mod retention;
mod search;
mod state;
mod transfer;
mod turns;
mod usage;
mod writes;

use std::sync::Arc;

use caxton_memory::{Hit, Memory, NewEntity, Store, Vector, View};

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

/// The memory that administrators see.
pub fn everything(store: &Store) -> Memory {
    store.memory(View::everything("test"))
}

/// An entity of the type `fact`.
pub fn fact(name: &str, observations: &[&str]) -> NewEntity {
    NewEntity {
        name: name.to_owned(),
        kind: "fact".to_owned(),
        observations: observations.iter().map(|&text| text.to_owned()).collect(),
        ..NewEntity::default()
    }
}

/// A unit vector, the same for the same number; those of different numbers are nearly at right angles.
pub fn vector(number: u64) -> Vector {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut numbers = [0.0f32; 384];
    for number in &mut numbers {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *number = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
    }
    let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
    Arc::new(numbers.map(|x| x / length))
}

/// The names of what was found.
pub fn names(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| &*hit.entity.name).collect()
}
