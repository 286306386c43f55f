//! Filling a tool's arguments from what is known. Each value comes with evidence: how surely the request itself asks for
//! it. A guess has none, and is made only where the tool can't be called without it.

mod columns;
mod heading;

use serde_json::{Map, Value, json};

use crate::facts::{Facts, Similar, number_value};
use crate::schema::{Parameter, Role, Shape, Want};
use crate::shape;
use crate::text;
use crate::words;

pub use columns::wants_columns;
pub use heading::heading;

/// The arguments of a call, as far as they could be filled.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filled {
    /// The arguments.
    pub arguments: Map<String, Value>,
    /// How much of the request they take up: 0 for nothing, around 0.5 for a lot.
    pub evidence: f32,
    /// Required parameters for which nothing was found.
    pub missing: Vec<String>,
    /// A table is wanted and there is none.
    pub wants_table: bool,
    /// A column is wanted and none is known.
    pub wants_columns: bool,
    /// A path is wanted and none is known.
    pub wants_path: bool,
}

/// One clause of a request with what is known.
#[derive(Clone, Copy)]
pub struct Filler<'a> {
    /// The clause that the tool is to answer.
    pub clause: &'a str,
    /// The whole request.
    pub request: &'a str,
    /// What is known.
    pub facts: &'a Facts,
    /// The host's vectors.
    pub similar: Similar<'a>,
    /// Words of the tool's name and description.
    pub tool_words: &'a [String],
    /// The tool takes a table, so that columns are the table's and not the source's.
    pub takes_table: bool,
}

/// A value with its evidence.
type Found = Option<(Value, f32)>;

impl Filler<'_> {
    /// Fills `parameters`.
    pub fn fill(&self, parameters: &[Parameter]) -> Filled {
        let mut filled = Filled::default();
        let takes_table = self.takes_table
            || parameters
                .iter()
                .any(|parameter| parameter.required && wants_table(&parameter.want));
        let this = Self {
            takes_table,
            ..*self
        };
        for parameter in parameters {
            let found = this.value(parameter, &parameter.want);
            // An optional table would say the same again in another form.
            let is_repeated_table =
                !parameter.required && takes_table && wants_table(&parameter.want);
            match found {
                Some((value, evidence))
                    if parameter.required || (evidence > 0.0 && !is_repeated_table) =>
                {
                    filled.arguments.insert(parameter.name.clone(), value);
                    filled.evidence += evidence;
                }
                _ if parameter.required => match &parameter.default {
                    Some(default) => drop(
                        filled
                            .arguments
                            .insert(parameter.name.clone(), default.clone()),
                    ),
                    None => filled.missing.push(parameter.name.clone()),
                },
                _ => {}
            }
            this.note_wishes(parameter, &mut filled);
        }
        self.settle_source(parameters, &mut filled);
        let has_table = parameters.iter().any(|parameter| {
            wants_table(&parameter.want) && filled.arguments.contains_key(&parameter.name)
        });
        let title = parameters
            .iter()
            .find(|parameter| parameter.want == Want::Title)
            .filter(|_| has_table);
        if let (Some(title), Some(heading)) = (title, heading(self.clause)) {
            filled.arguments.insert(title.name.clone(), json!(heading));
        }
        filled
    }

    /// Settles what the data are where a tool takes a path, or a table instead: both at once would contradict each other.
    fn settle_source(&self, parameters: &[Parameter], filled: &mut Filled) {
        let Some(path) = parameters
            .iter()
            .find(|parameter| parameter.want == Want::Path)
        else {
            return;
        };
        let tables = parameters
            .iter()
            .filter(|parameter| !parameter.required && wants_table(&parameter.want));
        for table in tables {
            if filled.arguments.contains_key(&path.name) {
                filled.arguments.remove(&table.name);
            } else if filled.arguments.contains_key(&table.name) {
                filled.missing.retain(|name| *name != path.name);
                filled.wants_path = false;
            }
        }
    }

    /// Notes what a tool that looks into the data first could give.
    fn note_wishes(&self, parameter: &Parameter, filled: &mut Filled) {
        let is_there = filled.arguments.contains_key(&parameter.name);
        filled.wants_table |= parameter.required && !is_there && wants_table(&parameter.want);
        filled.wants_path |= parameter.required && !is_there && parameter.want == Want::Path;
        filled.wants_columns |=
            !self.takes_table && self.facts.columns.is_empty() && columns::wants_columns(parameter);
    }

    fn value(&self, parameter: &Parameter, want: &Want) -> Found {
        match want {
            Want::Choice(values) => self.choice(parameter, values),
            Want::Path => self.path(parameter),
            Want::Url => Some((json!(self.first(text::urls)?), 0.4)),
            Want::Column(Role::Any) | Want::Columns(Role::Any) if !self.may_fill(parameter) => None,
            Want::Column(role) => self
                .columns(*role, parameter.required, &parameter.words)
                .map(|(names, evidence)| (json!(names[0]), evidence)),
            Want::Columns(role) => self
                .columns(*role, parameter.required, &parameter.words)
                .map(|(names, evidence)| (json!(names), evidence)),
            Want::Calls(functions) => self.calls(functions, parameter.required),
            Want::Sort(functions) => self.sort(functions),
            Want::Table(shape) => Some((shape::of(self.table()?, shape, self.clause)?, 0.05)),
            Want::Number { is_whole } => self.number(parameter, *is_whole),
            Want::Numbers => {
                let numbers = text::numbers(self.clause);
                (numbers.len() > 1 && self.may_fill(parameter)).then(|| {
                    (
                        json!(
                            numbers
                                .into_iter()
                                .filter_map(number_value)
                                .collect::<Vec<_>>()
                        ),
                        // What can be written as a formula asks for no more.
                        if text::formula(self.clause).is_some() {
                            0.05
                        } else {
                            0.25
                        },
                    )
                })
            }
            Want::Flag => {
                let asked = parameter
                    .name
                    .split(['_', '-'])
                    .any(|word| word.len() > 3 && words::says(self.clause, word));
                if asked {
                    Some((json!(true), 0.05))
                } else {
                    Some((json!(false), 0.0))
                }
            }
            Want::Date => self
                .nth(parameter, &self.all(dates))
                .map(|date| (json!(date), 0.1)),
            Want::Duration => Some((json!(self.first(text::durations)?), 0.15)),
            Want::Zone => self
                .nth(parameter, &self.all(text::zones))
                .map(|zone| (json!(zone), 0.15)),
            Want::Formula => Some((json!(text::formula(self.clause)?), 0.4)),
            Want::Title => parameter.required.then(|| {
                (
                    json!(heading(self.clause).unwrap_or_else(|| self.clause.to_owned())),
                    0.0,
                )
            }),
            Want::Text => self.text(parameter),
            Want::Message => parameter.required.then(|| (json!(self.clause), 0.0)),
            Want::Object(parameters) => self.object(parameters),
            Want::List(item) => self.list(parameter, item),
            Want::Either(wants) => wants.iter().find_map(|want| self.value(parameter, want)),
            Want::Unknown => None,
        }
    }

    /// Whether something that would fit many parameters may go to this one: it is needed, or the clause says its name.
    fn may_fill(&self, parameter: &Parameter) -> bool {
        parameter.required || words::says(self.clause, &parameter.name)
    }

    /// The first thing that `find` finds, in the clause or else in the request.
    fn first(&self, find: fn(&str) -> Vec<String>) -> Option<String> {
        self.all(find).into_iter().next()
    }

    fn all(&self, find: fn(&str) -> Vec<String>) -> Vec<String> {
        let found = find(self.clause);
        if found.is_empty() {
            find(self.request)
        } else {
            found
        }
    }

    /// Of several things of a kind the one that the parameter's name asks for: `to` and `end` take the second.
    fn nth(&self, parameter: &Parameter, found: &[String]) -> Option<String> {
        const SECOND: &[&str] = &["to", "end", "until", "target", "second", "b"];
        let is_second = text::words(&parameter.name)
            .iter()
            .any(|word| SECOND.contains(&word.as_str()));
        if is_second && found.len() > 1 {
            found.get(1).cloned()
        } else {
            found.first().cloned()
        }
    }

    fn choice(&self, parameter: &Parameter, values: &[Value]) -> Found {
        let texts: Vec<&str> = values
            .iter()
            .map(|value| value.as_str().unwrap_or_default())
            .collect();
        // A file's name is no order: `sums.csv` asks for no sum.
        let clause = text::without_paths(self.clause);
        if let Some(at) = texts.iter().position(|value| words::names(&clause, value)) {
            return Some((values[at].clone(), 0.15));
        }
        if !parameter.required {
            return None;
        }
        let named_elsewhere = texts
            .iter()
            .position(|value| words::names(self.request, value));
        let at = named_elsewhere.or_else(|| {
            if parameter.default.is_some() {
                None
            } else {
                Some(words::guess(&texts).unwrap_or(0))
            }
        })?;
        values.get(at).map(|value| (value.clone(), 0.0))
    }

    fn path(&self, parameter: &Parameter) -> Found {
        let is_directory = parameter.name.contains("dir") || parameter.name.contains("folder");
        let fits = |path: &&String| {
            let ending = path
                .rsplit('/')
                .next()
                .and_then(|last| last.rsplit_once('.'))
                .map(|(_, ending)| ending.to_lowercase());
            match ending {
                _ if is_directory => ending.is_none(),
                Some(ending) => {
                    !is_table_ending(&self.tool_words.join(" ")) || is_table_ending(&ending)
                }
                None => !parameter.required || !is_table_ending(&self.tool_words.join(" ")),
            }
        };
        let asked = &self.facts.paths[..self.facts.paths_asked.min(self.facts.paths.len())];
        let in_clause = text::paths(self.clause);
        if let Some(path) = in_clause.iter().find(fits) {
            return Some((json!(path), 0.05));
        }
        if let Some(path) = asked.iter().find(fits) {
            return Some((json!(path), 0.02));
        }
        if !parameter.required {
            return None;
        }
        // Of paths that somebody else named, the one whose name the request speaks of, else the first.
        let known: Vec<&String> = self.facts.paths.iter().filter(fits).collect();
        let spoken = text::stems(self.request);
        let best = known.iter().find(|path| {
            text::stems(path.rsplit('/').next().unwrap_or(path))
                .iter()
                .any(|stem| spoken.contains(stem) && stem.len() > 3)
        });
        best.or(known.first()).map(|path| (json!(path), 0.0))
    }

    fn number(&self, parameter: &Parameter, is_whole: bool) -> Found {
        const LIMITS: &[&str] = &["limit", "top", "n", "max", "first", "count", "head"];
        let name = text::words(&parameter.name);
        let is_limit = name.iter().any(|word| LIMITS.contains(&word.as_str()));
        let cued = if is_limit {
            text::how_many(self.clause)
        } else {
            name.iter()
                .find_map(|word| text::number_after(self.clause, word))
        };
        let fits = |number: &f64| !is_whole || number.fract() == 0.0;
        if let Some(number) = cued.filter(fits) {
            return Some((number_value(number)?, 0.1));
        }
        let guess = text::numbers(self.clause)
            .into_iter()
            .find(fits)
            .filter(|_| parameter.required)?;
        Some((number_value(guess)?, 0.05))
    }

    fn text(&self, parameter: &Parameter) -> Found {
        if let Some(quoted) = self
            .first(text::quotations)
            .filter(|quoted| text::paths(quoted).is_empty())
        {
            return Some((json!(quoted), 0.1));
        }
        if !parameter.required {
            return None;
        }
        let is_place = ["city", "location", "place"]
            .iter()
            .any(|word| parameter.name.contains(word));
        if is_place {
            return Some((json!(self.first(text::zones)?), 0.1));
        }
        Some((
            json!(text::subject(self.clause).unwrap_or_else(|| self.clause.to_owned())),
            0.0,
        ))
    }

    fn object(&self, parameters: &[Parameter]) -> Found {
        let filled = self.fill(parameters);
        (filled.missing.is_empty() && !filled.arguments.is_empty())
            .then(|| (Value::Object(filled.arguments), filled.evidence))
    }

    fn list(&self, parameter: &Parameter, item: &Want) -> Found {
        match item {
            Want::Object(parameters) if columns::operator(parameters).is_some() => {
                self.conditions(parameters)
            }
            Want::Either(forms) => forms.iter().find_map(|form| self.list(parameter, form)),
            _ => self
                .value(parameter, item)
                .map(|(value, evidence)| (json!([value]), evidence)),
        }
    }

    /// The newest table that has what the clause asks for.
    pub fn table(&self) -> Option<&crate::table::Table> {
        self.facts
            .tables
            .iter()
            .rev()
            .find(|table| !table.rows.is_empty() && shape::covers(table, self.facts, self.clause))
    }
}

fn wants_table(want: &Want) -> bool {
    match want {
        Want::Table(shape) => *shape != Shape::Columns,
        Want::Either(wants) => wants.iter().all(wants_table),
        _ => false,
    }
}

fn is_table_ending(text: &str) -> bool {
    ["csv", "tsv"]
        .iter()
        .any(|ending| words::says(text, ending))
}

/// Dates, and the words that tools take for one, in the order of the text.
fn dates(text: &str) -> Vec<String> {
    let mut found: Vec<(usize, String)> = text::dates(text)
        .into_iter()
        .filter_map(|date| text.find(&date).map(|at| (at, date)))
        .collect();
    let lower = text.to_lowercase();
    for word in ["now", "today", "tomorrow", "yesterday"] {
        if words::says(text, word) {
            found.extend(lower.find(word).map(|at| (at, word.to_owned())));
        }
    }
    found.sort();
    found.into_iter().map(|(_, date)| date).collect()
}

#[cfg(test)]
mod tests;
