//! What the server answers over HTTP: thin views of what the rooms below can do. `rest` is the management API, `mcp` the
//! Model Context Protocol, `openai` the API of OpenAI's clients; `wire` has their JSON, `error` their errors, `body` reads
//! what clients send, `sse` streams events and `stream` those of a turn, `guard` keeps other sites' pages out, `server`
//! listens.

pub mod body;
pub mod error;
pub mod guard;
pub mod mcp;
pub mod openai;
pub mod rest;
pub mod server;
mod sse;
mod stream;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use tokio_util::sync::CancellationToken;

use self::body::Limit;
use self::error::Problem;
use crate::telemetry::{Metrics, Surface};
use crate::turn::Turns;
use crate::workspace::Workspace;

/// What handlers need. A cheap handle.
pub type State = Arc<Shared>;

/// What handlers share.
#[derive(Debug)]
pub struct Shared {
    /// The workspace that is served.
    pub workspace: Workspace,
    /// Its turns.
    pub turns: Turns,
    /// The server's counters.
    pub metrics: Metrics,
    /// How much is read from clients.
    pub limits: Limits,
    /// What signs the state of tools that ask before they answer.
    pub seal: Arc<mcp::Seal>,
    /// Cancelled when the server begins to end.
    pub stop: CancellationToken,
}

/// How much is read from clients, and how long that may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For bodies of JSON and TOML.
    pub json: Limit,
    /// For components.
    pub wasm: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        // The largest bodies are messages with pictures. A component of 64 MiB, the
        // sandbox's own limit, takes five minutes over 2 Mbit/s.
        Self {
            json: Limit {
                bytes_max: 16 << 20,
                timeout: Duration::from_secs(30),
            },
            wasm: Limit {
                bytes_max: 64 << 20,
                timeout: Duration::from_secs(300),
            },
        }
    }
}

/// Everything that the server answers. `mcp` is mounted at `/mcp`.
pub fn router(state: State, mcp: Router) -> Router {
    let (described, openapi) = rest::routes().merge(openai::routes()).split_for_parts();
    let description = rest::description(&openapi);
    Router::new()
        .merge(described.with_state(state))
        .merge(description)
        .merge(mcp)
        .fallback(|request: Request| async move {
            let path = request.uri().path();
            refused(path, Problem::no_path(path))
        })
        .method_not_allowed_fallback(|request: Request| async move {
            let path = request.uri().path();
            refused(path, Problem::no_method(request.method(), path))
        })
}

/// A problem as the clients of this path read it.
fn refused(path: &str, problem: Problem) -> Response {
    match Surface::of(path) {
        Surface::OpenAi => openai::Refusal(problem).into_response(),
        _ => problem.into_response(),
    }
}
