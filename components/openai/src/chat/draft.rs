//! From the chunks of a stream to the finished answer. Nothing is trusted: fields may be missing, `null` or of another
//! type than OpenAI's, and what can be understood is used.

use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Response, StopReason, ToolCall, Usage};
use caxton_sdk::upstream::{self, Draft, Upstream};
use serde_json::Value;

/// The answer as far as it has come.
#[derive(Debug, Default)]
pub struct Answer {
    server: String,
    model: String,
    text: String,
    calls: Vec<Call>,
    finish_reason: Option<String>,
    usage: Option<Usage>,
    /// The model refused; the text is why.
    refused: bool,
    /// The upstream said `[DONE]`.
    done: bool,
}

/// A tool call that is being written.
#[derive(Debug)]
struct Call {
    /// The upstream's number for it, where it gives one.
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
}

impl Draft for Answer {
    fn push(&mut self, chunk: &Value) -> Result<Vec<Delta>, LlmError> {
        self.done |= chunk == "[DONE]";
        if self.done {
            return Ok(Vec::new());
        }
        if let Some(error) = upstream::in_stream(&self.server, chunk) {
            return Err(error);
        }
        if let Some(model) = chunk["model"].as_str().filter(|model| !model.is_empty()) {
            self.model = model.to_owned();
        }
        if let Some(usage) = usage(&chunk["usage"]) {
            self.usage = Some(usage);
        }
        // Only the first choice is asked for; some servers leave its number out.
        let choices = chunk["choices"].as_array().map_or(&[][..], Vec::as_slice);
        let Some(choice) = choices
            .iter()
            .find(|choice| choice["index"].as_u64().unwrap_or(0) == 0)
        else {
            return Ok(Vec::new());
        };
        if let Some(reason) = choice["finish_reason"]
            .as_str()
            .filter(|reason| !reason.is_empty())
        {
            self.finish_reason = Some(reason.to_owned());
        }
        // A server that does not stream sends the whole `message` at once.
        let delta = if choice["delta"].is_object() {
            &choice["delta"]
        } else {
            &choice["message"]
        };
        Ok(self.push_delta(delta))
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn so_far(&self) -> String {
        format!(
            "{} characters and {} tool calls",
            self.text.chars().count(),
            self.calls.len()
        )
    }
}

impl Answer {
    /// Gives an answer of which nothing has come; messages call its server `server`.
    pub fn new(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ..Self::default()
        }
    }

    fn push_delta(&mut self, delta: &Value) -> Vec<Delta> {
        let mut deltas = Vec::new();
        for key in ["reasoning_content", "reasoning"] {
            if let Some(text) = delta[key].as_str().filter(|text| !text.is_empty()) {
                deltas.push(Delta::Reasoning(text.to_owned()));
                break;
            }
        }
        for key in ["content", "refusal"] {
            let text = plain(&delta[key]);
            if !text.is_empty() {
                self.refused |= key == "refusal";
                self.text.push_str(&text);
                deltas.push(Delta::Text(text));
            }
        }
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            deltas.extend(self.push_call(call));
        }
        deltas
    }

    /// Takes in a piece of a call. Calls may be written side by side, told apart by `index`.
    fn push_call(&mut self, piece: &Value) -> Option<Delta> {
        let index = piece["index"].as_u64();
        let id = piece["id"].as_str().unwrap_or_default();
        let function = &piece["function"];
        let name = function["name"].as_str().unwrap_or_default();
        // Some servers number every call 0, or none at all, and only the id shows that a new one begins.
        let known = self
            .calls
            .iter()
            .rposition(|call| match (index, call.index) {
                (Some(index), Some(other)) => {
                    index == other && (id.is_empty() || call.id.is_empty() || call.id == id)
                }
                _ => !id.is_empty() && call.id == id,
            });
        let continued = if index.is_none() && id.is_empty() && name.is_empty() {
            self.calls.len().checked_sub(1)
        } else {
            None
        };
        let at = known.or(continued).unwrap_or_else(|| {
            self.calls.push(Call {
                index,
                id: String::new(),
                name: String::new(),
                arguments: String::new(),
            });
            self.calls.len() - 1
        });
        let call = &mut self.calls[at];
        if call.id.is_empty() {
            call.id = id.to_owned();
        }
        match &function["arguments"] {
            Value::String(text) => call.arguments.push_str(text),
            Value::Object(object) => call.arguments = Value::Object(object.clone()).to_string(),
            _ => {}
        }
        // The name comes whole with the first piece; servers that repeat it must not double it.
        if call.name.is_empty() && !name.is_empty() {
            call.name = name.to_owned();
            return Some(Delta::Call(call.name.clone()));
        }
        None
    }

    /// Gives the finished answer to a request for the model `asked`.
    ///
    /// # Errors
    /// `bad-response` where the stream ended before the answer was complete.
    pub fn finish(self, upstream: &Upstream, asked: &str) -> Result<Response, LlmError> {
        let is_empty = self.text.is_empty() && self.calls.is_empty();
        if self.finish_reason.is_none() && (is_empty || !self.done) {
            return Err(upstream.incomplete(&self.so_far()));
        }
        if let Some(nameless) = self.calls.iter().find(|call| call.name.is_empty()) {
            return Err(LlmError::BadResponse(format!(
                "{} asked for a tool call without a name (id {:?})",
                self.server, nameless.id
            )));
        }
        let stop_reason = match self.finish_reason.as_deref() {
            Some("length") => StopReason::MaxTokens,
            Some("content_filter") => StopReason::ContentFilter,
            _ if self.refused => StopReason::ContentFilter,
            // Some servers say `stop` even when they want a tool called.
            _ if !self.calls.is_empty() => StopReason::ToolCalls,
            _ => StopReason::EndTurn,
        };
        if stop_reason == StopReason::ContentFilter && is_empty {
            return Err(LlmError::ContentFiltered(format!(
                "a filter of {} stopped the answer before its first word",
                self.server
            )));
        }
        let mut parts = Vec::new();
        if !self.text.is_empty() {
            parts.push(Part::Text(self.text));
        }
        for (at, call) in self.calls.into_iter().enumerate() {
            // Results refer to the call by its id, so there has to be one.
            let id = if call.id.is_empty() {
                format!("call_{at}")
            } else {
                call.id
            };
            let arguments = if call.arguments.trim().is_empty() {
                "{}".to_owned()
            } else {
                call.arguments
            };
            parts.push(Part::Call(ToolCall {
                id,
                name: call.name,
                arguments,
            }));
        }
        Ok(Response {
            model: if self.model.is_empty() {
                asked.to_owned()
            } else {
                self.model
            },
            parts,
            stop_reason,
            usage: self.usage.unwrap_or_default(),
        })
    }
}

/// Text that is a string, or a list of parts that hold strings.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part["text"].as_str())
            .collect(),
        _ => String::new(),
    }
}

fn usage(value: &Value) -> Option<Usage> {
    let object = value.as_object()?;
    let number = |key: &str| object.get(key).and_then(Value::as_u64);
    Some(Usage {
        input_tokens: number("prompt_tokens").unwrap_or(0),
        cached_input_tokens: value["prompt_tokens_details"]["cached_tokens"]
            .as_u64()
            .or_else(|| number("prompt_cache_hit_tokens"))
            .unwrap_or(0),
        output_tokens: number("completion_tokens").unwrap_or(0),
    })
}
