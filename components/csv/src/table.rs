//! A table in memory: the text it came from, and where in it each cell lies. Nothing is copied, because the memory of a
//! call is limited and files are not.

use std::borrow::Cow;

use crate::error::CsvError;
use crate::kind::Column;
use crate::words::nearest;

/// Where a cell lies in the text.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    start: u32,
    /// The length, and in the lowest bit whether there are doubled quotation marks inside.
    length_and_doubled: u32,
}

impl Cell {
    /// Gives the cell at `start..end`.
    pub fn new(start: usize, end: usize, doubled: bool) -> Self {
        Self {
            start: start as u32,
            length_and_doubled: ((end - start) as u32) << 1 | u32::from(doubled),
        }
    }

    /// Gives what it says.
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let start = self.start as usize;
        // The ends of a cell are ASCII bytes or the text's own, so they lie between characters.
        let raw = text
            .get(start..start + (self.length_and_doubled >> 1) as usize)
            .unwrap_or_default();
        if self.length_and_doubled & 1 == 1 {
            Cow::Owned(raw.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(raw)
        }
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    pub(crate) text: String,
    pub(crate) cells: Vec<Cell>,
    /// The first cell of each row, and the end of the last.
    pub(crate) starts: Vec<u32>,
    /// The columns' names.
    pub columns: Vec<String>,
    /// What separates the cells.
    pub delimiter: char,
    /// What is odd about the text.
    pub notes: Vec<String>,
}

impl Table {
    /// Gives the number of rows, the header not counted.
    pub fn row_count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Gives what a cell says; nothing where it is empty or missing. `row` and `column` count from 0.
    pub fn cell(&self, row: usize, column: usize) -> Option<Cow<'_, str>> {
        let (start, end) = (*self.starts.get(row)?, *self.starts.get(row + 1)?);
        let at = start as usize + column;
        let cell = self.cells[..end as usize].get(at)?;
        Some(cell.text(&self.text)).filter(|text| !text.is_empty())
    }

    /// Finds a column by its name. Case and spaces around it matter only where two names differ in nothing else.
    ///
    /// # Errors
    /// [`CsvError::UnknownColumn`] with the columns there are.
    pub fn find(&self, name: &str) -> Result<usize, CsvError> {
        if let Some(at) = self.columns.iter().position(|column| column == name) {
            return Ok(at);
        }
        let wanted = name.trim().to_lowercase();
        let mut matching = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.trim().to_lowercase() == wanted);
        if let (Some((at, _)), None) = (matching.next(), matching.next()) {
            return Ok(at);
        }
        let hint = nearest(name, self.columns.iter().map(String::as_str))
            .map(|near| format!("; did you mean `{near}`?"))
            .unwrap_or_default();
        Err(CsvError::UnknownColumn {
            name: name.into(),
            hint,
            known: self.columns.join(", "),
        })
    }

    /// Finds a column by its name, and what it holds.
    ///
    /// # Errors
    /// [`CsvError::UnknownColumn`].
    pub fn column(&self, name: &str) -> Result<Column<'_>, CsvError> {
        Ok(Column::infer(self, self.find(name)?))
    }

    /// Notes that the text was not plain UTF-8, and the first cell in which that shows.
    pub(crate) fn note_encoding(&mut self, note: &str) {
        let first = (0..self.row_count()).find_map(|row| {
            let odd = |column: &usize| {
                self.cell(row, *column)
                    .is_some_and(|text| text.contains('\u{fffd}'))
            };
            (0..self.columns.len())
                .find(odd)
                .map(|column| (row, column))
        });
        self.notes.push(match first {
            Some((row, column)) => format!(
                "{note} The first is in row {}, column `{}`.",
                row + 1,
                self.columns[column]
            ),
            None => note.to_owned(),
        });
    }
}
