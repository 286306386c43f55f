//! Printing: JSON, tables, errors, and colour where a person looks.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;
use serde::Serialize;

use crate::telemetry::colour;

/// Prints a value as JSON.
///
/// # Errors
/// Where standard output is closed.
pub fn json(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    Ok(writeln!(out)?)
}

/// Prints a value as one line of JSON.
///
/// # Errors
/// Where standard output is closed.
pub fn json_line(value: &impl Serialize) -> Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Prints a line of text.
///
/// # Errors
/// Where standard output is closed.
pub fn line(text: impl Display) -> Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// Prints a table with a head, or `empty` where it has no rows. The last column is cut where the terminal ends.
///
/// # Errors
/// Where standard output is closed.
pub fn table<const N: usize>(head: [&str; N], rows: &[[String; N]], empty: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    if rows.is_empty() {
        return Ok(writeln!(out, "{empty}")?);
    }
    let mut widths = head.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let style = Style::of_stdout();
    let columns = columns();
    let before: usize = widths[..N.saturating_sub(1)]
        .iter()
        .map(|width| width + 2)
        .sum();
    let mut write = |cells: Vec<&str>, bold: bool| -> std::io::Result<()> {
        let mut text = String::new();
        for (index, cell) in cells.iter().enumerate() {
            let cell = one_line(cell);
            if index + 1 == N {
                text.push_str(&cut(&cell, columns.saturating_sub(before).max(20)));
            } else {
                text.push_str(&format!("{cell:width$}  ", width = widths[index]));
            }
        }
        let text = text.trim_end();
        if bold {
            writeln!(out, "{}", style.bold(text))
        } else {
            writeln!(out, "{text}")
        }
    };
    write(head.to_vec(), true)?;
    for row in rows {
        write(row.iter().map(String::as_str).collect(), false)?;
    }
    Ok(())
}

/// How wide a person's terminal is; what is not printed for a person has no end.
fn columns() -> usize {
    if !std::io::stdout().is_terminal() {
        return usize::MAX / 2;
    }
    std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok())
        .unwrap_or(100)
}

fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    plain(&words.join(" ")).into_owned()
}

/// A text that anybody may have written, for a terminal: what would move its cursor, set its title or turn the direction of
/// what follows is shown as an escape. Lines and tabs stay.
pub fn plain(text: &str) -> Cow<'_, str> {
    let acts = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars()
        .take(width.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// Prints an error with what caused it. A cause that was told already is not told again.
pub fn error(error: &anyhow::Error) {
    let style = Style::of_stderr();
    let mut told = error.to_string();
    let mut text = format!("{} {told}", style.red("error:"));
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !told.contains(&cause) {
            text.push_str(&format!("\n  because: {cause}"));
            told.push_str(&cause);
        }
    }
    // Where standard error is closed there is nobody to tell.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Prints a remark to standard error.
pub fn remark(text: impl Display) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Styles text for a terminal, or leaves it as it is.
#[derive(Clone, Copy, Debug)]
pub struct Style(bool);

impl Style {
    /// For standard output.
    pub fn of_stdout() -> Self {
        Self(colour(&std::io::stdout()))
    }

    /// For standard error.
    pub fn of_stderr() -> Self {
        Self(colour(&std::io::stderr()))
    }

    /// What is important.
    pub fn bold(self, text: impl Display) -> String {
        self.with("1", text)
    }

    /// What is beside the point.
    pub fn dim(self, text: impl Display) -> String {
        self.with("2", text)
    }

    /// What is wrong.
    pub fn red(self, text: impl Display) -> String {
        self.with("1;31", text)
    }

    /// What is well.
    pub fn green(self, text: impl Display) -> String {
        self.with("32", text)
    }

    fn with(self, code: &str, text: impl Display) -> String {
        if self.0 {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_string()
        }
    }
}

/// A time for people: `85 µs`, `12.3 ms`, `4.2 s`.
pub fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{:.1} ms", us as f64 / 1e3),
        _ => format!("{:.1} s", us as f64 / 1e6),
    }
}

/// How long ago a time in milliseconds since 1970 is, for people: `just now`, `5 min ago`, `3 days ago`.
pub fn ago(time_ms: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let time = Duration::from_millis(u64::try_from(time_ms).unwrap_or(0));
    let minutes = now.unwrap_or_default().saturating_sub(time).as_secs() / 60;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} days ago", minutes / 1_440),
    }
}

/// A size for people: `512 B`, `12 KiB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{:.0} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1_048_576.0),
    }
}
