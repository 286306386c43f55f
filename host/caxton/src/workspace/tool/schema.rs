//! JSON Schemas of tools: compiled once when a component is loaded, checked at every call. A schema comes from code that
//! nobody trusts, so it may not fetch anything, and its patterns run in linear time.

use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};

use super::error::ArgumentFault;

/// How many faults of one value are told. A model that repairs its arguments needs the first few, not hundreds.
const FAULTS_MAX: usize = 8;

/// All faults are looked for where a schema and a value are small: their number can be that of the schema's parts times that of
/// the value's, and all are found before the first is told. Where this product is larger, one is enough.
const PARTS_MAX: usize = 1 << 20;

/// The largest schema, in bytes. Those that people write have a few thousand.
const SCHEMA_BYTES_MAX: usize = 256 << 10;

/// How many characters of a fault's text are told: it quotes the value at fault, which may be large.
const REASON_CHARS_MAX: usize = 400;

/// The most bytes of one compiled pattern.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// A schema, as written and compiled.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) source: std::sync::Arc<Map<String, Value>>,
    compiled: Validator,
    parts: usize,
}

impl Schema {
    /// Compiles the schema in `text`. `object` asks that it describes an object.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence.
    pub(crate) fn compile(text: &str, object: bool) -> Result<Self, String> {
        if text.len() > SCHEMA_BYTES_MAX {
            let bytes = text.len();
            return Err(format!(
                "has {bytes} bytes; at most {SCHEMA_BYTES_MAX} are taken"
            ));
        }
        let schema: Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
        let parts = parts(&schema);
        let Value::Object(source) = &schema else {
            return Err("is not a JSON object".to_owned());
        };
        if object && source.get("type").and_then(Value::as_str) != Some("object") {
            return Err("does not describe an object: it needs `\"type\": \"object\"`".to_owned());
        }
        let patterns = PatternOptions::regex()
            .size_limit(PATTERN_BYTES_MAX)
            .dfa_size_limit(PATTERN_BYTES_MAX);
        let compiled = jsonschema::options()
            .offline()
            .with_pattern_options(patterns)
            .build(&schema)
            .map_err(|e| format!("is not a valid JSON Schema: {}", shortened(&e.to_string())))?;
        let Value::Object(source) = schema else {
            return Err("is not a JSON object".to_owned());
        };
        Ok(Self {
            source: std::sync::Arc::new(source),
            compiled,
            parts,
        })
    }

    /// Checks `value`.
    ///
    /// # Errors
    /// What is wrong with it, at most eight faults.
    pub(crate) fn check(&self, value: &Value) -> Result<(), Vec<ArgumentFault>> {
        if self.compiled.is_valid(value) {
            return Ok(());
        }
        let fault = |e: jsonschema::ValidationError<'_>| ArgumentFault {
            pointer: e.instance_path().as_str().to_owned(),
            reason: shortened(&e.to_string()),
        };
        if self.parts.saturating_mul(parts(value)) > PARTS_MAX {
            return self.compiled.validate(value).map_err(|e| vec![fault(e)]);
        }
        Err(self
            .compiled
            .iter_errors(value)
            .take(FAULTS_MAX)
            .map(fault)
            .collect())
    }
}

/// Of how many values a value is made. Its depth is bounded: it was read from text.
fn parts(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(parts).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(parts).sum::<usize>(),
        _ => 1,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_schema_that_lies_is_refused() {
        let refused = |schema: &str, why: &str| {
            let reason = Schema::compile(schema, true).map(|_| ()).expect_err(schema);
            assert!(reason.contains(why), "{schema}: {reason}");
        };
        refused("{", "not JSON");
        refused("true", "not a JSON object");
        refused("{}", "does not describe an object");
        refused(r#"{"type":"array"}"#, "does not describe an object");
        refused(
            r#"{"type":"object","properties":{"a":{"type":"text"}}}"#,
            "not a valid JSON Schema",
        );
        refused(
            r#"{"type":"object","required":"a"}"#,
            "not a valid JSON Schema",
        );
        refused(
            r##"{"type":"object","$ref":"#/$defs/absent"}"##,
            "not a valid JSON Schema",
        );
        // Nothing is fetched, neither from the web nor from the disk.
        refused(
            r#"{"type":"object","$ref":"https://schemas.example.com/a.json"}"#,
            "not a valid JSON Schema",
        );
        refused(
            r#"{"type":"object","$ref":"file:///etc/passwd"}"#,
            "not a valid JSON Schema",
        );
        // A back reference needs a pattern engine whose time is not linear.
        refused(
            r#"{"type":"object","properties":{"a":{"pattern":"(a)\\1"}}}"#,
            "not a valid JSON Schema",
        );
    }

    #[test]
    fn a_schema_without_an_end_does_not_hang_the_host() {
        let schema =
            Schema::compile(r##"{"type":"object","$ref":"#"}"##, true).expect("it compiles");
        assert!(schema.check(&json!({})).is_ok());
        let tree = r##"{"type":"object","properties":{"next":{"$ref":"#"}},"additionalProperties":false}"##;
        let schema = Schema::compile(tree, true).expect("it compiles");
        assert!(schema.check(&json!({"next": {"next": {}}})).is_ok());
        let faults = schema
            .check(&json!({"next": {"next": {"last": 1}}}))
            .expect_err("`last` is unknown");
        assert_eq!(faults[0].pointer, "/next/next");
    }

    #[test]
    fn faults_beyond_counting_are_not_all_looked_for() {
        let all: Vec<_> = (0..1000).map(|_| json!({"type": "string"})).collect();
        let text = json!({"type": "object", "additionalProperties": {"items": {"allOf": all}}});
        let schema = Schema::compile(&text.to_string(), true).expect("it compiles");
        let faults = schema
            .check(&json!({"a": vec![0; 200_000]}))
            .expect_err("no number is a string");
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].pointer, "/a/0");
        let large = format!(
            r#"{{"type":"object","$comment":"{}"}}"#,
            "x".repeat(300 << 10)
        );
        let refused = Schema::compile(&large, true)
            .map(|_| ())
            .expect_err("too large");
        assert!(refused.contains("at most 262144"), "{refused}");
    }

    #[test]
    fn faults_name_the_place_and_the_reason() {
        let schema = r#"{"type":"object","properties":{"n":{"type":"integer","minimum":1}},"required":["n","m"]}"#;
        let schema = Schema::compile(schema, true).expect("it compiles");
        let faults = schema
            .check(&json!({"n": "x"}))
            .expect_err("both are wrong");
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(told.iter().any(|t| t.starts_with("/n: ")), "{told:?}");
        assert!(
            told.iter()
                .any(|t| t.contains("\"m\" is a required property")),
            "{told:?}"
        );
    }
}
