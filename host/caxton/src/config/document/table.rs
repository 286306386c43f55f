//! Tables and values that report what is wrong with them. A table remembers which keys it was asked for; those that stand in it and
//! were never asked for are unknown, so that what is known is written down once.

use std::ops::{Range, RangeInclusive};

use toml::de::{DeTable, DeValue};

use super::Report;
use crate::config::fault::{Refusal, quoted};
use crate::config::suggest::did_you_mean;

/// A table with its full name.
pub(crate) struct Table<'t> {
    /// The dotted name, empty for the file itself.
    name: String,
    /// Where it begins.
    pub span: Range<usize>,
    entries: &'t DeTable<'t>,
    asked: Vec<&'static str>,
}

/// A value with its full name.
pub(crate) struct Value<'t> {
    /// The dotted name.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
    raw: &'t DeValue<'t>,
}

impl<'t> Table<'t> {
    /// The table that is the file itself.
    pub(crate) fn root(entries: &'t DeTable<'t>) -> Self {
        Self {
            name: String::new(),
            span: 0..0,
            entries,
            asked: Vec::new(),
        }
    }

    /// Gives the value of `key`, where there is one.
    pub(crate) fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        let value = self.entries.get(key)?;
        Some(Value {
            name: self.full(key),
            span: value.span(),
            raw: value.get_ref(),
        })
    }

    /// Gives the value of `key`, or reports that it is missing.
    pub(crate) fn require(
        &mut self,
        key: &'static str,
        report: &mut Report<'_>,
        example: &str,
    ) -> Option<Value<'t>> {
        let value = self.get(key);
        if value.is_none() && !report.is_broken() {
            let place = if self.name.is_empty() {
                "the file".to_owned()
            } else {
                format!("`{}`", self.name)
            };
            report.add(
                &self.span,
                "missing-key",
                format!("{place} has no `{key}`"),
                format!("add {example}"),
            );
        }
        value
    }

    /// Gives every entry, for tables whose keys are names.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Value<'t>)> {
        self.entries.iter().map(|(key, value)| {
            let name = self.full(key.get_ref());
            (
                key.get_ref().as_ref(),
                key.span(),
                Value {
                    name,
                    span: value.span(),
                    raw: value.get_ref(),
                },
            )
        })
    }

    /// Reports the keys that nobody asked for.
    pub(crate) fn finish(self, report: &mut Report<'_>) {
        let free: Vec<&str> = self
            .asked
            .iter()
            .copied()
            .filter(|key| !self.entries.contains_key(*key))
            .collect();
        for (key, _) in self
            .entries
            .iter()
            .filter(|(key, _)| !self.asked.contains(&key.get_ref().as_ref()))
        {
            let place = if self.name.is_empty() {
                "here".to_owned()
            } else {
                format!("of `{}`", self.name)
            };
            let reason = format!("{} is not a key {place}", quoted(key.get_ref()));
            let remedy = did_you_mean(
                key.get_ref(),
                &free,
                "remove it; keys that may be added are",
            );
            report.add(&key.span(), "unknown-key", reason, remedy);
        }
    }

    fn full(&self, key: &str) -> String {
        let key = if key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
            && key.len() <= 64
        {
            key.to_owned()
        } else {
            quoted(key).replace('`', "\"")
        };
        if self.name.is_empty() {
            key
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

impl<'t> Value<'t> {
    /// The text of a string; `example` shows how it is written.
    pub(crate) fn text(&self, report: &mut Report<'_>, example: &str) -> Option<&'t str> {
        let text = self.raw.as_str();
        if text.is_none() {
            self.wrong_type(report, "text", example);
        }
        text
    }

    /// The text of a string, put through `parse`.
    pub(crate) fn parsed<T>(
        &self,
        report: &mut Report<'_>,
        example: &str,
        parse: impl FnOnce(&'t str) -> Result<T, Refusal>,
    ) -> Option<T> {
        match parse(self.text(report, example)?) {
            Ok(value) => Some(value),
            Err(refusal) => {
                report.refuse(&self.span, &self.name, refusal);
                None
            }
        }
    }

    /// A whole number within `range`.
    pub(crate) fn whole(
        &self,
        report: &mut Report<'_>,
        range: RangeInclusive<u64>,
        example: &str,
    ) -> Option<u64> {
        let Some(integer) = self.raw.as_integer() else {
            self.wrong_type(report, "a whole number", example);
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix())
            .ok()
            .filter(|number| range.contains(number));
        if number.is_none() {
            let reason = format!(
                "`{}` is {integer}, which is not between {} and {}",
                self.name,
                range.start(),
                range.end()
            );
            report.add(
                &self.span,
                "out-of-range",
                reason,
                format!("write a number in that range, such as {example}"),
            );
        }
        number
    }

    /// A number, whole or not, within `range`.
    pub(crate) fn number(
        &self,
        report: &mut Report<'_>,
        range: RangeInclusive<f64>,
        example: &str,
    ) -> Option<f64> {
        let text = self.decimal(report, example)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let reason = format!(
                "`{}` is {text}, which is not between {} and {}",
                self.name,
                range.start(),
                range.end()
            );
            report.add(
                &self.span,
                "out-of-range",
                reason,
                format!("write a number in that range, such as {example}"),
            );
        }
        number
    }

    /// The digits of a decimal number, whole or not, as they stand in the file.
    pub(crate) fn decimal(&self, report: &mut Report<'_>, example: &str) -> Option<&'t str> {
        match self.raw {
            DeValue::Integer(integer) if integer.radix() == 10 => Some(integer.as_str()),
            DeValue::Float(float) => Some(float.as_str()),
            _ => {
                self.wrong_type(report, "a number", example);
                None
            }
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, report: &mut Report<'_>, example: &str) -> Option<bool> {
        let flag = self.raw.as_bool();
        if flag.is_none() {
            self.wrong_type(report, "true or false", example);
        }
        flag
    }

    /// The values of an array.
    pub(crate) fn list(&self, report: &mut Report<'_>, example: &str) -> Option<Vec<Value<'t>>> {
        let Some(array) = self.raw.as_array() else {
            self.wrong_type(report, "an array", example);
            return None;
        };
        let value = |(index, item): (usize, &'t toml::Spanned<DeValue<'t>>)| Value {
            name: format!("{}[{index}]", self.name),
            span: item.span(),
            raw: item.get_ref(),
        };
        Some(array.iter().enumerate().map(value).collect())
    }

    /// The entries of a table.
    pub(crate) fn table(&self, report: &mut Report<'_>, example: &str) -> Option<Table<'t>> {
        let Some(entries) = self.raw.as_table() else {
            self.wrong_type(report, "a table", example);
            return None;
        };
        Some(Table {
            name: self.name.clone(),
            span: self.span.clone(),
            entries,
            asked: Vec::new(),
        })
    }

    /// Whether it is a string.
    pub(crate) fn is_text(&self) -> bool {
        self.raw.is_str()
    }

    /// Whether it is a table.
    pub(crate) fn is_table(&self) -> bool {
        self.raw.is_table()
    }

    /// Whether it is a whole number.
    pub(crate) fn is_whole(&self) -> bool {
        self.raw.is_integer()
    }

    /// Reports that it is not of the kind that is `expected`.
    pub(crate) fn wrong_type(&self, report: &mut Report<'_>, expected: &str, example: &str) {
        let found = match self.raw {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        let reason = format!("`{}` is {found}, not {expected}", self.name);
        report.add(&self.span, "wrong-type", reason, format!("write {example}"));
    }

    /// The value as JSON, for settings that only the component understands. Dates become text.
    pub(crate) fn json(&self, report: &mut Report<'_>) -> Option<serde_json::Value> {
        let mut refused = None;
        let json = json(self.raw, 0, &mut refused);
        if let Some(why) = refused {
            report.add(
                &self.span,
                "bad-config",
                format!("`{}` {why}", self.name),
                "write a plain value: text, a number, true or false, or a list or table of them",
            );
            return None;
        }
        Some(json)
    }
}

fn json(value: &DeValue<'_>, depth: usize, refused: &mut Option<String>) -> serde_json::Value {
    use serde_json::{Number, Value as Json};
    // Deeper settings come from dotted keys only, and no component would find its way in them.
    const DEPTH_MAX: usize = 32;
    if depth > DEPTH_MAX {
        *refused = Some(format!("is nested more than {DEPTH_MAX} deep"));
        return Json::Null;
    }
    match value {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Boolean(flag) => Json::Bool(*flag),
        DeValue::Datetime(datetime) => Json::String(datetime.to_string()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Json::Number(number.into()),
            Err(_) => {
                *refused = Some(format!(
                    "has the number {integer}, which does not fit 64 bits"
                ));
                Json::Null
            }
        },
        DeValue::Float(float) => match float.as_str().parse().ok().and_then(Number::from_f64) {
            Some(number) => Json::Number(number),
            None => {
                *refused = Some(format!("has the number {float}, which JSON does not know"));
                Json::Null
            }
        },
        DeValue::Array(array) => Json::Array(
            array
                .iter()
                .map(|item| json(item.get_ref(), depth + 1, refused))
                .collect(),
        ),
        DeValue::Table(table) => Json::Object(
            table
                .iter()
                .map(|(key, value)| {
                    (
                        key.get_ref().to_string(),
                        json(value.get_ref(), depth + 1, refused),
                    )
                })
                .collect(),
        ),
    }
}
