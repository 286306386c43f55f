//! Our request as the JSON body of a Chat Completions request.

use caxton_sdk::Role;
use caxton_sdk::provider::{LlmError, Message, Part, Request, ToolChoice};
use caxton_sdk::upstream::{input_schema, output_text, schema};
use serde_json::{Map, Value, json};

use crate::parts::{arguments, data_url, is_strict};

/// What a server wants differently from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The name of the limit on tokens to write: OpenAI's newer models know only `max_completion_tokens`, most other
    /// servers only `max_tokens`.
    pub max_tokens_key: &'static str,
    /// Ask for the usage at the end of a stream.
    pub stream_usage: bool,
    /// Pass the temperature on: models that reason take none.
    pub temperature: bool,
}

/// Gives the body that asks for a streamed answer.
///
/// # Errors
/// `bad-request` where a schema is not JSON.
pub fn body(request: &Request, dialect: Dialect) -> Result<Value, LlmError> {
    let mut body = Map::new();
    body.insert("model".to_owned(), json!(request.model));
    body.insert(
        "messages".to_owned(),
        Value::Array(request.messages.iter().flat_map(messages).collect()),
    );
    body.insert("stream".to_owned(), json!(true));
    if dialect.stream_usage {
        body.insert("stream_options".to_owned(), json!({"include_usage": true}));
    }
    if !request.tools.is_empty() {
        let tools: Result<Vec<Value>, LlmError> = request
            .tools
            .iter()
            .map(|tool| {
                let parameters = input_schema(tool)?;
                Ok(json!({"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": parameters}}))
            })
            .collect();
        body.insert("tools".to_owned(), Value::Array(tools?));
        // Servers refuse a choice where there are no tools, and `auto` is what they do without one.
        match &request.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => drop(body.insert("tool_choice".to_owned(), json!("none"))),
            ToolChoice::Required => drop(body.insert("tool_choice".to_owned(), json!("required"))),
            ToolChoice::Named(name) => drop(body.insert(
                "tool_choice".to_owned(),
                json!({"type": "function", "function": {"name": name}}),
            )),
        }
    }
    if let Some(max) = request.max_tokens {
        body.insert(dialect.max_tokens_key.to_owned(), json!(max));
    }
    if let Some(temperature) = request.temperature.filter(|_| dialect.temperature) {
        body.insert("temperature".to_owned(), json!(temperature));
    }
    if !request.stop.is_empty() {
        body.insert("stop".to_owned(), json!(request.stop));
    }
    if let Some(text) = &request.response_schema {
        let schema = schema(text, "the response schema")?;
        let strict = is_strict(&schema);
        body.insert("response_format".to_owned(), json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": strict}}));
    }
    Ok(Value::Object(body))
}

/// One of our messages may be several of theirs: each tool output is a message of its own and comes first, because the
/// protocol wants it right after the calls.
fn messages(message: &Message) -> Vec<Value> {
    let mut all = Vec::new();
    let mut content = Vec::new();
    let mut calls = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text(text) => content.push(json!({"type": "text", "text": text})),
            Part::Image(blob) => {
                content.push(json!({"type": "image_url", "image_url": {"url": data_url(blob)}}));
            }
            Part::Call(call) => {
                calls.push(json!({"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments(&call.arguments)}}));
            }
            // Chat Completions has no such parts.
            Part::Opaque(_) => {}
            Part::Output(output) => {
                all.push(json!({"role": "tool", "tool_call_id": output.id, "content": output_text(output)}));
            }
        }
    }
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    if content.is_empty() && calls.is_empty() {
        return all;
    }
    // Plain text goes as a string, which every server understands; parts only where there is a picture.
    let has_image = content.iter().any(|part| part["type"] == "image_url");
    let content = if content.is_empty() {
        Value::Null
    } else if has_image && message.role == Role::User {
        Value::Array(content)
    } else {
        json!(
            content
                .iter()
                .filter_map(|part| part["text"].as_str())
                .collect::<Vec<_>>()
                .join("\n")
        )
    };
    let mut object = Map::new();
    object.insert("role".to_owned(), json!(role));
    object.insert("content".to_owned(), content);
    if !calls.is_empty() {
        object.insert("tool_calls".to_owned(), Value::Array(calls));
    }
    all.push(Value::Object(object));
    all
}
