//! Cutting text into cells, after RFC 4180: quoted fields with delimiters, line ends and doubled quotation marks inside;
//! lines that end with CRLF, LF or CR. What the standard does not allow but files have is kept and noted: rows of other
//! lengths, quotation marks in odd places, names of columns that are missing or double.

use std::collections::HashSet;

use crate::error::CsvError;
use crate::table::{Cell, Table};
use crate::words::counted;

/// What is tried where no delimiter is set. The first wins where two fit as well.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How much of a text is looked at to find its delimiter.
const SNIFFED_BYTES: usize = 64 * 1024;

/// How many rows are named where rows are odd.
const ROWS_NAMED: usize = 5;

/// Reads a table. `name` is what messages call the text; without a `delimiter` it is found.
///
/// # Errors
/// [`CsvError::Empty`], [`CsvError::OpenQuote`].
pub fn parse(
    name: &str,
    mut text: String,
    delimiter: Option<u8>,
    header: bool,
) -> Result<Table, CsvError> {
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    let delimiter = delimiter.unwrap_or_else(|| sniff(&text));
    // The beginning tells how many cells there will be: growing lists would waste memory, and counting all takes time.
    let sample = &text.as_bytes()[..text.len().min(SNIFFED_BYTES)];
    let expected = |byte: u8| {
        let found = sample.iter().filter(|other| **other == byte).count() as u64;
        (found * text.len() as u64 / sample.len().max(1) as u64 * 21 / 20) as usize + 16
    };
    let mut cells = Vec::with_capacity(expected(delimiter) + expected(b'\n'));
    let mut starts = Vec::with_capacity(expected(b'\n'));
    let mut odd_quotes = Vec::new();
    let scan = scan(
        text.as_bytes(),
        delimiter,
        usize::MAX,
        &mut cells,
        &mut starts,
        &mut odd_quotes,
    );
    let rows_before = usize::from(header);
    if let Some(OpenQuote { line, row, field }) = scan {
        return Err(CsvError::OpenQuote {
            name: name.into(),
            line,
            row: row.saturating_sub(rows_before),
            field,
        });
    }
    if starts.is_empty() {
        return Err(CsvError::Empty(name.into()));
    }
    starts.push(cells.len() as u32);
    let mut notes = Vec::new();
    let first = starts[1] as usize;
    let mut columns: Vec<String> = if header {
        cells[..first]
            .iter()
            .map(|cell| cell.text(&text).trim().to_owned())
            .collect()
    } else {
        (1..=first)
            .map(|number| format!("column_{number}"))
            .collect()
    };
    if header {
        starts.remove(0);
    }
    note_quotes(&odd_quotes, rows_before, &mut notes);
    note_lengths(&starts, &mut columns, &mut notes);
    name_columns(&mut columns, &mut notes);
    Ok(Table {
        text,
        cells,
        starts,
        columns,
        delimiter: delimiter.into(),
        notes,
    })
}

struct OpenQuote {
    line: usize,
    row: usize,
    field: usize,
}

/// Cuts `bytes` into `cells`, with the first cell of each row in `starts`, for at most `rows_max` rows.
fn scan(
    bytes: &[u8],
    delimiter: u8,
    rows_max: usize,
    cells: &mut Vec<Cell>,
    starts: &mut Vec<u32>,
    odd_quotes: &mut Vec<usize>,
) -> Option<OpenQuote> {
    let (mut at, mut line) = (0, 1);
    let mut ends = [false; 256];
    for byte in [delimiter, b'\n', b'\r'] {
        ends[usize::from(byte)] = true;
    }
    while at < bytes.len() && starts.len() < rows_max {
        // An empty line is no row.
        if matches!(bytes[at], b'\n' | b'\r') {
            line += usize::from(bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n'));
            at += 1;
            continue;
        }
        let row_start = cells.len();
        starts.push(row_start as u32);
        loop {
            let start = at;
            let mut quoted = None;
            if bytes.get(at) == Some(&b'"') {
                let opened = line;
                let mut doubled = false;
                at += 1;
                loop {
                    match bytes.get(at) {
                        None => {
                            return Some(OpenQuote {
                                line: opened,
                                row: starts.len(),
                                field: cells.len() - row_start + 1,
                            });
                        }
                        Some(b'"') if bytes.get(at + 1) == Some(&b'"') => {
                            doubled = true;
                            at += 2;
                        }
                        Some(b'"') => break,
                        Some(byte) => {
                            line += usize::from(*byte == b'\n');
                            at += 1;
                        }
                    }
                }
                at += 1;
                quoted = Some(Cell::new(start + 1, at - 1, doubled));
            }
            let after = at;
            while at < bytes.len() && !ends[usize::from(bytes[at])] {
                at += 1;
            }
            let cell = match quoted {
                Some(cell) if bytes[after..at].iter().all(|byte| *byte == b' ') => cell,
                Some(_) => {
                    odd_quotes.push(starts.len());
                    Cell::new(start, at, false)
                }
                None => Cell::new(start, at, false),
            };
            cells.push(cell);
            match bytes.get(at) {
                Some(byte) if *byte == delimiter => at += 1,
                _ => break,
            }
        }
    }
    None
}

/// Finds the delimiter: the one by which most rows have the same number of fields, more than one.
fn sniff(text: &str) -> u8 {
    let mut end = text.len().min(SNIFFED_BYTES);
    // A cut line would have too few fields.
    if end < text.len() {
        end = text.as_bytes()[..end]
            .iter()
            .rposition(|byte| *byte == b'\n')
            .unwrap_or(end);
    }
    let bytes = &text.as_bytes()[..end];
    let score = |delimiter: u8| {
        let (mut cells, mut starts, mut odd) = (Vec::new(), Vec::new(), Vec::new());
        scan(bytes, delimiter, 100, &mut cells, &mut starts, &mut odd);
        starts.push(cells.len() as u32);
        let first = starts.get(1).copied().unwrap_or(0);
        if first < 2 {
            return (0, 0);
        }
        let same = starts
            .windows(2)
            .filter(|pair| pair[1] - pair[0] == first)
            .count();
        // In percent of the rows, so that a delimiter that cuts texts here and there does not win by its number.
        (same * 100 / (starts.len() - 1), first)
    };
    let mut best = (DELIMITERS[0], (0, 0));
    for delimiter in DELIMITERS {
        let score = score(delimiter);
        if score > best.1 {
            best = (delimiter, score);
        }
    }
    best.0
}

fn note_quotes(odd: &[usize], rows_before: usize, notes: &mut Vec<String>) {
    if let Some(first) = odd.first() {
        notes.push(format!(
            "{} a quotation mark that closes in the middle, first in row {}; such a field is kept as it stands.",
            if odd.len() == 1 { "1 field has".into() } else { format!("{} fields have", odd.len()) },
            first.saturating_sub(rows_before)
        ));
    }
}

/// Notes rows that are shorter or longer than the header, and makes columns for what is longer.
fn note_lengths(starts: &[u32], columns: &mut Vec<String>, notes: &mut Vec<String>) {
    let expected = columns.len();
    let (mut longest, mut odd, mut named) = (expected, 0, Vec::new());
    for (row, pair) in starts.windows(2).enumerate() {
        let length = (pair[1] - pair[0]) as usize;
        if length != expected {
            odd += 1;
            longest = longest.max(length);
            if named.len() < ROWS_NAMED {
                named.push(format!("row {} has {length}", row + 1));
            }
        }
    }
    if odd > 0 {
        let more = if odd > named.len() { " and so on" } else { "" };
        let mut note = format!(
            "{} not the {} of the header: {}{more}. Missing fields are empty",
            if odd == 1 {
                "1 row has".into()
            } else {
                format!("{odd} rows have")
            },
            counted(expected, "field"),
            named.join(", "),
        );
        if longest > expected {
            note.push_str(&format!(
                ", additional ones are the columns column_{} to column_{longest}",
                expected + 1
            ));
        }
        notes.push(note + ".");
    }
    columns.extend((expected + 1..=longest).map(|number| format!("column_{number}")));
}

/// Gives every column a name of its own.
fn name_columns(columns: &mut [String], notes: &mut Vec<String>) {
    let mut taken = HashSet::new();
    for (at, column) in columns.iter_mut().enumerate() {
        if column.is_empty() {
            *column = format!("column_{}", at + 1);
            notes.push(format!(
                "Column {} has no name and is called `{}`.",
                at + 1,
                column
            ));
        }
        let given = column.clone();
        let mut copy = 1;
        while !taken.insert(column.clone()) {
            copy += 1;
            *column = format!("{given}_{copy}");
        }
        if copy > 1 {
            notes.push(format!(
                "There is another column `{given}`; column {} is called `{}`.",
                at + 1,
                column
            ));
        }
    }
}
