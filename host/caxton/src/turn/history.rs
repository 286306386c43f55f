//! A conversation on disk and in a request: how what was said is written into the transcript, and how much of it a model is
//! told again.

use caxton_memory::{Message as Stored, NewMessage, Role, Store};
use caxton_sandbox::llm_types;
use serde_json::{Value, json};

use super::request::{said, text};
use super::state::{Output, Said, State, Wanted};

/// How many messages are looked at. With tool rounds a turn has several.
const MESSAGES_MAX: usize = 200;

/// Bytes of English text that make a token, about; a rough measure is enough to leave room for an answer.
const BYTES_PER_TOKEN: u64 = 4;

/// The part of a turn's tokens that earlier messages may take: half, for the rest is for this turn.
const SHARE: u64 = 2;

/// Gives what a model is told of earlier: whole turns, the latest, as many as fit.
pub(super) async fn load(
    store: &Store,
    conversation: &str,
    tokens: u64,
) -> Result<Vec<llm_types::Message>, caxton_memory::Error> {
    let stored = store.last_messages(conversation, MESSAGES_MAX).await?;
    let budget = (tokens / SHARE).saturating_mul(BYTES_PER_TOKEN);
    Ok(told(&stored, budget))
}

/// The latest turns that fit into `budget` bytes. A turn is a user's message with all that follows it; it is told whole or
/// not at all, so that no call is without its result.
fn told(stored: &[Stored], budget: u64) -> Vec<llm_types::Message> {
    let mut turns: Vec<Vec<llm_types::Message>> = Vec::new();
    for message in stored {
        if message.role == Role::User {
            turns.push(Vec::new());
        }
        // What stands before the first message of a user is the end of a turn that began earlier.
        if let (Some(turn), Some(message)) = (turns.last_mut(), read(message)) {
            turn.push(message);
        }
    }
    let mut left = budget;
    let mut kept = 0;
    for turn in turns.iter().rev() {
        let bytes: u64 = turn.iter().map(weigh).sum();
        let Some(rest) = left.checked_sub(bytes) else {
            break;
        };
        left = rest;
        kept += 1;
    }
    turns
        .split_off(turns.len() - kept)
        .into_iter()
        .flatten()
        .collect()
}

fn weigh(message: &llm_types::Message) -> u64 {
    let part = |part: &llm_types::Part| match part {
        llm_types::Part::Text(text) => text.len(),
        llm_types::Part::Image(blob) => blob.data.len(),
        llm_types::Part::Call(call) => call.name.len() + call.arguments.len(),
        llm_types::Part::Output(output) => output.text.len(),
        llm_types::Part::Opaque(json) => json.len(),
    };
    message.parts.iter().map(part).sum::<usize>() as u64
}

/// The user's message as it is written down.
pub(super) fn user(content: &str) -> NewMessage {
    NewMessage::new(Role::User, json!([{ "type": "text", "text": content }]))
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
        Said::Model { text, calls } => {
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
fn read(message: &Stored) -> Option<llm_types::Message> {
    let parts = message
        .content
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let plain = || {
        let texts = parts
            .iter()
            .filter(|part| part["type"] == "text")
            .filter_map(|part| part["text"].as_str());
        texts.collect::<Vec<_>>().join("\n")
    };
    let of = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    match message.role {
        Role::System => None,
        Role::User => Some(text(llm_types::Role::User, &plain())),
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
                text: plain(),
                calls: calls.iter().map(wanted).collect(),
            };
            Some(said(&model)).filter(|message| !message.parts.is_empty())
        }
        Role::Tool => {
            let results = parts.iter().filter(|part| part["type"] == "tool_result");
            let output = |part: &Value| Output {
                id: of(part, "id"),
                text: of(part, "text"),
                is_error: part["is_error"] == true,
            };
            Some(said(&Said::Tools(results.map(output).collect())))
                .filter(|message| !message.parts.is_empty())
        }
    }
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
