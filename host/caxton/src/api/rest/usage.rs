//! What was used.

use axum::extract::State as Shared;
use caxton_memory::today;
use http::StatusCode;
use serde::Deserialize;

use super::super::body::{Params, Query};
use super::super::wire::usage::day_read;
use super::super::{State, wire};
use super::{Problem, workspace};

/// The most days of one answer.
const DAYS_MAX: u32 = 366;

/// Of which days.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// The first day, `YYYY-MM-DD` in UTC: today where absent.
    from: Option<String>,
    /// The last day: today where absent.
    to: Option<String>,
    /// Of this agent only.
    agent: Option<String>,
}

/// Show what was used.
///
/// Tokens and money by day, agent and model, and their sum. Money is exact: it adds up to the receipts of the turns.
#[utoipa::path(get, operation_id = "show_usage", path = "/api/v1/workspaces/{workspace}/usage", tag = "usage",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Days),
    responses((status = 200, body = wire::Usage), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(days): Query<Days>,
) -> Result<axum::Json<wire::Usage>, Problem> {
    let workspace = workspace(&state, &name)?;
    let to = day("to", days.to.as_deref())?;
    let from = match &days.from {
        None => to,
        from => day("from", from.as_deref())?,
    };
    if from > to || to - from >= DAYS_MAX {
        let detail =
            format!("`from` must be at most {DAYS_MAX} days before `to`, and not after it");
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid-query",
            detail,
        ));
    }
    let used = async |from: u32, to: u32| {
        let mut used = workspace.store().usage(from, to).await?;
        if let Some(agent) = &days.agent {
            used.retain(|entry| entry.agent == *agent);
        }
        Ok::<_, Problem>(used)
    };
    let now = workspace.state();
    let budget = match &days.agent {
        None => now.config.budget,
        Some(agent) => now
            .agents
            .get(agent)
            .map(|agent| agent.config.budget)
            .unwrap_or_default(),
    };
    let left = wire::BudgetLeft::of(&budget, &used(today(), today()).await?);
    let used = used(from, to).await?;
    Ok(axum::Json(wire::Usage::new(from, to, used, &budget, left)))
}

fn day(name: &str, text: Option<&str>) -> Result<u32, Problem> {
    let Some(text) = text else { return Ok(today()) };
    day_read(text).ok_or_else(|| {
        let detail = format!(
            "`{name}` is `{}`, and must be a day such as 2026-11-21",
            text.escape_debug()
        );
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-query", detail)
    })
}
