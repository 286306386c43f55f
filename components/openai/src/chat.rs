//! The Chat Completions protocol, which nearly every server speaks.

mod body;
mod draft;

use caxton_sdk::provider::{LlmError, Request, Response};
use caxton_sdk::upstream::Upstream;

use crate::models;
use body::Dialect;
use draft::Answer;

/// Answers a request. A server may refuse an option that it does not know; each is tried without, once, in place of asking
/// the user to know the server's age.
///
/// # Errors
/// Those of [`Upstream`].
pub fn complete(upstream: &Upstream, request: &Request) -> Result<Response, LlmError> {
    let mut dialect = Dialect {
        max_tokens_key: if models::is_openai(&upstream.base_url) {
            "max_completion_tokens"
        } else {
            "max_tokens"
        },
        stream_usage: true,
    };
    loop {
        match once(upstream, request, dialect) {
            Err(LlmError::BadRequest(text))
                if dialect.stream_usage && text.contains("stream_options") =>
            {
                dialect.stream_usage = false;
            }
            Err(LlmError::BadRequest(text))
                if dialect.max_tokens_key == "max_tokens"
                    && text.contains("max_completion_tokens") =>
            {
                dialect.max_tokens_key = "max_completion_tokens";
            }
            outcome => return outcome,
        }
    }
}

fn once(upstream: &Upstream, request: &Request, dialect: Dialect) -> Result<Response, LlmError> {
    let response = upstream.post("/chat/completions", body::body(request, dialect)?)?;
    let mut answer = Answer::new(&upstream.base_url);
    upstream.read(response, &mut answer)?;
    answer.finish(upstream, &request.model)
}
