//! Thought signatures (Gemini API, "Thought signatures"): what a model has thought, encrypted and attached to a part of its
//! answer. Gemini 3 refuses a call of the current turn that comes back without the signature it had, so signatures are kept
//! in opaque parts with the id of the call that they belong to.

use std::collections::BTreeMap;

use caxton_sdk::provider::{Message, Part, ToolCall};
use caxton_sdk::{Role, Value, json};

/// What the API takes in place of a signature for a call that another model made.
pub const FOREIGN: &str = "skip_thought_signature_validator";

/// Keeps the signature of a call; without an id, that of the text.
pub fn keep(call: Option<&str>, signature: &str) -> Part {
    let mut kept = json!({"thoughtSignature": signature});
    if let Some(id) = call {
        kept["call"] = json!(id);
    }
    Part::Opaque(kept.to_string())
}

/// The signatures of one message.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Signatures {
    calls: BTreeMap<String, String>,
    /// That of the text.
    pub text: Option<String>,
}

impl Signatures {
    /// Finds those that were kept. `foreign` says that a first call without one needs [`FOREIGN`]; those after it never had
    /// any.
    pub fn of(message: &Message, foreign: bool) -> Self {
        let mut found = Self::default();
        let opaque = message.parts.iter().filter_map(|part| match part {
            Part::Opaque(json) => serde_json::from_str::<Value>(json).ok(),
            _ => None,
        });
        for kept in opaque {
            let Some(signature) = kept["thoughtSignature"].as_str().map(str::to_owned) else {
                continue;
            };
            match kept["call"].as_str() {
                Some(id) => drop(found.calls.insert(id.to_owned(), signature)),
                None => found.text = Some(signature),
            }
        }
        let first = message.parts.iter().find_map(|part| match part {
            Part::Call(call) => Some(call),
            _ => None,
        });
        if let (true, Some(first)) = (foreign, first) {
            let signature = || FOREIGN.to_owned();
            found
                .calls
                .entry(first.id.clone())
                .or_insert_with(signature);
        }
        found
    }

    /// Gives the signature of a call.
    pub fn of_call(&self, call: &ToolCall) -> Option<&str> {
        self.calls.get(&call.id).map(String::as_str)
    }
}

/// Whether a model refuses calls without a signature: all since Gemini 3.
pub fn is_demanded(model: &str) -> bool {
    let id = model.rsplit('/').next().unwrap_or(model);
    id.starts_with("gemini-") && !id.starts_with("gemini-1.") && !id.starts_with("gemini-2.")
}

/// Gives where the current turn begins: behind the last message in which a user says something. Earlier signatures are
/// neither demanded nor given back.
pub fn turn_begins(messages: &[Message]) -> usize {
    let says = |part: &Part| matches!(part, Part::Text(_) | Part::Image(_));
    messages
        .iter()
        .rposition(|message| message.role == Role::User && message.parts.iter().any(says))
        .map_or(0, |at| at + 1)
}
