//! Reading what a client sends: bodies under a limit of bytes and time, JSON whose faults are told by place, and what the
//! client accepts in return.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use bytes::BytesMut;
use futures_util::{FutureExt, StreamExt};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::error::Problem;
use crate::turn::Key;

/// How much is read, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The most bytes.
    pub bytes_max: usize,
    /// How long the whole body may take.
    pub timeout: Duration,
}

/// The bytes of a body.
///
/// # Errors
/// `body-too-large`, `body-timeout`, `body-broken`.
pub async fn read(request: Request, limit: Limit) -> Result<Bytes, Problem> {
    let told = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if told.is_some_and(|told| told > limit.bytes_max as u64) {
        return Err(too_large(limit));
    }
    let expected = usize::try_from(told.unwrap_or(0)).unwrap_or(0);
    let mut reading = std::pin::pin!(collect(request.into_body(), expected, limit));
    // A small body came along with its head: then no timer is needed.
    if let Some(read) = reading.as_mut().now_or_never() {
        return read;
    }
    tokio::time::timeout(limit.timeout, reading)
        .await
        .unwrap_or_else(|_| {
            let detail = format!(
                "the body did not arrive within {:?}; send it faster, or in smaller parts",
                limit.timeout
            );
            let close = http::HeaderValue::from_static("close");
            Err(
                Problem::new(StatusCode::REQUEST_TIMEOUT, "body-timeout", detail)
                    .header(header::CONNECTION, close),
            )
        })
}

async fn collect(body: Body, expected: usize, limit: Limit) -> Result<Bytes, Problem> {
    // A client's word is not worth more memory than this before its bytes are here.
    const TRUSTED_BYTES: usize = 64 << 10;
    let mut parts = body.into_data_stream();
    let mut first: Option<Bytes> = None;
    let mut whole = BytesMut::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|e| {
            let detail = format!("the body broke off: {e}; send the request again");
            Problem::new(StatusCode::BAD_REQUEST, "body-broken", detail)
        })?;
        let so_far = first.as_ref().map_or(whole.len(), Bytes::len);
        if so_far.saturating_add(part.len()) > limit.bytes_max {
            return Err(too_large(limit));
        }
        // One part is the rule; it is handed on without a copy.
        match first.take() {
            None if whole.is_empty() => first = Some(part),
            None => whole.extend_from_slice(&part),
            Some(before) => {
                whole.reserve((before.len() + part.len()).max(expected.min(TRUSTED_BYTES)));
                whole.extend_from_slice(&before);
                whole.extend_from_slice(&part);
            }
        }
    }
    Ok(first.unwrap_or_else(|| whole.freeze()))
}

fn too_large(limit: Limit) -> Problem {
    let detail = format!(
        "the body is larger than {} bytes, the most that is taken here",
        limit.bytes_max
    );
    // What was not read can't be skipped, so the connection ends with the answer.
    let close = http::HeaderValue::from_static("close");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", detail)
        .header(header::CONNECTION, close)
}

/// Refuses a body of another media type than `expected`; `also` are taken as well.
///
/// # Errors
/// `wrong-content-type`.
pub fn content_type(headers: &HeaderMap, expected: &str, also: &[&str]) -> Result<(), Problem> {
    let given = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let essence = given.as_deref().map(|given| {
        given
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase()
    });
    if essence
        .as_deref()
        .is_some_and(|essence| essence == expected || also.contains(&essence))
    {
        return Ok(());
    }
    let found = given.map_or_else(
        || "none was given".to_owned(),
        |given| format!("it is `{}`", given.escape_debug()),
    );
    let detail = format!(
        "the content type must be `{expected}`, and {found}; send the header `Content-Type: {expected}`"
    );
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "wrong-content-type",
        detail,
    ))
}

/// The client's name for a message, with the digest of its `body` that tells it from another message under that name.
///
/// # Errors
/// `bad-idempotency-key`.
pub fn key(headers: &HeaderMap, body: &[u8]) -> Result<Option<Key>, Problem> {
    const BYTES_MAX: usize = 255;
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .map(|text| text.trim().trim_matches('"'));
    let key = key.filter(|key| (1..=BYTES_MAX).contains(&key.len())).ok_or_else(|| {
        let detail = format!("the Idempotency-Key must be 1 to {BYTES_MAX} visible ASCII characters; a UUID is a good one");
        Problem::new(StatusCode::BAD_REQUEST, "bad-idempotency-key", detail)
    })?;
    let digest = Sha256::digest(body);
    Ok(Some(Key {
        key: key.to_owned(),
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
    }))
}

/// Text in UTF-8.
///
/// # Errors
/// `invalid-utf8` with line and column.
pub fn text(bytes: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(bytes).map_err(|e| {
        let (line, column) = place(bytes, e.valid_up_to());
        let detail = format!("the body is not UTF-8: the byte at line {line}, column {column} belongs to no character; encode it as UTF-8");
        Problem::new(StatusCode::BAD_REQUEST, "invalid-utf8", detail).with("line", json!(line)).with("column", json!(column))
    })
}

/// Line and column, from 1, of the byte at `offset`. Columns count characters as far as there are any.
fn place(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = &bytes[..offset.min(bytes.len())];
    let line_start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |at| at + 1);
    let line = before.iter().filter(|b| **b == b'\n').count() + 1;
    (
        line,
        String::from_utf8_lossy(&before[line_start..])
            .chars()
            .count()
            + 1,
    )
}

/// A value from a JSON object.
///
/// # Errors
/// `invalid-utf8` and `invalid-json` with line and column; `invalid-body` with a JSON Pointer where the JSON is well formed
/// and not what is wanted here.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // An array would do for serde, its elements standing for fields by their place; nobody means that.
    let is_object = bytes
        .iter()
        .find(|byte| !byte.is_ascii_whitespace())
        .is_some_and(|first| *first == b'{');
    match serde_json::from_slice(bytes) {
        Ok(value) if is_object => Ok(value),
        Ok(_) => Err(no_object()),
        Err(error) => Err(fault::<T>(bytes, &error, is_object)),
    }
}

fn no_object() -> Problem {
    let detail = "the body must be a JSON object, such as {\"key\": \"value\"}";
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail)
        .with("pointer", json!(""))
}

/// Finds out what is wrong, at leisure.
#[cold]
fn fault<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error, is_object: bool) -> Problem {
    if let Err(problem) = text(bytes) {
        return problem;
    }
    let located = |status, code, detail: String| {
        Problem::new(status, code, detail)
            .with("line", json!(error.line()))
            .with("column", json!(error.column()))
    };
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return located(
            StatusCode::BAD_REQUEST,
            "invalid-json",
            "the body is empty; send a JSON object".to_owned(),
        );
    }
    if !is_object && serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok() {
        return no_object();
    }
    if error.is_data() && !is_object {
        // It is not even well formed further on; where, is told by reading it as any JSON.
        return match serde_json::from_slice::<serde_json::Value>(bytes) {
            Err(error) => not_json(&error),
            Ok(_) => no_object(),
        };
    }
    let words = error.to_string();
    let words = words
        .rsplit_once(" at line ")
        .map_or(words.as_str(), |(words, _)| words);
    if !error.is_data() {
        return not_json(error);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let pointer = match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => pointer(error.path()),
        Ok(_) => String::new(),
    };
    let place = if pointer.is_empty() {
        "the body".to_owned()
    } else {
        format!("`{pointer}`")
    };
    let detail = format!("{place} is not what is wanted here: {words}");
    located(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail)
        .with("pointer", json!(pointer))
}

fn not_json(error: &serde_json::Error) -> Problem {
    let detail = format!("the body is not JSON: {error}");
    Problem::new(StatusCode::BAD_REQUEST, "invalid-json", detail)
        .with("line", json!(error.line()))
        .with("column", json!(error.column()))
}

/// A JSON Pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
    }
    pointer
}

/// A JSON body as an extractor. The limit is the server's.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<super::State> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &super::State) -> Result<Self, Problem> {
        content_type(request.headers(), "application/json", &[])?;
        let bytes = read(request, state.limits.json).await?;
        parse(&bytes).map(Json)
    }
}

/// Parts of the path as an extractor.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<super::State> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &super::State) -> Result<Self, Problem> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(value)) => Ok(Self(value)),
            // The path matched, so only its percent-encoding can be at fault.
            Err(e) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "invalid-path",
                format!("the path can't be read: {}", e.body_text()),
            )),
        }
    }
}

/// The query as an extractor.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<super::State> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &super::State) -> Result<Self, Problem> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(e) => Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-query",
                e.body_text(),
            )),
        }
    }
}

/// Whether the client wants a stream of events (`Accept: text/event-stream`).
pub fn wants_events(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|accept| accept.to_str().ok())
        .any(|accept| {
            accept.split(',').any(|range| {
                range
                    .split(';')
                    .next()
                    .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("text/event-stream"))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only that it parses matters")]
    struct Wanted {
        name: String,
        items: Option<Vec<u8>>,
    }

    #[test]
    fn faults_of_a_body_are_told_by_place() {
        let check = |body: &[u8], code: &str, status: u16, told: &str| {
            let problem = parse::<Wanted>(body).expect_err(told);
            assert_eq!(
                (problem.code.as_ref(), problem.status.as_u16()),
                (code, status),
                "{}",
                problem.detail
            );
            assert!(problem.detail.contains(told), "{}", problem.detail);
            problem.json()
        };
        check(b"", "invalid-json", 400, "empty");
        check(
            b"{\"name\": \"a\",\n  oops}",
            "invalid-json",
            400,
            "line 2 column 3",
        );
        check(b"{\"name\": \"a\"", "invalid-json", 400, "EOF");
        check(b"{\"name\": \"a\"} x", "invalid-json", 400, "trailing");
        check(
            b"{\n\"name\": \"\xff\"}",
            "invalid-utf8",
            400,
            "line 2, column 10",
        );
        check(&[b'['; 5000], "invalid-json", 400, "recursion");
        let body = check(b"{\"name\": 7}", "invalid-body", 422, "`/name`");
        assert_eq!(body["pointer"], "/name");
        check(
            b"{\"name\": \"a\", \"items\": [1, 300]}",
            "invalid-body",
            422,
            "`/items/1`",
        );
        check(
            b"{\"name\": \"a\", \"nmae\": 1}",
            "invalid-body",
            422,
            "unknown field `nmae`",
        );
        check(b"{}", "invalid-body", 422, "missing field `name`");
        check(b"[]", "invalid-body", 422, "must be a JSON object");
        check(b"[\"a\"]", "invalid-body", 422, "must be a JSON object");
        check(b" 7", "invalid-body", 422, "must be a JSON object");
        check(b"[\"a\",", "invalid-json", 400, "EOF");
    }

    #[test]
    fn media_types_are_compared_without_parameters() {
        let headers = |value: &'static str| {
            HeaderMap::from_iter([(header::CONTENT_TYPE, http::HeaderValue::from_static(value))])
        };
        assert!(
            content_type(
                &headers("Application/JSON; charset=utf-8"),
                "application/json",
                &[]
            )
            .is_ok()
        );
        let refused = content_type(&headers("text/plain"), "application/json", &[])
            .expect_err("it is no JSON");
        assert_eq!(refused.code, "wrong-content-type");
        assert!(content_type(&HeaderMap::new(), "application/json", &[]).is_err());
    }
}
