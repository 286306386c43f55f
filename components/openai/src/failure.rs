//! What went wrong upstream, as our errors: statuses, error bodies, waiting times, and the host's own refusals.

use caxton_sdk::http;
use caxton_sdk::provider::{Backoff, LlmError};
use serde_json::Value;

/// The longest piece of an upstream's error text that is passed on, in characters.
const TEXT_MAX: usize = 600;

/// Gives the error for a response with the status `status`, from the server at `base_url`.
pub fn of_response(
    base_url: &str,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
) -> LlmError {
    let body_text = String::from_utf8_lossy(body);
    let detail = Detail::of(&body_text);
    let said = if detail.message.is_empty() {
        "no explanation".to_owned()
    } else {
        detail.message.clone()
    };
    let message = format!("{base_url} answered {status}: {said}");
    let backoff = |message| Backoff {
        message,
        retry_after_ms: retry_after_ms(headers),
    };
    if let Some(error) = detail.named(&message) {
        return error;
    }
    match status {
        401 | 403 => LlmError::Auth(format!(
            "{message} (the key is given as a secret: [[components.NAME.secrets]] with host, header and value in caxton.toml)"
        )),
        402 => LlmError::Auth(message),
        404 if detail.is_json => LlmError::ModelNotFound(message),
        404 | 405 => LlmError::BadRequest(format!(
            "{message} (is `base_url` right? it usually ends in /v1)"
        )),
        429 => LlmError::RateLimited(backoff(message)),
        408 | 409 | 425 | 500 | 502 | 503 | 504 | 520..=529 => {
            LlmError::Overloaded(backoff(message))
        }
        400..=499 => LlmError::BadRequest(message),
        _ => LlmError::BadResponse(message),
    }
}

/// Gives the error for an `error` object in the middle of a stream, if `chunk` has one.
pub fn in_stream(base_url: &str, chunk: &Value) -> Option<LlmError> {
    let error = chunk.get("error").filter(|error| !error.is_null())?;
    let detail = Detail::of(&chunk.to_string());
    let message = format!("{base_url} broke off the answer: {}", detail.message);
    let status = error
        .get("code")
        .or_else(|| error.get("status"))
        .and_then(Value::as_u64);
    Some(detail.named(&message).unwrap_or_else(|| match status {
        Some(401 | 403) => LlmError::Auth(message),
        Some(429) => LlmError::RateLimited(Backoff {
            message,
            retry_after_ms: None,
        }),
        Some(500..=599) => LlmError::Overloaded(Backoff {
            message,
            retry_after_ms: None,
        }),
        _ => LlmError::BadResponse(message),
    }))
}

/// Gives the error for a request that the host could not make. Its texts already name the reason and the remedy.
pub fn of_host(base_url: &str, error: http::Error) -> LlmError {
    match error {
        http::Error::Denied(text) | http::Error::Timeout(text) | http::Error::Connection(text) => {
            LlmError::Unreachable(format!("{base_url}: {text}"))
        }
        http::Error::Invalid(text) => LlmError::BadRequest(format!("{base_url}: {text}")),
        http::Error::Limit(text) => LlmError::BadResponse(format!("{base_url}: {text}")),
    }
}

/// What an error body says. Servers agree on `{"error":{"message","type","code"}}` only roughly.
struct Detail {
    message: String,
    kind: String,
    code: String,
    is_json: bool,
}

impl Detail {
    fn of(body: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(body) else {
            return Self {
                message: shortened(body.trim()),
                kind: String::new(),
                code: String::new(),
                is_json: false,
            };
        };
        // Some servers wrap the object into a list.
        let value = value.get(0).cloned().unwrap_or(value);
        let error = value
            .get("error")
            .filter(|error| !error.is_null())
            .unwrap_or(&value);
        let text = |key: &str| match error.get(key) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let message = match error {
            Value::String(text) => text.clone(),
            _ => [text("message"), text("detail")]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_else(|| body.trim().to_owned()),
        };
        Self {
            message: shortened(&message),
            kind: text("type"),
            code: text("code"),
            is_json: true,
        }
    }

    /// The errors that a code or text tells more exactly than the status.
    fn named(&self, message: &str) -> Option<LlmError> {
        let is = |names: &[&str]| {
            names
                .iter()
                .any(|name| self.code == *name || self.kind == *name)
        };
        let lower = self.message.to_lowercase();
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| lower.contains(phrase));
        let backoff = || Backoff {
            message: message.to_owned(),
            retry_after_ms: None,
        };
        if is(&["context_length_exceeded"])
            || says(&[
                "maximum context length",
                "context length exceeded",
                "exceeds the context",
                "context window",
                "prompt is too long",
                "available context size",
            ])
        {
            Some(LlmError::ContextTooLong(message.to_owned()))
        } else if is(&[
            "content_filter",
            "content_policy_violation",
            "moderation_blocked",
        ]) {
            Some(LlmError::ContentFiltered(message.to_owned()))
        } else if is(&["model_not_found", "model_not_available"]) {
            Some(LlmError::ModelNotFound(message.to_owned()))
        } else if is(&[
            "invalid_api_key",
            "authentication_error",
            "permission_error",
            "insufficient_quota",
            "billing_hard_limit_reached",
        ]) {
            // An empty account answers 429, but waiting does not fill it.
            Some(LlmError::Auth(message.to_owned()))
        } else if is(&["overloaded_error", "overloaded"]) {
            Some(LlmError::Overloaded(backoff()))
        } else {
            None
        }
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(TEXT_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// Reads how long to wait: `retry-after-ms`, `retry-after` in seconds or as a date, else the `x-ratelimit-reset-*` of
/// whichever budget is used up.
fn retry_after_ms(headers: &[(String, String)]) -> Option<u32> {
    let get = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    if let Some(ms) = get("retry-after-ms").and_then(|value| value.parse::<f64>().ok()) {
        return whole_ms(ms);
    }
    if let Some(value) = get("retry-after") {
        if let Ok(seconds) = value.parse::<f64>() {
            return whole_ms(seconds * 1000.0);
        }
        // A component has no clock; the response's own date says what time it is there.
        if let (Some(then), Some(now)) = (unix_seconds(value), get("date").and_then(unix_seconds)) {
            return whole_ms((then - now).max(0) as f64 * 1000.0);
        }
    }
    let reset = |budget: &str| {
        let used_up = get(&format!("x-ratelimit-remaining-{budget}"))
            .is_none_or(|remaining| remaining == "0");
        get(&format!("x-ratelimit-reset-{budget}"))
            .filter(|_| used_up)
            .and_then(duration_ms)
    };
    let longest = [reset("requests"), reset("tokens")]
        .into_iter()
        .flatten()
        .fold(None, |longest: Option<f64>, ms| {
            Some(longest.map_or(ms, |other| other.max(ms)))
        });
    longest.and_then(whole_ms)
}

fn whole_ms(ms: f64) -> Option<u32> {
    // The cast saturates, and a negative or absurd value is no advice.
    (ms.is_finite() && ms >= 0.0).then(|| ms.ceil() as u32)
}

/// Reads a duration such as `6m0s`, `1.5s` or `20ms`.
fn duration_ms(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "ms" => 1.0,
                "s" | "" => 1000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                "d" => 86_400_000.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Some(total)
}

/// Reads an HTTP date (RFC 9110, section 5.6.7, IMF-fixdate) as seconds since 1970.
fn unix_seconds(text: &str) -> Option<i64> {
    let rest = text.split_once(", ")?.1;
    let mut words = rest.split(' ');
    let day: i64 = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    .iter()
    .position(|name| *name == month_name)? as i64
        + 1;
    let year: i64 = words
        .next()?
        .parse()
        .ok()
        .filter(|year| (1970..10_000).contains(year))?;
    let mut clock = words.next()?.split(':').map(str::parse::<i64>);
    let (hours, minutes, seconds) = (
        clock.next()?.ok()?,
        clock.next()?.ok()?,
        clock.next()?.ok()?,
    );
    // Days from the civil date, counting years from March so that the leap day comes last.
    let shifted_year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
        + shifted_year / 400
        + day_of_year
        - 719_468;
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(error: &LlmError) -> &'static str {
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

    #[test]
    fn statuses_and_bodies_become_the_right_error() {
        for (status, body, expected) in [
            (
                401,
                r#"{"error":{"message":"Incorrect API key provided","code":"invalid_api_key"}}"#,
                "auth",
            ),
            (403, "forbidden", "auth"),
            (402, r#"{"error":{"message":"no credit"}}"#, "auth"),
            (
                429,
                r#"{"error":{"message":"slow down","type":"requests"}}"#,
                "rate-limited",
            ),
            (
                429,
                r#"{"error":{"message":"quota","code":"insufficient_quota"}}"#,
                "auth",
            ),
            (503, "", "overloaded"),
            (
                529,
                r#"{"error":{"type":"overloaded_error","message":"Overloaded"}}"#,
                "overloaded",
            ),
            (500, "<html>oops</html>", "overloaded"),
            (
                400,
                r#"{"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#,
                "context-too-long",
            ),
            (
                400,
                r#"{"object":"error","message":"This model's maximum context length is 512 tokens","code":400}"#,
                "context-too-long",
            ),
            (
                400,
                r#"{"error":{"message":"filtered","code":"content_filter"}}"#,
                "content-filtered",
            ),
            (
                404,
                r#"{"error":{"message":"no such model","code":"model_not_found"}}"#,
                "model-not-found",
            ),
            (404, r#"{"detail":"Not Found"}"#, "model-not-found"),
            (404, "<html>", "bad-request"),
            (400, r#"{"error":"plain text"}"#, "bad-request"),
            (422, r#"[{"error":{"message":"wrapped"}}]"#, "bad-request"),
            (302, "", "bad-response"),
        ] {
            let error = of_response("https://x.test/v1", status, &[], body.as_bytes());
            assert_eq!(name(&error), expected, "{status} {body}: {error:?}");
        }
    }

    #[test]
    fn the_text_names_the_server_the_status_and_the_reason() {
        let LlmError::BadRequest(text) = of_response(
            "https://x.test/v1",
            400,
            &[],
            br#"{"error":"no tools, please"}"#,
        ) else {
            panic!("wrong error")
        };
        assert_eq!(text, "https://x.test/v1 answered 400: no tools, please");
        let LlmError::Overloaded(backoff) =
            of_response("u", 500, &[], "ä".repeat(100_000).as_bytes())
        else {
            panic!("wrong error")
        };
        assert!(backoff.message.chars().count() < 700);
    }

    #[test]
    fn waiting_times_are_read_in_every_form() {
        let headers = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>()
        };
        for (pairs, expected) in [
            (&[("retry-after", "2")][..], Some(2000)),
            (&[("retry-after", "0.5")], Some(500)),
            (
                &[("retry-after-ms", "1234.2"), ("retry-after", "9")],
                Some(1235),
            ),
            (
                &[
                    ("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"),
                    ("date", "Wed, 21 Oct 2026 07:28:00 GMT"),
                ],
                Some(30_000),
            ),
            (
                &[
                    ("retry-after", "Sun, 01 Mar 2026 00:00:00 GMT"),
                    ("date", "Sat, 28 Feb 2026 23:59:59 GMT"),
                ],
                Some(1000),
            ),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (
                &[
                    ("x-ratelimit-reset-requests", "1s"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                ],
                Some(360_000),
            ),
            (
                &[
                    ("x-ratelimit-reset-requests", "20ms"),
                    ("x-ratelimit-reset-tokens", "6m0s"),
                    ("x-ratelimit-remaining-tokens", "5"),
                ],
                Some(20),
            ),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "1e300")], Some(u32::MAX)),
            (&[("x-ratelimit-reset-requests", "1 fortnight")], None),
            (&[], None),
        ] {
            assert_eq!(retry_after_ms(&headers(pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn errors_inside_a_stream_are_found() {
        for (chunk, expected) in [
            (
                r#"{"error":{"message":"boom","code":502}}"#,
                Some("overloaded"),
            ),
            (
                r#"{"error":{"message":"slow","code":429}}"#,
                Some("rate-limited"),
            ),
            (r#"{"error":"boom"}"#, Some("bad-response")),
            (r#"{"error":null,"choices":[]}"#, None),
            (r#"{"choices":[]}"#, None),
        ] {
            let value: Value = serde_json::from_str(chunk).expect("JSON");
            assert_eq!(
                in_stream("u", &value).as_ref().map(name),
                expected,
                "{chunk}"
            );
        }
    }
}
