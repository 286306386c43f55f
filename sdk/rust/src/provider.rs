//! Being a language model: what is asked, what is answered, and why there may be no answer. Pieces of an answer go out
//! through [`crate::deltas`] while it is being written.

use std::collections::BTreeSet;

use crate::bindings::llm::exports::caxton::plugin::llm::Guest;
pub use crate::bindings::llm::exports::caxton::plugin::llm::{
    Backoff, LlmError, Message, Model, Part, Price, Request, Response, StopReason, ToolCall,
    ToolChoice, ToolOutput, ToolSpec, Usage,
};
pub use crate::content::{Blob, Role};

/// A language model, or something that answers like one.
pub trait Provider {
    /// Lists the models.
    ///
    /// # Errors
    /// [`LlmError`], such as an upstream that can't be reached.
    fn models() -> Result<Vec<Model>, LlmError>;

    /// Answers a request.
    ///
    /// # Errors
    /// [`LlmError`]; the host may try again or ask another model, by the variant.
    fn complete(request: Request) -> Result<Response, LlmError>;

    /// Proves that the upstream is reachable and accepts the key, without using tokens.
    ///
    /// # Errors
    /// [`LlmError`] says what is wrong.
    fn health() -> Result<(), LlmError>;
}

impl<T: Provider> Guest for T {
    fn list_models() -> Result<Vec<Model>, LlmError> {
        crate::panic::log_panics();
        T::models()
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        crate::panic::log_panics();
        <T as Provider>::complete(request)
    }

    fn health() -> Result<(), LlmError> {
        crate::panic::log_panics();
        <T as Provider>::health()
    }
}

impl Default for Usage {
    /// Nothing was used.
    fn default() -> Self {
        Self {
            input_tokens: 0,
            cached_input_tokens: 0,
            output_tokens: 0,
        }
    }
}

/// Ids for tool calls, each new to its conversation. Results refer to calls by them, but some upstreams give none, or the
/// same again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CallIds {
    taken: BTreeSet<String>,
}

impl CallIds {
    /// Begins with the ids that are in the conversation already.
    pub fn of(messages: &[Message]) -> Self {
        let ids = messages
            .iter()
            .flat_map(|message| &message.parts)
            .filter_map(|part| match part {
                Part::Call(call) => Some(call.id.clone()),
                _ => None,
            });
        Self {
            taken: ids.collect(),
        }
    }

    /// Gives `given` as it is where it is new, and otherwise an id such as `call_3`.
    pub fn unique(&mut self, given: &str) -> String {
        let mut id = given.to_owned();
        let mut number = self.taken.len();
        while id.is_empty() || self.taken.contains(&id) {
            id = format!("call_{number}");
            number += 1;
        }
        self.taken.insert(id.clone());
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_calls_of_a_conversation_have_the_same_id() {
        let call = |id: &str| {
            Part::Call(ToolCall {
                id: id.into(),
                name: "f".into(),
                arguments: "{}".into(),
            })
        };
        let mut ids = CallIds::of(&[Message {
            role: Role::Assistant,
            parts: vec![Part::Text("hi".into()), call("call_2"), call("a")],
        }]);
        for (given, expected) in [
            ("", "call_3"),
            ("b", "b"),
            ("a", "call_4"),
            ("b", "call_5"),
            ("", "call_6"),
            ("call_7", "call_7"),
            ("", "call_8"),
        ] {
            assert_eq!(ids.unique(given), expected, "{given:?}");
        }
        assert_eq!(CallIds::default().unique(""), "call_0");
    }
}
