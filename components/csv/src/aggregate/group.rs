//! What rows are grouped by: a column, or a part of its dates. Columns to group by have few different values, so each is
//! read and written once and known by a number from then on.

use std::borrow::Cow;

use super::part::Part;
use super::{alias, function};
use crate::error::CsvError;
use crate::hash::QuickMap;
use crate::kind::{Column, Value, trim};
use crate::table::Table;

/// One of the groupings.
pub struct Group<'a> {
    /// What it is called in the result.
    pub label: String,
    column: Column<'a>,
    part: Option<Part>,
    /// The members by what the cell says, as it stands.
    by_cell: QuickMap<Cow<'a, str>, usize>,
    /// The members by what it means: `1.0` and `1` are the same.
    by_meaning: QuickMap<String, usize>,
    /// The members; the first is the missing value.
    members: Vec<Value<'a>>,
}

impl<'a> Group<'a> {
    /// Finds what `text` means: a column, or a part of a date such as `month(date)`, with a name or without.
    ///
    /// # Errors
    /// [`CsvError`]: an unknown column or function, or a column without dates.
    pub fn new(table: &'a Table, text: &str) -> Result<Self, CsvError> {
        // A column may be called `Price (EUR)`; its own name comes first.
        let (whole, label) = if table.find(text).is_ok() {
            (text, text)
        } else {
            alias(text)
        };
        let (column, part) = match (table.column(whole), function(whole)) {
            (Ok(column), _) => (column, None),
            (Err(error), None) => return Err(error),
            (Err(_), Some((name, argument))) => part(table, text, name, argument)?,
        };
        let label = if label == whole && part.is_none() {
            column.name()
        } else {
            label
        };
        Ok(Self {
            label: label.to_owned(),
            column,
            part,
            by_cell: QuickMap::default(),
            by_meaning: QuickMap::default(),
            members: vec![Value::Missing],
        })
    }

    /// Gives the number of the member that a row belongs to.
    pub fn member(&mut self, row: usize) -> usize {
        let Some(cell) = self.column.cell(row) else {
            return 0;
        };
        if let Some(member) = self.by_cell.get(&cell) {
            return *member;
        }
        let value = match (self.column.value(row), self.part) {
            (Value::Date(stamp), Some(part)) => part.of(&stamp),
            (Value::Text(text), _) if trim(&text).len() < text.len() => {
                Value::Text(trim(&text).to_owned().into())
            }
            (value, _) => value,
        };
        let member = if value.is_missing() {
            0
        } else {
            let next = self.members.len();
            let member = *self.by_meaning.entry(value.to_string()).or_insert(next);
            if member == next {
                self.members.push(value);
            }
            member
        };
        self.by_cell.insert(cell, member);
        member
    }

    /// Gives the value of a member.
    pub fn value(&self, member: usize) -> Value<'a> {
        self.members[member].clone()
    }
}

fn part<'a>(
    table: &'a Table,
    text: &str,
    name: &str,
    argument: &str,
) -> Result<(Column<'a>, Option<Part>), CsvError> {
    let part = Part::named(&name.to_ascii_lowercase()).ok_or_else(|| {
        CsvError::Question(format!(
            "there is no way to group by `{text}`: neither a column of that name nor a function `{name}`. Functions of \
             dates are {}",
            Part::NAMES.join(", ")
        ))
    })?;
    let column = table.column(argument)?;
    if !column.kind.is_date() {
        return Err(CsvError::Kind(format!(
            "{name} needs dates, and column `{argument}` holds {}; dates are such as 2024-12-31",
            column.kind.name()
        )));
    }
    Ok((column, Some(part)))
}
