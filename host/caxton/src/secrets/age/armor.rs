//! Armor: the file as base64 between two lines, so that it may stand in a repository and an e-mail. Strict, as the format
//! wants it, so that there is one way only to write a file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Error;

const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const END: &str = "-----END AGE ENCRYPTED FILE-----";
const COLUMNS: usize = 64;

/// Armors `file`.
pub(super) fn write(file: &[u8]) -> String {
    let digits = STANDARD.encode(file);
    let mut out = format!("{BEGIN}\n");
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(COLUMNS));
        out.push_str(line);
        out.push('\n');
        rest = more;
    }
    out + END + "\n"
}

/// Gives what is in the armor; nothing where `file` has none.
pub(super) fn read(file: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let damaged = Err(Error::Damaged("its armor is not well formed"));
    let file = file.trim_ascii();
    if !file.starts_with(b"-----") {
        return Ok(None);
    }
    let Ok(text) = std::str::from_utf8(file) else {
        return damaged;
    };
    let lines: Vec<&str> = text.lines().collect();
    let [BEGIN, middle @ .., last, END] = lines.as_slice() else {
        return damaged;
    };
    // `lines` leaves alone a carriage return that no line feed follows, and base64 refuses it.
    if middle.iter().any(|line| line.len() != COLUMNS) || !(1..=COLUMNS).contains(&last.len()) {
        return damaged;
    }
    let digits = middle.concat() + last;
    STANDARD
        .decode(digits)
        .map_or(damaged, |file| Ok(Some(file)))
}
