//! What the bodies of requests share, whatever the protocol: schemas, and calls of tools with what they gave.

use serde_json::{Map, Value};

use crate::provider::{LlmError, ToolOutput, ToolSpec};

/// Lays `patch` over `body` (RFC 7396): objects are merged, `null` takes a field away, anything else takes its place.
pub fn merge(body: &mut Value, patch: &Map<String, Value>) {
    if !body.is_object() {
        *body = Value::Object(Map::new());
    }
    let Some(fields) = body.as_object_mut() else {
        return;
    };
    for (key, value) in patch {
        match value {
            Value::Null => drop(fields.remove(key)),
            Value::Object(inner) => merge(fields.entry(key.as_str()).or_insert(Value::Null), inner),
            _ => drop(fields.insert(key.clone(), value.clone())),
        }
    }
}

/// Reads a JSON Schema of a request; `what` says whose it is, such as `the response schema`.
///
/// # Errors
/// `bad-request` where it is not JSON.
pub fn schema(text: &str, what: &str) -> Result<Value, LlmError> {
    serde_json::from_str(text)
        .map_err(|error| LlmError::BadRequest(format!("{what} is not JSON: {error}")))
}

/// Reads the JSON Schema of a tool's arguments.
///
/// # Errors
/// `bad-request` with the tool's name where it is not JSON.
pub fn input_schema(tool: &ToolSpec) -> Result<Value, LlmError> {
    let what = format!("the input schema of the tool `{}`", tool.name);
    schema(&tool.input_schema, &what)
}

/// Gives a call's arguments as an object, for protocols that take nothing else. What a model wrote may be anything; then it is
/// an empty one, and what the call gave says so.
pub fn arguments(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Gives the text of what a call gave, for protocols without a field for failure: the text says it then.
pub fn output_text(output: &ToolOutput) -> String {
    if output.is_error {
        format!("Error: {}", output.text)
    } else {
        output.text.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_an_object_whatever_a_model_wrote() {
        for (text, expected) in [
            (r#"{"path":"ä.csv"}"#, json!({"path": "ä.csv"})),
            ("", json!({})),
            ("[1]", json!({})),
            ("7", json!({})),
            (r#"{"path":"#, json!({})),
        ] {
            assert_eq!(Value::Object(arguments(text)), expected, "{text:?}");
        }
    }
}
