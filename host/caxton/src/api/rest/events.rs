//! What happens in a workspace, as a stream that can be picked up again.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::super::body::Params;
use super::super::sse::{self, Event as Sent};
use super::super::{State, wire};
use super::{Problem, workspace};
use crate::workspace::event::Event;

/// Follow what happens.
///
/// A stream of the events `agent`, `component`, `route`, `tool_call` and `turn`. With the header `Last-Event-ID` it begins
/// after that event, as far back as events are kept; the event `gap` says that some were missed.
#[utoipa::path(get, operation_id = "follow_events", path = "/api/v1/workspaces/{workspace}/events", tag = "events",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("last-event-id" = Option<u64>, Header, description = "The last event that was seen")),
    responses((status = 200, body = wire::Event, content_type = "text/event-stream"), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn follow(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let workspace = workspace(&state, &name)?;
    let subscription = workspace.events().subscribe(last_seen(&headers)?);
    let gap = subscription.gap.then(gap);
    let missed = subscription.missed.into_iter().map(|event| sent(&event));
    // A comment first, so that the client knows that it is connected before anything happens.
    let greeting = sse::comment("connected");
    let before = stream::iter(std::iter::once(greeting).chain(gap).chain(missed));
    let stop = state.stop.clone();
    let live = live(subscription.live).take_until(async move { stop.cancelled().await });
    Ok(sse::response(before.chain(live)))
}

fn last_seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let parsed = value
        .to_str()
        .ok()
        .and_then(|text| text.trim().parse().ok());
    parsed.map(Some).ok_or_else(|| {
        let detail = "the header Last-Event-ID must be the id of an event: a number; leave it out to begin with now";
        Problem::new(StatusCode::BAD_REQUEST, "invalid-event-id", detail)
    })
}

/// What happens from here on.
fn live(receiver: broadcast::Receiver<Arc<Event>>) -> impl Stream<Item = Sent> + Send {
    stream::unfold(receiver, |mut receiver| async move {
        match receiver.recv().await {
            Ok(event) => Some((sent(&event), receiver)),
            Err(RecvError::Lagged(_)) => Some((gap(), receiver)),
            Err(RecvError::Closed) => None,
        }
    })
}

fn sent(event: &Event) -> Sent {
    let (name, data) = wire::Event::of(event);
    sse::event(name, &data).id(event.id)
}

fn gap() -> Sent {
    sse::event("gap", &serde_json::json!({}))
}
