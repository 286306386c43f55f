//! Which rows a text is about: the values, comparisons and spans of time in it, as conditions where the columns at hand
//! can express them. What restricts and can't be expressed is found as well, so that an answer can say so.

mod unknown;

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;
use serde_json::Value;

use crate::facts::{Facts, number_value};
use crate::period::{self, overlaps};
use crate::table::Column;
use crate::text;
use crate::words::Comparison;

/// A condition on rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The column's name.
    pub column: String,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: Value,
}

/// Words that restrict which rows are meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Restriction {
    /// Where they stand in the text, in bytes.
    place: Range<usize>,
    /// The words.
    pub phrase: String,
    /// What they mean, all of it; nothing where no column expresses it.
    pub conditions: Vec<Condition>,
}

/// Finds what restricts the rows that `text` is about, in its order.
pub fn restrictions(facts: &Facts, text: &str) -> Vec<Restriction> {
    // A filler keeps the places of what is left, and the words around it apart.
    let blank =
        |text: String, found: &String| text.replace(found.as_str(), &"_".repeat(found.len()));
    let plain = text::urls(text).iter().fold(text.to_owned(), blank);
    let plain = text::paths(&plain).iter().fold(plain.clone(), blank);
    let mut found = values(facts, &plain);
    for find in [periods, comparisons, amounts, unknown::restrictions] {
        for other in find(facts, &plain) {
            if !found
                .iter()
                .any(|known| overlaps(&known.place, &other.place))
            {
                found.push(other);
            }
        }
    }
    found.sort_by_key(|restriction| restriction.place.start);
    found
}

impl Restriction {
    fn new(text: &str, place: Range<usize>, conditions: Vec<Condition>) -> Self {
        Self {
            phrase: text[place.clone()].trim().to_owned(),
            place,
            conditions,
        }
    }
}

impl Condition {
    fn new(column: &Column, comparison: Comparison, value: Value) -> Self {
        Self {
            column: column.name.clone(),
            comparison,
            value,
        }
    }
}

/// The words of `text` with their places and stems.
fn tokens(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (start, c.is_alphanumeric()) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                found.push((from..at, text::stem(&text[from..at].to_lowercase())));
                start = None;
            }
            _ => {}
        }
    }
    found
}

/// Known values of columns that stand in the text, those with a `not` or `except` before them left out of the rows.
fn values(facts: &Facts, text: &str) -> Vec<Restriction> {
    let tokens = tokens(text);
    let mut named: Vec<(Range<usize>, &Column, &String)> = Vec::new();
    for column in &facts.columns {
        if column.is_numeric == Some(true) || column.is_date {
            continue;
        }
        for value in column
            .values
            .iter()
            .filter(|value| value.chars().count() > 1)
        {
            let stems = text::stems(value);
            let is_here = |window: &&[(Range<usize>, String)]| {
                window
                    .iter()
                    .zip(&stems)
                    .all(|((_, token), stem)| token == stem)
            };
            if !stems.is_empty()
                && let Some(window) = tokens.windows(stems.len()).find(is_here)
            {
                let place = window[0].0.start..window[stems.len() - 1].0.end;
                named.push((place, column, value));
            }
        }
    }
    // `Office` is not meant where `Office chair` is.
    let places: Vec<Range<usize>> = named.iter().map(|(place, ..)| place.clone()).collect();
    named.retain(|(place, ..)| {
        !places
            .iter()
            .any(|other| other.len() > place.len() && overlaps(other, place))
    });
    named.sort_by_key(|(place, ..)| place.start);
    let mut found = Vec::new();
    for (place, column, value) in &named {
        let of_column: Vec<_> = named
            .iter()
            .filter(|(_, other, _)| other.name == column.name)
            .collect();
        let first = of_column.first().map_or(place, |(first, ..)| first);
        let one = Value::String((*value).clone());
        let conditions = if is_negated(text, first) {
            vec![Condition::new(column, Comparison::NotEqual, one)]
        } else if of_column.iter().any(|(place, ..)| is_negated(text, place)) {
            // Some in and some out: which, is not for words alone to say.
            Vec::new()
        } else if of_column.len() > 1 {
            let all = of_column
                .iter()
                .map(|(.., value)| Value::String((*value).clone()));
            vec![Condition::new(
                column,
                Comparison::Among,
                Value::Array(all.collect()),
            )]
        } else {
            vec![Condition::new(column, Comparison::Equal, one)]
        };
        found.push(Restriction::new(text, place.clone(), conditions));
    }
    found
}

fn is_negated(text: &str, place: &Range<usize>) -> bool {
    const NEGATIONS: &[&str] = &[
        "except",
        "excluding",
        "without",
        "not",
        "outside",
        "than",
        "but",
        "isn't",
        "aren't",
        "!=",
        "<>",
    ];
    const BETWEEN: &[&str] = &["the", "in", "for", "from", "of", "a", "to", "equal"];
    let before = &text[..place.start];
    let is_prefixed = before.to_lowercase().ends_with("non-");
    is_prefixed
        || before
            .split_whitespace()
            .rev()
            .map(str::to_lowercase)
            .find(|word| !BETWEEN.contains(&word.as_str()))
            .is_some_and(|word| NEGATIONS.contains(&word.as_str()))
}

/// Spans of time, on the column with dates.
fn periods(facts: &Facts, text: &str) -> Vec<Restriction> {
    let dates: Vec<&Column> = facts
        .columns
        .iter()
        .filter(|column| column.is_date)
        .collect();
    let mentioned = facts.mentioned(text);
    let column = match dates.as_slice() {
        [only] => Some(*only),
        // Of several columns with dates the text must say which is meant.
        _ => dates
            .into_iter()
            .find(|date| mentioned.iter().any(|(column, _)| column.name == date.name)),
    };
    let known = column
        .and_then(|column| column.range.as_ref())
        .map(|(first, last)| (first.as_str(), last.as_str()));
    let restriction = |period: period::Period| {
        let mut conditions = Vec::new();
        if let (Some(column), Some(span)) = (column, period.span) {
            let sides = [
                (Comparison::AtLeast, span.from),
                (Comparison::Less, span.until),
            ];
            conditions.extend(sides.into_iter().filter_map(|(comparison, day)| {
                Some(Condition::new(column, comparison, Value::String(day?)))
            }));
        }
        Restriction::new(text, period.place, conditions)
    };
    period::periods(text, known)
        .into_iter()
        .map(restriction)
        .collect()
}

/// Comparisons after the name of a column, such as `units over 10` and `region is North`.
fn comparisons(facts: &Facts, text: &str) -> Vec<Restriction> {
    let lower = text.to_lowercase();
    let mut found = Vec::new();
    for (column, _) in facts.mentioned(text) {
        let spoken = text::words(&column.name).join(" ");
        for name in [column.name.to_lowercase(), spoken] {
            for (at, _) in lower.match_indices(name.as_str()) {
                // Lower case may change the length of a text; then the place is not worth guessing.
                let Some(rest) = text.get(at + name.len()..) else {
                    continue;
                };
                if let Some((length, conditions)) = compared(rest, column) {
                    let place = at..at + name.len() + length;
                    found.push(Restriction::new(text, place, conditions));
                }
            }
        }
    }
    found
}

/// Reads a comparison at the start of `rest`; gives its length too.
fn compared(rest: &str, column: &Column) -> Option<(usize, Vec<Condition>)> {
    let mut read = rest.trim_start();
    for link in ["of ", "that ", "which ", "being ", "is ", "are ", "was "] {
        // `is` alone is a comparison, `is more than` another.
        if let Some(after) = read.strip_prefix(link)
            && (Comparison::read(after).is_some() || between(after.trim_start()).is_some())
        {
            read = after.trim_start();
        }
    }
    if let Some((length, low, high)) = between(read) {
        let conditions = vec![
            Condition::new(column, Comparison::AtLeast, low),
            Condition::new(column, Comparison::AtMost, high),
        ];
        return (column.is_numeric != Some(false))
            .then_some((rest.len() - read.len() + length, conditions));
    }
    // `quantity of 10` and `quantity 10` name the number itself.
    let named = read.strip_prefix("of ").unwrap_or(read);
    let is_number = named.starts_with(|c: char| c.is_ascii_digit());
    let (comparison, after) = if is_number && column.is_numeric == Some(true) {
        (Comparison::Equal, named)
    } else {
        Comparison::read(read)?
    };
    // Names are in no order that a request could mean.
    let is_order = !matches!(
        comparison,
        Comparison::Equal | Comparison::NotEqual | Comparison::Contains
    );
    if is_order && column.is_numeric == Some(false) && !column.is_date {
        return None;
    }
    let (value, end) = operand(after, column)?;
    let length = rest.len() - after.len() + end;
    Some((length, vec![Condition::new(column, comparison, value)]))
}

/// Reads `between 10 and 20` at the start of a text.
fn between(text: &str) -> Option<(usize, Value, Value)> {
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
        text::pattern(
            r"(?i)^(?:is\s+|are\s+)?between\s+[$€£]?([\d.,]*\d)\s+and\s+[$€£]?([\d.,]*\d)\b",
        )
    });
    let found = BETWEEN.captures(text)?;
    let number = |at: usize| number_value(*text::numbers(found.get(at)?.as_str()).first()?);
    Some((found.get(0)?.end(), number(1)?, number(2)?))
}

/// Comparisons with a number that no column's name stands before: `more than 10 units`, `orders over 5000`.
fn amounts(facts: &Facts, text: &str) -> Vec<Restriction> {
    static AMOUNT: LazyLock<Regex> = LazyLock::new(|| {
        text::pattern(
            r"(?i)(?:\b(?:greater than or equal to|less than or equal to|(?:no\s+)?(?:more|less|fewer|greater|larger|smaller|bigger|higher|lower) than|over|above|under|below|at least|at most|up to|exceed(?:s|ing)?|between)|[<>]=?)\s*[$€£]?(?:\d[\d.,]*(?:\s+and\s+[$€£]?\d[\d.,]*)?|(?:the\s+)?average\b)|\b\d[\d.,]*\s+or\s+(?:more|less|fewer)\b",
        )
    });
    let conditions = |found: &str, end: usize| {
        let next = tokens(&text[end..]);
        let next = &next.first()?.1;
        let column = facts.columns.iter().find(|column| {
            column.is_numeric == Some(true) && text::stems(&column.name) == [next.clone()]
        })?;
        if !text[end..].starts_with(' ') {
            return None;
        }
        let (length, conditions) = compared(found, column)?;
        (length == found.len()).then_some(conditions)
    };
    AMOUNT
        .find_iter(text)
        .map(|found| {
            let shown = found.as_str().trim_end_matches(['.', ',']);
            let place = found.start()..found.start() + shown.len();
            let conditions = conditions(shown, place.end).unwrap_or_default();
            Restriction::new(text, place, conditions)
        })
        .collect()
}

/// What a column is compared with: a quotation, a number, or the next word; and where it ends.
fn operand(rest: &str, column: &Column) -> Option<(Value, usize)> {
    let start = rest.len() - rest.trim_start().len();
    let rest = rest.trim_start();
    if rest.starts_with(['"', '\'', '“', '`']) {
        let quoted = text::quotations(rest).into_iter().next()?;
        let end = rest.find(quoted.as_str())? + quoted.len();
        return Some((Value::String(quoted), start + end));
    }
    let word = rest.split_whitespace().next()?;
    if column.is_numeric != Some(false) {
        let digits = word.trim_start_matches(['$', '€', '£']);
        let digits = digits.trim_end_matches(['.', ',', '?', '!', ')']);
        if let Some(number) = text::numbers(digits).first() {
            return Some((number_value(*number)?, start + word.len()));
        }
    }
    // `revenue is highest` is no condition on a column of numbers, and `the region is the best` none on any.
    let name = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-');
    let is_name = name.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    (column.is_numeric != Some(true) && is_name)
        .then(|| (Value::String(name.to_owned()), start + word.len()))
}

#[cfg(test)]
mod tests;
