//! What goes wrong with Ollama, as our errors with its own remedies. Its error bodies are `{"error": "…"}` and nothing more,
//! so the text decides.

use caxton_sdk::http::Error;
use caxton_sdk::provider::LlmError;
use caxton_sdk::upstream::{Refusal, host_failure, shortened};

/// Gives the error for a response whose status is no success. `model` is the one that was asked for, if any was.
pub fn refused(refusal: &Refusal, model: Option<&str>) -> LlmError {
    let body = refusal.json().unwrap_or_default();
    let said = body["error"].as_str().unwrap_or_default();
    let message = format!(
        "{} answered {}: {}",
        refusal.server,
        refusal.status,
        shortened(said)
    );
    if let (404, Some(model), false) = (refusal.status, model, said.is_empty()) {
        return LlmError::ModelNotFound(format!(
            "{message} (pull it: `caxton tool call ollama__pull model={model}`)"
        ));
    }
    if refusal.status == 401 && !said.is_empty() {
        return LlmError::Auth(format!(
            "{message} (a model in Ollama's cloud needs `ollama signin` on the machine that runs ollama)"
        ));
    }
    of_text(said, &message).unwrap_or_else(|| refusal.error())
}

/// Gives the error for an `error` in the middle of a stream of `server`; `so_far` says how far the answer came.
pub fn in_stream(server: &str, said: &str, so_far: &str) -> LlmError {
    let message = format!(
        "{server} broke off the answer after {so_far}: {}",
        shortened(said)
    );
    of_text(said, &message).unwrap_or(LlmError::BadResponse(message))
}

/// Gives the error for a request that the host could not make.
pub fn of_host(server: &str, error: Error) -> LlmError {
    let is_down = matches!(error, Error::Connection(_));
    match host_failure(server, error) {
        LlmError::Unreachable(text) if is_down => LlmError::Unreachable(format!(
            "{text} (is ollama running? start it with `ollama serve`)"
        )),
        other => other,
    }
}

/// Gives the words of an error.
pub fn told(error: LlmError) -> String {
    match error {
        LlmError::RateLimited(backoff) | LlmError::Overloaded(backoff) => backoff.message,
        LlmError::Auth(text)
        | LlmError::ContextTooLong(text)
        | LlmError::ContentFiltered(text)
        | LlmError::ModelNotFound(text)
        | LlmError::BadRequest(text)
        | LlmError::BadResponse(text)
        | LlmError::Unreachable(text) => text,
    }
}

/// The errors that a text tells more exactly than the status.
fn of_text(said: &str, message: &str) -> Option<LlmError> {
    let lower = said.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
    if says(&["context length", "context size", "context window"]) {
        return Some(LlmError::ContextTooLong(format!(
            "{message} (the setting `num_ctx` makes the context larger, where the machine has the memory)"
        )));
    }
    // These come with the status 500, but trying again does not give a machine more memory.
    if says(&["requires more system memory", "out of memory", "cudamalloc"]) {
        return Some(LlmError::BadRequest(format!(
            "{message} (take a smaller model, or a smaller `num_ctx`)"
        )));
    }
    None
}
