//! Server-sent events (WHATWG HTML, 9.2). What waits to be sent goes out together, and nothing waits for more.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::Response;
use bytes::BytesMut;
use futures_util::Stream;
use http::{HeaderValue, header};
use serde::Serialize;
use tokio::time::{Instant, Sleep, sleep};

use super::error::Problem;

/// How often it is looked at whether anything was sent; where not, a comment is. Proxies close connections on which nothing
/// comes for about a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// As much is sent together at most, in bytes.
const TOGETHER_MAX: usize = 64 << 10;

/// An event as it is sent: its fields, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event(String);

impl Event {
    /// Gives it an id, under which a client that comes back says that it was the last it saw.
    pub fn id(mut self, id: impl std::fmt::Display) -> Self {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "id: {id}");
        self
    }
}

/// An event with a name and JSON.
pub fn event(name: &str, data: &impl Serialize) -> Event {
    let mut text = String::with_capacity(256);
    let _ = writeln!(text, "event: {name}");
    with_data(text, data)
}

/// An event without a name.
pub fn data(data: &impl Serialize) -> Event {
    with_data(String::with_capacity(384), data)
}

/// An event of plain text, without a name.
pub fn word(text: &str) -> Event {
    let line = text.replace(['\r', '\n'], " ");
    Event(format!("data: {line}\n"))
}

/// No event: a client sees that it is connected.
pub fn comment(text: &str) -> Event {
    let line = text.replace(['\r', '\n'], " ");
    Event(format!(": {line}\n"))
}

fn with_data(mut text: String, data: &impl Serialize) -> Event {
    text.push_str("data: ");
    let mut bytes = text.into_bytes();
    // JSON text has no line breaks, so it is one line of data.
    let written = serde_json::to_writer(&mut bytes, data);
    bytes.push(b'\n');
    match (written, String::from_utf8(bytes)) {
        (Ok(()), Ok(text)) => Event(text),
        (Err(error), _) => failed(&error),
        (_, Err(error)) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Event {
    let problem = Problem::internal(&error.to_string()).json();
    Event(format!("event: error\ndata: {problem}\n"))
}

/// A response that streams events until they end or the client goes away; then `events` is dropped.
pub fn response(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(Together::new(events, KEEP_ALIVE)));
    let headers = response.headers_mut();
    let mut set = |name, value| drop(headers.insert(name, HeaderValue::from_static(value)));
    set(header::CONTENT_TYPE, "text/event-stream");
    set(header::CACHE_CONTROL, "no-cache, no-transform");
    // nginx would collect the answer before it passes it on.
    set(header::HeaderName::from_static("x-accel-buffering"), "no");
    response
}

/// The body: events as they come, those that wait together.
struct Together<S> {
    events: Pin<Box<S>>,
    every: Duration,
    keep_alive: Pin<Box<Sleep>>,
    /// Nothing was sent since it was last looked at.
    silent: bool,
    has_ended: bool,
}

impl<S: Stream<Item = Event>> Together<S> {
    fn new(events: S, every: Duration) -> Self {
        Self {
            events: Box::pin(events),
            every,
            keep_alive: Box::pin(sleep(every)),
            silent: true,
            has_ended: false,
        }
    }

    /// Takes all events that wait.
    fn take(&mut self, context: &mut Context<'_>) -> BytesMut {
        let mut bytes = BytesMut::new();
        while !self.has_ended && bytes.len() < TOGETHER_MAX {
            match self.events.as_mut().poll_next(context) {
                Poll::Ready(Some(Event(text))) => {
                    bytes.reserve(text.len() + 1);
                    bytes.extend_from_slice(text.as_bytes());
                    bytes.extend_from_slice(b"\n");
                }
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending => break,
            }
        }
        bytes
    }
}

impl<S: Stream<Item = Event>> Stream for Together<S> {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let bytes = self.take(context);
        if !bytes.is_empty() {
            self.silent = false;
            return Poll::Ready(Some(Ok(bytes.freeze())));
        }
        if self.has_ended {
            return Poll::Ready(None);
        }
        // The timer is not set anew with each event, which would cost more than the event.
        loop {
            ready!(self.keep_alive.as_mut().poll(context));
            let next = Instant::now() + self.every;
            self.keep_alive.as_mut().reset(next);
            if std::mem::replace(&mut self.silent, true) {
                return Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{StreamExt, stream};

    use super::*;

    #[test]
    fn an_event_is_a_line_for_each_field() {
        for (event, expected) in [
            (event("delta", &"a\nb"), "event: delta\ndata: \"a\\nb\"\n"),
            (data(&[1, 2]), "data: [1,2]\n"),
            (word("[DONE]"), "data: [DONE]\n"),
            (word("two\r\nlines"), "data: two  lines\n"),
            (comment("hello"), ": hello\n"),
            (data(&1).id("2-7"), "data: 1\nid: 2-7\n"),
        ] {
            assert_eq!(event, Event(expected.to_owned()));
        }
    }

    #[tokio::test]
    async fn what_waits_is_sent_together_and_silence_is_filled() {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let events = stream::unfold(receiver, async |mut receiver| {
            Some((receiver.recv().await?, receiver))
        });
        let events = Box::pin(events.map(|number: u32| data(&number)));
        let mut sent = Together::new(events, Duration::from_millis(10));
        let mut next = async || {
            let bytes = sent.next().await?.expect("no error");
            Some(String::from_utf8(bytes.to_vec()).expect("text"))
        };
        sender.send(1).expect("sent");
        sender.send(2).expect("sent");
        assert_eq!(next().await.as_deref(), Some("data: 1\n\ndata: 2\n\n"));
        assert_eq!(next().await.as_deref(), Some(":\n\n"));
        sender.send(3).expect("sent");
        assert_eq!(next().await.as_deref(), Some("data: 3\n\n"));
        drop(sender);
        assert_eq!(next().await, None);
    }
}
