//! From the events of a Responses stream to the finished answer. Nothing is trusted: fields may be missing or of another
//! type than OpenAI's, and what can be understood is used.

use std::collections::BTreeMap;

use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Response, StopReason, ToolCall, Usage};
use caxton_sdk::upstream::{self, Draft, Upstream, opaque};
use serde_json::{Value, json};

use super::stops::Stops;

/// The answer as far as it has come.
#[derive(Debug, Default)]
pub struct Answer {
    server: String,
    /// What is being written, by its number in the answer.
    items: BTreeMap<u64, Item>,
    /// The response as the last event describes it.
    end: Option<Value>,
    /// The model refused; the text is why.
    refused: bool,
    /// The texts that end the answer.
    stops: Stops,
    /// The number of the text that is being written.
    writing: u64,
}

#[derive(Debug)]
enum Item {
    Text(String),
    Call(ToolCall),
    /// Reasoning, or another item that only the upstream understands.
    Opaque(Value),
}

impl Answer {
    /// Gives an answer of which nothing has come; messages call its server `server`. Any of the texts `stop`
    /// ends it.
    pub fn new(server: &str, stop: &[String]) -> Self {
        Self {
            server: server.to_owned(),
            stops: Stops::new(stop),
            ..Self::default()
        }
    }

    /// Takes in a piece of the text of the item `index`.
    fn push_text(&mut self, index: u64, piece: &str) -> Option<Delta> {
        if !self.stops.is_met() {
            self.items.entry(index).or_insert(Item::Text(String::new()));
        }
        self.writing = index;
        let piece = self.stops.pass(piece);
        self.append(piece)
    }

    /// Appends to the text that is being written, and gives what is appended.
    fn append(&mut self, piece: String) -> Option<Delta> {
        match self.items.get_mut(&self.writing) {
            Some(Item::Text(text)) if !piece.is_empty() => {
                text.push_str(&piece);
                Some(Delta::Text(piece))
            }
            _ => None,
        }
    }

    /// Appends what was held back from the text that is being written, because it has ended.
    fn end_text(&mut self) -> Option<Delta> {
        let rest = self.stops.rest();
        self.append(rest)
    }

    /// Takes in the item `index` as the upstream describes it: when it begins, when it ends, and once more at the very end.
    /// Text that has already come in pieces stays as it was passed on.
    fn push_item(&mut self, index: u64, item: &Value, ended: bool) -> Vec<Delta> {
        let text = |key: &str| item[key].as_str().unwrap_or_default();
        match text("type") {
            "message" => {
                let written = self.items.contains_key(&index);
                let contents = item["content"].as_array().map_or(&[][..], Vec::as_slice);
                self.refused |= contents.iter().any(|content| content["type"] == "refusal");
                let whole: String = contents
                    .iter()
                    .filter_map(|content| content["text"].as_str().or(content["refusal"].as_str()))
                    .collect();
                let mut deltas = Vec::new();
                if !written && !whole.is_empty() {
                    deltas.extend(self.push_text(index, &whole));
                }
                if ended {
                    deltas.extend(self.end_text());
                }
                deltas
            }
            // What comes after the end is not wanted.
            _ if self.stops.is_met() => Vec::new(),
            "function_call" => {
                let is_new = !self.items.contains_key(&index);
                // A call without an id of its own may have the item's.
                let id = [text("call_id"), text("id")]
                    .into_iter()
                    .find(|id| !id.is_empty());
                let mut call = ToolCall {
                    id: id.map_or_else(|| format!("call_{index}"), str::to_owned),
                    name: text("name").to_owned(),
                    arguments: text("arguments").to_owned(),
                };
                if let (Some(Item::Call(known)), true) =
                    (self.items.get(&index), call.arguments.is_empty())
                {
                    call.arguments.clone_from(&known.arguments);
                }
                let name = call.name.clone();
                self.items.insert(index, Item::Call(call));
                if is_new && !name.is_empty() {
                    vec![Delta::Call(name)]
                } else {
                    Vec::new()
                }
            }
            _ if ended => {
                self.items.insert(index, Item::Opaque(item.clone()));
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    /// Takes in the finished response, which repeats all items; a server that does not stream sends nothing else.
    fn push_end(&mut self, response: &Value) -> Vec<Delta> {
        let outputs = response["output"].as_array().map_or(&[][..], Vec::as_slice);
        let mut deltas: Vec<Delta> = (0_u64..)
            .zip(outputs)
            .flat_map(|(index, item)| self.push_item(index, item, true))
            .collect();
        deltas.extend(self.end_text());
        self.end = Some(response.clone());
        deltas
    }

    /// Gives the finished answer to a request for the model `asked`.
    ///
    /// # Errors
    /// `bad-response` where the stream ended before the answer was complete, `content-filtered` where nothing was written
    /// because of a filter.
    pub fn finish(self, upstream: &Upstream, asked: &str) -> Result<Response, LlmError> {
        let so_far = self.so_far();
        let Some(end) = self.end else {
            return Err(upstream.incomplete(&so_far));
        };
        let mut parts = Vec::new();
        let mut kept = Vec::new();
        for (place, item) in self.items.into_values().enumerate() {
            match item {
                Item::Text(text) if text.is_empty() => {}
                Item::Text(text) => parts.push(Part::Text(text)),
                Item::Call(call) if call.name.is_empty() => {
                    return Err(LlmError::BadResponse(format!(
                        "{} asked for a tool call without a name (id {:?})",
                        self.server, call.id
                    )));
                }
                Item::Call(mut call) => {
                    if call.arguments.trim().is_empty() {
                        call.arguments = "{}".to_owned();
                    }
                    parts.push(Part::Call(call));
                }
                Item::Opaque(item) => {
                    kept.extend(worth_keeping(item).map(|item| opaque::keep(place, &item)))
                }
            }
        }
        let stop_reason = match end["incomplete_details"]["reason"].as_str() {
            _ if self.stops.is_met() => StopReason::StopText,
            Some("max_output_tokens") => StopReason::MaxTokens,
            Some("content_filter") => StopReason::ContentFilter,
            _ if self.refused => StopReason::ContentFilter,
            _ if parts.iter().any(|part| matches!(part, Part::Call(_))) => StopReason::ToolCalls,
            _ => StopReason::EndTurn,
        };
        if stop_reason == StopReason::ContentFilter && parts.is_empty() {
            return Err(LlmError::ContentFiltered(format!(
                "a filter of {} stopped the answer before its first word",
                self.server
            )));
        }
        kept.extend(parts);
        Ok(Response {
            model: end["model"].as_str().unwrap_or(asked).to_owned(),
            parts: kept,
            stop_reason,
            usage: usage(&end["usage"]),
        })
    }
}

impl Draft for Answer {
    fn push(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError> {
        let index = event["output_index"].as_u64().unwrap_or(0);
        let kind = event["type"].as_str().unwrap_or_default();
        let piece = event["delta"].as_str().filter(|piece| !piece.is_empty());
        match kind {
            "response.output_text.delta" | "response.refusal.delta" => {
                self.refused |= kind == "response.refusal.delta";
                return Ok(piece
                    .and_then(|piece| self.push_text(index, piece))
                    .into_iter()
                    .collect());
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                return Ok(piece
                    .map(|piece| Delta::Reasoning(piece.to_owned()))
                    .into_iter()
                    .collect());
            }
            // Each part of a summary is a paragraph of its own.
            "response.reasoning_summary_part.added"
                if event["summary_index"].as_u64() > Some(0) =>
            {
                return Ok(vec![Delta::Reasoning("\n\n".to_owned())]);
            }
            "response.output_item.added" => {
                return Ok(self.push_item(index, &event["item"], false));
            }
            "response.output_item.done" => return Ok(self.push_item(index, &event["item"], true)),
            "response.function_call_arguments.delta" => {
                if let (Some(Item::Call(call)), Some(piece)) = (self.items.get_mut(&index), piece) {
                    call.arguments.push_str(piece);
                }
                return Ok(Vec::new());
            }
            _ => {}
        }
        let response = match kind {
            "error" => {
                &json!({"error": if event["error"].is_object() { &event["error"] } else { event }})
            }
            _ if event["response"].is_object() => &event["response"],
            _ => event,
        };
        if let Some(error) = upstream::in_stream(&self.server, response) {
            return Err(error);
        }
        let is_end = matches!(kind, "response.completed" | "response.incomplete")
            || (kind.is_empty() && response["output"].is_array());
        if is_end {
            return Ok(self.push_end(response));
        }
        if kind == "response.failed" {
            return Err(LlmError::BadResponse(format!(
                "{} gave up the answer after {} and did not say why",
                self.server,
                self.so_far()
            )));
        }
        Ok(Vec::new())
    }

    fn is_done(&self) -> bool {
        self.end.is_some()
    }

    fn so_far(&self) -> String {
        let (mut characters, mut calls) = (0, 0);
        for item in self.items.values() {
            match item {
                Item::Text(text) => characters += text.chars().count(),
                Item::Call(_) => calls += 1,
                Item::Opaque(_) => {}
            }
        }
        format!("{characters} characters and {calls} tool calls")
    }
}

/// Gives an item as it may be sent back. Nothing is stored upstream, so reasoning is of use only where its content came
/// along; and fields that are `null` are refused in a request.
fn worth_keeping(item: Value) -> Option<Value> {
    let Value::Object(mut fields) = item else {
        return None;
    };
    fields.retain(|_, value| !value.is_null());
    let has = |key: &str| {
        fields.get(key).is_some_and(|value| {
            value.as_str().is_some_and(|text| !text.is_empty())
                || value.as_array().is_some_and(|list| !list.is_empty())
        })
    };
    let is_empty = fields.get("type").is_some_and(|kind| kind == "reasoning")
        && !has("encrypted_content")
        && !has("content");
    (!is_empty).then_some(Value::Object(fields))
}

fn usage(value: &Value) -> Usage {
    let number = |value: &Value| value.as_u64().unwrap_or(0);
    Usage {
        input_tokens: number(&value["input_tokens"]),
        cached_input_tokens: number(&value["input_tokens_details"]["cached_tokens"]),
        output_tokens: number(&value["output_tokens"]),
    }
}
