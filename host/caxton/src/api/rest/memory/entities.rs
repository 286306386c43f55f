//! Entities: listing, adding, changing and forgetting them.

use axum::extract::State as Shared;
use caxton_memory::{Change, Filter, NewEntity, Outcome, Scope, VECTOR_DIMENSIONS, Vector};
use http::StatusCode;
use serde::Deserialize;

use super::super::super::body::{Json, Params, Query};
use super::super::super::{State, wire};
use super::super::page::{Page, next};
use super::{Problem, id, memories, missing, scope};

/// The type of what is given none.
const NOTE: &str = "note";

/// Which entities, and which page of them.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In this scope only: `global`, `workspace`, `agent:NAME` or `conversation:ID`.
    scope: Option<String>,
    /// Of this type only.
    r#type: Option<String>,
    /// Of this very name only: one in each scope at most.
    name: Option<String>,
    /// With this phrase in their texts only. A `*` at its end lets the last word go on.
    phrase: Option<String>,
    /// Changed at this time or later only, in milliseconds since 1970, UTC.
    from_ms: Option<i64>,
    /// Changed before this time only.
    until_ms: Option<i64>,
    /// How many: 50 where absent, 500 at most; fewer where these hold more than 4 MiB.
    limit: Option<usize>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// List what is remembered.
#[utoipa::path(get, operation_id = "list_entities", path = "/api/v1/workspaces/{workspace}/memory/entities", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Wanted),
    responses((status = 200, body = wire::Entities), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<wire::Entities>, Problem> {
    let memory = memories(&state, &name)?.memory;
    let page = Page::of(wanted.limit, wanted.before.as_deref())?;
    let within = wanted.scope.as_deref().map(|text| scope("", text));
    let filter = Filter {
        scopes: within.transpose()?.into_iter().collect(),
        kinds: wanted.r#type.into_iter().collect(),
        name: wanted.name,
        phrases: wanted.phrase.into_iter().collect(),
        from_ms: wanted.from_ms,
        until_ms: wanted.until_ms,
        ..Filter::default()
    };
    let found = memory.entities(filter, page.limit, page.before).await?;
    let last = found.entities.last().filter(|_| found.more);
    let next = last.map(|last| next((last.updated_ms, last.id)));
    Ok(axum::Json(wire::Entities {
        entities: found.entities.into_iter().map(wire::Entity::from).collect(),
        next,
    }))
}

/// Remember something, or several things.
///
/// The same name in the same scope is the same entity: what is new is added to it. Of one, it answers 201 where it is new, else
/// 200, both with the entity as it is then; of several, 200 with what became of each.
#[utoipa::path(post, operation_id = "add_entities", path = "/api/v1/workspaces/{workspace}/memory/entities", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body = wire::NewEntities,
    responses((status = 200, body = wire::StoredEntities), (status = 201, body = wire::Entity),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn add(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Json(new): Json<wire::NewEntities>,
) -> Result<(StatusCode, axum::Json<wire::StoredEntities>), Problem> {
    let memories = memories(&state, &name)?;
    let within = new.scope.as_deref().map(|text| scope("/scope", text));
    let within = within.transpose()?.unwrap_or(Scope::Workspace);
    let (new, several) = taken(new)?;
    let remembered = memories.remember(&within, new).await?;
    if several {
        let entities = remembered.into_iter().map(wire::StoredEntity::from);
        let entities = entities.collect();
        let stored = wire::StoredEntities::Several { entities };
        return Ok((StatusCode::OK, axum::Json(stored)));
    }
    let one = remembered
        .into_iter()
        .next()
        .ok_or_else(|| Problem::internal(&"an entity was remembered and has no number"))?;
    let status = match one.outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Merged | Outcome::Unchanged => StatusCode::OK,
    };
    let entity = memories.memory.entity(one.id).await?;
    let entity = entity.ok_or_else(|| missing(one.id))?;
    let stored = wire::StoredEntities::One(Box::new(entity.into()));
    Ok((status, axum::Json(stored)))
}

/// What is to be remembered, and whether it was given as several.
fn taken(new: wire::NewEntities) -> Result<(Vec<NewEntity>, bool), Problem> {
    let wire::NewEntities {
        scope: _,
        name,
        r#type,
        observations,
        metadata,
        vector,
        entities,
    } = new;
    let alone = r#type.is_none() && observations.is_empty() && metadata.is_empty();
    match name {
        None if !entities.is_empty() && alone && vector.is_none() => {
            let each = entities.into_iter().enumerate();
            let each = each.map(|(place, new)| entity(&format!("/entities/{place}"), new));
            Ok((each.collect::<Result<_, _>>()?, true))
        }
        Some(name) if entities.is_empty() => {
            let new = wire::NewEntity {
                name,
                r#type,
                observations,
                metadata,
                vector,
            };
            Ok((vec![entity("", new)?], false))
        }
        _ => {
            let detail = "give either one entity, with `name`, or several in `entities`";
            Err(Problem::parameter("", "invalid-body", detail))
        }
    }
}

fn entity(place: &str, new: wire::NewEntity) -> Result<NewEntity, Problem> {
    let vector = new.vector.map(|numbers| {
        let vector = <[f32; VECTOR_DIMENSIONS]>::try_from(numbers);
        vector.map(Vector::new).map_err(|numbers| {
            let count = numbers.len();
            let detail = format!("`vector` has {count} numbers, and must have {VECTOR_DIMENSIONS}");
            Problem::parameter(&format!("{place}/vector"), "invalid-body", detail)
        })
    });
    Ok(NewEntity {
        name: new.name,
        kind: new.r#type.unwrap_or_else(|| NOTE.to_owned()),
        observations: new.observations,
        metadata: new.metadata,
        vector: vector.transpose()?,
    })
}

/// Show an entity.
#[utoipa::path(get, operation_id = "show_entity", path = "/api/v1/workspaces/{workspace}/memory/entities/{entity}", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("entity" = i64, Path, description = "Its number")),
    responses((status = 200, body = wire::Entity), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params((name, entity)): Params<(String, String)>,
) -> Result<axum::Json<wire::Entity>, Problem> {
    let memory = memories(&state, &name)?.memory;
    let found = memory.entity(id(&entity)?).await?;
    let found = found.ok_or_else(|| missing(entity))?;
    Ok(axum::Json(found.into()))
}

/// Change an entity.
///
/// What is given replaces what was there, lists and objects as a whole; what is absent stays. With `version`, nothing is changed
/// where the text is no longer that version's: 409 with the code `entity-changed`, and the `version` of now.
#[utoipa::path(patch, operation_id = "change_entity", path = "/api/v1/workspaces/{workspace}/memory/entities/{entity}", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("entity" = i64, Path, description = "Its number")),
    request_body = wire::EntityChange,
    responses((status = 200, body = wire::Entity), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn change(
    Shared(state): Shared<State>,
    Params((name, entity)): Params<(String, String)>,
    Json(change): Json<wire::EntityChange>,
) -> Result<axum::Json<wire::Entity>, Problem> {
    let memories = memories(&state, &name)?;
    let change = Change {
        name: change.name,
        kind: change.r#type,
        observations: change.observations,
        metadata: change.metadata,
        vector: None,
        version: change.version,
    };
    let changed = memories.change(id(&entity)?, change).await?;
    Ok(axum::Json(changed.into()))
}

/// Forget an entity, with its relations.
#[utoipa::path(delete, operation_id = "forget_entity", path = "/api/v1/workspaces/{workspace}/memory/entities/{entity}", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("entity" = i64, Path, description = "Its number")),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn forget(
    Shared(state): Shared<State>,
    Params((name, entity)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    let memory = memories(&state, &name)?.memory;
    match memory.forget(vec![id(&entity)?]).await? {
        0 => Err(missing(entity)),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// Of which scope all is forgotten.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Whole {
    /// `global`, `workspace`, `agent:NAME` or `conversation:ID`.
    scope: String,
}

/// Forget all that is kept in a scope.
///
/// With its relations. It can't be taken back.
#[utoipa::path(delete, operation_id = "forget_entities", path = "/api/v1/workspaces/{workspace}/memory/entities", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Whole),
    responses((status = 200, body = wire::Forgotten), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn forget_all(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(whole): Query<Whole>,
) -> Result<axum::Json<wire::Forgotten>, Problem> {
    let memory = memories(&state, &name)?.memory;
    let entities = memory.forget_scope(&scope("", &whole.scope)?).await?;
    Ok(axum::Json(wire::Forgotten { entities }))
}
