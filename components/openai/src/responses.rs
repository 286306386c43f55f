//! The Responses protocol, which OpenAI's newer models want: through Chat Completions they call tools only without
//! reasoning.

mod body;
mod draft;
mod stops;

use caxton_sdk::log;
use caxton_sdk::provider::{LlmError, Request, Response};
use caxton_sdk::upstream::Upstream;

use body::Options;
use draft::Answer;

/// Answers a request. Models that do not reason refuse to give their reasoning back, and those that do refuse a temperature;
/// each option is tried without, once.
///
/// # Errors
/// Those of [`Upstream`]; `bad-response` where the stream ends before the answer is complete.
pub fn complete(upstream: &Upstream, request: &Request) -> Result<Response, LlmError> {
    let mut options = Options {
        reasoning: true,
        temperature: true,
    };
    loop {
        match once(upstream, request, options) {
            Err(LlmError::BadRequest(text)) => {
                options = options
                    .without(&text, request)
                    .ok_or(LlmError::BadRequest(text))?;
            }
            outcome => return outcome,
        }
    }
}

fn once(upstream: &Upstream, request: &Request, options: Options) -> Result<Response, LlmError> {
    let response = upstream.post("/responses", body::body(request, options)?)?;
    let mut answer = Answer::new(&upstream.base_url, &request.stop);
    upstream.read(response, &mut answer)?;
    answer.finish(upstream, &request.model)
}

impl Options {
    /// Gives the options without the one that `refusal` names; nothing where it names none that is left.
    fn without(mut self, refusal: &str, request: &Request) -> Option<Self> {
        let refusal = refusal.to_lowercase();
        if self.reasoning && (refusal.contains("encrypted") || refusal.contains("'include'")) {
            self.reasoning = false;
        } else if self.temperature
            && request.temperature.is_some()
            && refusal.contains("temperature")
        {
            log::warning(&format!(
                "the model {} takes no such temperature; it was left out",
                request.model
            ));
            self.temperature = false;
        } else {
            return None;
        }
        Some(self)
    }
}
