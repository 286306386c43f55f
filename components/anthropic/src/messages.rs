//! Our messages as Anthropic's: the system's apart, user and assistant in turns, each made of blocks.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::Role;
use caxton_sdk::provider::{Message, Part};
use caxton_sdk::upstream::{arguments, opaque};
use serde_json::{Value, json};

/// A conversation in Anthropic's shape.
#[derive(Debug, Default, PartialEq)]
pub struct Conversation {
    /// Blocks of text.
    pub system: Vec<Value>,
    /// User and assistant in turns.
    pub messages: Vec<Value>,
}

/// Puts messages in order. Without `thoughts`, what only the upstream understands is left out.
pub fn conversation(messages: &[Message], thoughts: bool) -> Conversation {
    let mut all = Conversation::default();
    for message in messages {
        let blocks = blocks(message, thoughts);
        let role = match message.role {
            Role::System => {
                let texts = blocks.into_iter().filter(|block| block["type"] == "text");
                all.system.extend(texts);
                continue;
            }
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        if blocks.is_empty() {
            continue;
        }
        match all.messages.last_mut().filter(|last| last["role"] == role) {
            Some(last) => {
                if let Some(content) = last.get_mut("content").and_then(Value::as_array_mut) {
                    content.extend(blocks);
                    results_first(content);
                }
            }
            None => all.messages.push(json!({"role": role, "content": blocks})),
        }
    }
    all
}

/// Gives the conversation's last block where it is the user's.
pub fn last_of_user(messages: &mut [Value]) -> Option<&mut Value> {
    messages
        .last_mut()
        .filter(|message| message["role"] == "user")?
        .get_mut("content")?
        .as_array_mut()?
        .last_mut()
}

fn blocks(message: &Message, thoughts: bool) -> Vec<Value> {
    let mut blocks = Vec::new();
    let mut kept = Vec::new();
    for part in &message.parts {
        match part {
            // Anthropic refuses a text of nothing but blanks.
            Part::Text(text) if text.trim().is_empty() => {}
            Part::Text(text) => blocks.push(json!({"type": "text", "text": text})),
            Part::Image(blob) => blocks.push(json!({
                "type": "image",
                "source": {"type": "base64", "media_type": blob.mime_type, "data": STANDARD.encode(&blob.data)},
            })),
            Part::Call(call) => {
                let input = arguments(&call.arguments);
                blocks.push(json!({"type": "tool_use", "id": id(&call.id), "name": call.name, "input": input}));
            }
            Part::Output(output) => {
                let mut block = json!({"type": "tool_result", "tool_use_id": id(&output.id)});
                if !output.text.trim().is_empty() {
                    block["content"] = json!(output.text);
                }
                if output.is_error {
                    block["is_error"] = json!(true);
                }
                blocks.push(block);
            }
            Part::Opaque(text) if thoughts => kept.extend(opaque::read(text)),
            Part::Opaque(_) => {}
        }
    }
    results_first(&mut blocks);
    opaque::put_back(&mut blocks, kept);
    blocks
}

/// Anthropic wants what calls gave before anything else that the user says.
fn results_first(blocks: &mut [Value]) {
    if blocks.iter().any(|block| block["type"] == "tool_result") {
        blocks.sort_by_key(|block| block["type"] != "tool_result");
    }
}

/// Gives an id of the letters that Anthropic takes. Calls of another provider's model, earlier in the turn, have others.
fn id(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' | '-' => c,
            _ => '_',
        })
        .collect()
}
