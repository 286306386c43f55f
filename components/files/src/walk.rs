//! Going through directories, in the order of names, without following links: a link could lead round in circles.

use std::fs;

use crate::roots::{Place, refused};

/// Directories deeper than this are not entered, whatever is asked.
pub const DEPTH_MAX: usize = 32;
/// Entries that one call looks at.
pub const ENTRIES_MAX: usize = 100_000;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link, not followed.
    Link,
}

/// An entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it is, named as callers write it.
    pub place: Place,
    /// Its path below the directory where the walk began.
    pub below: String,
    /// What it is.
    pub kind: Kind,
    /// Its size, for files.
    pub bytes: Option<u64>,
}

/// Calls `visit` for every entry under `start`, `depth` levels deep (1 is the directory itself), until it says stop.
/// Gives `false` where entries were left out because there are too many.
///
/// # Errors
/// A sentence where `start` can't be read. Directories further down that can't be read are passed over.
pub fn walk(
    start: &Place,
    depth: usize,
    visit: &mut dyn FnMut(Entry) -> bool,
) -> Result<bool, String> {
    let mut seen = 0;
    let outcome = enter(start, "", depth.min(DEPTH_MAX), &mut seen, visit)
        .map_err(|error| refused(start, &error))?;
    Ok(outcome && seen < ENTRIES_MAX)
}

fn enter(
    place: &Place,
    below: &str,
    depth: usize,
    seen: &mut usize,
    visit: &mut dyn FnMut(Entry) -> bool,
) -> std::io::Result<bool> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(&place.path)?
        .take(ENTRIES_MAX)
        .collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        *seen += 1;
        if *seen >= ENTRIES_MAX {
            return Ok(true);
        }
        // A name that is not UTF-8 could not be given back to us.
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        let kind = if kind.is_dir() {
            Kind::Directory
        } else if kind.is_symlink() {
            Kind::Link
        } else {
            Kind::File
        };
        let bytes = if kind == Kind::File {
            entry.metadata().ok().map(|metadata| metadata.len())
        } else {
            None
        };
        let child = Place {
            name: if place.name == "." {
                name.clone()
            } else {
                format!("{}/{name}", place.name)
            },
            path: place.path.join(&name),
            is_writable: place.is_writable,
        };
        let child_below = if below.is_empty() {
            name
        } else {
            format!("{below}/{name}")
        };
        if !visit(Entry {
            place: child.clone(),
            below: child_below.clone(),
            kind,
            bytes,
        }) {
            return Ok(false);
        }
        if kind == Kind::Directory
            && depth > 1
            && !enter(&child, &child_below, depth - 1, seen, visit).unwrap_or(true)
        {
            return Ok(false);
        }
    }
    Ok(true)
}
