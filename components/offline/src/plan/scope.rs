//! Which rows a call is about: what of the request's restrictions its arguments hold, and what they don't.

use serde_json::Value;

use super::Planner;
use crate::choose::Offer;
use crate::fill;
use crate::period;
use crate::restriction::{self, Condition};
use crate::schema::Want;
use crate::situation::Tool;
use crate::text;
use crate::words;

/// How the sentence begins that says what was not restricted; agents that ask others find it by that.
pub const NOT_RESTRICTED: &str = "I could not restrict this to ";

/// Which rows a call is about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scope {
    /// The conditions that its rows meet.
    pub met: Vec<Condition>,
    /// The request's words that restrict the rows and are in no argument.
    pub unmet: Vec<String>,
}

impl Planner<'_> {
    /// Compares what `clause` restricts with the arguments of a call of `offer`.
    pub(super) fn scope(&self, clause: &str, offer: &Offer, arguments: &Value) -> Scope {
        let tool = self.tool(offer);
        let has_table = self.filler(clause, tool).table().is_some();
        let takes_table = tool
            .parameters
            .iter()
            .any(|parameter| parameter.required && matches!(parameter.want, Want::Table(_)))
            || (offer.target.is_some() && has_table);
        // Another agent sees to its own rows; and what a message brings along was chosen by whoever sent it.
        let is_settled = (offer.target.is_some() && !has_table)
            || (takes_table && self.facts.tables.len() <= self.tables_given);
        if is_settled || !(takes_table || reads_rows(tool)) {
            return Scope::default();
        }
        let mut scope = Scope::default();
        for restriction in restriction::restrictions(&self.facts, clause) {
            let is_met = |arguments: &Value| {
                let holds = |condition: &Condition| holds(arguments, condition);
                !restriction.conditions.is_empty() && restriction.conditions.iter().all(holds)
            };
            // A table that is drawn was restricted where it came from.
            let was_met = || {
                self.made.iter().any(|made| {
                    is_met(&made.arguments)
                        || (made.asks.is_some() && says(&made.arguments, &restriction.phrase))
                })
            };
            if is_met(arguments) {
                for condition in restriction.conditions {
                    if !scope.met.contains(&condition) {
                        scope.met.push(condition);
                    }
                }
            } else if !takes_table || !was_met() {
                scope.unmet.push(restriction.phrase);
            }
        }
        scope
    }
}

/// Joins clauses that only say which rows are meant, such as `Only look at March`, to the one after them.
pub(super) fn joined(clauses: Vec<String>) -> Vec<String> {
    const STARTS: &[&str] = &[
        "only", "just", "consider", "look", "restrict", "limit", "focus", "in", "for", "take",
        "use",
    ];
    let restricts = |clause: &str| {
        let words = text::words(clause);
        let starts = words
            .iter()
            .find(|word| *word != "please")
            .is_some_and(|word| STARTS.contains(&word.as_str()));
        let is_narrow = words::says(clause, "only")
            || words::says(clause, "just")
            || !period::periods(clause, None).is_empty();
        starts && is_narrow
    };
    let mut joined: Vec<String> = Vec::new();
    let mut waiting: Vec<String> = Vec::new();
    let last = clauses.len().saturating_sub(1);
    for (at, clause) in clauses.into_iter().enumerate() {
        if at < last && restricts(&clause) {
            waiting.push(clause);
        } else {
            let parts: Vec<String> = std::iter::once(clause).chain(waiting.drain(..)).collect();
            joined.push(parts.join(", "));
        }
    }
    joined
}

/// Whether a tool works on the rows of a table in a file.
fn reads_rows(tool: &Tool) -> bool {
    let names_tables = ["csv", "tsv", "table"]
        .iter()
        .any(|word| tool.words.iter().any(|other| other == word));
    let has_path = tool
        .parameters
        .iter()
        .any(|parameter| parameter.want == Want::Path);
    (names_tables && has_path) || tool.parameters.iter().any(fill::wants_columns)
}

/// Whether an object somewhere in `arguments` has the condition's column and value.
fn holds(arguments: &Value, condition: &Condition) -> bool {
    match arguments {
        Value::Array(items) => items.iter().any(|item| holds(item, condition)),
        Value::Object(object) => {
            let is_it = object.values().any(|value| *value == condition.column)
                && object.values().any(|value| *value == condition.value);
            is_it || object.values().any(|value| holds(value, condition))
        }
        _ => false,
    }
}

fn says(arguments: &Value, phrase: &str) -> bool {
    let texts = arguments
        .as_object()
        .into_iter()
        .flat_map(|object| object.values());
    texts
        .filter_map(Value::as_str)
        .any(|text| words::says(text, phrase))
}
