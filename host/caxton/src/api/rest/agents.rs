//! Agents: looking at them, changing them.

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use caxton_memory::{Scope, View};
use http::StatusCode;

use super::super::body::{self, Params};
use super::super::{State, wire};
use super::{Problem, workspace};
use crate::workspace::event::Change;
use crate::workspace::{Error, Workspace};

/// List the agents.
#[utoipa::path(get, operation_id = "list_agents", path = "/api/v1/workspaces/{workspace}/agents", tag = "agents",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    responses((status = 200, body = wire::Agents), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
) -> Result<axum::Json<wire::Agents>, Problem> {
    let now = workspace(&state, &name)?.state();
    Ok(axum::Json(wire::Agents {
        agents: now
            .agents
            .values()
            .map(|agent| wire::Agent::of(&now, agent))
            .collect(),
    }))
}

/// Show one agent.
#[utoipa::path(get, operation_id = "show_agent", path = "/api/v1/workspaces/{workspace}/agents/{agent}", tag = "agents",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("agent" = String, Path, description = "Its name")),
    responses((status = 200, body = wire::Agent), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params((name, agent)): Params<(String, String)>,
) -> Result<axum::Json<wire::Agent>, Problem> {
    let workspace = workspace(&state, &name)?;
    let agent = workspace.agent(&agent)?;
    Ok(axum::Json(wire::Agent::of(&workspace.state(), &agent)))
}

/// Add an agent, or replace one.
///
/// The body is the agent's TOML file. It is checked whole, and every fault is told at once; where there is none, it is
/// written into the workspace. `overlaps` tells which of its capabilities will be taken for another agent's; where they are
/// closer than `overlap_max` under `[router]` of caxton.toml allows, that is a fault.
#[utoipa::path(put, operation_id = "put_agent", path = "/api/v1/workspaces/{workspace}/agents/{agent}", tag = "agents",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("agent" = String, Path, description = "Its name")),
    request_body(content = String, content_type = "application/toml"),
    responses((status = 200, description = "Replaced", body = wire::StoredAgent), (status = 201, description = "Added", body = wire::StoredAgent),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn put(
    Shared(state): Shared<State>,
    Params((name, agent)): Params<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let workspace = workspace(&state, &name)?;
    body::content_type(
        request.headers(),
        "application/toml",
        &["text/plain", "text/toml", "text/x-toml"],
    )?;
    let bytes = body::read(request, state.limits.json).await?;
    let change = workspace.put_agent(&agent, body::text(&bytes)?).await?;
    let now = wire::Agent::of(&workspace.state(), workspace.agent(&agent)?.as_ref());
    Ok((
        created(change),
        axum::Json(wire::StoredAgent {
            change: change.name().to_owned(),
            agent: now,
            overlaps: overlaps(workspace, &agent).await,
        }),
    )
        .into_response())
}

/// The capabilities of an agent that will be taken for another one's, where the model is there to say so.
async fn overlaps(workspace: &Workspace, agent: &str) -> Vec<wire::Overlap> {
    let embedder = workspace.embedder();
    if embedder.is_none_or(|embedder| embedder.state() != caxton_embed::State::Ready) {
        return Vec::new();
    }
    let overlaps = workspace.overlaps_of(agent).await.unwrap_or_default();
    let told = overlaps.into_iter();
    told.map(|pair| wire::Overlap::of(pair, agent)).collect()
}

/// Remove an agent.
///
/// What it remembered for itself alone is forgotten.
#[utoipa::path(delete, operation_id = "remove_agent", path = "/api/v1/workspaces/{workspace}/agents/{agent}", tag = "agents",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("agent" = String, Path, description = "Its name")),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn remove(
    Shared(state): Shared<State>,
    Params((name, agent)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    let workspace = workspace(&state, &name)?;
    let removed = workspace.remove_agent(&agent).await;
    // Also where it was gone already: its file may have been, or a server ended in between.
    if matches!(&removed, Ok(()) | Err(Error::NoAgent { .. })) {
        let memory = workspace.store().memory(View::everything("http"));
        memory.forget_scope(&Scope::Agent(agent)).await?;
    }
    removed?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restart an agent.
///
/// Its file is read again, and its counters begin at zero.
#[utoipa::path(post, operation_id = "restart_agent", path = "/api/v1/workspaces/{workspace}/agents/{agent}/restart", tag = "agents",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("agent" = String, Path, description = "Its name")),
    responses((status = 200, body = wire::Agent), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn restart(
    Shared(state): Shared<State>,
    Params((name, agent)): Params<(String, String)>,
) -> Result<axum::Json<wire::Agent>, Problem> {
    let workspace = workspace(&state, &name)?;
    workspace.restart_agent(&agent).await?;
    Ok(axum::Json(wire::Agent::of(
        &workspace.state(),
        workspace.agent(&agent)?.as_ref(),
    )))
}

/// The status of something that was put.
pub(super) fn created(change: Change) -> StatusCode {
    if change == Change::Added {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    }
}
