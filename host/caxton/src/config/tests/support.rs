//! A workspace on disk that lasts as long as a test, and the faults it has.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::config::{Checked, Fault, Known, check};

/// What a server of ours has built in.
pub(super) const BUILTINS: &[&str] = &[
    "calc",
    "chart",
    "csv",
    "files",
    "http-fetch",
    "json",
    "keyword",
    "offline",
    "openai",
    "semantic",
    "time",
];

/// An environment with one variable.
pub(super) const KNOWN: Known<'static> = Known {
    builtins: BUILTINS,
    env: &|name| (name == "OPENAI_API_KEY").then(|| "sk-s3cret".to_owned()),
};

/// Writes these files into a new directory.
pub(super) fn workspace(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        write(dir.path(), name, text.as_bytes());
    }
    dir
}

/// Writes one file and the directories that it needs.
pub(super) fn write(dir: &Path, name: &str, bytes: &[u8]) {
    let path = dir.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The faults of a workspace of these files.
pub(super) fn faults(files: &[(&str, &str)]) -> Vec<Fault> {
    check(workspace(files).path(), &KNOWN)
        .err()
        .unwrap_or_default()
}

/// A workspace of these files, which has no faults.
pub(super) fn sound(files: &[(&str, &str)]) -> Checked {
    check(workspace(files).path(), &KNOWN).unwrap_or_else(|faults| panic!("{}", shown(&faults)))
}

/// Faults as they are printed, one a line.
pub(super) fn shown(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}

/// Where and what, as `FILE:LINE:COLUMN CODE`.
pub(super) fn places(faults: &[Fault]) -> Vec<String> {
    faults
        .iter()
        .map(|fault| {
            format!(
                "{}:{}:{} {}",
                fault.file, fault.line, fault.column, fault.code
            )
        })
        .collect()
}
