//! Our request as the body of `streamGenerateContent`, but for the conversation itself.

use std::fmt::Write as _;

use caxton_sdk::provider::{LlmError, Part, Request, ToolChoice, ToolSpec};
use caxton_sdk::upstream::{input_schema, schema};
use caxton_sdk::{Role, Value, config, json};
use serde_json::Map;

use crate::contents::contents;

/// Gives the body that asks for a streamed answer.
///
/// # Errors
/// `bad-request` where a schema is not JSON, or the setting `thinking_config` is no object.
pub fn body(request: &Request) -> Result<Value, LlmError> {
    let mut body = json!({"contents": contents(request)});
    if let Some(system) = system(request) {
        body["systemInstruction"] = json!({"parts": [{"text": system}]});
    }
    if !request.tools.is_empty() {
        let declared: Result<Vec<Value>, LlmError> = request.tools.iter().map(declared).collect();
        body["tools"] = json!([{"functionDeclarations": declared?}]);
        if let Some(choice) = choice(&request.tool_choice) {
            body["toolConfig"] = json!({"functionCallingConfig": choice});
        }
    }
    let generation = generation(request)?;
    if !generation.is_empty() {
        body["generationConfig"] = Value::Object(generation);
    }
    Ok(body)
}

fn system(request: &Request) -> Option<String> {
    let texts: Vec<&str> = request
        .messages
        .iter()
        .filter(|message| message.role == Role::System)
        .flat_map(|message| &message.parts)
        .filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    (!texts.is_empty()).then(|| texts.join("\n\n"))
}

fn declared(tool: &ToolSpec) -> Result<Value, LlmError> {
    Ok(json!({
        "name": tool.name,
        "description": tool.description,
        "parametersJsonSchema": plain(input_schema(tool)?),
    }))
}

/// A schema without the name of its dialect, which the API does not know.
fn plain(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
    }
    schema
}

fn choice(choice: &ToolChoice) -> Option<Value> {
    match choice {
        // What it does without being told.
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!({"mode": "NONE"})),
        ToolChoice::Required => Some(json!({"mode": "ANY"})),
        ToolChoice::Named(name) => Some(json!({"mode": "ANY", "allowedFunctionNames": [name]})),
    }
}

fn generation(request: &Request) -> Result<Map<String, Value>, LlmError> {
    let mut generation = Map::new();
    let mut set = |key: &str, value: Value| drop(generation.insert(key.to_owned(), value));
    if let Some(max) = request.max_tokens {
        set("maxOutputTokens", json!(max));
    }
    if let Some(temperature) = request.temperature {
        set("temperature", json!(temperature));
    }
    if !request.stop.is_empty() {
        set("stopSequences", json!(request.stop));
    }
    if let Some(text) = &request.response_schema {
        set("responseMimeType", json!("application/json"));
        set(
            "responseJsonSchema",
            plain(schema(text, "the response schema")?),
        );
    }
    let thinking: Option<Map<String, Value>> =
        config::parse("thinking_config").map_err(LlmError::BadRequest)?;
    if let Some(thinking) = thinking {
        set("thinkingConfig", Value::Object(thinking));
    }
    Ok(generation)
}

/// The path of a model. Tuned models are given with theirs: `tunedModels/NAME`.
pub fn model_path(model: &str) -> String {
    let escaped = escaped(model);
    if model.contains('/') {
        escaped
    } else {
        format!("models/{escaped}")
    }
}

/// Text as a part of a URL: everything but the unreserved characters of RFC 3986 and slashes is percent-encoded, so that a
/// name can't become a query.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}
