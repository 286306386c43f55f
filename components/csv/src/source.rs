//! Getting the text: from a file in a granted directory, or from the call itself; as UTF-8, whatever it was.

use std::io::ErrorKind;
use std::path::{Component, Path};

use caxton_sdk::config;
use serde::Deserialize;

use crate::error::CsvError;
use crate::parse;
use crate::table::Table;
use crate::words::nearest;

/// Where a table comes from, and how it is read. Part of every tool's arguments.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Source {
    /// A file in a granted directory.
    pub path: Option<String>,
    /// The CSV itself.
    pub text: Option<String>,
    /// Whether the first line has the columns' names; true where absent.
    pub header: Option<bool>,
}

impl Source {
    /// Reads the table.
    ///
    /// # Errors
    /// [`CsvError`]: no file, no grant, not a text, an open quotation mark, or a wrong setting.
    pub fn table(self) -> Result<Table, CsvError> {
        let delimiter = delimiter()?;
        let header = self.header.unwrap_or(true);
        let (name, text, note) = match (self.path, self.text) {
            (Some(path), None) => {
                let bytes = read(&path)?;
                let name = format!("`{path}`");
                let (text, note) = decode(&name, bytes)?;
                (name, text, note)
            }
            (None, Some(text)) => ("the given text".to_owned(), text, None),
            (None, None) => return Err(CsvError::Source("; neither was given")),
            (Some(_), Some(_)) => return Err(CsvError::Source("; both were given")),
        };
        let mut table = parse::parse(&name, text, delimiter, header)?;
        if let Some(note) = note {
            table.note_encoding(&note);
        }
        Ok(table)
    }
}

/// Gives the delimiter that is set, if one is.
fn delimiter() -> Result<Option<u8>, CsvError> {
    let Some(setting) = config::get("delimiter") else {
        return Ok(None);
    };
    match setting.as_str() {
        "" | "auto" => Ok(None),
        "tab" | "\\t" | "\t" => Ok(Some(b'\t')),
        one if one.len() == 1 && !matches!(one, "\"" | "\n" | "\r") => Ok(Some(one.as_bytes()[0])),
        _ => Err(CsvError::Delimiter(setting)),
    }
}

fn read(path: &str) -> Result<Vec<u8>, CsvError> {
    std::fs::read(path).map_err(|error| {
        let parent = Path::new(path)
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let directory =
            parent.map_or_else(|| ".".to_owned(), |parent| parent.display().to_string());
        let not_granted = || CsvError::NotGranted {
            path: path.to_owned(),
            directory: directory.clone(),
        };
        let unreadable = |reason: String| CsvError::Unreadable {
            path: path.to_owned(),
            reason,
        };
        match error.kind() {
            // Whether the directory itself can be listed tells a file that is missing from a grant that is.
            _ if tables_in(path).is_some() => unreadable(format!(
                "it is a directory; name one of its files: {}",
                listed(&tables_in(path).unwrap_or_default())
            )),
            _ if outside(path) && tables_in(&directory).is_none() => {
                CsvError::Outside(path.to_owned())
            }
            ErrorKind::NotFound => match tables_in(&directory) {
                Some(files) => unreadable(missing(path, &directory, &files)),
                None => not_granted(),
            },
            ErrorKind::PermissionDenied => not_granted(),
            _ if tables_in(&directory).is_none() => not_granted(),
            _ => unreadable(error.to_string()),
        }
    })
}

/// Lists the files of a directory; nothing where it can't be seen.
fn tables_in(directory: &str) -> Option<Vec<String>> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    Some(names)
}

fn listed(files: &[String]) -> String {
    files
        .iter()
        .take(20)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// Says whether a path leaves whatever directory it starts in, so that no grant would help.
fn outside(path: &str) -> bool {
    Path::new(path)
        .components()
        .any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}

fn missing(path: &str, directory: &str, files: &[String]) -> String {
    let name = Path::new(path)
        .file_name()
        .map_or(path.into(), |name| name.to_string_lossy());
    let listed = listed(files);
    match (
        files.is_empty(),
        nearest(&name, files.iter().map(String::as_str)),
    ) {
        (true, _) => format!("there is no such file, and `{directory}` is empty"),
        (false, Some(near)) => {
            format!("there is no such file; did you mean `{near}`? `{directory}` holds: {listed}")
        }
        (false, None) => format!("there is no such file; `{directory}` holds: {listed}"),
    }
}

/// Gives the bytes as text, and a note where they were not plain UTF-8.
fn decode(name: &str, bytes: Vec<u8>) -> Result<(String, Option<String>), CsvError> {
    for (mark, from) in [
        ([0xff, 0xfe], u16::from_le_bytes as fn([u8; 2]) -> u16),
        ([0xfe, 0xff], u16::from_be_bytes),
    ] {
        if bytes.starts_with(&mark) {
            let units = bytes[2..]
                .chunks_exact(2)
                .map(|pair| from([pair[0], pair[1]]));
            let text = char::decode_utf16(units)
                .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            return Ok((
                text,
                Some("The file is UTF-16 and was read as such.".into()),
            ));
        }
    }
    // Looking first whether there is one at all is many times faster than looking for its place.
    if bytes.contains(&0) {
        let at = bytes.iter().position(|byte| *byte == 0).unwrap_or_default();
        return Err(CsvError::Binary {
            name: name.into(),
            at,
        });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok((text, None)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let line = 1 + bytes[..valid].iter().filter(|byte| **byte == b'\n').count();
            let note = format!(
                "The file is not valid UTF-8: byte 0x{:02x} on line {line} is the first that is not. Such bytes are shown \
                 as \u{fffd}; save the file as UTF-8 to see what they mean.",
                bytes[valid]
            );
            Ok((String::from_utf8_lossy(&bytes).into_owned(), Some(note)))
        }
    }
}
