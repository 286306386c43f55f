//! The conversation as the API's `contents`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::provider::{Message, Part, Request, ToolCall, ToolOutput};
use caxton_sdk::upstream::arguments;
use caxton_sdk::{Role, Value, json};

use crate::signature::{self, Signatures};

/// Gives the conversation without the system's messages, which go elsewhere.
pub fn contents(request: &Request) -> Vec<Value> {
    let is_demanded = signature::is_demanded(&request.model);
    let turn_begins = signature::turn_begins(&request.messages);
    request
        .messages
        .iter()
        .enumerate()
        .filter_map(|(at, message)| match message.role {
            Role::System => None,
            Role::User => content("user", user_parts(message, &request.messages)),
            Role::Assistant => {
                let signatures = Signatures::of(message, is_demanded && at >= turn_begins);
                content("model", model_parts(message, &signatures))
            }
        })
        .collect()
}

/// The API refuses a message without parts.
fn content(role: &str, parts: Vec<Value>) -> Option<Value> {
    (!parts.is_empty()).then(|| json!({"role": role, "parts": parts}))
}

/// What a user says. What calls gave comes first, because the API wants it right behind the calls.
fn user_parts(message: &Message, all: &[Message]) -> Vec<Value> {
    let outputs = message.parts.iter().filter_map(|part| match part {
        Part::Output(output) => Some(function_response(output, all)),
        _ => None,
    });
    let said = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) => Some(json!({"text": text})),
        Part::Image(blob) => Some(json!({"inlineData": {
            "mimeType": blob.mime_type, "data": STANDARD.encode(&blob.data),
        }})),
        _ => None,
    });
    outputs.chain(said).collect()
}

/// What a call gave, under the name of the tool that it called. Where the call is not there any more, only text can tell.
fn function_response(output: &ToolOutput, all: &[Message]) -> Value {
    let name = calls(all)
        .find(|call| call.id == output.id)
        .map(|call| &call.name);
    let Some(name) = name else {
        return json!({"text": format!("An earlier tool call gave: {}", output.text)});
    };
    let key = if output.is_error { "error" } else { "output" };
    json!({"functionResponse": {"id": output.id, "name": name, "response": {key: output.text}}})
}

fn calls(messages: &[Message]) -> impl Iterator<Item = &ToolCall> {
    let parts = messages.iter().flat_map(|message| &message.parts);
    parts.filter_map(|part| match part {
        Part::Call(call) => Some(call),
        _ => None,
    })
}

/// What the model said, each part with the signature that it had.
fn model_parts(message: &Message, signatures: &Signatures) -> Vec<Value> {
    let mut parts = Vec::new();
    for part in &message.parts {
        match part {
            Part::Text(text) => parts.push(json!({"text": text})),
            Part::Call(call) => {
                let mut part = json!({"functionCall": {
                    "id": call.id, "name": call.name, "args": arguments(&call.arguments),
                }});
                if let Some(signature) = signatures.of_call(call) {
                    part["thoughtSignature"] = json!(signature);
                }
                parts.push(part);
            }
            Part::Image(_) | Part::Output(_) | Part::Opaque(_) => {}
        }
    }
    if let Some(signature) = &signatures.text {
        let last = parts.iter_mut().rfind(|part| part["text"].is_string());
        match last {
            Some(part) => part["thoughtSignature"] = json!(signature),
            None => parts.insert(0, json!({"text": "", "thoughtSignature": signature})),
        }
    }
    parts
}
