//! Tools for JSON: query it with JSONPath, compare two values, check and lay out text. The tools' names, schemas and
//! answers are here; what they do is in the modules.

mod diff;
mod input;
mod layout;
mod query;

use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, json};
use serde::Deserialize;

/// Matches that a query gives where the caller sets no limit.
const LIMIT: usize = 100;
/// Differences that are given.
const DIFFERENCES_MAX: usize = 500;

struct Json;

impl Tools for Json {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![query_tool(), diff_tool(), format_tool()])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        match name {
            "query" => call_query(arguments.parse()?),
            "diff" => call_diff(arguments.parse()?),
            "format" => call_format(arguments.parse()?),
            _ => Err(ToolError::not_found(name)),
        }
    }
}

caxton_sdk::export_tools!(Json);

/// Tells a missing value from `null`.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn query_tool() -> Tool {
    Tool::new(
        "query",
        "Queries JSON with a JSONPath expression (RFC 9535): pick fields, filter lists by conditions, search at any depth. \
         Gives each match with its path.",
    )
    .title("Query JSON")
    .input(json!({
        "type": "object",
        "properties": {
            "text": { "type": "string", "description": "The JSON as text. Give this or `data`." },
            "data": { "description": "The JSON as a value. Give this or `text`." },
            "path": {
                "type": "string",
                "description": "A JSONPath expression. Filters are [?@.price < 10]; functions are length, count, match, search, value.",
                "examples": ["$.items[*].name", "$..book[?@.price < 10 && @.isbn].title", "$.users[0]"]
            },
            "limit": { "type": "integer", "minimum": 1, "maximum": 10000, "default": LIMIT, "description": "The most matches to give." }
        },
        "required": ["path"],
        "additionalProperties": false
    }))
    .output(json!({
        "type": "object",
        "properties": {
            "matches": {
                "type": "array",
                "items": { "type": "object", "properties": { "path": { "type": "string" }, "value": {} }, "required": ["path", "value"] }
            },
            "total": { "type": "integer", "description": "How many matches there are in all." },
            "truncated": { "type": "boolean", "description": "Whether some are left out." }
        },
        "required": ["matches", "total", "truncated"]
    }))
    .read_only()
    .idempotent()
    .open_world(false)
}

#[derive(Deserialize)]
struct Query {
    text: Option<String>,
    #[serde(default, deserialize_with = "given")]
    data: Option<Value>,
    path: String,
    limit: Option<usize>,
}

fn call_query(query: Query) -> Answer {
    let value = match (query.text, query.data) {
        (Some(text), None) => match input::parse("text", &text) {
            Ok(value) => value,
            Err(error) => return ToolResult::error(error).into(),
        },
        (None, Some(data)) => data,
        (None, None) => {
            return Err(ToolError::invalid(
                "give the JSON as `text` or as `data`; both are missing",
            ));
        }
        (Some(_), Some(_)) => {
            return Err(ToolError::invalid(
                "give the JSON as `text` or as `data`, not both",
            ));
        }
    };
    match query::run(&value, &query.path, query.limit.unwrap_or(LIMIT)) {
        Ok(found) => ToolResult::structured(&found.to_json()).into(),
        Err(error) => ToolResult::error(error).into(),
    }
}

fn diff_tool() -> Tool {
    Tool::new("diff", "Compares two JSON values and lists what was added, removed and changed, as a JSON Patch (RFC 6902).")
        .title("Compare JSON")
        .input(json!({
            "type": "object",
            "properties": {
                "from": { "type": "string", "description": "The first JSON, as text." },
                "to": { "type": "string", "description": "The second JSON, as text." }
            },
            "required": ["from", "to"],
            "additionalProperties": false
        }))
        .output(json!({
            "type": "object",
            "properties": {
                "equal": { "type": "boolean" },
                "differences": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "op": { "enum": ["add", "remove", "replace"] },
                            "path": { "type": "string", "description": "A JSON pointer." },
                            "value": { "description": "The new value." },
                            "from_value": { "description": "The old value." }
                        },
                        "required": ["op", "path"]
                    }
                },
                "total": { "type": "integer", "description": "How many differences there are in all." }
            },
            "required": ["equal", "differences", "total"]
        }))
        .read_only()
        .idempotent()
        .open_world(false)
}

#[derive(Deserialize)]
struct Diff {
    from: String,
    to: String,
}

fn call_diff(texts: Diff) -> Answer {
    let values = input::parse("from", &texts.from)
        .and_then(|from| Ok((from, input::parse("to", &texts.to)?)));
    match values {
        Ok((from, to)) => {
            let mut differences = diff::diff(&from, &to);
            let total = differences.len();
            differences.truncate(DIFFERENCES_MAX);
            ToolResult::structured(
                &json!({"equal": total == 0, "differences": differences, "total": total}),
            )
            .into()
        }
        Err(error) => ToolResult::error(error).into(),
    }
}

fn format_tool() -> Tool {
    Tool::new(
        "format",
        "Checks that a text is JSON and lays it out: indented for reading, or on one line. Order and numbers stay as they are. \
         Where it is not JSON, says at which line and column and why.",
    )
    .title("Format JSON")
    .input(json!({
        "type": "object",
        "properties": {
            "text": { "type": "string", "description": "The JSON text." },
            "indent": { "type": "integer", "minimum": 0, "maximum": 8, "default": 2, "description": "Spaces for each level; 0 puts all on one line." }
        },
        "required": ["text"],
        "additionalProperties": false
    }))
    .read_only()
    .idempotent()
    .open_world(false)
}

#[derive(Deserialize)]
struct Format {
    text: String,
    indent: Option<usize>,
}

fn call_format(format: Format) -> Answer {
    match input::check("text", &format.text) {
        Ok(()) => {
            let indent = Some(format.indent.unwrap_or(2).min(8)).filter(|indent| *indent > 0);
            ToolResult::text(layout::format(&format.text, indent)).into()
        }
        Err(error) => ToolResult::error(error).into(),
    }
}

#[cfg(test)]
mod tests {
    use caxton_sdk::Outcome;

    use super::*;

    fn call(name: &str, arguments: Value) -> Result<(bool, String), ToolError> {
        let Outcome::Complete(result) = Json::call(name, arguments.into())? else {
            panic!("no question is asked")
        };
        let texts: Vec<String> = result
            .content
            .iter()
            .map(|content| format!("{:?}", content.body))
            .collect();
        Ok((
            result.is_error,
            result.structured.unwrap_or_else(|| texts.concat()),
        ))
    }

    #[test]
    fn the_tools_answer_and_refuse() {
        let found = call(
            "query",
            json!({"text": "{\"a\":[1,2,3]}", "path": "$.a[*]", "limit": 2}),
        );
        let expected = json!({"matches": [{"path": "$['a'][0]", "value": 1}, {"path": "$['a'][1]", "value": 2}], "total": 3, "truncated": true});
        assert_eq!(found, Ok((false, expected.to_string())));
        assert_eq!(
            call("query", json!({"data": null, "path": "$"})).map(|(is_error, _)| is_error),
            Ok(false)
        );
        assert!(
            call("query", json!({"text": "{", "path": "$"})).is_ok_and(|(is_error, _)| is_error)
        );
        assert!(
            call("query", json!({"text": "{}", "path": "x"})).is_ok_and(|(is_error, _)| is_error)
        );
        assert!(call("query", json!({"path": "$"})).is_err());
        assert!(call("query", json!({"path": "$", "text": "1", "data": 1})).is_err());
        assert!(call("nothing", json!({})).is_err());
        assert_eq!(
            call("diff", json!({"from": "1", "to": "1"})),
            Ok((
                false,
                json!({"equal": true, "differences": [], "total": 0}).to_string()
            ))
        );
        assert!(
            call("diff", json!({"from": "1", "to": ""}))
                .is_ok_and(|(is_error, text)| is_error && text.contains("`to` is empty"))
        );
        assert!(
            call("format", json!({"text": "[1]", "indent": 0}))
                .is_ok_and(|(is_error, text)| !is_error && text.contains("[1]"))
        );
    }

    #[test]
    fn the_schemas_are_json() {
        for tool in Json::list().expect("tools") {
            assert!(
                serde_json::from_str::<Value>(&tool.input_schema).is_ok(),
                "{}",
                tool.name
            );
        }
    }
}
