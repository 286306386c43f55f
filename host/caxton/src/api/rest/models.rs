//! Models: what agents can think with.

use axum::extract::State as Shared;

use super::super::body::Params;
use super::super::{State, wire};
use super::{Problem, workspace};

/// List the models.
///
/// Those of all providers that are loaded, and those that the workspace's files name besides. A provider is asked for ten
/// seconds at most; what it lists holds for ten minutes.
#[utoipa::path(get, operation_id = "list_provider_models", path = "/api/v1/workspaces/{workspace}/models", tag = "models",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    responses((status = 200, body = wire::Models), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
) -> Result<axum::Json<wire::Models>, Problem> {
    let now = workspace(&state, &name)?.state();
    Ok(axum::Json(now.listings().await.into()))
}
