//! Choosing rows and columns, sorting, and what every tool gives back: a table of columns and rows.

use std::cmp::Ordering;

use caxton_sdk::{Value as Json, json};
use serde::Deserialize;

use crate::condition::{Condition, Filter, plain};
use crate::error::CsvError;
use crate::kind::{Column, Value};
use crate::table::Table;

/// How many rows are given unless more are asked for: enough to see what is there, little enough for a model to read.
pub const LIMIT_DEFAULT: usize = 50;

/// The most rows of one answer.
pub const LIMIT_MAX: usize = 1_000;

/// Which rows and columns are wanted.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Query {
    /// Conditions, all of which must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// The columns, in order; all where absent.
    pub columns: Option<Vec<String>>,
    /// What the rows are sorted by, most important first, such as `amount desc`.
    #[serde(default)]
    pub sort: Vec<String>,
    /// How many rows are left out first.
    #[serde(default)]
    pub offset: usize,
    /// How many rows are given.
    pub limit: Option<usize>,
}

/// An answer: a table that `chart` takes as it is.
#[derive(Clone, Debug)]
pub struct Rows {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows; each has a value for each column.
    pub rows: Vec<Vec<Json>>,
    /// How many rows there are in all, before `offset` and `limit`.
    pub total: usize,
    /// How many were left out first.
    pub offset: usize,
}

/// Answers a query.
///
/// # Errors
/// [`CsvError`]: an unknown column, or a condition that can't be understood.
pub fn run(table: &Table, query: &Query) -> Result<Rows, CsvError> {
    let filter = Filter::new(table, &query.conditions)?;
    let mut matching: Vec<usize> = (0..table.row_count())
        .filter(|row| filter.holds(*row))
        .collect();
    let sort = query
        .sort
        .iter()
        .map(|by| direction(by, |name| table.find(name).ok()))
        .collect::<Vec<_>>();
    let mut by = Vec::new();
    for (name, descending) in sort {
        by.push((table.column(name)?, descending));
    }
    if !by.is_empty() {
        // Keys are read once: reading a cell costs more than comparing.
        let mut keyed: Vec<(Vec<Value<'_>>, usize)> = matching
            .iter()
            .map(|row| {
                (
                    by.iter().map(|(column, _)| column.value(*row)).collect(),
                    *row,
                )
            })
            .collect();
        keyed.sort_by(|(a, _), (b, _)| {
            let pairs = a.iter().zip(b).zip(&by);
            let mut orderings = pairs.map(|((a, b), (_, descending))| compare(a, b, *descending));
            orderings
                .find(|ordering| ordering.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        matching = keyed.into_iter().map(|(_, row)| row).collect();
    }
    let columns: Vec<Column<'_>> = match &query.columns {
        Some(names) if !names.is_empty() => names
            .iter()
            .map(|name| table.column(name))
            .collect::<Result<_, _>>()?,
        _ => (0..table.columns.len())
            .map(|at| Column::infer(table, at))
            .collect(),
    };
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX);
    Ok(Rows {
        columns: columns
            .iter()
            .map(|column| column.name().to_owned())
            .collect(),
        rows: matching
            .iter()
            .skip(query.offset)
            .take(limit)
            .map(|row| {
                columns
                    .iter()
                    .map(|column| column.value(*row).to_json())
                    .collect()
            })
            .collect(),
        total: matching.len(),
        offset: query.offset,
    })
}

/// Splits `amount desc` into the name and whether it descends; a column that is really called so keeps its name.
pub fn direction<T>(by: &str, find: impl Fn(&str) -> Option<T>) -> (&str, bool) {
    let by = by.trim();
    if find(by).is_some() {
        return (by, false);
    }
    match by.rsplit_once(char::is_whitespace) {
        Some((name, word)) if word.eq_ignore_ascii_case("desc") => (name.trim_end(), true),
        Some((name, word)) if word.eq_ignore_ascii_case("asc") => (name.trim_end(), false),
        _ => match by.strip_prefix('-') {
            Some(name) => (name, true),
            None => (by, false),
        },
    }
}

/// Compares two values to sort by; what is missing comes last in either direction.
pub fn compare(a: &Value<'_>, b: &Value<'_>, descending: bool) -> Ordering {
    let ordering = a.compare(b);
    if descending && !a.is_missing() && !b.is_missing() {
        ordering.reverse()
    } else {
        ordering
    }
}

impl Rows {
    /// Gives it as JSON, with what was odd about the table.
    pub fn to_json(&self, notes: &[String]) -> Json {
        json!({
            "columns": self.columns,
            "rows": self.rows,
            "row_count": self.rows.len(),
            "total": self.total,
            "next_offset": self.next_offset(),
            "notes": notes,
        })
    }

    /// Gives where the next rows begin; nothing where there are none.
    pub fn next_offset(&self) -> Option<usize> {
        let end = self.offset + self.rows.len();
        (end < self.total && !self.rows.is_empty()).then_some(end)
    }

    /// Gives it as a table in Markdown, for a model or a person.
    pub fn to_text(&self, notes: &[String]) -> String {
        let mut text = match (self.total, self.rows.len()) {
            (0, _) => "No rows match.\n".to_owned(),
            (total, 0) => format!("There are {total} rows, none at this offset or limit.\n"),
            (total, shown) if shown < total => {
                format!(
                    "Rows {} to {} of {total}:\n\n",
                    self.offset + 1,
                    self.offset + shown
                )
            }
            (1, _) => "1 row:\n\n".to_owned(),
            (total, _) => format!("{total} rows:\n\n"),
        };
        if !self.rows.is_empty() {
            let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
            text.push_str(&line(self.columns.iter().map(|name| cell(name)).collect()));
            text.push_str(&line(
                self.columns.iter().map(|_| "---".to_owned()).collect(),
            ));
            for row in &self.rows {
                text.push_str(&line(row.iter().map(shown).collect()));
            }
        }
        for note in notes {
            text.push_str("\nNote: ");
            text.push_str(note);
        }
        text.trim_end().to_owned()
    }
}

fn shown(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        // A mean has as many digits as a float; the structured result has them all.
        Json::Number(number) if number.is_f64() && number.to_string().len() > 12 => {
            match number.as_f64() {
                Some(float) if float.abs() >= 1e-3 && float.abs() < 1e15 => {
                    let text = format!("{float:.4}");
                    text.trim_end_matches('0').trim_end_matches('.').to_owned()
                }
                _ => number.to_string(),
            }
        }
        value => cell(&plain(value)),
    }
}

/// Keeps a text from breaking the table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}
