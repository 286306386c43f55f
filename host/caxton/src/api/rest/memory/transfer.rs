//! Memory as JSON Lines, out and in. Neither is ever held as a whole.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use http::{StatusCode, header};
use serde::Deserialize;

use super::super::super::body::{Params, Query, content_type};
use super::super::super::{State, wire};
use super::{Problem, memories};
use crate::workspace::Memories;

/// The media type of JSON Lines, and others under which they are sent.
const LINES: &str = "application/jsonl";
const ALSO: &[&str] = &[
    "application/x-ndjson",
    "application/ndjson",
    "application/x-jsonlines",
];

/// Has the background make the vectors of what came, when it goes.
struct Waking<'a>(&'a Memories);

impl Drop for Waking<'_> {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// What is told of an import that breaks off.
const KEPT: &str = "what came before is imported, and importing the file again goes on";

/// How long the rest of a file is read that can't be taken.
const REST_MAX: Duration = Duration::from_secs(5);

/// What is exported.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct What {
    /// Vectors too. They are three quarters of it; without them they are made anew where it is imported.
    #[serde(default)]
    vectors: bool,
}

/// Export what is remembered.
///
/// JSON Lines: a header with the format's version, then entities, then relations, all known by scope and name.
#[utoipa::path(get, operation_id = "export_memory", path = "/api/v1/workspaces/{workspace}/memory/export", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`"), What),
    responses((status = 200, body = String, content_type = "application/jsonl"),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn export(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(what): Query<What>,
) -> Result<Response, Problem> {
    let memory = memories(&state, &name)?.memory;
    let mut export = memory.export(what.vectors);
    // What fails at once has a status of its own; what fails later breaks the answer off.
    let first = export.next().await?;
    let rest = stream::try_unfold(export, |mut export| async {
        Ok::<_, caxton_memory::Error>(export.next().await?.map(|lines| (lines, export)))
    });
    let body = Body::from_stream(stream::iter(first.map(Ok)).chain(rest));
    Ok(([(header::CONTENT_TYPE, LINES)], body).into_response())
}

/// Import what was exported.
///
/// Entities are merged with those of the same scope and name, so that the same file imported twice changes nothing the second
/// time. What stands before a line that can't be taken stays; importing the mended file again goes on.
#[utoipa::path(post, operation_id = "import_memory", path = "/api/v1/workspaces/{workspace}/memory/import", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    request_body(content = String, content_type = "application/jsonl"),
    responses((status = 200, body = wire::MemoryImported), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn import(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    request: Request,
) -> Result<axum::Json<wire::MemoryImported>, Problem> {
    let memories = memories(&state, &name)?;
    content_type(request.headers(), LINES, ALSO)?;
    let mut import = memories.memory.import();
    // However this ends: what came is to be found by meaning.
    let _woken = Waking(&memories);
    let mut parts = request.into_body().into_data_stream();
    // A file of any size may take any time, as long as it goes on coming.
    let wait = state.limits.json.timeout;
    let broken = loop {
        let part = match tokio::time::timeout(wait, parts.next()).await {
            Ok(Some(Ok(part))) => part,
            Ok(None) => break None,
            Ok(Some(Err(error))) => {
                let detail = format!("the body broke off: {error}; {KEPT}");
                break Some(Problem::new(StatusCode::BAD_REQUEST, "body-broken", detail));
            }
            Err(_) => {
                let detail = format!("nothing came for {wait:?}; {KEPT}");
                break Some(Problem::new(
                    StatusCode::REQUEST_TIMEOUT,
                    "body-timeout",
                    detail,
                ));
            }
        };
        if let Err(error) = import.feed(&part).await {
            // A client reads the answer when it has sent all, or as much as it can.
            drop(tokio::time::timeout(REST_MAX, parts.for_each(|_| async {})).await);
            return Err(error.into());
        }
    };
    if let Some(problem) = broken {
        import.settle().await?;
        return Err(problem);
    }
    let imported = import.finish().await?;
    Ok(axum::Json(imported.into()))
}
