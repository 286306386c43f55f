//! From the events of a stream to the finished answer. Nothing is trusted: fields may be missing or of another type, and
//! what can be understood is used.

use caxton_sdk::Value;
use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{CallIds, LlmError, Part, Response, StopReason, ToolCall, Usage};
use caxton_sdk::upstream::{Draft, Upstream, shortened};

use crate::{failure, signature};

/// Reasons to stop that are a filter's: of what is dangerous, forbidden, private, or somebody's own words.
const FILTERS: &[&str] = &[
    "SAFETY",
    "RECITATION",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
    "IMAGE_SAFETY",
    "IMAGE_PROHIBITED_CONTENT",
    "IMAGE_RECITATION",
];

/// The answer as far as it has come.
#[derive(Debug, Default)]
pub struct Answer {
    /// What messages call the server.
    server: String,
    model: String,
    text: String,
    calls: Vec<ToolCall>,
    /// Opaque parts with the signatures of calls.
    signatures: Vec<Part>,
    /// The signature that came with the text, or behind it.
    text_signature: Option<String>,
    ids: CallIds,
    usage: Usage,
    /// Why it ended.
    finish_reason: Option<String>,
    /// More words on why it ended.
    finish_message: String,
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

    fn push_part(&mut self, part: &Value) -> Result<Option<Delta>, LlmError> {
        let signature = part["thoughtSignature"]
            .as_str()
            .filter(|signature| !signature.is_empty());
        if part["functionCall"].is_object() {
            return self.push_call(&part["functionCall"], signature).map(Some);
        }
        if let Some(signature) = signature {
            self.text_signature = Some(signature.to_owned());
        }
        let text = part["text"].as_str().unwrap_or_default();
        if text.is_empty() {
            return Ok(None);
        }
        if part["thought"] == true {
            return Ok(Some(Delta::Reasoning(text.to_owned())));
        }
        self.text.push_str(text);
        Ok(Some(Delta::Text(text.to_owned())))
    }

    /// Takes in a call, which always comes whole.
    fn push_call(&mut self, call: &Value, signature: Option<&str>) -> Result<Delta, LlmError> {
        let name = call["name"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(LlmError::BadResponse(format!(
                "{} asked for a tool call without a name after {}",
                self.server,
                self.so_far()
            )));
        }
        let id = self.ids.unique(call["id"].as_str().unwrap_or_default());
        if let Some(signature) = signature {
            self.signatures.push(signature::keep(Some(&id), signature));
        }
        self.calls.push(ToolCall {
            id,
            name: name.to_owned(),
            arguments: match &call["args"] {
                Value::Null => "{}".to_owned(),
                value => value.to_string(),
            },
        });
        Ok(Delta::Call(name.to_owned()))
    }

    /// Gives the finished answer.
    ///
    /// # Errors
    /// `content-filtered` where a filter left nothing of it; `bad-response` where the model went wrong, or the stream ended
    /// before the answer did.
    pub fn finish(self, upstream: &Upstream) -> Result<Response, LlmError> {
        let Some(reason) = self.finish_reason.as_deref() else {
            return Err(upstream.incomplete(&self.so_far()));
        };
        let is_filter = FILTERS.contains(&reason);
        let stop_reason = match reason {
            "MAX_TOKENS" => StopReason::MaxTokens,
            "STOP" if !self.calls.is_empty() => StopReason::ToolCalls,
            "STOP" => StopReason::EndTurn,
            _ if is_filter && !self.text.is_empty() => StopReason::ContentFilter,
            _ => {
                let message = format!(
                    "{} stopped the answer after {}: {reason}{}",
                    self.server,
                    self.so_far(),
                    self.finish_message
                );
                return Err(if is_filter {
                    LlmError::ContentFiltered(message)
                } else {
                    LlmError::BadResponse(message)
                });
            }
        };
        let mut parts = self.signatures;
        let text_signature = self.text_signature;
        parts.extend(text_signature.map(|signature| signature::keep(None, &signature)));
        if !self.text.is_empty() {
            parts.push(Part::Text(self.text));
        }
        // A filter that stopped the answer stopped its calls too.
        if stop_reason != StopReason::ContentFilter {
            parts.extend(self.calls.into_iter().map(Part::Call));
        }
        Ok(Response {
            model: self.model,
            parts,
            stop_reason,
            usage: self.usage,
        })
    }
}

impl Draft for Answer {
    fn push(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError> {
        // Where something on the way takes `alt=sse` off the request, all events come as one list.
        if let Some(events) = event.as_array() {
            let deltas: Result<Vec<_>, _> = events.iter().map(|event| self.push(event)).collect();
            return Ok(deltas?.into_iter().flatten().collect());
        }
        if let Some(error) = failure::broken(&self.server, event, &self.so_far()) {
            return Err(error);
        }
        let feedback = &event["promptFeedback"];
        if let Some(reason) = feedback["blockReason"].as_str() {
            let more = after(&feedback["blockReasonMessage"]);
            return Err(LlmError::ContentFiltered(format!(
                "{} refused the request: {reason}{more}",
                self.server
            )));
        }
        if let Some(model) = event["modelVersion"].as_str().filter(|id| !id.is_empty()) {
            self.model = model.to_owned();
        }
        if let Some(usage) = usage(&event["usageMetadata"]) {
            self.usage = usage;
        }
        // Only one candidate is asked for; its number is left out where it is 0.
        let candidates = event["candidates"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let Some(candidate) = candidates
            .iter()
            .find(|candidate| candidate["index"].as_u64().unwrap_or(0) == 0)
        else {
            return Ok(Vec::new());
        };
        let mut deltas = Vec::new();
        for part in candidate["content"]["parts"]
            .as_array()
            .into_iter()
            .flatten()
        {
            deltas.extend(self.push_part(part)?);
        }
        if let Some(reason) = candidate["finishReason"]
            .as_str()
            .filter(|reason| !reason.is_empty() && *reason != "FINISH_REASON_UNSPECIFIED")
        {
            self.finish_reason = Some(reason.to_owned());
            self.finish_message = after(&candidate["finishMessage"]);
        }
        Ok(deltas)
    }

    fn is_done(&self) -> bool {
        self.finish_reason.is_some()
    }

    fn so_far(&self) -> String {
        format!(
            "{} characters and {} tool calls",
            self.text.chars().count(),
            self.calls.len()
        )
    }
}

/// More words, to be put after a reason.
fn after(message: &Value) -> String {
    match message.as_str().filter(|text| !text.is_empty()) {
        Some(text) => format!(": {}", shortened(text)),
        None => String::new(),
    }
}

/// Reads the tokens used so far. What a model thinks is written and paid for like what it says.
fn usage(value: &Value) -> Option<Usage> {
    let object = value.as_object()?;
    let count = |key: &str| object.get(key).and_then(Value::as_u64).unwrap_or(0);
    Some(Usage {
        input_tokens: count("promptTokenCount").saturating_add(count("toolUsePromptTokenCount")),
        cached_input_tokens: count("cachedContentTokenCount"),
        output_tokens: count("candidatesTokenCount").saturating_add(count("thoughtsTokenCount")),
    })
}
