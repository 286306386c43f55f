//! The management API, described for OpenAPI where it is written. Every handler finds its workspace, calls one function of
//! a room below, and gives its result a shape of `wire`.

mod agents;
mod audit;
mod components;
mod conversations;
mod events;
mod memory;
pub(super) mod messages;
mod models;
mod page;
mod probes;
mod tools;
pub(super) mod turns;
mod usage;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use http::header;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::State;
use super::error::Problem;
use crate::workspace::Workspace;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Caxton",
        description = "A server for AI agents whose tools, routers and providers are sandboxed WebAssembly components.\n\nThe workspace that the server was started with is also reachable as `default`. Errors are problem details (RFC 9457) with a stable `code`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(super::wire::Problem, super::wire::Event, super::wire::MessageEvent)),
    tags(
        (name = "messages", description = "Ask agents."),
        (name = "conversations", description = "What was said."),
        (name = "memory", description = "What is remembered."),
        (name = "usage", description = "What it cost."),
        (name = "audit", description = "What was done, by whom, and what was refused."),
        (name = "agents", description = "Who answers."),
        (name = "tools", description = "What agents, and you, can call."),
        (name = "models", description = "What agents can think with."),
        (name = "components", description = "What offers tools, models and routing."),
        (name = "events", description = "What happens."),
        (name = "server", description = "How the server is."),
    )
)]
struct Description;

/// All routes, with their description.
pub fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(messages::send))
        .routes(routes!(messages::route))
        .routes(routes!(turns::show, turns::cancel))
        .routes(routes!(turns::follow))
        .routes(routes!(usage::show))
        .routes(routes!(audit::show))
        .routes(routes!(conversations::list))
        .routes(routes!(conversations::show, conversations::remove))
        .routes(routes!(conversations::clear))
        .routes(routes!(conversations::fork))
        .routes(routes!(agents::list))
        .routes(routes!(agents::show, agents::put, agents::remove))
        .routes(routes!(agents::restart))
        .routes(routes!(tools::list))
        .routes(routes!(tools::show))
        .routes(routes!(tools::call))
        .routes(routes!(models::list))
        .routes(routes!(components::list))
        .routes(routes!(
            components::show,
            components::put,
            components::remove
        ))
        .routes(routes!(
            memory::entities::list,
            memory::entities::add,
            memory::entities::forget_all
        ))
        .routes(routes!(
            memory::entities::show,
            memory::entities::change,
            memory::entities::forget
        ))
        .routes(routes!(
            memory::relations::list,
            memory::relations::add,
            memory::relations::remove
        ))
        .routes(routes!(memory::finding::find, memory::finding::search))
        .routes(routes!(memory::finding::related))
        .routes(routes!(memory::finding::walk))
        .routes(routes!(memory::transfer::export))
        .routes(routes!(memory::transfer::import))
        .routes(routes!(memory::backup::backup))
        .routes(routes!(events::follow))
        .routes(routes!(probes::health))
        .routes(routes!(probes::ready))
        .routes(routes!(probes::metrics))
}

/// `/openapi.json`.
pub fn description(openapi: &utoipa::openapi::OpenApi) -> Router {
    let json = openapi
        .to_json()
        .map(Bytes::from)
        .map_err(|error| error.to_string());
    Router::new().route(
        "/openapi.json",
        get(async move || match json {
            Ok(json) => Ok(([(header::CONTENT_TYPE, "application/json")], json)),
            Err(error) => Err(Problem::internal(&error)),
        }),
    )
}

/// The workspace of this name.
fn workspace<'s>(state: &'s State, name: &str) -> Result<&'s Workspace, Problem> {
    let workspace = &state.workspace;
    if name == "default" || workspace.state().config.name == name {
        Ok(workspace)
    } else {
        Err(Problem::no_workspace(name, &workspace.name()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    #[test]
    fn every_operation_has_an_id_of_its_own() {
        let (_, openapi) = super::routes().split_for_parts();
        let described: Value =
            serde_json::from_str(&openapi.to_json().expect("it is described")).expect("JSON");
        let paths = described["paths"].as_object().expect("paths");
        let operations = paths
            .values()
            .filter_map(Value::as_object)
            .flat_map(|path| path.values());
        let ids: Vec<&str> = operations
            .filter_map(|operation| operation["operationId"].as_str())
            .collect();
        assert!(ids.len() > 20, "{ids:?}");
        let distinct: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    }
}
