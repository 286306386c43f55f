//! Asking the caller in the middle of a call. A call that needs an answer ends with [`InputRequired`]; when the caller
//! has answered, the same call is made again in a new instance, where [`resumption`] gives the answers.

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use crate::bindings::host::caxton::plugin::input::{
    Ask, Elicitation, InputRequest, InputRequired, InputResponse, Resumption,
};

/// Gives the answers to an earlier call's questions; nothing where this is the first call.
pub fn resumption() -> Option<Resumption> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::host::caxton::plugin::input::get_resumption();
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.resumption.clone())
}

/// A person's answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply<T> {
    /// They answered.
    Accepted(T),
    /// They said no.
    Declined,
    /// They closed the question without choosing.
    Cancelled,
}

impl InputRequired {
    /// Asks nothing yet; add questions to it.
    pub fn new() -> Self {
        Self {
            requests: Vec::new(),
            state: None,
        }
    }

    /// Asks the person. `key` is any name by which the answer is found, `schema` the JSON Schema of the answer: a flat
    /// object of primitive values.
    pub fn elicit(self, key: impl Into<String>, message: impl Into<String>, schema: Value) -> Self {
        self.ask(
            key,
            Ask::Elicit(Elicitation {
                message: message.into(),
                schema: schema.to_string(),
            }),
        )
    }

    /// Asks the client's model: `parameters` are those of MCP's `sampling/createMessage`.
    pub fn sample(self, key: impl Into<String>, parameters: Value) -> Self {
        self.ask(key, Ask::Sample(parameters.to_string()))
    }

    /// Asks for the client's root directories.
    pub fn list_roots(self, key: impl Into<String>) -> Self {
        self.ask(key, Ask::ListRoots)
    }

    /// Keeps `state` for the next call. It travels through the client; the host refuses one that was changed.
    pub fn state(mut self, state: impl Into<String>) -> Self {
        self.state = Some(state.into());
        self
    }

    fn ask(mut self, key: impl Into<String>, ask: Ask) -> Self {
        self.requests.push(InputRequest {
            key: key.into(),
            ask,
        });
        self
    }
}

impl Default for InputRequired {
    fn default() -> Self {
        Self::new()
    }
}

impl Resumption {
    /// Gives the answer to the question `key` as JSON in MCP's shape; nothing where it is missing.
    ///
    /// # Errors
    /// A sentence on what is wrong with the answer.
    pub fn answer(&self, key: &str) -> Result<Option<Value>, String> {
        self.responses
            .iter()
            .find(|response| response.key == key)
            .map(|response| serde_json::from_str(&response.value))
            .transpose()
            .map_err(|error| format!("The answer to `{key}` is not JSON: {error}"))
    }

    /// Gives a person's answer to the question `key` as a type of your own; nothing where it is missing.
    ///
    /// # Errors
    /// A sentence on what is wrong with the answer.
    pub fn elicited<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Reply<T>>, String> {
        let Some(mut answer) = self.answer(key)? else {
            return Ok(None);
        };
        Ok(Some(match answer["action"].as_str() {
            Some("accept") => serde_json::from_value(answer["content"].take())
                .map(Reply::Accepted)
                .map_err(|error| format!("The answer to `{key}` does not fit: {error}"))?,
            Some("decline") => Reply::Declined,
            Some("cancel") => Reply::Cancelled,
            _ => {
                return Err(format!(
                    "The answer to `{key}` has no action accept, decline or cancel: {answer}"
                ));
            }
        }))
    }
}
