//! Finding what is remembered: by search, and by walking along relations.

use axum::extract::State as Shared;
use caxton_memory::{Filter, HITS_MAX, Memory, Query, Walk, Weights};
use serde::Deserialize;

use super::super::super::body::{Json, Params, Query as Asked};
use super::super::super::{State, wire};
use super::{Problem, bounded, id, invalid, memories, missing, scopes};

/// How many hits a search gives, and entities a walk, where nothing is said.
const HITS: usize = 10;
const REACHED: usize = 100;

/// The most entities of a walk, and how far it may go.
const REACHED_MAX: usize = 10_000;
const DEPTH_MAX: usize = 8;

/// What is looked for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In words. Without any the latest entities are found.
    #[serde(default)]
    q: String,
    /// In this scope only.
    scope: Option<String>,
    /// Of this type only.
    r#type: Option<String>,
    /// How many hits: 10 where absent, 1,000 at most.
    limit: Option<usize>,
    /// The cosine under which meaning does not count, from -1 to 1.
    similarity_min: Option<f32>,
}

/// Search what is remembered, in short.
///
/// As with `POST`, which takes more filters.
#[utoipa::path(get, operation_id = "find_memory", path = "/api/v1/workspaces/{workspace}/memory/search", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Wanted),
    responses((status = 200, body = wire::MemoryHits), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn find(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<axum::Json<wire::MemoryHits>, Problem> {
    let search = wire::MemorySearch {
        text: wanted.q,
        scopes: wanted.scope.into_iter().collect(),
        types: wanted.r#type.into_iter().collect(),
        limit: wanted.limit,
        similarity_min: wanted.similarity_min,
        ..wire::MemorySearch::default()
    };
    found(&state, &name, search, |_| String::new()).await
}

/// Search what is remembered.
///
/// By meaning, by words and by time; where they disagree, by the sum of their ranks' reciprocals.
#[utoipa::path(post, operation_id = "search_memory", path = "/api/v1/workspaces/{workspace}/memory/search", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body = wire::MemorySearch,
    responses((status = 200, body = wire::MemoryHits), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn search(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Json(search): Json<wire::MemorySearch>,
) -> Result<axum::Json<wire::MemoryHits>, Problem> {
    found(&state, &name, search, str::to_owned).await
}

/// Does a search. `place` makes of a member's pointer what a problem with it names: nothing where it came in a query.
async fn found(
    state: &State,
    name: &str,
    search: wire::MemorySearch,
    place: impl Fn(&str) -> String,
) -> Result<axum::Json<wire::MemoryHits>, Problem> {
    let memories = memories(state, name)?;
    let limit = bounded(
        &place("/limit"),
        "limit",
        search.limit.unwrap_or(HITS),
        HITS_MAX,
    )?;
    let weights = search.weights.unwrap_or_default();
    let given = [weights.vector, weights.text, weights.recency];
    if given.iter().any(|weight| !(0.0..=1000.0).contains(weight)) {
        let detail = "a weight must be from 0 to 1000".to_owned();
        return Err(invalid(&place("/weights"), detail));
    }
    let least = search.similarity_min;
    if least.is_some_and(|least| !(-1.0..=1.0).contains(&least)) {
        let detail = "`similarity_min` must be from -1 to 1".to_owned();
        return Err(invalid(&place("/similarity_min"), detail));
    }
    let query = Query {
        text: search.text,
        vector: None,
        filter: Filter {
            scopes: scopes(&place("/scopes"), &search.scopes)?,
            kinds: search.types,
            name: None,
            metadata: search.metadata,
            from_ms: search.from_ms,
            until_ms: search.until_ms,
            phrases: search.phrases,
        },
        limit,
        weights: Weights {
            vector: weights.vector,
            text: weights.text,
            recency: weights.recency,
        },
        similarity_min: least,
    };
    let found = memories.search(query).await?;
    Ok(axum::Json(wire::MemoryHits {
        hits: found.hits.into_iter().map(wire::MemoryHit::from).collect(),
        by_meaning: found.by_meaning,
    }))
}

/// How far an entity's surroundings go.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Around {
    /// How many relations away: 1 where absent, 8 at most.
    depth: Option<usize>,
    /// Along relations of this type only.
    r#type: Option<String>,
    /// Along those that lead away (`out`), those that lead here (`in`), or `both`, which is meant where it is absent.
    #[serde(default)]
    direction: wire::Direction,
    /// How many entities, the first included: 100 where absent, 10,000 at most.
    limit: Option<usize>,
}

/// Show what an entity has to do with.
///
/// A walk from it along relations; `POST` to `/memory/walk` does so from several.
#[utoipa::path(get, operation_id = "show_related", path = "/api/v1/workspaces/{workspace}/memory/entities/{entity}/related", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("entity" = i64, Path, description = "Its number"), Around),
    responses((status = 200, body = wire::MemoryGraph), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn related(
    Shared(state): Shared<State>,
    Params((name, entity)): Params<(String, String)>,
    Asked(around): Asked<Around>,
) -> Result<axum::Json<wire::MemoryGraph>, Problem> {
    let memory = memories(&state, &name)?.memory;
    let start = id(&entity)?;
    if memory.entity(start).await?.is_none() {
        return Err(missing(entity));
    }
    let walk = wire::MemoryWalk {
        from: vec![start],
        depth: around.depth,
        types: around.r#type.into_iter().collect(),
        direction: around.direction,
        limit: around.limit,
    };
    walked(&memory, walk, |_| String::new()).await
}

/// Walk along relations.
///
/// From some entities, breadth first, as far and as wide as is asked for.
#[utoipa::path(post, operation_id = "walk_memory", path = "/api/v1/workspaces/{workspace}/memory/walk", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body = wire::MemoryWalk,
    responses((status = 200, body = wire::MemoryGraph), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn walk(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Json(walk): Json<wire::MemoryWalk>,
) -> Result<axum::Json<wire::MemoryGraph>, Problem> {
    let memory = memories(&state, &name)?.memory;
    walked(&memory, walk, str::to_owned).await
}

async fn walked(
    memory: &Memory,
    walk: wire::MemoryWalk,
    place: impl Fn(&str) -> String,
) -> Result<axum::Json<wire::MemoryGraph>, Problem> {
    let (depth, limit) = (walk.depth.unwrap_or(1), walk.limit.unwrap_or(REACHED));
    let walk = Walk {
        depth: bounded(&place("/depth"), "depth", depth, DEPTH_MAX)?,
        entities_max: bounded(&place("/limit"), "limit", limit, REACHED_MAX)?,
        from: walk.from,
        kinds: walk.types,
        direction: walk.direction.into(),
    };
    Ok(axum::Json(memory.walk(walk).await?.into()))
}
