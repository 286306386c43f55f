//! Agents as models.

use std::time::UNIX_EPOCH;

use axum::extract::State as Shared;

use super::super::State;
use super::super::body::Params;
use super::super::error::Problem;
use super::super::wire::openai as wire;
use super::error::Refusal;
use super::input::AUTO;

/// List the agents as models.
///
/// `auto` is not an agent: a router chooses one by meaning.
#[utoipa::path(get, operation_id = "list_models", path = "/v1/models", tag = "openai",
    responses((status = 200, body = Object)))]
pub async fn list(Shared(state): Shared<State>) -> axum::Json<wire::Models> {
    let now = state.workspace.state();
    let auto = (!now.agents.is_empty()).then_some(AUTO);
    let names = auto
        .into_iter()
        .chain(now.agents.keys().map(String::as_str));
    axum::Json(wire::Models {
        object: "list",
        data: names.map(|name| model(&state, name)).collect(),
    })
}

/// Show an agent as a model.
#[utoipa::path(get, operation_id = "show_model", path = "/v1/models/{model}", tag = "openai",
    params(("model" = String, Path, description = "An agent's name, or `auto`")),
    responses((status = 200, body = Object), (status = "4XX", body = Object)))]
pub async fn show(
    Shared(state): Shared<State>,
    name: Result<Params<String>, Problem>,
) -> Result<axum::Json<wire::Model>, Refusal> {
    let Params(name) = name?;
    if name != AUTO {
        state.workspace.agent(&name)?;
    }
    Ok(axum::Json(model(&state, &name)))
}

fn model(state: &State, name: &str) -> wire::Model {
    // An agent's file tells no time; since when it can be asked here is since the server began.
    let began = state.metrics.began().duration_since(UNIX_EPOCH);
    wire::Model {
        id: name.to_owned(),
        object: "model",
        created: began.unwrap_or_default().as_secs(),
        owned_by: "caxton",
    }
}
