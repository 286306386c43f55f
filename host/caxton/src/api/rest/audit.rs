//! The audit log: what was done, by whom, and what was refused.

use axum::extract::State as Shared;
use serde::Deserialize;

use super::super::body::{Params, Query};
use super::super::{State, wire};
use super::{Problem, workspace};

/// How many entries a page has where nothing is said, and at most.
const ENTRIES: usize = 100;
const ENTRIES_MAX: usize = 1000;

/// Which entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Of this author only: a component's name, `agent NAME`, `http`.
    by: Option<String>,
    /// How many: 100 where absent, 1,000 at most.
    limit: Option<usize>,
    /// The `next` of the page before.
    before: Option<i64>,
}

/// Show the audit log.
///
/// The latest entry first: what components were granted and denied, what was replaced, and every change of what is remembered.
#[utoipa::path(get, operation_id = "show_audit", path = "/api/v1/workspaces/{workspace}/audit", tag = "audit",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Wanted),
    responses((status = 200, body = wire::Audit), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<wire::Audit>, Problem> {
    let store = workspace(&state, &name)?.store();
    // What was done before this was asked for is shown, unless the disk takes nothing, which is when the log is wanted most.
    if let Err(error) = store.flush().await {
        tracing::warn!(%error, "the latest entries of the audit log can't be written");
    }
    let limit = wanted.limit.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX);
    let mut found = store
        .audit_log(wanted.by.as_deref(), limit + 1, wanted.before)
        .await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.number);
    Ok(axum::Json(wire::Audit {
        entries: found.into_iter().map(wire::AuditEntry::from).collect(),
        next,
    }))
}
