//! Summing a table up: what columns there are, what each holds, and what is odd about the file.

use caxton_sdk::{Value as Json, json};

use crate::hash::QuickSet;
use crate::kind::{Column, Kind, Value};
use crate::number::Sum;
use crate::table::Table;
use crate::words::counted;

/// How many different values of a column are shown.
const EXAMPLES: usize = 5;

/// How long a shown value may be.
const EXAMPLE_CHARACTERS: usize = 60;

/// A table summed up.
#[derive(Clone, Debug)]
pub struct Description {
    /// For programs.
    pub structured: Json,
    /// For a model or a person.
    pub text: String,
}

/// What is known of a column.
struct Summary {
    nulls: usize,
    distinct: usize,
    min: Value<'static>,
    max: Value<'static>,
    mean: Value<'static>,
    examples: Vec<String>,
}

/// Sums a table up.
pub fn describe(table: &Table) -> Description {
    let mut notes = table.notes.clone();
    let mut columns = Vec::new();
    let mut lines = Vec::new();
    for at in 0..table.columns.len() {
        let column = Column::infer(table, at);
        if column.ambiguous {
            notes.push(format!(
                "The dates of column `{}` could be month/day/year or day/month/year; they are read as month/day/year.",
                column.name()
            ));
        }
        let summary = summarise(table, &column);
        lines.push(line(&column, &summary));
        columns.push(json!({
            "name": column.name(),
            "type": column.kind.name(),
            "nulls": summary.nulls,
            "distinct": summary.distinct,
            "min": summary.min.to_json(),
            "max": summary.max.to_json(),
            "mean": summary.mean.to_json(),
            "examples": summary.examples,
        }));
    }
    let mut text = format!(
        "{}, {}, separated by {}:\n{}",
        counted(table.row_count(), "row"),
        counted(table.columns.len(), "column"),
        delimiter_name(table.delimiter),
        lines.join("\n")
    );
    for note in &notes {
        text.push_str("\nNote: ");
        text.push_str(note);
    }
    let structured = json!({
        "row_count": table.row_count(),
        "column_count": table.columns.len(),
        "delimiter": table.delimiter.to_string(),
        "columns": columns,
        "notes": notes,
    });
    Description { structured, text }
}

fn summarise(table: &Table, column: &Column<'_>) -> Summary {
    let mut distinct = QuickSet::default();
    let mut summary = Summary {
        nulls: 0,
        distinct: 0,
        min: Value::Missing,
        max: Value::Missing,
        mean: Value::Missing,
        examples: Vec::new(),
    };
    let mut sum = Sum::default();
    for row in 0..table.row_count() {
        let value = column.value(row);
        if value.is_missing() {
            summary.nulls += 1;
            continue;
        }
        if let Value::Number(number) = value {
            sum.add(number);
        }
        // The order of texts says little about them, so texts have no least and greatest.
        if column.kind != Kind::Text {
            if summary.min.is_missing() || value.compare(&summary.min).is_lt() {
                summary.min = value.clone().into_owned();
            }
            if summary.max.is_missing() || value.compare(&summary.max).is_gt() {
                summary.max = value.clone().into_owned();
            }
        }
        let Some(text) = table.cell(row, column.at) else {
            continue;
        };
        if distinct.insert(text.clone()) && summary.examples.len() < EXAMPLES {
            summary.examples.push(shortened(&text));
        }
    }
    summary.distinct = distinct.len();
    summary.mean = sum.mean().map_or(Value::Missing, Value::Number);
    summary
}

fn line(column: &Column<'_>, summary: &Summary) -> String {
    let mut line = format!("- {} ({})", column.name(), column.kind.name());
    if !summary.min.is_missing() {
        line.push_str(&format!(", {} to {}", summary.min, summary.max));
    }
    if let Value::Number(mean) = summary.mean {
        let mean = format!("{:.2}", mean.to_f64());
        line.push_str(&format!(
            ", mean {}",
            mean.trim_end_matches('0').trim_end_matches('.')
        ));
    }
    line.push_str(&format!(", {} distinct", summary.distinct));
    if summary.nulls > 0 {
        line.push_str(&format!(", {} missing", summary.nulls));
    }
    if column.kind == Kind::Text && !summary.examples.is_empty() {
        line.push_str(&format!(", such as {}", summary.examples.join(", ")));
    }
    line
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(EXAMPLE_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn delimiter_name(delimiter: char) -> String {
    match delimiter {
        ',' => "commas".into(),
        ';' => "semicolons".into(),
        '\t' => "tabs".into(),
        other => format!("`{other}`"),
    }
}
