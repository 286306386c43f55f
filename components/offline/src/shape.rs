//! A table in the form that a tool wants it in.

use serde_json::{Value, json};

use crate::facts::{Facts, number_value};
use crate::schema::Shape;
use crate::table::{Table, number, plain};
use crate::text;

/// Gives `table` in the form `shape`, with the columns that `clause` speaks of. Nothing where it does not fit, such as a
/// table without numbers where numbers are wanted.
pub fn of(table: &Table, shape: &Shape, clause: &str) -> Option<Value> {
    let label = label(table, clause);
    let numeric = |row: &Vec<Value>, column: usize| {
        number(&row[column])
            .and_then(number_value)
            .unwrap_or(Value::Null)
    };
    Some(match shape {
        Shape::ColumnsAndRows => table.to_json(),
        Shape::Records => table.to_records(),
        Shape::Rows => json!(table.rows),
        Shape::Columns => json!(table.columns),
        Shape::Csv => json!(table.to_csv()),
        Shape::Json => json!(table.to_records().to_string()),
        Shape::Labels => Value::Array(
            table
                .rows
                .iter()
                .map(|row| json!(plain(&row[label])))
                .collect(),
        ),
        Shape::Numbers => {
            let measure = measure(table, clause)?;
            Value::Array(table.rows.iter().map(|row| numeric(row, measure)).collect())
        }
        Shape::Pairs {
            label: label_key,
            value,
        } => {
            let measure = measure(table, clause)?;
            Value::Array(table.rows.iter().map(|row| json!({label_key.as_str(): plain(&row[label]), value.as_str(): numeric(row, measure)})).collect())
        }
        Shape::Series { name, values } => {
            let measures = if clause_measures(table, clause).is_empty() {
                vec![measure(table, clause)?]
            } else {
                clause_measures(table, clause)
            };
            let series = measures.iter().map(|measure| {
                let numbers: Vec<Value> = table
                    .rows
                    .iter()
                    .map(|row| numeric(row, *measure))
                    .collect();
                json!({name.as_str(): table.columns[*measure], values.as_str(): numbers})
            });
            Value::Array(series.collect())
        }
    })
}

/// Whether `table` has every column of the source data that `clause` mentions. A column of the source may have become a
/// longer name, such as `sum_revenue`.
pub fn covers(table: &Table, facts: &Facts, clause: &str) -> bool {
    facts.mentioned(clause).iter().all(|(column, _)| {
        table
            .columns
            .iter()
            .any(|name| contains(name, &column.name))
    })
}

/// The name in `table` of the source's column `name`.
pub fn column(table: &Table, name: &str) -> Option<String> {
    let same = table.columns.iter().find(|column| *column == name);
    same.or_else(|| table.columns.iter().find(|column| contains(column, name)))
        .cloned()
}

/// The column that names the rows: one that the clause speaks of, else the first without numbers.
pub fn label(table: &Table, clause: &str) -> usize {
    let spoken = spoken(table, clause);
    spoken
        .into_iter()
        .find(|column| !table.is_numeric(*column))
        .unwrap_or_else(|| table.label_column())
}

/// The column with the numbers that the clause speaks of, else the first with numbers.
pub fn measure(table: &Table, clause: &str) -> Option<usize> {
    clause_measures(table, clause)
        .first()
        .copied()
        .or_else(|| table.measure_columns().first().copied())
}

fn clause_measures(table: &Table, clause: &str) -> Vec<usize> {
    let measures = table.measure_columns();
    spoken(table, clause)
        .into_iter()
        .filter(|column| measures.contains(column))
        .collect()
}

/// Whether a word of the column's name stands in the clause.
pub fn speaks_of(table: &Table, column: usize, clause: &str) -> bool {
    spoken(table, clause).contains(&column)
}

/// The columns of which a word stands in the clause.
fn spoken(table: &Table, clause: &str) -> Vec<usize> {
    let words = text::stems(clause);
    (0..table.columns.len())
        .filter(|column| {
            text::stems(&table.columns[*column])
                .iter()
                .any(|stem| stem.len() > 2 && words.contains(stem))
        })
        .collect()
}

fn contains(name: &str, part: &str) -> bool {
    let (name, part) = (text::stems(name), text::stems(part));
    !part.is_empty() && name.windows(part.len()).any(|window| window == part)
}
