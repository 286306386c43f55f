//! Server-sent events (WHATWG HTML, 9.2), each flushed as it is made.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use http::{HeaderValue, header};
use serde::Serialize;

use super::error::Problem;

/// Proxies close connections on which nothing comes for about a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// An event with a name and JSON.
pub fn event(name: &str, data: &impl Serialize) -> Event {
    let event = Event::default().event(name);
    match serde_json::to_string(data) {
        // JSON text has no line breaks, so it is one line of data.
        Ok(json) => event.data(json),
        Err(error) => Event::default()
            .event("error")
            .data(Problem::internal(&error).json().to_string()),
    }
}

/// An event without a name.
pub fn data(data: &impl Serialize) -> Event {
    match serde_json::to_string(data) {
        Ok(json) => Event::default().data(json),
        Err(error) => Event::default().data(Problem::internal(&error).json().to_string()),
    }
}

/// A response that streams events until they end or the client goes away; then `events` is dropped.
pub fn response(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events = futures_util::StreamExt::map(events, Ok::<_, Infallible>);
    let mut response = Sse::new(events)
        .keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-transform"),
    );
    // nginx would collect the answer before it passes it on.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
