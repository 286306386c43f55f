//! A conversation's transcript: how what was said is written down, and how it is read again.

use caxton_memory::{Message as Stored, NewMessage, Role};
use caxton_sandbox::llm_types;
use serde_json::{Value, json};

use super::event::Image;
use super::request::{image, said, text};
use super::state::{Output, Said, State, Wanted};

/// The user's message as it is written down.
pub(super) fn user(content: &str, images: &[Image]) -> NewMessage {
    let mut parts = Vec::with_capacity(images.len() + 1);
    if !content.is_empty() {
        parts.push(json!({ "type": "text", "text": content }));
    }
    let image = |image: &Image| {
        let mut part = json!(image);
        part["type"] = json!("image");
        part
    };
    parts.extend(images.iter().map(image));
    NewMessage::new(Role::User, Value::Array(parts))
}

/// A user's message as it was written down: its text and its pictures.
pub(super) fn asked(message: &Stored) -> (String, Vec<Image>) {
    let images = parts(message).iter().filter(|part| part["type"] == "image");
    let images = images.filter_map(|part| serde_json::from_value(part.clone()).ok());
    (plain(message), images.collect())
}

/// The parts of a stored message.
fn parts(message: &Stored) -> &[Value] {
    message
        .content
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The text of a stored message.
fn plain(message: &Stored) -> String {
    let texts = parts(message)
        .iter()
        .filter(|part| part["type"] == "text")
        .filter_map(|part| part["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// All that was said in a turn, as it is written down. The last message carries the receipt.
pub(super) fn transcript(state: &State) -> Vec<NewMessage> {
    let mut messages: Vec<NewMessage> =
        state.said.iter().map(|said| written(state, said)).collect();
    if let Some(last) = messages.last_mut() {
        last.receipt = serde_json::to_value(&state.receipt).ok();
    }
    messages
}

fn written(state: &State, said: &Said) -> NewMessage {
    match said {
        Said::Model { text, calls, .. } => {
            let content = if text.is_empty() {
                json!([])
            } else {
                json!([{ "type": "text", "text": text }])
            };
            let calls: Vec<Value> = calls
                .iter()
                .map(
                    |call| json!({ "id": call.id, "name": call.name, "arguments": call.arguments }),
                )
                .collect();
            let tool_calls = (!calls.is_empty()).then_some(Value::Array(calls));
            NewMessage {
                agent: Some(state.agent.clone()),
                tool_calls,
                ..NewMessage::new(Role::Assistant, content)
            }
        }
        Said::Tools(outputs) => {
            let result = |output: &Output| {
                let call = state
                    .calls
                    .iter()
                    .find(|call| call.id == output.id && call.agent == state.agent);
                json!({
                    "type": "tool_result",
                    "id": output.id,
                    "name": call.map(|call| &call.name),
                    "text": output.text,
                    "is_error": output.is_error,
                    "attachments": call.map_or_else(|| json!([]), |call| json!(call.attachments)),
                })
            };
            NewMessage::new(Role::Tool, outputs.iter().map(result).collect())
        }
    }
}

/// A message of the transcript as providers are told; nothing where there is nothing in it to tell.
pub(super) fn read(message: &Stored) -> Option<llm_types::Message> {
    let of = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    match message.role {
        Role::System => None,
        Role::User => {
            let (content, images) = asked(message);
            let mut told = text(llm_types::Role::User, &content);
            told.parts.extend(images.iter().map(image));
            Some(told)
        }
        Role::Assistant => {
            let calls = message
                .tool_calls
                .as_ref()
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let wanted = |call: &Value| Wanted {
                id: of(call, "id"),
                name: of(call, "name"),
                arguments: of(call, "arguments"),
            };
            let model = Said::Model {
                model: String::new(),
                text: plain(message),
                calls: calls.iter().map(wanted).collect(),
                opaque: Vec::new(),
            };
            Some(said(&model, "")).filter(|message| !message.parts.is_empty())
        }
        Role::Tool => {
            let results = parts(message)
                .iter()
                .filter(|part| part["type"] == "tool_result");
            let output = |part: &Value| Output {
                id: of(part, "id"),
                text: of(part, "text"),
                is_error: part["is_error"] == true,
            };
            Some(said(&Said::Tools(results.map(output).collect()), ""))
                .filter(|message| !message.parts.is_empty())
        }
    }
}
