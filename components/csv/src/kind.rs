//! What a column holds. A column is a number, a date or a truth value only where every value in it is one: nothing is
//! guessed away. Empty cells, and words such as `n/a` in a column that otherwise fits, are missing values.

use std::borrow::Cow;
use std::cmp::Ordering;

use caxton_sdk::Value as Json;

use crate::date::{Order, Stamp};
use crate::number::{self, Number, Style};
use crate::table::Table;

/// Words that stand for a missing value in a column of numbers, dates or truth values.
const MISSING: [&str; 8] = ["na", "n/a", "#n/a", "nan", "null", "none", "-", "?"];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers.
    Integer,
    /// Numbers with or without a fraction.
    Decimal,
    /// `true` and `false`, `yes` and `no`.
    Boolean,
    /// Dates.
    Date,
    /// Dates with a time.
    DateTime,
    /// Anything else.
    Text,
}

impl Kind {
    /// Gives the name that callers see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::DateTime => "datetime",
            Self::Text => "text",
        }
    }

    /// Says whether there are numbers in it.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal)
    }

    /// Says whether there are dates in it.
    pub fn is_date(self) -> bool {
        matches!(self, Self::Date | Self::DateTime)
    }
}

/// A value of a cell.
#[derive(Clone, Debug)]
pub enum Value<'a> {
    /// Nothing is there.
    Missing,
    /// A truth value.
    Boolean(bool),
    /// A number.
    Number(Number),
    /// A date.
    Date(Stamp),
    /// A text, as it stands.
    Text(Cow<'a, str>),
}

impl Value<'_> {
    /// Says whether nothing is there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Gives the same without the table that it came from.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Missing => Value::Missing,
            Self::Boolean(value) => Value::Boolean(value),
            Self::Number(value) => Value::Number(value),
            Self::Date(value) => Value::Date(value),
            Self::Text(value) => Value::Text(Cow::Owned(value.into_owned())),
        }
    }

    /// Gives it as JSON; dates after ISO 8601.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Missing => Json::Null,
            Self::Boolean(value) => (*value).into(),
            Self::Number(value) => value.to_json(),
            Self::Date(value) => value.to_string().into(),
            Self::Text(value) => value.as_ref().into(),
        }
    }

    /// Compares two values of one column; what is missing comes last.
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.compare(*b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Boolean(a), Self::Boolean(b)) => a.cmp(b),
            (Self::Text(a), Self::Text(b)) => compare_text(a, b),
            (a, b) => a.rank().cmp(&b.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Boolean(_) => 0,
            Self::Number(_) => 1,
            Self::Date(_) => 2,
            Self::Text(_) => 3,
            Self::Missing => 4,
        }
    }
}

/// What a person reads.
impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Boolean(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// Compares texts as an index does: case matters only where nothing else differs.
fn compare_text(a: &str, b: &str) -> Ordering {
    let lower = |text: &str| {
        text.chars()
            .flat_map(char::to_lowercase)
            .collect::<Vec<_>>()
    };
    match (a.is_ascii() && b.is_ascii()).then(|| {
        a.bytes()
            .map(|byte| byte.to_ascii_lowercase())
            .cmp(b.bytes().map(|byte| byte.to_ascii_lowercase()))
    }) {
        Some(ordering) => ordering,
        None => lower(a).cmp(&lower(b)),
    }
    .then_with(|| a.cmp(b))
}

/// A column, and how its cells are read.
#[derive(Clone, Debug)]
pub struct Column<'a> {
    table: &'a Table,
    /// Which column it is, from 0.
    pub at: usize,
    /// What it holds.
    pub kind: Kind,
    style: Style,
    order: Order,
    /// Both orders of day and month fit all dates.
    pub ambiguous: bool,
}

impl<'a> Column<'a> {
    /// Finds what column `at` holds.
    pub fn infer(table: &'a Table, at: usize) -> Self {
        let mut candidates = Candidates::new(table.delimiter);
        for row in 0..table.row_count() {
            if let Some(text) = table.cell(row, at) {
                let text = trim(&text);
                if !is_missing(text) {
                    candidates.see(text);
                    if candidates.is_text() {
                        break;
                    }
                }
            }
        }
        let (kind, style, order, ambiguous) = candidates.settle();
        Self {
            table,
            at,
            kind,
            style,
            order,
            ambiguous,
        }
    }

    /// Gives its name.
    pub fn name(&self) -> &'a str {
        &self.table.columns[self.at]
    }

    /// Gives what the cell in a row, from 0, says; nothing where it is empty.
    pub fn cell(&self, row: usize) -> Option<Cow<'a, str>> {
        self.table.cell(row, self.at)
    }

    /// Gives the value in a row, from 0.
    pub fn value(&self, row: usize) -> Value<'a> {
        match self.table.cell(row, self.at) {
            Some(text) if self.kind == Kind::Text => Value::Text(text),
            Some(text) => self.read(&text).unwrap_or(Value::Missing),
            None => Value::Missing,
        }
    }

    /// Reads a text as a value of this column; nothing where it is none.
    pub fn read(&self, text: &str) -> Option<Value<'static>> {
        match self.kind {
            Kind::Integer | Kind::Decimal => number::parse(text, self.style).map(Value::Number),
            Kind::Boolean => boolean(text.trim()).map(Value::Boolean),
            Kind::Date | Kind::DateTime => Stamp::parse(text, self.order).map(Value::Date),
            Kind::Text => Some(Value::Text(Cow::Owned(text.to_owned()))),
        }
    }

    /// Says what the column holds, and for a text column the first value that is no number.
    pub fn why_not_number(&self) -> String {
        let name = self.name();
        if self.kind != Kind::Text {
            return format!("column `{name}` holds {}s", self.kind.name());
        }
        let first = (0..self.table.row_count()).find_map(|row| {
            let text = self.table.cell(row, self.at)?;
            let no_number = !is_missing(text.trim()) && number::parse(&text, self.style).is_none();
            no_number.then(|| (row, text.chars().take(40).collect::<String>()))
        });
        match first {
            Some((row, text)) => format!(
                "column `{name}` holds text, such as {text:?} in row {}",
                row + 1
            ),
            None => format!("column `{name}` holds text"),
        }
    }
}

/// Says whether a text stands for a missing value.
pub fn is_missing(text: &str) -> bool {
    let digit = text.as_bytes().first().is_some_and(u8::is_ascii_digit);
    !digit && stands_for_nothing(text)
}

fn stands_for_nothing(text: &str) -> bool {
    text.is_empty() || text.len() <= 4 && MISSING.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Gives the text without the spaces around it. Most texts have none, which two bytes tell.
pub fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        [only] if only.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.len() > 5 => None,
        _ if ["true", "yes", "t", "y"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word)) =>
        {
            Some(true)
        }
        _ if ["false", "no", "f", "n"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word)) =>
        {
            Some(false)
        }
        _ => None,
    }
}

/// What a column may still be, after the values seen so far.
struct Candidates {
    seen: bool,
    point: bool,
    comma: bool,
    /// Whole under either style.
    whole_point: bool,
    whole_comma: bool,
    boolean: bool,
    orders: [bool; 3],
    time: bool,
    semicolon: bool,
}

const ORDERS: [Order; 3] = [Order::YearFirst, Order::MonthFirst, Order::DayFirst];

impl Candidates {
    fn new(delimiter: char) -> Self {
        Self {
            seen: false,
            point: true,
            comma: true,
            whole_point: true,
            whole_comma: true,
            boolean: true,
            orders: [true; 3],
            time: false,
            semicolon: delimiter == ';',
        }
    }

    fn see(&mut self, text: &str) {
        self.seen = true;
        if number::is_plain_integer(text) {
            self.boolean = false;
            self.orders = [false; 3];
            return;
        }
        let read = |style: Style, possible: &mut bool, whole: &mut bool| {
            if *possible {
                match number::parse(text, style) {
                    Some(Number::Exact(decimal)) => {
                        *whole &= decimal.scale() == 0;
                    }
                    Some(Number::Float(_)) => *whole = false,
                    None => *possible = false,
                }
            }
        };
        read(Style::Point, &mut self.point, &mut self.whole_point);
        read(Style::Comma, &mut self.comma, &mut self.whole_comma);
        self.boolean = self.boolean && boolean(text).is_some();
        for (possible, order) in self.orders.iter_mut().zip(ORDERS) {
            if *possible {
                match Stamp::parse(text, order) {
                    Some(stamp) => self.time |= stamp.time_ms.is_some(),
                    None => *possible = false,
                }
            }
        }
    }

    fn is_text(&self) -> bool {
        !self.point && !self.comma && !self.boolean && !self.orders.contains(&true)
    }

    fn settle(&self) -> (Kind, Style, Order, bool) {
        // `1,234` fits both styles; where semicolons separate the cells, the comma is likely the decimal point.
        let style = match (self.point, self.comma) {
            (true, true) if self.semicolon => Style::Comma,
            (true, _) => Style::Point,
            _ => Style::Comma,
        };
        let whole = if style == Style::Point {
            self.whole_point
        } else {
            self.whole_comma
        };
        let order = self
            .orders
            .iter()
            .zip(ORDERS)
            .find(|(possible, _)| **possible)
            .map(|(_, order)| order);
        let ambiguous = !self.orders[0] && self.orders[1] && self.orders[2];
        let kind = match order {
            _ if !self.seen => Kind::Text,
            _ if (self.point || self.comma) && whole => Kind::Integer,
            _ if self.point || self.comma => Kind::Decimal,
            _ if self.boolean => Kind::Boolean,
            Some(_) if self.time => Kind::DateTime,
            Some(_) => Kind::Date,
            None => Kind::Text,
        };
        (
            kind,
            style,
            order.unwrap_or(Order::YearFirst),
            ambiguous && kind.is_date(),
        )
    }
}
