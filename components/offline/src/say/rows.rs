//! Which rows an answer is about, in words: the conditions that were met, and those that were not.

use serde_json::Value;

use super::shown_cell;
use crate::plan::{NOT_RESTRICTED, Scope};
use crate::restriction::Condition;
use crate::table::plain;
use crate::words::Comparison;

/// Says which rows the numbers are for, where the request restricts them.
pub fn told(scope: &Scope) -> Vec<String> {
    let mut lines = Vec::new();
    if !scope.met.is_empty() {
        lines.push(format!("Only rows with {}.", conditions(&scope.met)));
    }
    if !scope.unmet.is_empty() {
        let phrases: Vec<String> = scope
            .unmet
            .iter()
            .map(|phrase| format!("“{phrase}”"))
            .collect();
        let so = match scope.met.is_empty() {
            true => "the numbers are for all rows",
            false => "the numbers do not take it into account",
        };
        lines.push(format!("{NOT_RESTRICTED}{}; {so}.", phrases.join(" or ")));
    }
    lines
}

/// Conditions in words: `date from 2025-03-01 to before 2025-04-01 and region = West`.
fn conditions(conditions: &[Condition]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(condition) = conditions.get(at) {
        let value = match &condition.value {
            Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
            other => shown_cell(other),
        };
        at += 1;
        let column = &condition.column;
        parts.push(match (condition.comparison, conditions.get(at)) {
            (Comparison::AtLeast, Some(next))
                if next.column == *column && next.comparison == Comparison::Less =>
            {
                at += 1;
                format!("{column} from {value} to before {}", plain(&next.value))
            }
            (comparison, _) => format!("{column} {} {value}", comparison.sign()),
        });
    }
    parts.join(" and ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn met_and_unmet_restrictions_are_told() {
        let condition = |column: &str, comparison, value| Condition {
            column: column.to_owned(),
            comparison,
            value,
        };
        let met = vec![
            condition("region", Comparison::Among, json!(["West", "East"])),
            condition("date", Comparison::AtLeast, json!("2025-03-01")),
            condition("date", Comparison::Less, json!("2025-04-01")),
            condition("units", Comparison::Greater, json!(1000)),
        ];
        let rows = "Only rows with region among West, East and date from 2025-03-01 to before 2025-04-01 and units > 1,000.";
        let unmet = vec!["last week".to_owned(), "Narnia".to_owned()];
        for (met, unmet, expected) in [
            (vec![], vec![], vec![]),
            (met.clone(), vec![], vec![rows.to_owned()]),
            (
                vec![],
                unmet.clone(),
                vec!["I could not restrict this to “last week” or “Narnia”; the numbers are for all rows.".to_owned()],
            ),
            (
                met,
                unmet,
                vec![
                    rows.to_owned(),
                    "I could not restrict this to “last week” or “Narnia”; the numbers do not take it into account.".to_owned(),
                ],
            ),
        ] {
            assert_eq!(told(&Scope { met, unmet }), expected);
        }
    }
}
