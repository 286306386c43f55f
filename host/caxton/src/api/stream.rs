//! A turn as a stream of events, each with an id after which a client that lost its connection goes on.

use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use http::HeaderMap;

use super::error::Problem;
use super::sse::{self, Event as Sent};
use super::wire;
use crate::turn::{Event, EventId, Follower};

/// The event that a client saw last, from its header (WHATWG HTML, 9.2.4). One that is no id of ours is like an unknown one:
/// what follows begins anew.
pub fn last_seen(headers: &HeaderMap) -> Option<EventId> {
    const UNKNOWN: EventId = EventId {
        generation: u32::MAX,
        seq: u64::MAX,
    };
    let value = headers.get("last-event-id")?;
    let id = value.to_str().ok().and_then(|text| text.parse().ok());
    Some(id.unwrap_or(UNKNOWN))
}

/// Streams what happens in a turn, to its end. `first` was taken from it already.
pub fn response(follower: Follower, first: Option<(EventId, Event)>) -> Response {
    let anew = follower
        .begins_anew()
        .then(|| sse::event("reset", &wire::Reset {}));
    let told: Vec<Sent> = anew.into_iter().chain(first.map(sent)).collect();
    sse::response(stream::iter(told).chain(follower.map(sent)))
}

/// An event as it is sent.
fn sent((id, event): (EventId, Event)) -> Sent {
    let (name, data) = match event {
        Event::Route {
            turn,
            conversation,
            agent,
            score,
            reason,
            router,
            cached,
            depth,
        } => (
            "route",
            wire::MessageEvent::Route {
                turn,
                conversation,
                agent,
                score,
                reason,
                router,
                cached,
                depth,
            },
        ),
        Event::Delta { agent, text } => ("delta", wire::MessageEvent::Delta { agent, text }),
        Event::Reasoning { agent, text } => {
            ("reasoning", wire::MessageEvent::Delta { agent, text })
        }
        Event::Retry {
            agent,
            model,
            reason,
        } => (
            "retry",
            wire::MessageEvent::Retry {
                agent,
                model,
                reason,
            },
        ),
        Event::Recall { agent, entities } => {
            let recalled = entities.into_iter().map(wire::Recalled::from).collect();
            ("recall", wire::MessageEvent::Recall { agent, recalled })
        }
        Event::Remember { agent, entities } => {
            let remembered = entities.into_iter().map(wire::Remembered::from);
            let remembered = remembered.collect();
            (
                "remember",
                wire::MessageEvent::Remember { agent, remembered },
            )
        }
        Event::ToolCall {
            agent,
            id,
            name,
            arguments,
        } => (
            "tool_call",
            wire::MessageEvent::ToolCall {
                agent,
                id,
                name,
                arguments,
            },
        ),
        Event::ToolResult(call) => (
            "tool_result",
            wire::MessageEvent::ToolResult(Box::new((*call).into())),
        ),
        Event::Done(answer) => ("done", wire::MessageEvent::Done(Box::new((*answer).into()))),
        Event::Error(error) => {
            return sse::event("error", &Problem::from(*error).json()).id(id);
        }
    };
    sse::event(name, &data).id(id)
}
