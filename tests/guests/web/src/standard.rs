//! The same through `wasi:http`, as a component does it that knows nothing of Caxton.

use caxton_sdk::{Value, json};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingResponse, Method, OutgoingBody, OutgoingRequest, RequestOptions,
    Scheme,
};
use wasip2::io::streams::StreamError;

use crate::{BODY_BYTES_MAX, Request};

/// Sends `request`.
pub fn send(request: Request) -> Result<Value, Value> {
    let response = exchange(&request).map_err(|error| json!({ "error": error }))?;
    let headers: Vec<_> = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let body = read(&response).map_err(|error| json!({ "error": error }))?;
    Ok(
        json!({ "status": response.status(), "headers": headers, "body": String::from_utf8_lossy(&body) }),
    )
}

fn exchange(request: &Request) -> Result<IncomingResponse, String> {
    let (scheme, rest) = request.url.split_once("://").ok_or("no scheme")?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let headers = Fields::new();
    for (name, value) in &request.headers {
        headers
            .append(name, value.as_bytes())
            .map_err(|error| format!("{error:?}"))?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        other => Method::Other(other.to_owned()),
    };
    let scheme = match scheme {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    let refused = |()| "refused by the bindings".to_owned();
    outgoing.set_method(&method).map_err(refused)?;
    outgoing.set_scheme(Some(&scheme)).map_err(refused)?;
    outgoing.set_authority(Some(authority)).map_err(refused)?;
    outgoing
        .set_path_with_query(Some(if path.is_empty() { "/" } else { path }))
        .map_err(refused)?;
    let options = RequestOptions::new();
    if let Some(timeout_ms) = request.timeout_ms {
        options
            .set_first_byte_timeout(Some(u64::from(timeout_ms) * 1_000_000))
            .map_err(refused)?;
    }
    let body = outgoing.body().map_err(refused)?;
    let coded = |code: ErrorCode| format!("{code:?}");
    let future = handle(outgoing, Some(options)).map_err(coded)?;
    if let Some(text) = &request.body {
        let stream = body.write().map_err(refused)?;
        for piece in text.as_bytes().chunks(4096) {
            if stream.blocking_write_and_flush(piece).is_err() {
                break;
            }
        }
    }
    OutgoingBody::finish(body, None).map_err(coded)?;
    future.subscribe().block();
    future
        .get()
        .ok_or("not ready")?
        .map_err(refused)?
        .map_err(coded)
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, String> {
    let body = response.consume().map_err(|()| "consumed".to_owned())?;
    let stream = body.stream().map_err(|()| "no stream".to_owned())?;
    let mut bytes = Vec::new();
    while bytes.len() < BODY_BYTES_MAX {
        match stream.blocking_read(1 << 16) {
            Ok(piece) => bytes.extend(piece),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let code = wasip2::http::types::http_error_code(&error);
                return Err(
                    code.map_or_else(|| error.to_debug_string(), |code| format!("{code:?}"))
                );
            }
        }
    }
    Ok(bytes)
}
