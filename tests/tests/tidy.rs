//! The order of the house: rooms import downwards only, and every module says what it is.

use std::path::{Path, PathBuf};

/// The rooms of the `caxton` crate from top to bottom. A room may import those after it.
const ROOMS: [&str; 10] = [
    "cli",
    "api",
    "turn",
    "routing",
    "workspace",
    "config",
    "secrets",
    "telemetry",
    "data",
    "builtin",
];

fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo runs this test");
    PathBuf::from(package)
        .parent()
        .expect("the repository")
        .to_owned()
}

/// Every Rust file below `dir`, without what is built.
fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)
        .unwrap_or_else(|e| panic!("{}: {e}", dir.display()))
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn rooms_import_downwards_only() {
    let source = root().join("host/caxton/src");
    let mut checked = 0;
    for file in files(&source) {
        let room = file.strip_prefix(&source).expect("below").to_string_lossy();
        let room = room.split(['/', '.']).next().unwrap_or_default();
        let Some(at) = ROOMS.iter().position(|name| *name == room) else {
            assert!(
                ["lib", "main"].contains(&room),
                "`{room}` is not among the rooms of this test"
            );
            continue;
        };
        let text = std::fs::read_to_string(&file).expect("readable");
        for above in &ROOMS[..at] {
            for import in [format!("crate::{above}::"), format!("crate::{above};")] {
                assert!(
                    !text.contains(&import),
                    "{} imports `{above}`, which is above `{room}`",
                    file.display()
                );
            }
        }
        checked += 1;
    }
    assert!(checked > 50, "only {checked} files were found");
}

#[test]
fn every_module_says_what_it_is() {
    for room in ["host", "components", "sdk", "tests"] {
        for file in files(&root().join(room)) {
            let text = std::fs::read_to_string(&file).expect("readable");
            assert!(
                text.starts_with("//!"),
                "{} does not begin with a `//!` paragraph",
                file.display()
            );
        }
    }
}
