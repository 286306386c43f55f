//! Filling what refers to columns: which to group by, what to calculate, how to sort, and which rows to take.

use serde_json::{Value, json};

use super::{Filler, Found};
use crate::restriction::{self, Condition};
use crate::schema::{Parameter, Role, Want};
use crate::shape;
use crate::text;
use crate::words;

/// The parts of a date by which rows can be grouped, with the words that ask for them.
const PARTS: &[(&str, &[&str])] = &[
    (
        "year",
        &[
            "by year",
            "per year",
            "each year",
            "yearly",
            "annual",
            "which year",
        ],
    ),
    (
        "quarter",
        &[
            "by quarter",
            "per quarter",
            "each quarter",
            "quarterly",
            "which quarter",
        ],
    ),
    (
        "month",
        &[
            "by month",
            "per month",
            "each month",
            "monthly",
            "which month",
            "over time",
        ],
    ),
    (
        "week",
        &["by week", "per week", "each week", "weekly", "which week"],
    ),
    (
        "day",
        &["by day", "per day", "each day", "daily", "which day"],
    ),
    (
        "weekday",
        &[
            "by weekday",
            "per weekday",
            "which weekday",
            "day of the week",
        ],
    ),
    ("hour", &["by hour", "per hour", "hourly", "which hour"]),
];

impl Filler<'_> {
    /// The columns for a role; never an empty list.
    pub(super) fn columns(
        &self,
        role: Role,
        required: bool,
        words: &[String],
    ) -> Option<(Vec<String>, f32)> {
        let find = |text: &str| match role {
            Role::Group => self.facts.groups(text),
            Role::Measure => self.facts.measures(text),
            Role::Any => self
                .facts
                .mentioned(text)
                .into_iter()
                .map(|(column, _)| column)
                .collect(),
        };
        // A table's columns may have longer names than the source's: `sum(revenue)` for `revenue`.
        let table = if self.takes_table { self.table() } else { None };
        let named = |columns: Vec<&crate::table::Column>| {
            let name = |column: &crate::table::Column| match table {
                Some(table) => shape::column(table, &column.name),
                None => Some(column.name.clone()),
            };
            columns.into_iter().filter_map(name).collect::<Vec<_>>()
        };
        let mut here = named(find(self.clause));
        if role == Role::Group
            && let Some(part) = self.part_of_date(words)
        {
            here.retain(|name| !part.contains(name.as_str()));
            here.insert(0, part);
        }
        if !here.is_empty() {
            return Some((here, 0.05));
        }
        if !required {
            return None;
        }
        let elsewhere = named(find(self.request));
        if !elsewhere.is_empty() {
            return Some((elsewhere, 0.0));
        }
        match role {
            Role::Measure => self
                .facts
                .closest_measure(self.clause, self.similar)
                .map(|column| (vec![column.name.clone()], 0.0)),
            _ => None,
        }
    }

    /// A part of a date such as `month(date)`, where the clause asks for one and the parameter's description, of which
    /// these are the words, says that it is written like that.
    fn part_of_date(&self, described: &[String]) -> Option<String> {
        let (part, _) = PARTS
            .iter()
            .find(|(part, cues)| asks_for_part(self.clause, part, cues))?;
        let is_offered = described
            .windows(2)
            .any(|pair| pair[0] == *part && pair[1] == "date");
        // A column of that name is meant itself.
        let is_column = self
            .facts
            .columns
            .iter()
            .any(|column| text::words(&column.name) == [*part]);
        let date = self.facts.columns.iter().find(|column| column.is_date)?;
        (is_offered && !is_column).then(|| format!("{part}({})", date.name))
    }

    /// Calculations such as `sum(revenue)`. Where the clause compares groups without naming a number, the request's
    /// other words say which is meant, or else the column whose name is closest.
    pub(super) fn calls(&self, functions: &[String], required: bool) -> Found {
        let clause = text::without_paths(self.clause);
        let asked = functions
            .iter()
            .find(|function| words::names(&clause, function));
        let names = |columns: Vec<&crate::table::Column>| {
            columns
                .into_iter()
                .map(|column| column.name.clone())
                .collect::<Vec<_>>()
        };
        let mut measures = names(self.facts.measures(self.clause));
        // `revenue where quantity is over 10` asks for no quantity.
        let restricting: Vec<String> = restriction::restrictions(self.facts, self.clause)
            .into_iter()
            .flat_map(|restriction| restriction.conditions)
            .map(|condition| condition.column)
            .collect();
        let is_count = asked.is_some_and(|function| function == "count");
        if is_count || measures.iter().any(|name| !restricting.contains(name)) {
            measures.retain(|name| !restricting.contains(name));
        }
        let is_explicit = !measures.is_empty() || asked.is_some();
        if asked.is_some_and(|function| function == "count") && measures.is_empty() {
            return Some((json!(["count"]), 0.05));
        }
        let compares = words::superlative(&clause).is_some()
            || words::says(&clause, "how much")
            || PARTS
                .iter()
                .any(|(part, cues)| asks_for_part(&clause, part, cues))
            || !self.facts.groups(self.clause).is_empty();
        if measures.is_empty() && (required || is_explicit || compares) {
            measures = names(self.facts.measures(self.request));
            if measures.is_empty() {
                measures.extend(
                    self.facts
                        .closest_measure(self.clause, self.similar)
                        .map(|column| column.name.clone()),
                );
            }
        }
        let default = functions
            .iter()
            .find(|function| *function == "sum")
            .or(functions.first());
        let function = asked.or(default)?;
        let calls: Vec<String> = measures
            .iter()
            .map(|name| format!("{function}({name})"))
            .collect();
        (!calls.is_empty()).then(|| (json!(calls), if is_explicit { 0.05 } else { 0.02 }))
    }

    /// What to sort by, where the clause asks for the most or the least of something.
    pub(super) fn sort(&self, functions: &[String]) -> Found {
        let direction = if words::superlative(&text::without_paths(self.clause))? {
            " desc"
        } else {
            ""
        };
        let by = if functions.is_empty() {
            self.columns(Role::Measure, true, &[])?
                .0
                .into_iter()
                .next()?
        } else {
            self.calls(functions, true)?.0[0].as_str()?.to_owned()
        };
        Some((json!([format!("{by}{direction}")]), 0.02))
    }

    /// The request's conditions in the tool's words. None at all is no value: an unfiltered table is not what a filter is for.
    pub(super) fn conditions(&self, parameters: &[Parameter]) -> Found {
        let (operator, operators) = operator(parameters)?;
        let column = parameters
            .iter()
            .find(|parameter| matches!(parameter.want, Want::Column(_)))?;
        let value = parameters
            .iter()
            .find(|parameter| parameter.name != operator.name && parameter.name != column.name)?;
        let written = |condition: &Condition| {
            let at = condition.comparison.among(&operators)?;
            let fits = match &value.want {
                Want::Number { .. } => condition.value.is_number(),
                _ => true,
            };
            fits.then(|| json!({column.name.as_str(): condition.column, operator.name.as_str(): operators[at], value.name.as_str(): condition.value}))
        };
        let mut all: Vec<Value> = Vec::new();
        for restriction in restriction::restrictions(self.facts, self.clause) {
            // Half of `from March to May` would be another question.
            let parts: Option<Vec<Value>> = restriction.conditions.iter().map(written).collect();
            for part in parts.unwrap_or_default() {
                if !all.contains(&part) {
                    all.push(part);
                }
            }
        }
        // Which rows to draw says nothing against drawing.
        let evidence = if words::asks_for_drawing(self.clause) {
            0.01
        } else {
            0.2
        };
        (!all.is_empty()).then(|| (json!(all), evidence))
    }
}

/// Whether the clause asks for rows by a part of the date: `by month`, or `the best month`.
fn asks_for_part(clause: &str, part: &str, cues: &[&str]) -> bool {
    cues.iter().any(|cue| words::says(clause, cue))
        || (words::superlative(clause).is_some()
            && words::says(clause, part)
            // `in the first half of the year` names a span.
            && !words::says(clause, &format!("the {part}")))
}

/// The parameter of a condition that takes an operator, with the operators.
pub(super) fn operator(parameters: &[Parameter]) -> Option<(&Parameter, Vec<&str>)> {
    parameters
        .iter()
        .find_map(|parameter| match &parameter.want {
            Want::Choice(values) => {
                let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
                words::Comparison::are_operators(&values).then_some((parameter, values))
            }
            _ => None,
        })
}
/// Whether a parameter can be filled well only with the columns at hand. An optional choice of columns can wait.
pub fn wants_columns(parameter: &Parameter) -> bool {
    fn wants(want: &Want, required: bool) -> bool {
        match want {
            Want::Column(role) | Want::Columns(role) => required || *role != Role::Any,
            Want::Calls(_) => true,
            Want::List(item) => wants(item, required),
            // Conditions name columns; which ones, only the columns tell.
            Want::Object(parameters) => {
                operator(parameters).is_some()
                    || (required
                        && parameters
                            .iter()
                            .any(|parameter| wants(&parameter.want, parameter.required)))
            }
            Want::Either(forms) => forms.iter().any(|form| wants(form, required)),
            _ => false,
        }
    }
    wants(&parameter.want, parameter.required)
}
