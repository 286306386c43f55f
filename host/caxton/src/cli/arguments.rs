//! Arguments of a tool from the command line: `--json JSON`, and `key=value` whose value is read as the tool's schema says.

use std::io::Read;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use super::Usage;

/// Arguments as they were written.
#[derive(Debug, Default, clap::Args)]
pub struct Arguments {
    /// The arguments as a JSON object; `-` reads it from standard input, `@FILE` from a file.
    #[arg(long = "json", value_name = "JSON", allow_hyphen_values = true)]
    json: Option<String>,
    /// Single arguments; `key=@FILE` takes the text of a file.
    #[arg(value_name = "KEY=VALUE", value_parser = pair)]
    pairs: Vec<(String, String)>,
}

impl Arguments {
    /// Whether the tool's schema is needed to read them.
    pub fn need_schema(&self) -> bool {
        !self.pairs.is_empty()
    }

    /// The arguments as an object. `schema` is the tool's input schema, where it is needed.
    ///
    /// # Errors
    /// [`Usage`] where they are no object; or where a file can't be read.
    pub fn read(&self, schema: &Map<String, Value>) -> Result<Map<String, Value>> {
        let mut arguments = match &self.json {
            None => Map::new(),
            Some(text) => object(&source(text)?)?,
        };
        for (key, text) in &self.pairs {
            let text = match text.strip_prefix('@') {
                Some(file) => std::fs::read_to_string(file)
                    .with_context(|| format!("can't read {file}, which `{key}` names"))?,
                None => text.clone(),
            };
            arguments.insert(
                key.clone(),
                value(
                    &text,
                    schema
                        .get("properties")
                        .and_then(|properties| properties.get(key)),
                ),
            );
        }
        Ok(arguments)
    }
}

/// A key and its value, as they are written on the command line.
///
/// # Errors
/// Where there is no `=`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .ok_or_else(|| "write it as key=value".to_owned())
}

fn source(text: &str) -> Result<String> {
    if text == "-" {
        let mut read = String::new();
        std::io::stdin()
            .read_to_string(&mut read)
            .context("standard input can't be read as text")?;
        return Ok(read);
    }
    match text.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("can't read {file}")),
        None => Ok(text.to_owned()),
    }
}

fn object(text: &str) -> Result<Map<String, Value>, Usage> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(Usage(format!(
            "the arguments are {}, and must be a JSON object such as {{\"key\": \"value\"}}",
            kind(&other)
        ))),
        Err(error) => Err(Usage(format!(
            "the arguments are not JSON: {error}; write an object such as '{{\"key\": \"value\"}}'"
        ))),
    }
}

/// Text as the value that the schema of its property wants: what is to be text stays text, even where it looks like a number.
fn value(text: &str, schema: Option<&Value>) -> Value {
    let takes = |wanted: &str| match schema.and_then(|schema| schema.get("type")) {
        Some(Value::String(only)) => only == wanted,
        Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
        _ => false,
    };
    let as_text = || Value::String(text.to_owned());
    let known = schema.is_some_and(|schema| schema.get("type").is_some());
    match serde_json::from_str::<Value>(text) {
        Ok(parsed) if known => {
            if takes(kind_of_type(&parsed))
                || (parsed.is_i64() || parsed.is_u64()) && takes("integer")
            {
                parsed
            } else {
                as_text()
            }
        }
        // Without a type, what reads as JSON is JSON.
        Ok(parsed) => parsed,
        Err(_) => as_text(),
    }
}

fn kind_of_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn kind(value: &Value) -> String {
    format!("JSON of the type {}", kind_of_type(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_follow_the_schema() {
        let schema = json!({ "properties": {
            "text": { "type": "string" }, "count": { "type": "integer" }, "ratio": { "type": "number" }, "list": { "type": "array" },
            "either": { "type": ["string", "null"] }, "free": {}
        } });
        let schema = schema.as_object().expect("an object");
        let check = |pair: &str, expected: Value| {
            let arguments = Arguments {
                json: None,
                pairs: vec![super::pair(pair).expect(pair)],
            };
            assert_eq!(
                Value::Object(arguments.read(schema).expect(pair)),
                expected,
                "{pair}"
            );
        };
        check("text=42", json!({ "text": "42" }));
        check("text=a=b", json!({ "text": "a=b" }));
        check("count=42", json!({ "count": 42 }));
        check("count=many", json!({ "count": "many" }));
        check("ratio=0.5", json!({ "ratio": 0.5 }));
        check("list=[1,2]", json!({ "list": [1, 2] }));
        check("either=null", json!({ "either": null }));
        check("either=7", json!({ "either": "7" }));
        check("free=true", json!({ "free": true }));
        check("free=hello", json!({ "free": "hello" }));
        check("new=1", json!({ "new": 1 }));
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let check = |json: &str, told: &str| {
            let arguments = Arguments {
                json: Some(json.to_owned()),
                pairs: Vec::new(),
            };
            let error = arguments.read(&Map::new()).expect_err(json).to_string();
            assert!(error.contains(told), "{error}");
        };
        check("[1]", "must be a JSON object");
        check("{", "not JSON");
        check("@no-such-file.json", "can't read no-such-file.json");
        let told = pair("alone").expect_err("no value");
        assert!(told.contains("key=value"), "{told}");
    }
}
