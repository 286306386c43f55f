//! What a parameter wants that takes a list: a table, columns, calculations, settings.

use serde_json::{Map, Value};

use super::{Shape, Want, has, is_column, is_table_name, kind_of, resolve, role, string, want};
use crate::text;

/// Reads the schema of a list.
pub(super) fn array(
    name: &str,
    names: &[String],
    described: &[String],
    schema: &Value,
    siblings: &Map<String, Value>,
    root: &Value,
    depth: usize,
) -> Want {
    let items = resolve(&schema["items"], root);
    let item_kind = kind_of(items);
    match item_kind {
        "number" | "integer" => Want::Either(vec![Want::Numbers, Want::Table(Shape::Numbers)]),
        "string" if items["enum"].is_array() => {
            Want::List(Box::new(want(name, items, siblings, root, depth + 1)))
        }
        "string" => {
            let functions = functions(schema);
            if has(names, &["sort", "order"]) {
                Want::Sort(functions)
            } else if !functions.is_empty() {
                Want::Calls(functions)
            } else if name == "columns" && siblings.contains_key("rows") {
                Want::Table(Shape::Columns)
            } else if is_column(names, described) {
                Want::Columns(role(names, described))
            } else if has(names, &["labels", "categories", "names", "x"]) {
                Want::Table(Shape::Labels)
            } else if has(names, &["paths", "files"]) {
                Want::List(Box::new(Want::Path))
            } else {
                Want::List(Box::new(string(names, described, items)))
            }
        }
        "array" => Want::Table(Shape::Rows),
        "" if items["anyOf"].is_array() || items["oneOf"].is_array() => {
            let item = want(name, items, siblings, root, depth + 1);
            if item == Want::Unknown {
                Want::Unknown
            } else {
                Want::List(Box::new(item))
            }
        }
        "object" => records(name, names, items, siblings, root, depth),
        _ if is_table_name(names) => {
            Want::Either(vec![Want::Table(Shape::Records), Want::Table(Shape::Rows)])
        }
        _ => Want::Unknown,
    }
}

/// The functions of calculations such as `sum(amount)`, where a description or its examples are written like that.
fn functions(schema: &Value) -> Vec<String> {
    const FUNCTIONS: &[&str] = &[
        "count", "sum", "mean", "avg", "average", "median", "min", "max",
    ];
    let described = schema["description"].as_str().unwrap_or_default();
    let text = format!("{described} {}", schema["examples"]);
    if !FUNCTIONS
        .iter()
        .any(|function| text.contains(&format!("{function}(")))
    {
        return Vec::new();
    }
    let words = text::words(&text);
    FUNCTIONS
        .iter()
        .filter(|function| words.iter().any(|word| word == *function))
        .map(|function| (*function).to_owned())
        .collect()
}

/// A list of objects: a table, or a list of settings such as filters.
fn records(
    name: &str,
    names: &[String],
    items: &Value,
    siblings: &Map<String, Value>,
    root: &Value,
    depth: usize,
) -> Want {
    let Some(properties) = items["properties"]
        .as_object()
        .filter(|properties| !properties.is_empty())
    else {
        return if is_table_name(names) || siblings.len() == 1 {
            Want::Table(Shape::Records)
        } else {
            Want::Unknown
        };
    };
    let find = |wanted: &[&str], kinds: &[&str]| {
        properties
            .iter()
            .find(|(key, property)| {
                wanted.contains(&key.as_str())
                    && property["type"]
                        .as_str()
                        .is_none_or(|kind| kinds.contains(&kind))
            })
            .map(|(key, _)| key.clone())
    };
    let label = find(
        &["label", "name", "x", "category", "key"],
        &["string", "number"],
    );
    let values = find(&["values", "data", "points", "y", "numbers"], &["array"]);
    let value = find(&["value", "y", "amount", "number"], &["number", "integer"]);
    match (label, values, value) {
        (Some(name), Some(values), _) => Want::Table(Shape::Series { name, values }),
        (Some(label), None, Some(value)) => Want::Table(Shape::Pairs { label, value }),
        _ => {
            let item = want(name, items, siblings, root, depth + 1);
            if item == Want::Unknown {
                Want::Unknown
            } else {
                Want::List(Box::new(item))
            }
        }
    }
}
