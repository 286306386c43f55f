//! What is wrong with a workspace, as a value: where, which kind, why, and what to do about it. Finding faults is the work of
//! `check`; this file only says what a fault is.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong in one place of one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// The file, relative to the workspace, with forward slashes.
    pub file: String,
    /// The line, counted from 1. A fault of the file as a whole stands at 1:1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// What kind of fault it is, in kebab-case. Codes are stable: programs may rely on them.
    pub code: &'static str,
    /// Why it is a fault, naming the value.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            code,
            reason,
            remedy,
        } = self;
        write!(f, "{file}:{line}:{column}: {code}: {reason}; {remedy}")
    }
}

/// Why a single value is refused, before it is known where the value stands.
///
/// The reason continues a sentence that begins with the name of the key, so it starts with a verb: "is `x`, which …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code of the fault that it becomes.
    pub code: &'static str,
    /// Why, starting with a verb.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Refusal {
    /// Makes a refusal.
    pub fn new(code: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }
}

/// Gives `text` as it may be shown on a terminal: in backquotes, control characters escaped, and cut where it is long, because
/// it comes from a file that nobody has looked at.
pub(crate) fn quoted(text: &str) -> String {
    // Long enough for any name or URL that a person would recognise, short enough for one line.
    const CHARS_MAX: usize = 80;
    let mut out = String::from("`");
    for (index, c) in text.chars().enumerate() {
        if index == CHARS_MAX {
            out.push('…');
            break;
        }
        if c.is_control() || is_invisible(c) {
            out.extend(c.escape_default())
        } else {
            out.push(c)
        }
    }
    out.push('`');
    out
}

/// Whether a character changes how a line is shown without being seen: zero-width and bidirectional marks.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
