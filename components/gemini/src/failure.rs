//! What goes wrong with the API, where its errors (`google.rpc.Status`) say more than the SDK's table knows of.

use caxton_sdk::Value;
use caxton_sdk::provider::{Backoff, LlmError};
use caxton_sdk::upstream::{Refusal, in_stream, shortened};

/// How the key is given.
const KEY: &str = "the key is given as a secret: [[components.NAME.secrets]] with host = \"https://generativelanguage.googleapis.com\", \
                   header = \"x-goog-api-key\" and value in caxton.toml";

/// Gives the error for a response whose status is no success.
pub fn refused(refusal: &Refusal) -> LlmError {
    let body = refusal.json().unwrap_or_default();
    let status = Status::of(&body);
    let message = format!(
        "{} answered {}: {}",
        refusal.server, refusal.status, status.message
    );
    status.error(&message, || refusal.error())
}

/// Gives the error for an `error` object in the middle of a stream, if `event` has one.
pub fn broken(server: &str, event: &Value, so_far: &str) -> Option<LlmError> {
    let usual = in_stream(server, event)?;
    let status = Status::of(event);
    let message = format!(
        "{server} broke off the answer after {so_far}: {}",
        status.message
    );
    Some(status.error(&message, || usual))
}

/// What an error body says.
struct Status {
    message: String,
    /// The canonical code, such as `INVALID_ARGUMENT`.
    name: String,
    /// The `reason` of an `ErrorInfo`, such as `API_KEY_INVALID`.
    reason: String,
    /// The `retryDelay` of a `RetryInfo`, in milliseconds.
    retry_after_ms: Option<u32>,
}

impl Status {
    fn of(body: &Value) -> Self {
        // A stream that is not asked for as events is a list.
        let body = body.get(0).unwrap_or(body);
        let error = &body["error"];
        let details = error["details"].as_array().map_or(&[][..], Vec::as_slice);
        let detail = |key: &str| details.iter().find_map(|detail| detail[key].as_str());
        let text = |key: &str| error[key].as_str().unwrap_or_default();
        Self {
            message: shortened(text("message")),
            name: text("status").to_owned(),
            reason: detail("reason").unwrap_or_default().to_owned(),
            retry_after_ms: detail("retryDelay").and_then(delay_ms),
        }
    }

    /// Gives the error that it means; `otherwise` where that is nothing of its own.
    fn error(&self, message: &str, otherwise: impl FnOnce() -> LlmError) -> LlmError {
        let backoff = || Backoff {
            message: message.to_owned(),
            retry_after_ms: self.retry_after_ms,
        };
        if self.reason.starts_with("API_KEY_") {
            return LlmError::Auth(format!("{message} ({KEY})"));
        }
        match self.name.as_str() {
            "UNAUTHENTICATED" | "PERMISSION_DENIED" => LlmError::Auth(format!("{message} ({KEY})")),
            // The account may not do this: no billing, or not from this country.
            "FAILED_PRECONDITION" => LlmError::Auth(message.to_owned()),
            "NOT_FOUND" => LlmError::ModelNotFound(message.to_owned()),
            "RESOURCE_EXHAUSTED" if self.retry_after_ms.is_some() => {
                LlmError::RateLimited(backoff())
            }
            "UNAVAILABLE" if self.retry_after_ms.is_some() => LlmError::Overloaded(backoff()),
            _ => otherwise(),
        }
    }
}

/// Reads a duration as protobuf's JSON writes it: seconds with an `s`, such as `37.5s`.
fn delay_ms(text: &str) -> Option<u32> {
    let seconds: f64 = text.strip_suffix('s')?.parse().ok()?;
    // The cast saturates, and a negative or absurd value is no advice.
    (seconds.is_finite() && seconds >= 0.0).then(|| (seconds * 1000.0).ceil() as u32)
}
