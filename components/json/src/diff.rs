//! What differs between two values, as a JSON Patch (RFC 6902) that turns the first into the second.

use caxton_sdk::{Value, json};

/// Gives the operations that turn `from` into `to`; none where they are equal. Items of arrays are compared in place, so
/// that an inserted item shows as changes up to the end.
pub fn diff(from: &Value, to: &Value) -> Vec<Value> {
    let mut operations = Vec::new();
    compare(&mut String::new(), from, to, &mut operations);
    operations
}

fn compare(path: &mut String, from: &Value, to: &Value, operations: &mut Vec<Value>) {
    match (from, to) {
        _ if from == to => {}
        (Value::Object(from), Value::Object(to)) => {
            for (key, value) in from {
                within(path, key, |path| match to.get(key) {
                    Some(other) => compare(path, value, other, operations),
                    None => operations
                        .push(json!({"op": "remove", "path": path.as_str(), "from_value": value})),
                });
            }
            for (key, value) in to.iter().filter(|(key, _)| !from.contains_key(*key)) {
                within(path, key, |path| {
                    operations.push(json!({"op": "add", "path": path.as_str(), "value": value}))
                });
            }
        }
        (Value::Array(from), Value::Array(to)) => {
            for (at, (value, other)) in from.iter().zip(to).enumerate() {
                within(path, &at.to_string(), |path| {
                    compare(path, value, other, operations)
                });
            }
            for (at, value) in to.iter().enumerate().skip(from.len()) {
                within(path, &at.to_string(), |path| {
                    operations.push(json!({"op": "add", "path": path.as_str(), "value": value}))
                });
            }
            // From the end, so that each index still holds when the patch is applied.
            for (at, value) in from.iter().enumerate().skip(to.len()).rev() {
                within(path, &at.to_string(), |path| {
                    operations
                        .push(json!({"op": "remove", "path": path.as_str(), "from_value": value}))
                });
            }
        }
        _ => operations
            .push(json!({"op": "replace", "path": path.as_str(), "value": to, "from_value": from})),
    }
}

/// Appends a step to a JSON pointer (RFC 6901) while `f` runs.
fn within(path: &mut String, step: &str, f: impl FnOnce(&mut String)) {
    let length = path.len();
    path.push('/');
    path.push_str(&step.replace('~', "~0").replace('/', "~1"));
    f(path);
    path.truncate(length);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_a_patch() {
        for (from, to, expected) in [
            (json!({"a": 1}), json!({"a": 1}), json!([])),
            (
                json!(1),
                json!("1"),
                json!([{"op": "replace", "path": "", "value": "1", "from_value": 1}]),
            ),
            (
                json!({"a": 1, "b": 2}),
                json!({"b": 3, "c/~": 4}),
                json!([
                    {"op": "remove", "path": "/a", "from_value": 1},
                    {"op": "replace", "path": "/b", "value": 3, "from_value": 2},
                    {"op": "add", "path": "/c~1~0", "value": 4},
                ]),
            ),
            (
                json!([1, 2, 3]),
                json!([1]),
                json!([
                    {"op": "remove", "path": "/2", "from_value": 3},
                    {"op": "remove", "path": "/1", "from_value": 2},
                ]),
            ),
            (
                json!({"a": [{"x": 1}]}),
                json!({"a": [{"x": 2}, null]}),
                json!([
                    {"op": "replace", "path": "/a/0/x", "value": 2, "from_value": 1},
                    {"op": "add", "path": "/a/1", "value": null},
                ]),
            ),
        ] {
            assert_eq!(Value::Array(diff(&from, &to)), expected);
        }
    }
}
