//! What is known so far: the paths, columns and tables that the request, the conversation and the results of tools give,
//! and how the words of a request refer to them.

use serde_json::Value;

use crate::table::{self, Column, Table};
use crate::text;

/// The most paths that are kept; a listing may give thousands.
const PATHS_MAX: usize = 200;

/// Gives how alike a text is to others (cosines), or nothing where the host has no model.
pub type Similar<'a> = &'a dyn Fn(&str, &[String]) -> Option<Vec<f32>>;

/// What is known.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Paths, those of the request first.
    pub paths: Vec<String>,
    /// How many of `paths` the request itself names.
    pub paths_asked: usize,
    /// The columns of the data that the request is about.
    pub columns: Vec<Column>,
    /// Tables, the newest last.
    pub tables: Vec<Table>,
}

impl Facts {
    /// Reads the request, and after it what was said before: `context`, the most important first.
    pub fn of_request(request: &str, context: &[&str]) -> Self {
        let mut facts = Self {
            paths: text::paths(request),
            tables: table::tables(request),
            columns: table::columns(request),
            ..Self::default()
        };
        facts.paths_asked = facts.paths.len();
        context
            .iter()
            .for_each(|text| facts.add_paths(text::paths(text)));
        facts
    }

    /// Takes in the result of a tool.
    pub fn add_result(&mut self, result: &str) {
        for column in table::columns(result) {
            match self
                .columns
                .iter_mut()
                .find(|known| known.name == column.name)
            {
                Some(known) => *known = column,
                None => self.columns.push(column),
            }
        }
        self.tables.extend(table::tables(result));
        for (_, value) in text::json_values(result) {
            self.add_listed(&value, 0);
        }
        self.add_paths(text::paths(result));
    }

    /// Takes in the paths of a listing: texts and the `path` or `name` of objects.
    fn add_listed(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Array(items) if depth < 4 => items
                .iter()
                .take(PATHS_MAX)
                .for_each(|item| self.add_listed(item, depth + 1)),
            Value::Object(object) if depth < 4 => {
                if let Some(path) = object.get("path").and_then(Value::as_str) {
                    self.add_paths(vec![path.to_owned()]);
                }
                object
                    .values()
                    .for_each(|value| self.add_listed(value, depth + 1));
            }
            _ => {}
        }
    }

    fn add_paths(&mut self, paths: Vec<String>) {
        for path in paths {
            if self.paths.len() < PATHS_MAX && !self.paths.contains(&path) {
                self.paths.push(path);
            }
        }
    }

    /// The columns that `text` mentions, in the order of the text, each with the word before it.
    pub fn mentioned(&self, text: &str) -> Vec<(&Column, Option<String>)> {
        let words = text::words(&text::without_paths(text));
        let stems: Vec<String> = words.iter().map(|word| text::stem(word)).collect();
        let mut found: Vec<(usize, usize, &Column)> = Vec::new();
        for column in &self.columns {
            let name = text::stems(&column.name);
            if name.is_empty() {
                continue;
            }
            if let Some(at) = stems
                .windows(name.len())
                .position(|window| window.iter().zip(&name).all(|(a, b)| is_alike(a, b)))
            {
                found.push((at, name.len(), column));
            }
        }
        // `price` is not meant where `unit price` is.
        let longer: Vec<(usize, usize)> =
            found.iter().map(|(at, length, _)| (*at, *length)).collect();
        found.retain(|(at, length, _)| {
            !longer
                .iter()
                .any(|(start, other)| other > length && start <= at && at + length <= start + other)
        });
        found.sort_by_key(|(at, ..)| *at);
        found
            .into_iter()
            .map(|(at, _, column)| (column, before(&words, at)))
            .collect()
    }

    /// The columns by which `text` puts rows together: after `by`, `per`, `each`, `which`; else those without numbers.
    pub fn groups(&self, text: &str) -> Vec<&Column> {
        const CUES: &[&str] = &[
            "by", "per", "each", "every", "which", "what", "across", "against", "over",
        ];
        let mentioned = self.mentioned(text);
        let mut groups = Vec::new();
        let mut follows = false;
        for (column, before) in &mentioned {
            let cued = before.as_deref().is_some_and(|word| CUES.contains(&word));
            // `by region and product` continues what `by` began.
            follows = cued || (follows && before.as_deref() == Some("and"));
            if follows && (column.is_numeric != Some(true) || cued) {
                groups.push(*column);
            }
        }
        // `products by revenue` ranks the products: numbers are grouped by only where nothing else is mentioned.
        if mentioned
            .iter()
            .any(|(column, _)| column.is_numeric == Some(false))
        {
            groups.retain(|column| column.is_numeric != Some(true));
        }
        if groups.is_empty() {
            groups.extend(
                mentioned
                    .iter()
                    .map(|(column, _)| *column)
                    .filter(|column| column.is_numeric == Some(false)),
            );
        }
        groups
    }

    /// The columns with numbers that `text` mentions and does not group by.
    pub fn measures(&self, text: &str) -> Vec<&Column> {
        let groups = self.groups(text);
        let is_measure = |column: &&Column| {
            column.is_numeric != Some(false)
                && !groups.iter().any(|group| group.name == column.name)
        };
        self.mentioned(text)
            .into_iter()
            .map(|(column, _)| column)
            .filter(is_measure)
            .collect()
    }

    /// The column with numbers whose name is closest to `text`, where none is mentioned.
    pub fn closest_measure(&self, text: &str, similar: Similar<'_>) -> Option<&Column> {
        let numeric: Vec<&Column> = self
            .columns
            .iter()
            .filter(|column| column.is_numeric == Some(true) && !is_identifier(&column.name))
            .collect();
        if numeric.len() < 2 {
            return numeric.first().copied();
        }
        let names: Vec<String> = numeric
            .iter()
            .map(|column| text::words(&column.name).join(" "))
            .collect();
        let cosines = similar(text, &names).filter(|cosines| cosines.len() == names.len())?;
        let best = (0..names.len()).max_by(|a, b| cosines[*a].total_cmp(&cosines[*b]))?;
        Some(numeric[best])
    }
}

fn before(words: &[String], at: usize) -> Option<String> {
    let word = words.get(at.checked_sub(1)?)?;
    // `by the region`, `for each of the regions`.
    if matches!(word.as_str(), "the" | "a" | "an" | "of" | "our" | "its") {
        before(words, at - 1)
    } else {
        Some(word.clone())
    }
}

/// Whether two stems are the same, or longer ones with a single slip.
fn is_alike(a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().min(b.len()) < 5 || a.len().abs_diff(b.len()) > 1 {
        return false;
    }
    let same_start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let same_end = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    same_start + same_end + 1 >= a.len().max(b.len())
}

fn is_identifier(name: &str) -> bool {
    text::words(name).iter().any(|word| {
        matches!(
            word.as_str(),
            "id" | "no" | "nr" | "code" | "zip" | "year" | "index"
        )
    })
}

/// A number as JSON, whole where it is.
pub fn number_value(number: f64) -> Option<Value> {
    // Beyond 2^53 not every whole number has a float of its own.
    if number.fract() == 0.0 && number.abs() < 9e15 {
        Some(Value::from(number as i64))
    } else {
        serde_json::Number::from_f64(number).map(Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sales() -> Facts {
        let mut facts = Facts::of_request(
            "Which region in data/sales.csv sold the most?",
            &["The data is under data/sales.csv and data/costs.csv."],
        );
        facts.add_result(
            &json!({"columns": [
                {"name": "date", "type": "date"},
                {"name": "region", "type": "text", "values": ["North", "South"]},
                {"name": "unit_price", "type": "number"},
                {"name": "price", "type": "number"},
                {"name": "revenue", "type": "number"},
            ]})
            .to_string(),
        );
        facts
    }

    fn names(columns: &[&Column]) -> Vec<String> {
        columns.iter().map(|column| column.name.clone()).collect()
    }

    #[test]
    fn words_refer_to_columns() {
        let facts = sales();
        assert_eq!(
            (facts.paths.clone(), facts.paths_asked),
            (
                vec!["data/sales.csv".to_owned(), "data/costs.csv".to_owned()],
                1
            )
        );
        for (text, groups, measures) in [
            (
                "Draw a bar chart of revenue by region",
                vec!["region"],
                vec!["revenue"],
            ),
            (
                "Which region sold the most in data/revenue.csv",
                vec!["region"],
                vec![],
            ),
            (
                "average unit price per region and date",
                vec!["region", "date"],
                vec!["unit_price"],
            ),
            ("revenues of all regions", vec!["region"], vec!["revenue"]),
            ("the revenu of each regoin", vec![], vec!["revenue"]),
            ("hello", vec![], vec![]),
        ] {
            assert_eq!(names(&facts.groups(text)), groups, "{text}");
            assert_eq!(names(&facts.measures(text)), measures, "{text}");
        }
        let closest = facts.closest_measure("how much was earned", &|_, others| {
            Some(
                others
                    .iter()
                    .map(|name| if name == "revenue" { 0.5 } else { 0.1 })
                    .collect(),
            )
        });
        assert_eq!(closest.map(|column| column.name.as_str()), Some("revenue"));
        assert_eq!(facts.closest_measure("x", &|_, _| None), None);
    }
}
