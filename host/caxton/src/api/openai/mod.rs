//! OpenAI's API over a workspace: agents are models, and `auto` is whichever agent fits. Its official clients work against it
//! as they are, with any key. Like REST it is a thin view of `turn`; what it takes and gives has the shapes of
//! `wire::openai`.
//!
//! In reading order: `models`, `said` and `input` (what is asked), `chat` (the client keeps the conversation), `responses` (the server
//! does), `answer` and `stream` (what both give), `error`.

mod answer;
mod chat;
mod error;
mod input;
mod models;
mod responses;
mod said;
mod stream;

use std::time::Instant;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use serde::de::DeserializeOwned;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::State;
use super::body;
use crate::turn::{Keep, Start};

pub use error::Refusal;

/// All routes, with their description.
pub fn routes() -> OpenApiRouter<State> {
    OpenApiRouter::new()
        .routes(routes!(models::list))
        .routes(routes!(models::show))
        .routes(routes!(chat::complete))
        .routes(routes!(responses::create))
        .routes(routes!(responses::show, responses::remove))
        .layer(axum::middleware::from_fn(told))
}

/// A body, with how its turn is started. One that may be sent again runs to its end: its client comes back for the answer.
async fn read<T: DeserializeOwned>(state: &State, request: Request) -> Result<(Start, T), Refusal> {
    body::content_type(request.headers(), "application/json", &[])?;
    let headers = request.headers().clone();
    let bytes = body::read(request, state.limits.json).await?;
    let key = body::key(&headers, &bytes)?;
    let keep = match key {
        Some(_) => Keep::ToTheEnd,
        None => Keep::WhileFollowed,
    };
    Ok((Start { key, keep }, body::parse(&bytes)?))
}

/// Tells what OpenAI's clients show when something went wrong: the request's id and how long it took.
async fn told(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let id = format!("req_{}", Uuid::now_v7().simple());
    for (name, value) in [
        ("x-request-id", id),
        (
            "openai-processing-ms",
            started.elapsed().as_millis().to_string(),
        ),
        // The one version of the API that there has ever been.
        ("openai-version", "2020-10-01".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    response
}
