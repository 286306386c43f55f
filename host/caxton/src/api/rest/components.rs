//! Components: looking at them, changing them.

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use futures_util::future::join_all;
use http::StatusCode;

use super::super::body::{self, Params};
use super::super::{State, wire};
use super::agents::created;
use super::{Problem, workspace};

/// List the components.
///
/// Providers are asked how they are, all at once and for five seconds at most; what they said holds for half a minute.
#[utoipa::path(get, operation_id = "list_components", path = "/api/v1/workspaces/{workspace}/components", tag = "components",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    responses((status = 200, body = wire::Components), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
) -> Result<axum::Json<wire::Components>, Problem> {
    let now = workspace(&state, &name)?.state();
    Ok(axum::Json(wire::Components {
        components: join_all(
            now.components
                .values()
                .map(|loaded| wire::Component::of(loaded)),
        )
        .await,
        refused: now
            .refused
            .iter()
            .map(wire::RefusedComponent::from)
            .collect(),
    }))
}

/// Show one component.
#[utoipa::path(get, operation_id = "show_component", path = "/api/v1/workspaces/{workspace}/components/{component}", tag = "components",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("component" = String, Path, description = "Its name")),
    responses((status = 200, body = wire::Component), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params((name, component)): Params<(String, String)>,
) -> Result<axum::Json<wire::Component>, Problem> {
    let loaded = workspace(&state, &name)?.component(&component).await?;
    Ok(axum::Json(wire::Component::of(&loaded).await))
}

/// Add a component, or replace one.
///
/// The body is the component. It is compiled and checked beside the running one, and takes its place in one step; calls in
/// flight end on the old one. Its settings, limits and grants are those of `caxton.toml`; one that is not declared there
/// has nothing granted.
#[utoipa::path(put, operation_id = "put_component", path = "/api/v1/workspaces/{workspace}/components/{component}", tag = "components",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("component" = String, Path, description = "Its name")),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 200, description = "Replaced", body = wire::StoredComponent), (status = 201, description = "Added", body = wire::StoredComponent),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn put(
    Shared(state): Shared<State>,
    Params((name, component)): Params<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let workspace = workspace(&state, &name)?;
    body::content_type(
        request.headers(),
        "application/wasm",
        &["application/octet-stream"],
    )?;
    let bytes = body::read(request, state.limits.wasm).await?;
    let change = workspace.put_component(&component, bytes.into()).await?;
    let now = wire::Component::of(workspace.component(&component).await?.as_ref()).await;
    Ok((
        created(change),
        axum::Json(wire::StoredComponent {
            change: change.name().to_owned(),
            component: now,
        }),
    )
        .into_response())
}

/// Remove a component.
#[utoipa::path(delete, operation_id = "remove_component", path = "/api/v1/workspaces/{workspace}/components/{component}", tag = "components",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("component" = String, Path, description = "Its name")),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn remove(
    Shared(state): Shared<State>,
    Params((name, component)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    workspace(&state, &name)?
        .remove_component(&component)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
