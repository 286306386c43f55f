//! Our request as the JSON body of a Responses request. Nothing is stored upstream: each request has the whole conversation,
//! the model's reasoning in encrypted form included.

use caxton_sdk::Role;
use caxton_sdk::provider::{LlmError, Message, Part, Request, ToolChoice};
use caxton_sdk::upstream::{input_schema, opaque, output_text, schema};
use serde_json::{Map, Value, json};

use crate::parts::{arguments, data_url, is_strict};

/// What a model may refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Ask for the reasoning in encrypted form.
    pub reasoning: bool,
    /// Pass the temperature on.
    pub temperature: bool,
}

/// Gives the body that asks for a streamed answer.
///
/// # Errors
/// `bad-request` where a schema is not JSON.
pub fn body(request: &Request, options: Options) -> Result<Value, LlmError> {
    let mut body = Map::new();
    let mut set = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
    set("model", json!(request.model));
    set(
        "input",
        Value::Array(request.messages.iter().flat_map(items).collect()),
    );
    set("stream", json!(true));
    set("store", json!(false));
    if options.reasoning {
        set("include", json!(["reasoning.encrypted_content"]));
    }
    if !request.tools.is_empty() {
        let tools: Result<Vec<Value>, LlmError> = request
            .tools
            .iter()
            .map(|tool| {
                let parameters = input_schema(tool)?;
                // Left out, it would mean strict, which refuses schemas with optional properties.
                Ok(json!({
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": parameters,
                    "strict": false,
                }))
            })
            .collect();
        set("tools", Value::Array(tools?));
        match &request.tool_choice {
            ToolChoice::Auto => {}
            ToolChoice::None => set("tool_choice", json!("none")),
            ToolChoice::Required => set("tool_choice", json!("required")),
            ToolChoice::Named(name) => {
                set("tool_choice", json!({"type": "function", "name": name}));
            }
        }
    }
    if let Some(max) = request.max_tokens {
        set("max_output_tokens", json!(max));
    }
    if let Some(temperature) = request.temperature.filter(|_| options.temperature) {
        set("temperature", json!(temperature));
    }
    if let Some(text) = &request.response_schema {
        let schema = schema(text, "the response schema")?;
        let strict = is_strict(&schema);
        set(
            "text",
            json!({"format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": strict}}),
        );
    }
    Ok(Value::Object(body))
}

/// One of our messages is several of their items: calls, what they gave, and reasoning stand beside messages.
fn items(message: &Message) -> Vec<Value> {
    let (role, text_type) = match message.role {
        Role::System => ("system", "input_text"),
        Role::User => ("user", "input_text"),
        Role::Assistant => ("assistant", "output_text"),
    };
    let mut items: Vec<Value> = Vec::new();
    let mut outputs: Vec<Value> = Vec::new();
    let mut reasoning = Vec::new();
    for part in &message.parts {
        let content = match part {
            Part::Text(text) => json!({"type": text_type, "text": text}),
            Part::Image(blob) => json!({"type": "input_image", "image_url": data_url(blob)}),
            Part::Call(call) => {
                items.push(json!({
                    "type": "function_call",
                    "call_id": call.id,
                    "name": call.name,
                    "arguments": arguments(&call.arguments),
                }));
                continue;
            }
            Part::Output(output) => {
                outputs.push(json!({
                    "type": "function_call_output",
                    "call_id": output.id,
                    "output": output_text(output),
                }));
                continue;
            }
            Part::Opaque(text) => {
                reasoning.extend(opaque::read(text));
                continue;
            }
        };
        // Neighbours are one message, so that text and the picture that it is about stay together.
        match items
            .last_mut()
            .and_then(|item| item.get_mut("content")?.as_array_mut())
        {
            Some(contents) => contents.push(content),
            None => items.push(json!({"type": "message", "role": role, "content": [content]})),
        }
    }
    opaque::put_back(&mut items, reasoning);
    outputs.extend(items);
    outputs
}
