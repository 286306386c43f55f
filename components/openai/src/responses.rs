//! The Responses protocol, which OpenAI's newer models want: through Chat Completions they call tools only without
//! reasoning.

mod body;
mod draft;
mod stops;

use caxton_sdk::provider::{LlmError, Request, Response};
use caxton_sdk::upstream::{Upstream, ask_for_less, left_out};

use body::Options;
use draft::Answer;

/// Answers a request. Models that do not reason refuse to give their reasoning back, and those that do refuse a temperature;
/// each option is tried without, once.
///
/// # Errors
/// Those of [`Upstream`]; `bad-response` where the stream ends before the answer is complete.
pub fn complete(upstream: &Upstream, request: &Request) -> Result<Response, LlmError> {
    let options = Options {
        reasoning: true,
        temperature: true,
    };
    ask_for_less(
        options,
        |options| once(upstream, request, *options),
        |options, refusal| options.without(refusal, request),
    )
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
            left_out(&request.model, "such temperature");
            self.temperature = false;
        } else {
            return None;
        }
        Some(self)
    }
}
