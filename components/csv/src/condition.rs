//! Which rows are meant: comparisons of columns with values, joined by `and` and `or`.

use caxton_sdk::Value as Json;
use serde::Deserialize;

use crate::error::CsvError;
use crate::kind::{Column, Kind, Value};
use crate::table::Table;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// The text has the value in it.
    Contains,
    /// The text starts with the value.
    StartsWith,
    /// The text ends with the value.
    EndsWith,
    /// Equal to one of several values.
    In,
    /// Nothing is there.
    IsNull,
    /// Something is there.
    NotNull,
}

impl Op {
    /// The names that callers use, for schemas and messages.
    pub const NAMES: [&str; 12] = [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "contains",
        "starts_with",
        "ends_with",
        "in",
        "is_null",
        "not_null",
    ];
}

/// A condition as a caller writes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// All hold.
    And {
        /// The conditions.
        and: Vec<Condition>,
    },
    /// One holds at least.
    Or {
        /// The conditions.
        or: Vec<Condition>,
    },
    /// A comparison.
    Compare {
        /// The column's name.
        column: String,
        /// How it is compared.
        op: Op,
        /// With what; a list for `in`, nothing for `is_null` and `not_null`.
        #[serde(default)]
        value: Json,
    },
}

/// Conditions ready to be asked of rows.
#[derive(Debug)]
pub enum Filter<'a> {
    /// All hold.
    And(Vec<Filter<'a>>),
    /// One holds at least.
    Or(Vec<Filter<'a>>),
    /// A comparison of a column with values of its kind.
    Compare(Box<Column<'a>>, Op, Vec<Value<'static>>),
}

impl<'a> Filter<'a> {
    /// Finds the columns and reads the values of `conditions`, all of which must hold.
    ///
    /// # Errors
    /// [`CsvError`]: an unknown column, or a value that the column can't hold.
    pub fn new(table: &'a Table, conditions: &[Condition]) -> Result<Self, CsvError> {
        let all = conditions
            .iter()
            .map(|condition| Self::one(table, condition))
            .collect::<Result<_, _>>()?;
        Ok(Self::And(all))
    }

    fn one(table: &'a Table, condition: &Condition) -> Result<Self, CsvError> {
        match condition {
            Condition::And { and } => Self::new(table, and),
            Condition::Or { or } if or.is_empty() => {
                Err(CsvError::Question("`or` has no conditions".into()))
            }
            Condition::Or { or } => Ok(Self::Or(
                or.iter()
                    .map(|condition| Self::one(table, condition))
                    .collect::<Result<_, _>>()?,
            )),
            Condition::Compare { column, op, value } => {
                let column = table.column(column)?;
                let values = values(&column, *op, value)?;
                Ok(Self::Compare(Box::new(column), *op, values))
            }
        }
    }

    /// Says whether a row, from 0, is meant. A missing value is equal to nothing and comes nowhere in an order.
    pub fn holds(&self, row: usize) -> bool {
        match self {
            Self::And(all) => all.iter().all(|filter| filter.holds(row)),
            Self::Or(any) => any.iter().any(|filter| filter.holds(row)),
            Self::Compare(column, op, values) => {
                let value = column.value(row);
                match op {
                    Op::IsNull => value.is_missing(),
                    Op::NotNull => !value.is_missing(),
                    Op::Ne => {
                        value.is_missing() || !values.iter().any(|other| equal(&value, other))
                    }
                    _ if value.is_missing() => false,
                    Op::Eq | Op::In => values.iter().any(|other| equal(&value, other)),
                    Op::Contains => text(&value).contains(&text(&values[0])),
                    Op::StartsWith => text(&value).starts_with(&text(&values[0])),
                    Op::EndsWith => text(&value).ends_with(&text(&values[0])),
                    Op::Lt => value.compare(&values[0]).is_lt(),
                    Op::Le => value.compare(&values[0]).is_le() || equal(&value, &values[0]),
                    Op::Gt => value.compare(&values[0]).is_gt(),
                    Op::Ge => value.compare(&values[0]).is_ge() || equal(&value, &values[0]),
                }
            }
        }
    }
}

fn values(column: &Column<'_>, op: Op, value: &Json) -> Result<Vec<Value<'static>>, CsvError> {
    let name = column.name();
    match (op, value) {
        (Op::IsNull | Op::NotNull, _) => Ok(Vec::new()),
        (Op::In, Json::Array(list)) if !list.is_empty() => {
            list.iter().map(|value| read(column, value)).collect()
        }
        (Op::In, _) => Err(CsvError::Question(format!(
            "`in` on column `{name}` needs a list of values"
        ))),
        (_, Json::Array(_)) => Err(CsvError::Question(format!(
            "column `{name}` is compared with a list; use the op `in` for a list of values"
        ))),
        (_, Json::Null) => Err(CsvError::Question(format!(
            "column `{name}` is compared with nothing; use the op `is_null` or `not_null` to find missing values"
        ))),
        (Op::Contains | Op::StartsWith | Op::EndsWith, value) => {
            Ok(vec![Value::Text(plain(value).into())])
        }
        (_, value) => Ok(vec![read(column, value)?]),
    }
}

fn read(column: &Column<'_>, value: &Json) -> Result<Value<'static>, CsvError> {
    let text = plain(value);
    let number = column
        .kind
        .is_number()
        .then(|| crate::number::parse(&text, crate::number::Style::Point))
        .flatten();
    let date = || {
        crate::date::Stamp::parse(&text, crate::date::Order::YearFirst)
            .filter(|_| column.kind.is_date())
    };
    // A caller writes numbers and dates in the common way, whatever way the file has.
    number
        .map(Value::Number)
        .or_else(|| date().map(Value::Date))
        .or_else(|| column.read(&text))
        .ok_or_else(|| {
            let like = match column.kind {
                Kind::Date => " such as 2024-12-31",
                Kind::DateTime => " such as 2024-12-31T12:00:00",
                Kind::Boolean => ": true or false",
                _ => "",
            };
            CsvError::Kind(format!(
                "column `{}` holds {kind}s, and {text:?} is none; give a {kind}{like}",
                column.name(),
                kind = column.kind.name()
            ))
        })
}

/// Gives JSON as text without the quotation marks of a string.
pub(crate) fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn equal(a: &Value<'_>, b: &Value<'_>) -> bool {
    match (a, b) {
        (Value::Text(a), Value::Text(b)) => {
            a == b || text(&Value::Text(a.clone())) == text(&Value::Text(b.clone()))
        }
        _ => a.compare(b).is_eq(),
    }
}

/// Gives a text for comparing: without the spaces around it, in lower case.
fn text(value: &Value<'_>) -> String {
    value.to_string().trim().to_lowercase()
}
