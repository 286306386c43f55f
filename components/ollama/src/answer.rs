//! From the documents of a stream to the finished answer. Nothing is trusted: what can be understood is used.

use caxton_sdk::Value;
use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{CallIds, LlmError, Part, Response, StopReason, ToolCall, Usage};

use crate::{failure, wire};

/// The answer as far as it has come.
#[derive(Debug, Default)]
pub struct Answer {
    /// What messages call the server.
    server: String,
    model: String,
    text: String,
    thinking: String,
    calls: Vec<ToolCall>,
    ids: CallIds,
    usage: Usage,
    /// Why it ended; the server said that it has.
    done: Option<String>,
}

impl Answer {
    /// Begins an answer of `model`; `ids` are those of the conversation.
    pub fn new(server: &str, model: &str, ids: CallIds) -> Self {
        Self {
            server: server.to_owned(),
            model: model.to_owned(),
            ids,
            ..Self::default()
        }
    }

    /// Takes in one document and gives what can be passed on at once.
    ///
    /// # Errors
    /// What the server reports as an error.
    pub fn push(&mut self, document: &Value) -> Result<Vec<Delta>, LlmError> {
        if let Some(said) = document["error"].as_str() {
            return Err(failure::in_stream(&self.server, said, &self.so_far()));
        }
        if let Some(model) = document["model"].as_str().filter(|name| !name.is_empty()) {
            self.model = model.to_owned();
        }
        let message = &document["message"];
        let mut deltas = Vec::new();
        if let Some(thinking) = message["thinking"].as_str().filter(|text| !text.is_empty()) {
            self.thinking.push_str(thinking);
            deltas.push(Delta::Reasoning(thinking.to_owned()));
        }
        if let Some(text) = message["content"].as_str().filter(|text| !text.is_empty()) {
            self.text.push_str(text);
            deltas.push(Delta::Text(text.to_owned()));
        }
        for call in message["tool_calls"].as_array().into_iter().flatten() {
            deltas.push(self.push_call(call)?);
        }
        if document["done"] == true {
            let count = |key: &str| document[key].as_u64().unwrap_or(0);
            self.usage.input_tokens = count("prompt_eval_count");
            self.usage.output_tokens = count("eval_count");
            let reason = document["done_reason"].as_str().unwrap_or("stop");
            self.done = Some(reason.to_owned());
        }
        Ok(deltas)
    }

    /// Takes in a call, which always comes whole.
    fn push_call(&mut self, call: &Value) -> Result<Delta, LlmError> {
        let function = &call["function"];
        let name = function["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(LlmError::BadResponse(format!(
                "{} asked for a tool call without a name after {}",
                self.server,
                self.so_far()
            )));
        }
        let arguments = match &function["arguments"] {
            Value::Null => "{}".to_owned(),
            Value::String(text) => text.clone(),
            value => value.to_string(),
        };
        self.calls.push(ToolCall {
            id: self.ids.unique(call["id"].as_str().unwrap_or_default()),
            name: name.to_owned(),
            arguments,
        });
        Ok(Delta::Call(name.to_owned()))
    }

    /// Whether the server has said all.
    pub fn is_done(&self) -> bool {
        self.done.is_some()
    }

    /// How far it has come, for a message about a stream that breaks off.
    pub fn so_far(&self) -> String {
        format!(
            "{} characters and {} tool calls",
            self.text.chars().count(),
            self.calls.len()
        )
    }

    /// Gives the finished answer.
    ///
    /// # Errors
    /// `bad-response` where the stream ended before the answer did, or the model was only loaded.
    pub fn finish(self) -> Result<Response, LlmError> {
        let Some(reason) = self.done.as_deref() else {
            return Err(LlmError::BadResponse(format!(
                "{} ended the answer after {}, without saying that it is complete",
                self.server,
                self.so_far()
            )));
        };
        let stop_reason = match reason {
            "load" | "unload" => {
                return Err(LlmError::BadResponse(format!(
                    "{} did not answer, it only {reason}ed the model: the request has no messages",
                    self.server
                )));
            }
            "length" => StopReason::MaxTokens,
            _ if !self.calls.is_empty() => StopReason::ToolCalls,
            _ => StopReason::EndTurn,
        };
        let mut parts = Vec::new();
        // Only a turn that goes on has a use for what was thought.
        if !self.thinking.is_empty() && !self.calls.is_empty() {
            parts.push(wire::keep_thought(&self.thinking));
        }
        if !self.text.is_empty() {
            parts.push(Part::Text(self.text));
        }
        parts.extend(self.calls.into_iter().map(Part::Call));
        Ok(Response {
            model: self.model,
            parts,
            stop_reason,
            usage: self.usage,
        })
    }
}
