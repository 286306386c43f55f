//! Messages: asking agents, with the answer at once or as it comes.

use axum::extract::State as Shared;
use axum::response::sse::Event as Sent;
use axum::response::{IntoResponse, Response};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};
use http::HeaderMap;
use tokio::sync::mpsc;

use super::super::body::{self, Json, Params};
use super::super::{State, sse, wire};
use super::{Problem, workspace};
use crate::routing::{self, Target};
use crate::turn::{self, Event};

/// Events that wait for a slow client. With more the turn waits, and with it the model.
const WAITING_MAX: usize = 64;

/// Send a message.
///
/// It goes to the agent that is named, to one with the capability that is named, or to the one that a router chooses. With
/// `Accept: text/event-stream` the answer is a stream of the events `route`, `delta`, `reasoning`, `retry`, `tool_call`,
/// `tool_result`, and at the end `done` or `error`. A client that goes away cancels its turn.
#[utoipa::path(post, operation_id = "send_message", path = "/api/v1/workspaces/{workspace}/messages", tag = "messages",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body = wire::Message,
    responses((status = 200, content((wire::MessageAnswer = "application/json"), (wire::MessageEvent = "text/event-stream"))),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn send(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    headers: HeaderMap,
    Json(message): Json<wire::Message>,
) -> Result<Response, Problem> {
    let workspace = workspace(&state, &name)?.clone();
    if let (Some(to), Some(capability)) = (&message.to, &message.capability) {
        return Err(Problem::two_recipients(to, capability));
    }
    let (sender, mut events) = mpsc::channel(WAITING_MAX);
    let mut turn = async move { turn::run(&workspace, message.into(), sender).await }.boxed();
    if !body::wants_events(&headers) {
        drop(events);
        let answer = turn.await?;
        return Ok(axum::Json(wire::MessageAnswer::from(answer)).into_response());
    }
    // A message that can't even be given to an agent gets a status of its own; after that, errors are events.
    let first = tokio::select! {
        biased;
        Some(first) = events.recv() => first,
        ended = &mut turn => return ended.map_err(Problem::from).map(|answer| sse::response(stream::iter([last(Ok(answer))]))),
    };
    if let Event::Error { .. } = first {
        return Err(turn.await.map_or_else(Problem::from, |_| {
            Problem::internal(&"a turn ended with an error and an answer")
        }));
    }
    let answering = Answering {
        turn: Some(turn),
        ended: None,
        events,
    };
    Ok(sse::response(
        stream::iter(sent(first)).chain(stream::unfold(answering, Answering::next)),
    ))
}

/// A turn that is answered as a stream. Dropping it stops the turn.
struct Answering {
    turn: Option<BoxFuture<'static, Result<turn::Answer, turn::Error>>>,
    ended: Option<Sent>,
    events: mpsc::Receiver<Event>,
}

impl Answering {
    /// The next event: all that the turn sent, and then how it ended.
    async fn next(mut self) -> Option<(Sent, Self)> {
        loop {
            let event = match &mut self.turn {
                None => self.events.recv().await,
                Some(turn) => tokio::select! {
                    biased;
                    Some(event) = self.events.recv() => Some(event),
                    ended = turn => {
                        self.turn = None;
                        self.ended = Some(last(ended));
                        continue;
                    }
                },
            };
            match event.map(sent) {
                Some(Some(sent)) => return Some((sent, self)),
                Some(None) => {}
                None => return self.ended.take().map(|ended| (ended, self)),
            }
        }
    }
}

/// An event on the way, as it is sent. The last one is made from how the turn ended.
fn sent(event: Event) -> Option<Sent> {
    let (name, data) = match event {
        Event::Route {
            agent,
            score,
            reason,
            router,
            cached,
            depth,
        } => (
            "route",
            wire::MessageEvent::Route {
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
            wire::MessageEvent::ToolResult(Box::new(call.into())),
        ),
        Event::Done(_) | Event::Error { .. } => return None,
    };
    Some(sse::event(name, &data))
}

fn last(ended: Result<turn::Answer, turn::Error>) -> Sent {
    match ended {
        Ok(answer) => sse::event("done", &wire::MessageAnswer::from(answer)),
        Err(error) => sse::event("error", &Problem::from(error).json()),
    }
}

/// Say who would get a message, without sending it.
#[utoipa::path(post, operation_id = "route_message", path = "/api/v1/workspaces/{workspace}/route", tag = "messages",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body = wire::RouteRequest,
    responses((status = 200, body = wire::Route), (status = "4XX", body = wire::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn route(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Json(request): Json<wire::RouteRequest>,
) -> Result<axum::Json<wire::Route>, Problem> {
    let workspace = workspace(&state, &name)?;
    let content = request.content.as_str();
    if content.trim().is_empty() {
        return Err(turn::Error::Empty.into());
    }
    let target = match &request.capability {
        Some(name) => Target::Capability {
            name,
            content,
            except: &[],
        },
        None => Target::Content(content),
    };
    Ok(axum::Json(routing::route(workspace, target).await?.into()))
}
