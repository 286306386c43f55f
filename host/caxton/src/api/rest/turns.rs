//! Turns: how far an answer is, following it again after a broken connection, and stopping it.

use axum::extract::State as Shared;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::super::body::Params;
use super::super::{State, stream, wire};
use super::{Problem, workspace};
use crate::turn::{Error, Fault, Live};

/// Show a turn.
#[utoipa::path(get, operation_id = "show_turn", path = "/api/v1/workspaces/{workspace}/turns/{turn}", tag = "messages",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("turn" = String, Path, description = "Its id")),
    responses((status = 200, body = wire::Turn), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
) -> Result<axum::Json<wire::Turn>, Problem> {
    let store = workspace(&state, &name)?.store();
    let live = find(&state, &id).await?;
    let mut turn = shown(&live);
    if turn.id != id
        && let Some(below) = store.turn(&id).await?
    {
        turn.id = below.id;
        turn.conversation = below.conversation;
        turn.agent = below.agent;
    }
    Ok(axum::Json(turn))
}

/// Follow a turn.
///
/// Its events, from the first one or after the one that `Last-Event-ID` names, to its end. Where that one can't be found again,
/// because the server was started anew meanwhile, the first event is `reset`, and what was seen before is void.
#[utoipa::path(get, operation_id = "follow_turn", path = "/api/v1/workspaces/{workspace}/turns/{turn}/events", tag = "messages",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("turn" = String, Path, description = "Its id"),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the event that was seen last")),
    responses((status = 200, content((wire::MessageEvent = "text/event-stream"))),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn follow(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    workspace(&state, &name)?;
    let live = find(&state, &id).await?;
    Ok(stream::response(
        live.follow(stream::last_seen(&headers)),
        None,
    ))
}

/// Cancel a turn.
///
/// What it does is stopped, its provider and tools included. One that has ended stays as it is. With a turn that another one
/// waits for, that other one is cancelled.
#[utoipa::path(delete, operation_id = "cancel_turn", path = "/api/v1/workspaces/{workspace}/turns/{turn}", tag = "messages",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("turn" = String, Path, description = "Its id")),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn cancel(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    workspace(&state, &name)?;
    let live = find(&state, &id).await?;
    live.cancel();
    // When this is answered, it has stopped.
    drop(live.answer().await);
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &State, id: &str) -> Result<Live, Problem> {
    let found = state.turns.find(id).await?;
    found.ok_or_else(|| {
        let detail = format!("there is no turn `{}`", id.escape_debug());
        Problem::new(StatusCode::NOT_FOUND, "turn-not-found", detail)
    })
}

/// A turn as it is shown.
pub fn shown(live: &Live) -> wire::Turn {
    let (status, answer, error) = match live.ended() {
        None => ("running", None, None),
        Some(Ok(answer)) => ("done", Some(Box::new(answer.into())), None),
        Some(Err(error)) => {
            let status = match &error {
                Error::Stopped { fault, .. } => match **fault {
                    Fault::Cancelled => "cancelled",
                    Fault::Interrupted { .. } => "interrupted",
                    _ => "failed",
                },
                _ => "failed",
            };
            let problem = Problem::from(error).json();
            (
                status,
                None,
                serde_json::from_value(problem).ok().map(Box::new),
            )
        }
    };
    wire::Turn {
        id: live.id().to_owned(),
        conversation: live.conversation().to_owned(),
        agent: live.agent(),
        status: status.to_owned(),
        answer,
        error,
    }
}
