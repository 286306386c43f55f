//! The text of one file, and where in it an offset stands.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::config::fault::{Fault, quoted};

/// The largest TOML file that is read. The largest agents we know of have a system prompt of some 50 kB.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 20;

/// A file's text and name.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name under which faults are told.
    pub shown: String,
    /// The text.
    pub text: String,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl Source {
    pub(crate) fn new(shown: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            shown: shown.into(),
            text,
            lines,
        }
    }

    /// Reads the file at `path`. Symbolic links are followed; whatever is not a regular file is refused before it is opened, since
    /// opening a pipe would wait for ever.
    pub(crate) fn read(path: &Path, shown: &str) -> Result<Self, Fault> {
        let unreadable = |error: &io::Error| {
            let remedy = match error.kind() {
                io::ErrorKind::NotFound => "create it, or remove what points to it",
                io::ErrorKind::PermissionDenied => "allow this user to read it",
                _ => "check the file and its disk",
            };
            whole(
                shown,
                "unreadable-file",
                format!("can't be read: {error}"),
                remedy,
            )
        };
        let metadata = path.metadata().map_err(|error| unreadable(&error))?;
        if !metadata.is_file() {
            let kind = if metadata.is_dir() {
                "is a directory"
            } else {
                "is not a regular file"
            };
            return Err(whole(
                shown,
                "not-a-file",
                kind,
                "put a TOML file in its place",
            ));
        }
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(|error| unreadable(&error))?;
        file.take(FILE_BYTES_MAX as u64 + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| unreadable(&error))?;
        Self::from_bytes(shown, bytes)
    }

    /// Takes the bytes of a file that came another way.
    pub(crate) fn from_bytes(shown: &str, bytes: Vec<u8>) -> Result<Self, Fault> {
        if bytes.len() > FILE_BYTES_MAX {
            return Err(whole(
                shown,
                "file-too-large",
                "is larger than 1 MiB",
                "make it smaller, or move data to a file of its own",
            ));
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(shown, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
                let offset = before.len();
                let (line, column) = Self::new(shown, before).position(offset);
                let reason = format!("{} is not UTF-8 text here", quoted(shown));
                let remedy = "save the file with the encoding UTF-8".to_owned();
                Err(Fault {
                    line,
                    column,
                    reason,
                    remedy,
                    ..whole(shown, "not-utf8", "", "")
                })
            }
        }
    }

    /// The line and the column, in characters, of a byte offset; both counted from 1.
    pub(crate) fn position(&self, offset: usize) -> (u32, u32) {
        let offset = offset.min(self.text.len());
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines[line - 1];
        let column = self
            .text
            .get(start..offset)
            .map_or(offset - start, |text| text.chars().count());
        (clamp(line), clamp(column + 1))
    }
}

/// A fault of the file as a whole.
pub(crate) fn whole(
    shown: &str,
    code: &'static str,
    reason: impl Into<String>,
    remedy: impl Into<String>,
) -> Fault {
    let reason: String = reason.into();
    Fault {
        file: shown.to_owned(),
        line: 1,
        column: 1,
        code,
        reason: format!("{} {reason}", quoted(shown)),
        remedy: remedy.into(),
    }
}

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters() {
        let source = Source::new("x", "ab\ncäd\n");
        for (offset, expected) in [
            (0, (1, 1)),
            (2, (1, 3)),
            (3, (2, 1)),
            (6, (2, 3)),
            (8, (3, 1)),
            (99, (3, 1)),
        ] {
            assert_eq!(source.position(offset), expected, "{offset}");
        }
        assert_eq!(Source::new("x", "").position(0), (1, 1));
    }
}
