//! JSONPath (RFC 9535) queries.

use caxton_sdk::{Value, json};
use serde_json_path::JsonPath;

/// What a query found.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// The matches that are given, each with its normalised path.
    pub matches: Vec<(String, Value)>,
    /// How many there are in all.
    pub total: usize,
}

impl Found {
    /// As the tool's structured result.
    pub fn to_json(&self) -> Value {
        let matches: Vec<Value> = self
            .matches
            .iter()
            .map(|(path, value)| json!({"path": path, "value": value}))
            .collect();
        json!({"matches": matches, "total": self.total, "truncated": self.matches.len() < self.total})
    }
}

/// Finds what `path` selects in `value`, at most `limit` matches of it.
///
/// # Errors
/// A sentence with the place and the reason where `path` is not a JSONPath expression.
pub fn run(value: &Value, path: &str, limit: usize) -> Result<Found, String> {
    let trimmed = path.trim();
    let parsed = JsonPath::parse(trimmed).map_err(|error| {
        let position = trimmed.floor_char_boundary(error.position().saturating_sub(1));
        format!(
            "`path` is not JSONPath: {} at {}⟨here⟩{}{}",
            error.message(),
            &trimmed[..position],
            &trimmed[position..],
            hint(trimmed)
        )
    })?;
    let nodes = parsed.query_located(value);
    let total = nodes.len();
    let matches = nodes
        .into_iter()
        .take(limit)
        .map(|node| (node.location().to_string(), node.node().clone()))
        .collect();
    Ok(Found { matches, total })
}

/// The usual slips, and what to do about them.
fn hint(path: &str) -> String {
    if path.starts_with('.') || path.contains('|') || path.contains(".[]") {
        let guess = format!("${}", path.replace(".[]", "[*]").replace("[]", "[*]"));
        let guess = guess
            .split('|')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        format!(" (that looks like jq; in JSONPath it would start like {guess})")
    } else if path.starts_with('/') {
        format!(
            " (that looks like a JSON pointer; in JSONPath it is ${})",
            path.replace('/', ".")
        )
    } else if !path.starts_with('$') {
        format!(" (a path starts with $, as in $.{path})")
    } else {
        " (for example $.items[?@.price < 10].name, or $..id)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_rfc_hold() {
        let store = json!({"store": {
            "book": [
                {"category": "reference", "author": "Nigel Rees", "title": "Sayings of the Century", "price": 8.95},
                {"category": "fiction", "author": "Evelyn Waugh", "title": "Sword of Honour", "price": 12.99},
                {"category": "fiction", "author": "Herman Melville", "title": "Moby Dick", "isbn": "0-553-21311-3", "price": 8.99},
                {"category": "fiction", "author": "J. R. R. Tolkien", "title": "The Lord of the Rings", "isbn": "0-395-19395-8", "price": 22.99},
            ],
            "bicycle": {"color": "red", "price": 399},
        }});
        for (path, expected) in [
            (
                "$.store.book[*].author",
                vec![
                    "Nigel Rees",
                    "Evelyn Waugh",
                    "Herman Melville",
                    "J. R. R. Tolkien",
                ],
            ),
            ("$..book[2].title", vec!["Moby Dick"]),
            ("$..book[-1].title", vec!["The Lord of the Rings"]),
            (
                "$..book[0,1].title",
                vec!["Sayings of the Century", "Sword of Honour"],
            ),
            (
                "$..book[:2].title",
                vec!["Sayings of the Century", "Sword of Honour"],
            ),
            (
                "$..book[?@.isbn].title",
                vec!["Moby Dick", "The Lord of the Rings"],
            ),
            (
                "$..book[?@.price<10].title",
                vec!["Sayings of the Century", "Moby Dick"],
            ),
            ("$..book[?match(@.title, 'M.*')].title", vec!["Moby Dick"]),
            (
                "$..book[?length(@.title) > 16].title",
                vec!["Sayings of the Century", "The Lord of the Rings"],
            ),
            ("$.nothing", vec![]),
        ] {
            let found = run(&store, path, 100).expect(path);
            assert_eq!(
                found
                    .matches
                    .iter()
                    .map(|(_, value)| value.as_str().unwrap_or_default())
                    .collect::<Vec<_>>(),
                expected,
                "{path}"
            );
        }
        let found = run(&store, "$..*", 3).expect("all");
        assert_eq!((found.matches.len(), found.total), (3, 27));
        assert_eq!(
            run(&store, "$.store.bicycle", 1).expect("one").matches[0].0,
            "$['store']['bicycle']"
        );
    }

    #[test]
    fn faults_are_pointed_at_with_a_way_out() {
        for (path, needle) in [
            (
                ".items[] | .name",
                "looks like jq; in JSONPath it would start like $.items[*]",
            ),
            ("/a/b", "$.a.b"),
            ("items", "as in $.items"),
            ("$.items[?@.price <", "⟨here⟩"),
            ("$.x[?unknown(@)]", "⟨here⟩"),
            ("", "a path starts with $"),
            ("$.ü[", "⟨here⟩"),
        ] {
            let error = run(&json!({}), path, 1).expect_err(path);
            assert!(
                error.starts_with("`path` is not JSONPath: ") && error.contains(needle),
                "{path}: {error}"
            );
        }
    }
}
