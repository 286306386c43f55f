//! Messages: asking agents, with the answer at once, as it comes, or later.

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::super::body::{self, Json, Params};
use super::super::{State, stream, wire};
use super::{Problem, turns, workspace};
use crate::routing::{self, Target};
use crate::turn::{self, Event, Keep, Start};

/// Send a message.
///
/// It goes to the agent that is named, to one with the capability that is named, or to the one that a router chooses. With
/// `Accept: text/event-stream` the answer is a stream of the events `route`, `recall`, `delta`, `reasoning`, `retry`, `tool_call`,
/// `tool_result`, `remember`, and at the end `done` or `error`; each has an id, and a client that lost its connection goes on after the last
/// one that it saw with `GET /turns/{turn}/events`. With `Prefer: respond-async` the answer is the turn, which runs on. A client
/// that goes away and does not come back within two seconds cancels its turn, unless it asked for that, or gave an
/// `Idempotency-Key`: under the same key, the same message is answered once, and sending it again gives that answer.
#[utoipa::path(post, operation_id = "send_message", path = "/api/v1/workspaces/{workspace}/messages", tag = "messages",
    params(("workspace" = String, Path, description = "Its name, or `default`"),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this message, unique within a day"),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer with the turn at once (RFC 7240)")),
    request_body = wire::Message,
    responses((status = 200, content((wire::MessageAnswer = "application/json"), (wire::MessageEvent = "text/event-stream"))),
        (status = 202, description = "The turn runs", body = wire::Turn),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn send(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    headers: HeaderMap,
    Json(message): Json<wire::Message>,
) -> Result<Response, Problem> {
    workspace(&state, &name)?;
    if let (Some(to), Some(capability)) = (&message.to, &message.capability) {
        return Err(Problem::two_recipients(to, capability));
    }
    let later = prefers_async(&headers);
    let written = serde_json::to_vec(&message).map_err(|e| Problem::internal(&e))?;
    let key = body::key(&headers, &written)?;
    let keep = match later || key.is_some() {
        true => Keep::ToTheEnd,
        false => Keep::WhileFollowed,
    };
    let message =
        turn::Message::try_from(message).map_err(|detail| Problem::invalid_body(&detail))?;
    let live = state.turns.start(message, Start { key, keep }).await?;
    let place = format!("/api/v1/workspaces/{name}/turns/{}", live.id());
    let mut response = if later {
        // The first event comes when the message is on disk: nothing is promised before.
        if let Some((_, Event::Error(error))) = live.follow(None).next().await {
            return Err(Problem::from(*error));
        }
        (StatusCode::ACCEPTED, axum::Json(turns::shown(&live))).into_response()
    } else if body::wants_events(&headers) {
        let mut follower = live.follow(None);
        // A message that can't even be given to an agent gets a status of its own; after that, errors are events.
        match follower.next().await {
            Some((_, Event::Error(error))) => return Err(Problem::from(*error)),
            first => stream::response(follower, first),
        }
    } else {
        let answer = live.answer().await?;
        axum::Json(wire::MessageAnswer::from(answer)).into_response()
    };
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Whether the client wants an answer at once, before there is one (RFC 7240, section 4.1).
fn prefers_async(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let preferences = values.flat_map(|value| value.split(','));
    let names =
        preferences.map(|preference| preference.split(';').next().unwrap_or_default().trim());
    names
        .into_iter()
        .any(|name| name.eq_ignore_ascii_case("respond-async"))
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
    let route = routing::route(workspace, target).await?;
    let router = &workspace.state().config.router;
    Ok(axum::Json(wire::Route::of(route, router)))
}
