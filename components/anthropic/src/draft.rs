//! From the events of a stream to the finished answer. Nothing is trusted: fields may be missing or of another type than
//! Anthropic's, and what can be understood is used.

use std::collections::BTreeMap;

use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Response, StopReason, ToolCall, Usage};
use caxton_sdk::upstream::{self, Draft, Upstream, opaque};
use serde_json::{Map, Value, json};

/// The answer as far as it has come.
#[derive(Debug, Default)]
pub struct Answer {
    server: String,
    model: String,
    /// What is being written, by its number in the answer.
    blocks: BTreeMap<u64, Block>,
    stop_reason: Option<String>,
    /// Why a filter stopped the answer, where it says so.
    explanation: Option<String>,
    usage: Tokens,
    /// The upstream said `message_stop`.
    done: bool,
}

/// A block of the answer.
#[derive(Debug, Default)]
struct Block {
    fields: Map<String, Value>,
    /// The input of a tool call, as JSON text in pieces.
    input: String,
}

/// Tokens used, as Anthropic counts them. Later events repeat the numbers or correct them.
#[derive(Debug, Default)]
struct Tokens {
    fresh: u64,
    cache_written: u64,
    cache_read: u64,
    output: u64,
}

impl Answer {
    /// Gives an answer of which nothing has come; messages call its server `server`.
    pub fn new(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            ..Self::default()
        }
    }

    /// Takes in a message: at the start of a stream without content, whole from a server that does not stream.
    fn push_message(&mut self, message: &Value) -> Vec<Delta> {
        if let Some(model) = message["model"].as_str() {
            self.model = model.to_owned();
        }
        self.usage.update(&message["usage"]);
        self.push_end(message);
        let blocks = message["content"].as_array().map_or(&[][..], Vec::as_slice);
        (0_u64..)
            .zip(blocks)
            .flat_map(|(index, block)| self.start_block(index, block))
            .collect()
    }

    fn push_end(&mut self, end: &Value) {
        if let Some(reason) = end["stop_reason"].as_str() {
            self.stop_reason = Some(reason.to_owned());
        }
        if let Some(text) = end["stop_details"]["explanation"].as_str() {
            self.explanation = Some(text.to_owned());
        }
    }

    fn start_block(&mut self, index: u64, block: &Value) -> Option<Delta> {
        let fields = block.as_object()?.clone();
        let block = self.blocks.entry(index).or_default();
        block.fields = fields;
        let said = |key: &str| {
            Some(block.text(key))
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        match block.kind() {
            "text" => said("text").map(Delta::Text),
            "thinking" => said("thinking").map(Delta::Reasoning),
            "tool_use" => said("name").map(Delta::Call),
            _ => None,
        }
    }

    fn push_delta(&mut self, index: u64, delta: &Value) -> Option<Delta> {
        let kind = delta["type"].as_str()?;
        let block = self.blocks.entry(index).or_insert_with(|| Block {
            // A block that nobody announced is what its first piece is.
            fields: match kind {
                "text_delta" => Map::from_iter([("type".to_owned(), json!("text"))]),
                _ => Map::new(),
            },
            input: String::new(),
        });
        let piece = |key: &str| delta[key].as_str().filter(|piece| !piece.is_empty());
        match kind {
            "text_delta" => {
                let piece = piece("text")?;
                block.append("text", piece);
                Some(Delta::Text(piece.to_owned()))
            }
            "thinking_delta" => {
                let piece = piece("thinking")?;
                block.append("thinking", piece);
                Some(Delta::Reasoning(piece.to_owned()))
            }
            "signature_delta" => {
                block.append("signature", piece("signature")?);
                None
            }
            "input_json_delta" => {
                block.input.push_str(piece("partial_json")?);
                None
            }
            _ => None,
        }
    }

    /// Gives the finished answer to a request for the model `asked`.
    ///
    /// # Errors
    /// `bad-response` where the stream ended before the answer was complete, `content-filtered` where nothing was written
    /// because of a filter.
    pub fn finish(self, upstream: &Upstream, asked: &str) -> Result<Response, LlmError> {
        let Some(reason) = self.stop_reason.as_deref().filter(|_| self.done) else {
            return Err(upstream.incomplete(&self.so_far()));
        };
        let mut kept = Vec::new();
        let mut parts = Vec::new();
        for (place, (index, block)) in self.blocks.into_iter().enumerate() {
            match block.kind() {
                "" => {}
                "text" if block.text("text").is_empty() => {}
                "text" => parts.push(Part::Text(block.text("text").to_owned())),
                "tool_use" if block.text("name").is_empty() => {
                    return Err(LlmError::BadResponse(format!(
                        "{} asked for a tool call without a name (id {:?})",
                        self.server,
                        block.text("id")
                    )));
                }
                "tool_use" => parts.push(Part::Call(block.call(index))),
                // Thoughts, and whatever else Anthropic may want back.
                _ => kept.push(opaque::keep(place, &block.whole())),
            }
        }
        let stop_reason = match reason {
            "max_tokens" | "model_context_window_exceeded" => StopReason::MaxTokens,
            "stop_sequence" => StopReason::StopText,
            "refusal" => StopReason::ContentFilter,
            _ if parts.iter().any(|part| matches!(part, Part::Call(_))) => StopReason::ToolCalls,
            // `pause_turn` too: only tools that run at Anthropic pause a turn, and none are offered.
            _ => StopReason::EndTurn,
        };
        if stop_reason == StopReason::ContentFilter && parts.is_empty() {
            return Err(LlmError::ContentFiltered(format!(
                "{} refused to answer: {}",
                self.server,
                upstream::shortened(self.explanation.as_deref().unwrap_or("no explanation"))
            )));
        }
        kept.extend(parts);
        Ok(Response {
            model: if self.model.is_empty() {
                asked.to_owned()
            } else {
                self.model
            },
            parts: kept,
            stop_reason,
            usage: self.usage.sum(),
        })
    }
}

impl Draft for Answer {
    fn push(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError> {
        if let Some(error) = upstream::in_stream(&self.server, event) {
            return Err(error);
        }
        let index = event["index"].as_u64().unwrap_or(0);
        let deltas = match event["type"].as_str().unwrap_or_default() {
            "message_start" => self.push_message(&event["message"]),
            "content_block_start" => self
                .start_block(index, &event["content_block"])
                .into_iter()
                .collect(),
            "content_block_delta" => self
                .push_delta(index, &event["delta"])
                .into_iter()
                .collect(),
            "message_delta" => {
                self.usage.update(&event["usage"]);
                self.push_end(&event["delta"]);
                Vec::new()
            }
            "message_stop" => {
                self.done = true;
                Vec::new()
            }
            "message" => {
                self.done = true;
                self.push_message(event)
            }
            // `ping`, `content_block_stop`, and what is still to come: new events may be added at any time.
            _ => Vec::new(),
        };
        Ok(deltas)
    }

    fn is_done(&self) -> bool {
        self.done
    }

    fn so_far(&self) -> String {
        let characters: usize = self
            .blocks
            .values()
            .filter(|block| block.kind() == "text")
            .map(|block| block.text("text").chars().count())
            .sum();
        let calls = self
            .blocks
            .values()
            .filter(|block| block.kind() == "tool_use")
            .count();
        format!("{characters} characters and {calls} tool calls")
    }
}

impl Block {
    fn kind(&self) -> &str {
        self.text("type")
    }

    fn text(&self, key: &str) -> &str {
        self.fields
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn append(&mut self, key: &str, piece: &str) {
        match self.fields.get_mut(key) {
            Some(Value::String(text)) => text.push_str(piece),
            _ => drop(self.fields.insert(key.to_owned(), json!(piece))),
        }
    }

    fn call(&self, index: u64) -> ToolCall {
        let arguments = if !self.input.trim().is_empty() {
            self.input.clone()
        } else {
            match self.fields.get("input") {
                Some(Value::Object(input)) => Value::Object(input.clone()).to_string(),
                _ => "{}".to_owned(),
            }
        };
        // Results refer to the call by its id, so there has to be one.
        let id = match self.text("id") {
            "" => format!("call_{index}"),
            id => id.to_owned(),
        };
        ToolCall {
            id,
            name: self.text("name").to_owned(),
            arguments,
        }
    }

    /// The block as Anthropic wants it back.
    fn whole(self) -> Value {
        let mut fields = self.fields;
        if let Ok(input) = serde_json::from_str::<Value>(&self.input) {
            fields.insert("input".to_owned(), input);
        }
        Value::Object(fields)
    }
}

impl Tokens {
    fn update(&mut self, usage: &Value) {
        for (number, key) in [
            (&mut self.fresh, "input_tokens"),
            (&mut self.cache_written, "cache_creation_input_tokens"),
            (&mut self.cache_read, "cache_read_input_tokens"),
            (&mut self.output, "output_tokens"),
        ] {
            if let Some(count) = usage[key].as_u64() {
                *number = count;
            }
        }
    }

    fn sum(&self) -> Usage {
        Usage {
            input_tokens: self
                .fresh
                .saturating_add(self.cache_written)
                .saturating_add(self.cache_read),
            cached_input_tokens: self.cache_read,
            output_tokens: self.output,
        }
    }
}
