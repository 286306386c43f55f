//! Reading a request's body before rmcp sees it: within its limits of bytes and time, like everywhere else in the API; and
//! saying in JSON-RPC's own words what is wrong with one that is no message.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, header};
use rmcp::ErrorData;
use rmcp::model::{ErrorCode, JsonRpcError};
use serde::de::IgnoredAny;

use crate::api::body::{self, Limit};

/// Reads the body and passes the request on.
pub(super) async fn read(State(limit): State<Limit>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let is_json = is_json(&parts.headers);
    let bytes = match body::read(Request::from_parts(parts.clone(), body), limit).await {
        Ok(bytes) => bytes,
        Err(problem) => return problem.into_response(),
    };
    if is_json && let Err(reason) = check(&bytes) {
        return refused(ErrorCode::PARSE_ERROR, reason);
    }
    let response = next
        .run(Request::from_parts(parts, Body::from(bytes)))
        .await;
    // rmcp says that JSON which is no message had the wrong media type.
    if is_json && response.status() == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        return refused(
            ErrorCode::INVALID_REQUEST,
            "the body is JSON, and no JSON-RPC message of MCP; batches are none either".to_owned(),
        );
    }
    response
}

fn is_json(headers: &HeaderMap) -> bool {
    body::content_type(headers, "application/json", &[]).is_ok()
}

/// Whether this is JSON at all. Skipping over JSON does not look into its strings, so the encoding is checked apart.
fn check(bytes: &[u8]) -> Result<(), String> {
    let text = body::text(bytes).map_err(|problem| problem.detail)?;
    serde_json::from_str::<IgnoredAny>(text)
        .map(drop)
        .map_err(|error| format!("the body is not JSON: {error}"))
}

/// An answer to a message that can't be read, and so has no id.
fn refused(code: ErrorCode, message: String) -> Response {
    let error = JsonRpcError::new(None, ErrorData::new(code, message, None));
    let text = serde_json::to_string(&error).unwrap_or_default();
    (
        StatusCode::BAD_REQUEST,
        [(header::CONTENT_TYPE, "application/json")],
        text,
    )
        .into_response()
}
