//! What tests of providers begin with: short requests, the parts of their messages, and looking at what was sent and what went
//! wrong.

use serde_json::Value;

use super::{Reply, reply};
use crate::http;
use crate::provider::{LlmError, Message, Part, Request, Role, ToolCall, ToolChoice, ToolOutput};

/// A request with these messages and nothing else.
pub fn request(model: &str, messages: Vec<Message>) -> Request {
    Request {
        model: model.into(),
        messages,
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        max_tokens: None,
        temperature: None,
        stop: Vec::new(),
        response_schema: None,
    }
}

/// A message of these parts.
pub fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts }
}

/// A text.
pub fn text(text: &str) -> Part {
    Part::Text(text.into())
}

/// A tool call; `arguments` are whatever the model wrote.
pub fn call(id: &str, name: &str, arguments: &str) -> Part {
    Part::Call(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    })
}

/// What the call `id` gave.
pub fn output(id: &str, text: &str, is_error: bool) -> Part {
    Part::Output(ToolOutput {
        id: id.into(),
        text: text.into(),
        is_error,
    })
}

/// The body of a request that was sent.
///
/// # Panics
/// Where it has none, or one that is not JSON.
pub fn body_of(request: &http::Request) -> Value {
    serde_json::from_slice(request.body.as_deref().expect("a body")).expect("JSON")
}

/// Replies with `text`, in two pieces that are cut at each byte in turn, and at last in single bytes.
pub fn cuts(mime_type: &str, text: &str) -> impl Iterator<Item = Result<Reply, http::Error>> {
    let bytes = text.as_bytes();
    let two = (0..=bytes.len()).map(move |at| reply(200, mime_type, &[&bytes[..at], &bytes[at..]]));
    let single = || reply(200, mime_type, &bytes.chunks(1).collect::<Vec<_>>());
    two.chain(std::iter::once_with(single))
}

/// The name that `wit/` gives the error.
pub fn code(error: &LlmError) -> &'static str {
    match error {
        LlmError::Auth(_) => "auth",
        LlmError::RateLimited(_) => "rate-limited",
        LlmError::Overloaded(_) => "overloaded",
        LlmError::ContextTooLong(_) => "context-too-long",
        LlmError::ContentFiltered(_) => "content-filtered",
        LlmError::ModelNotFound(_) => "model-not-found",
        LlmError::BadRequest(_) => "bad-request",
        LlmError::BadResponse(_) => "bad-response",
        LlmError::Unreachable(_) => "unreachable",
    }
}
