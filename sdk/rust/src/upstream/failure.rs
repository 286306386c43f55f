//! What went wrong upstream, as errors that the host acts upon: statuses and error bodies, errors in the middle of a stream,
//! and the host's own refusals. Servers say the same in different words; the words of all protocols stand here in one table.

use serde_json::Value;

use super::waiting::retry_after_ms;
use crate::http;
use crate::provider::{Backoff, LlmError};

/// The longest piece of an upstream's error text that is passed on, in characters.
const TEXT_MAX: usize = 600;

/// A response whose status is no success.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// What the server is called in messages: its base URL.
    pub server: String,
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body, empty where it could not be read.
    pub body: Vec<u8>,
}

impl Refusal {
    /// Gives the error that it means: by a name in the body where there is one that is known, else by the status. Its text
    /// has the server, the status and what the server said.
    pub fn error(&self) -> LlmError {
        let detail = Detail::of(&self.body);
        let said = if detail.message.is_empty() {
            "no explanation"
        } else {
            &detail.message
        };
        let message = format!("{} answered {}: {said}", self.server, self.status);
        let retry_after_ms = retry_after_ms(&self.headers);
        let kind = detail
            .kind()
            .or_else(|| of_status(self.status, &detail))
            .unwrap_or(Kind::BadResponse);
        match (self.status, &kind) {
            (401 | 403, Kind::Auth) => kind.error(
                format!("{message} (the key is given as a secret: [[components.NAME.secrets]] with host, header and value in caxton.toml)"),
                retry_after_ms,
            ),
            (404 | 405, Kind::BadRequest) => kind.error(format!("{message} (is `base_url` right?)"), retry_after_ms),
            _ => kind.error(message, retry_after_ms),
        }
    }

    /// Gives the body as JSON, where it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// Gives the error for an `error` object in the middle of a stream, if `event` has one.
pub fn in_stream(server: &str, event: &Value) -> Option<LlmError> {
    let error = event.get("error").filter(|error| !error.is_null())?;
    let detail = Detail::of_value(event);
    let message = format!("{server} broke off the answer: {}", detail.message);
    let status = error
        .get("code")
        .or_else(|| error.get("status"))
        .and_then(Value::as_u64)
        .and_then(|status| u16::try_from(status).ok());
    let kind = detail
        .kind()
        .or_else(|| of_status(status?, &detail))
        .unwrap_or(Kind::BadResponse);
    Some(kind.error(message, None))
}

/// Gives the error for a request that the host could not make. The host's texts already name the reason and the remedy.
pub fn host_failure(server: &str, error: http::Error) -> LlmError {
    match error {
        http::Error::Denied(text) | http::Error::Timeout(text) | http::Error::Connection(text) => {
            LlmError::Unreachable(format!("{server}: {text}"))
        }
        http::Error::Invalid(text) => LlmError::BadRequest(format!("{server}: {text}")),
        http::Error::Limit(text) => LlmError::BadResponse(format!("{server}: {text}")),
    }
}

/// Gives at most the first 600 characters of `text`, with an ellipsis where more were there.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Auth,
    RateLimited,
    Overloaded,
    ContextTooLong,
    ContentFiltered,
    ModelNotFound,
    BadRequest,
    BadResponse,
}

impl Kind {
    fn error(self, message: String, retry_after_ms: Option<u32>) -> LlmError {
        let backoff = |message| Backoff {
            message,
            retry_after_ms,
        };
        match self {
            Self::Auth => LlmError::Auth(message),
            Self::RateLimited => LlmError::RateLimited(backoff(message)),
            Self::Overloaded => LlmError::Overloaded(backoff(message)),
            Self::ContextTooLong => LlmError::ContextTooLong(message),
            Self::ContentFiltered => LlmError::ContentFiltered(message),
            Self::ModelNotFound => LlmError::ModelNotFound(message),
            Self::BadRequest => LlmError::BadRequest(message),
            Self::BadResponse => LlmError::BadResponse(message),
        }
    }
}

/// Phrases by which servers without a name for it say that the conversation is too long, in lower case.
const TOO_LONG: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "exceeds the context",
    "exceed context limit",
    "context window",
    "prompt is too long",
    "input is too long",
    "available context size",
    "exceeds the maximum number of tokens",
];

/// What the names in error bodies mean, whatever the status. An empty account answers 429, but waiting does not fill it, so
/// it is a matter of the key.
const NAMES: &[(&str, Kind)] = &[
    ("context_length_exceeded", Kind::ContextTooLong),
    ("model_context_window_exceeded", Kind::ContextTooLong),
    ("request_too_large", Kind::ContextTooLong),
    ("exceed_context_size_error", Kind::ContextTooLong),
    ("content_filter", Kind::ContentFiltered),
    ("content_policy_violation", Kind::ContentFiltered),
    ("moderation_blocked", Kind::ContentFiltered),
    ("model_not_found", Kind::ModelNotFound),
    ("model_not_available", Kind::ModelNotFound),
    ("invalid_api_key", Kind::Auth),
    ("authentication_error", Kind::Auth),
    ("permission_error", Kind::Auth),
    ("billing_error", Kind::Auth),
    ("insufficient_quota", Kind::Auth),
    ("billing_hard_limit_reached", Kind::Auth),
    ("UNAUTHENTICATED", Kind::Auth),
    ("PERMISSION_DENIED", Kind::Auth),
    ("rate_limit_error", Kind::RateLimited),
    ("rate_limit_exceeded", Kind::RateLimited),
    ("RESOURCE_EXHAUSTED", Kind::RateLimited),
    ("overloaded_error", Kind::Overloaded),
    ("overloaded", Kind::Overloaded),
    ("server_error", Kind::Overloaded),
    ("api_error", Kind::Overloaded),
    ("timeout_error", Kind::Overloaded),
    ("UNAVAILABLE", Kind::Overloaded),
    ("INTERNAL", Kind::Overloaded),
    ("DEADLINE_EXCEEDED", Kind::Overloaded),
];

fn of_status(status: u16, detail: &Detail) -> Option<Kind> {
    Some(match status {
        401..=403 => Kind::Auth,
        404 if detail.is_json && !detail.says_wrong_path() => Kind::ModelNotFound,
        408 | 409 | 425 | 500 | 502..=504 | 520..=529 => Kind::Overloaded,
        413 => Kind::ContextTooLong,
        429 => Kind::RateLimited,
        400..=499 => Kind::BadRequest,
        _ => return None,
    })
}

/// What an error body says. Servers agree on `{"error":{"message","type","code"}}` only roughly.
struct Detail {
    message: String,
    names: Vec<String>,
    is_json: bool,
}

impl Detail {
    fn of(body: &[u8]) -> Self {
        serde_json::from_slice(body).map_or_else(
            |_| Self {
                message: shortened(String::from_utf8_lossy(body).trim()),
                names: Vec::new(),
                is_json: false,
            },
            |value| Self::of_value(&value),
        )
    }

    fn of_value(value: &Value) -> Self {
        // Some servers wrap the object into a list.
        let value = value.get(0).unwrap_or(value);
        let error = value
            .get("error")
            .filter(|error| !error.is_null())
            .unwrap_or(value);
        let text = |key: &str| error.get(key).and_then(Value::as_str);
        let message = match error {
            Value::String(text) => text.clone(),
            _ => ["message", "detail"]
                .into_iter()
                .filter_map(text)
                .find(|text| !text.is_empty())
                .map_or_else(|| value.to_string(), str::to_owned),
        };
        Self {
            message: shortened(&message),
            names: ["code", "type", "status"]
                .into_iter()
                .filter_map(text)
                .map(str::to_owned)
                .collect(),
            is_json: true,
        }
    }

    /// What a name or the text tells more exactly than the status.
    fn kind(&self) -> Option<Kind> {
        let lower = self.message.to_lowercase();
        if TOO_LONG.iter().any(|phrase| lower.contains(phrase)) {
            return Some(Kind::ContextTooLong);
        }
        self.names.iter().find_map(|name| {
            NAMES
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, kind)| *kind)
        })
    }

    /// Whether it is the path that the server does not know, and not the model.
    fn says_wrong_path(&self) -> bool {
        let lower = self.message.to_lowercase();
        lower.trim_end_matches('.') == "not found" || lower.starts_with("invalid url")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::provider::code;

    fn refusal(status: u16, body: &str) -> Refusal {
        Refusal {
            server: "https://x.test/v1".into(),
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    #[test]
    #[rustfmt::skip]
    fn statuses_and_bodies_become_the_right_error() {
        for (status, body, expected) in [
            (401, r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#, "auth"),
            (401, r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#, "auth"),
            (403, r#"{"type":"error","error":{"type":"permission_error","message":"no"}}"#, "auth"),
            (403, "forbidden", "auth"),
            (402, r#"{"error":{"message":"no credit"}}"#, "auth"),
            (400, r#"{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT"}}"#, "bad-request"),
            (403, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#, "auth"),
            (429, r#"{"error":{"message":"slow down","type":"requests"}}"#, "rate-limited"),
            (429, r#"{"error":{"message":"quota","code":"insufficient_quota"}}"#, "auth"),
            (429, r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#, "rate-limited"),
            (429, r#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#, "rate-limited"),
            (503, "", "overloaded"),
            (529, r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, "overloaded"),
            (500, r#"{"type":"error","error":{"type":"api_error","message":"Internal"}}"#, "overloaded"),
            (500, "<html>oops</html>", "overloaded"),
            (400, r#"{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#, "context-too-long"),
            (400, r#"{"object":"error","message":"This model's maximum context length is 512 tokens","code":400}"#, "context-too-long"),
            (400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}}"#, "context-too-long"),
            (400, r#"{"error":{"code":400,"message":"The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).","status":"INVALID_ARGUMENT"}}"#, "context-too-long"),
            (413, r#"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#, "context-too-long"),
            (413, "", "context-too-long"),
            (400, r#"{"error":{"message":"filtered","code":"content_filter"}}"#, "content-filtered"),
            (404, r#"{"error":{"message":"no such model","code":"model_not_found"}}"#, "model-not-found"),
            (404, r#"{"type":"error","error":{"type":"not_found_error","message":"model: m-9"}}"#, "model-not-found"),
            (404, r#"{"error":"model 'm' not found"}"#, "model-not-found"),
            (404, r#"{"detail":"Not Found"}"#, "bad-request"),
            (404, r#"{"error":{"message":"Invalid URL (POST /chat/completions)","type":"invalid_request_error"}}"#, "bad-request"),
            (404, "<html>", "bad-request"),
            (405, "", "bad-request"),
            (400, r#"{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens: required"}}"#, "bad-request"),
            (400, r#"{"error":"plain text"}"#, "bad-request"),
            (422, r#"[{"error":{"message":"wrapped"}}]"#, "bad-request"),
            (302, "", "bad-response"),
            (501, "", "bad-response"),
        ] {
            let error = refusal(status, body).error();
            assert_eq!(code(&error), expected, "{status} {body}: {error:?}");
        }
    }

    #[test]
    fn the_text_names_the_server_the_status_and_the_reason() {
        let LlmError::BadRequest(text) = refusal(400, r#"{"error":"no tools, please"}"#).error()
        else {
            panic!("wrong error")
        };
        assert_eq!(text, "https://x.test/v1 answered 400: no tools, please");
        let LlmError::Overloaded(backoff) = refusal(500, &"ä".repeat(100_000)).error() else {
            panic!("wrong error")
        };
        assert!(backoff.message.chars().count() < 700);
    }

    #[test]
    fn every_kind_that_can_be_waited_for_says_how_long() {
        for (status, body) in [
            (429, ""),
            (529, r#"{"error":{"type":"overloaded_error"}}"#),
            (503, ""),
        ] {
            let mut refusal = refusal(status, body);
            refusal.headers = vec![("retry-after".into(), "3".into())];
            let (LlmError::RateLimited(backoff) | LlmError::Overloaded(backoff)) = refusal.error()
            else {
                panic!("wrong error")
            };
            assert_eq!(backoff.retry_after_ms, Some(3000));
        }
    }

    #[test]
    #[rustfmt::skip]
    fn errors_inside_a_stream_are_found() {
        for (event, expected) in [
            (r#"{"error":{"message":"boom","code":502}}"#, Some("overloaded")),
            (r#"{"error":{"message":"slow","code":429}}"#, Some("rate-limited")),
            (r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, Some("overloaded")),
            (r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}"#, Some("rate-limited")),
            (r#"{"error":{"message":"engine died"}}"#, Some("bad-response")),
            (r#"{"error":"boom"}"#, Some("bad-response")),
            (r#"{"error":null,"choices":[]}"#, None),
            (r#"{"choices":[]}"#, None),
        ] {
            let value: Value = serde_json::from_str(event).expect("JSON");
            assert_eq!(in_stream("u", &value).as_ref().map(code), expected, "{event}");
        }
    }
}
