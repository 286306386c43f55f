//! Grouping rows and reckoning over each group: totals, means and counts by region, by month and so on.

use std::cmp::Ordering;

use serde::Deserialize;

use crate::condition::{Condition, Filter};
use crate::error::CsvError;
use crate::hash::QuickMap;
use crate::kind::{Column, Value};
use crate::query::{LIMIT_MAX, Rows, compare, direction};
use crate::table::Table;
use crate::words::nearest;

mod accumulate;
mod group;
pub mod part;

use accumulate::Accumulator;
use group::Group;

/// What is reckoned over a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// How many rows, or values that are there.
    Count,
    /// The exact sum.
    Sum,
    /// The mean.
    Mean,
    /// The value in the middle.
    Median,
    /// The smallest or earliest.
    Min,
    /// The largest or latest.
    Max,
    /// The sample standard deviation.
    Stddev,
    /// How many different values.
    Distinct,
}

impl Op {
    /// The names that callers use, for schemas and messages.
    pub const NAMES: [&str; 8] = [
        "count", "sum", "mean", "median", "min", "max", "stddev", "distinct",
    ];

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "count" => Self::Count,
            "sum" | "total" => Self::Sum,
            "mean" | "avg" | "average" => Self::Mean,
            "median" => Self::Median,
            "min" => Self::Min,
            "max" => Self::Max,
            "stddev" | "std" => Self::Stddev,
            "distinct" => Self::Distinct,
            _ => return None,
        })
    }
}

/// What is asked.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Question {
    /// Columns, or parts of dates such as `month(date)`; without any the whole table is one group.
    #[serde(default)]
    pub group_by: Vec<String>,
    /// What is reckoned, such as `sum(amount)` or `count`; the number of rows where absent.
    #[serde(default)]
    pub metrics: Vec<String>,
    /// Conditions, all of which must hold.
    #[serde(default, rename = "where")]
    pub conditions: Vec<Condition>,
    /// What the groups are sorted by; their names where absent.
    #[serde(default)]
    pub sort: Vec<String>,
    /// How many groups are given.
    pub limit: Option<usize>,
}

/// One of the question's metrics.
struct Metric<'a> {
    label: String,
    op: Op,
    /// Nothing for the number of rows.
    column: Option<Column<'a>>,
}

/// Answers a question. The columns are the groups and then the metrics, by the names that the question gave them.
///
/// # Errors
/// [`CsvError`]: an unknown column or function, or a column that does not hold what a function needs.
pub fn run(table: &Table, question: &Question) -> Result<Rows, CsvError> {
    let filter = Filter::new(table, &question.conditions)?;
    let mut groups = question
        .group_by
        .iter()
        .map(|text| Group::new(table, text))
        .collect::<Result<Vec<_>, _>>()?;
    let metrics = match question.metrics.as_slice() {
        [] => vec![metric(table, "count")?],
        metrics => metrics
            .iter()
            .map(|text| metric(table, text))
            .collect::<Result<Vec<_>, _>>()?,
    };
    let labels: Vec<String> = groups
        .iter()
        .map(|group| group.label.clone())
        .chain(metrics.iter().map(|metric| metric.label.clone()))
        .collect();
    let order = order(&labels, &question.sort, groups.len())?;

    let mut places: QuickMap<Vec<usize>, usize> = QuickMap::default();
    let mut found: Vec<(Vec<Value<'_>>, Vec<Accumulator>)> = Vec::new();
    let fresh = || {
        metrics
            .iter()
            .map(|metric| Accumulator::new(metric.op))
            .collect::<Vec<_>>()
    };
    let mut key = Vec::new();
    for row in (0..table.row_count()).filter(|row| filter.holds(*row)) {
        key.clear();
        key.extend(groups.iter_mut().map(|group| group.member(row)));
        let place = match places.get(&key) {
            Some(place) => *place,
            None => {
                let values = groups
                    .iter()
                    .zip(&key)
                    .map(|(group, member)| group.value(*member))
                    .collect();
                places.insert(key.clone(), found.len());
                found.push((values, fresh()));
                found.len() - 1
            }
        };
        for (metric, accumulator) in metrics.iter().zip(&mut found[place].1) {
            accumulator.add(metric.column.as_ref().map(|column| column.value(row)));
        }
    }
    // Without groups there is always one, of no rows perhaps: the count of nothing is 0.
    if groups.is_empty() && found.is_empty() {
        found.push((Vec::new(), fresh()));
    }

    let mut rows: Vec<Vec<Value<'_>>> = found
        .into_iter()
        .map(|(mut values, accumulators)| {
            values.extend(
                accumulators
                    .into_iter()
                    .map(|accumulator| accumulator.finish()),
            );
            values
        })
        .collect();
    rows.sort_by(|a, b| {
        let compare = |(at, descending): &(usize, bool)| compare(&a[*at], &b[*at], *descending);
        order
            .iter()
            .map(compare)
            .find(|ordering| ordering.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    let limit = question.limit.unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
    let total = rows.len();
    let rows = rows
        .into_iter()
        .take(limit)
        .map(|row| row.iter().map(Value::to_json).collect())
        .collect();
    Ok(Rows {
        columns: labels,
        rows,
        total,
        offset: 0,
    })
}

/// Gives the places of the labels to sort by: those asked for, then the groups.
fn order(
    labels: &[String],
    sort: &[String],
    groups: usize,
) -> Result<Vec<(usize, bool)>, CsvError> {
    let place = |name: &str| {
        labels
            .iter()
            .position(|label| label.eq_ignore_ascii_case(name.trim()))
    };
    let mut order = Vec::new();
    for by in sort {
        let (name, descending) = direction(by, place);
        let at = place(name).ok_or_else(|| CsvError::UnknownColumn {
            name: name.into(),
            hint: nearest(name, labels.iter().map(String::as_str))
                .map(|near| format!(" in the result to sort by; did you mean `{near}`?"))
                .unwrap_or_else(|| " in the result to sort by".into()),
            known: labels.join(", "),
        })?;
        order.push((at, descending));
    }
    order.extend((0..groups).map(|at| (at, false)));
    Ok(order)
}

/// Splits `sum(amount)` into its function and its column.
fn function(text: &str) -> Option<(&str, &str)> {
    let (function, rest) = text.trim().split_once('(')?;
    Some((function.trim(), rest.trim_end().strip_suffix(')')?.trim()))
}

/// Splits `sum(amount) as total` into what it is and what it is called.
fn alias(text: &str) -> (&str, &str) {
    let text = text.trim();
    let lower = text.to_ascii_lowercase();
    match lower.rfind(" as ") {
        Some(at) if !text[at + 4..].contains(')') => (text[..at].trim(), text[at + 4..].trim()),
        _ => (text, text),
    }
}

fn metric<'a>(table: &'a Table, text: &str) -> Result<Metric<'a>, CsvError> {
    let (whole, label) = alias(text);
    let (name, argument) = function(whole).unwrap_or((whole, ""));
    let op = Op::named(&name.to_ascii_lowercase()).ok_or_else(|| {
        CsvError::Question(format!(
            "there is no metric `{text}`; metrics are {}, written like sum(amount)",
            Op::NAMES.join(", ")
        ))
    })?;
    let column = match (op, argument) {
        (Op::Count, "" | "*") => None,
        (_, "") => {
            return Err(CsvError::Question(format!(
                "`{text}` needs a column, such as {name}({})",
                table.columns[0]
            )));
        }
        (_, argument) => Some(table.column(argument)?),
    };
    if let Some(column) = &column
        && matches!(op, Op::Sum | Op::Mean | Op::Median | Op::Stddev)
        && !column.kind.is_number()
        && (0..table.row_count()).any(|row| table.cell(row, column.at).is_some())
    {
        return Err(CsvError::Kind(format!(
            "{name} needs numbers, and {}. Leave such rows out with `where`, or choose another column",
            column.why_not_number()
        )));
    }
    Ok(Metric {
        label: label.to_owned(),
        op,
        column,
    })
}
