//! Relations: listing, adding and taking them away.

use axum::extract::State as Shared;
use caxton_memory::{NewRelation, RelationKey};
use http::StatusCode;
use serde::Deserialize;

use super::super::super::body::{Json, Params, Query};
use super::super::super::{State, wire};
use super::{Problem, memories};

/// How many relations are listed where nothing is said, and at most.
const LISTED: usize = 100;
const LISTED_MAX: usize = 10_000;

/// Which relations.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those of this entity.
    entity: i64,
    /// Those that lead from it (`out`), to it (`in`), or `both`, which is meant where it is absent.
    #[serde(default)]
    direction: wire::Direction,
    /// Of this type only.
    r#type: Option<String>,
    /// How many: 100 where absent, 10,000 at most.
    limit: Option<usize>,
}

/// Which relation.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Key {
    /// The entity that it leads from.
    source: i64,
    /// Its type.
    r#type: String,
    /// The entity that it leads to.
    target: i64,
}

/// List the relations of an entity.
#[utoipa::path(get, operation_id = "list_relations", path = "/api/v1/workspaces/{workspace}/memory/relations", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Wanted),
    responses((status = 200, body = wire::Relations), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<wire::Relations>, Problem> {
    let memory = memories(&state, &name)?.memory;
    let limit = wanted.limit.unwrap_or(LISTED).clamp(1, LISTED_MAX);
    let kinds = wanted.r#type.into_iter().collect();
    let direction = wanted.direction.into();
    let found = memory
        .relations(wanted.entity, direction, kinds, limit)
        .await?;
    Ok(axum::Json(wire::Relations {
        relations: found.into_iter().map(wire::Relation::from).collect(),
    }))
}

/// Relate two entities.
///
/// It answers 201 where they were not related so, else 200: the metadata is then added to what is there, key by key.
#[utoipa::path(post, operation_id = "relate_entities", path = "/api/v1/workspaces/{workspace}/memory/relations", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body = wire::NewRelation,
    responses((status = 200, body = wire::NewRelation), (status = 201, body = wire::NewRelation),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn add(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Json(new): Json<wire::NewRelation>,
) -> Result<(StatusCode, axum::Json<wire::NewRelation>), Problem> {
    let memory = memories(&state, &name)?.memory;
    let relation = NewRelation {
        source: new.source,
        kind: new.r#type.clone(),
        target: new.target,
        metadata: new.metadata.clone(),
    };
    let status = match memory.relate(vec![relation]).await? {
        0 => StatusCode::OK,
        _ => StatusCode::CREATED,
    };
    Ok((status, axum::Json(new)))
}

/// Take a relation away.
#[utoipa::path(delete, operation_id = "unrelate_entities", path = "/api/v1/workspaces/{workspace}/memory/relations", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Key),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn remove(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(key): Query<Key>,
) -> Result<StatusCode, Problem> {
    let memory = memories(&state, &name)?.memory;
    let told = format!(
        "{} -{}-> {}",
        key.source,
        key.r#type.escape_debug(),
        key.target
    );
    let key = RelationKey {
        source: key.source,
        kind: key.r#type,
        target: key.target,
    };
    match memory.unrelate(vec![key]).await? {
        0 => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "relation-not-found",
            format!("there is no relation {told}"),
        )),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
