//! The Chat Completions protocol, which nearly every server speaks.

mod body;
mod draft;

use caxton_sdk::provider::{LlmError, Request, Response};
use caxton_sdk::upstream::{Upstream, ask_for_less, left_out};

use crate::models;
use body::Dialect;
use draft::Answer;

/// Answers a request. A server may refuse an option that it does not know; each is tried without, once, in place of asking
/// the user to know the server's age.
///
/// # Errors
/// Those of [`Upstream`]; `bad-response` where the stream ends before the answer is complete.
pub fn complete(upstream: &Upstream, request: &Request) -> Result<Response, LlmError> {
    let dialect = Dialect {
        max_tokens_key: if models::is_openai(&upstream.base_url) {
            "max_completion_tokens"
        } else {
            "max_tokens"
        },
        stream_usage: true,
        temperature: true,
    };
    ask_for_less(
        dialect,
        |dialect| once(upstream, request, *dialect),
        |dialect, refusal| dialect.without(refusal, request),
    )
}

fn once(upstream: &Upstream, request: &Request, dialect: Dialect) -> Result<Response, LlmError> {
    let response = upstream.post("/chat/completions", body::body(request, dialect)?)?;
    let mut answer = Answer::new(&upstream.base_url);
    upstream.read(response, &mut answer)?;
    answer.finish(upstream, &request.model)
}

impl Dialect {
    /// Gives the dialect without the option that `refusal` names; nothing where it names none that is left.
    fn without(mut self, refusal: &str, request: &Request) -> Option<Self> {
        if self.stream_usage && refusal.contains("stream_options") {
            self.stream_usage = false;
        } else if self.max_tokens_key == "max_tokens" && refusal.contains("max_completion_tokens") {
            self.max_tokens_key = "max_completion_tokens";
        } else if self.temperature
            && request.temperature.is_some()
            && refusal.contains("temperature")
        {
            left_out(&request.model, "such temperature");
            self.temperature = false;
        } else {
            return None;
        }
        Some(self)
    }
}
