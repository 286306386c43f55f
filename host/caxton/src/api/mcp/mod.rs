//! The Model Context Protocol over a workspace: streamable HTTP at `/mcp` and standard input and output, protocol versions
//! up to 2026-07-28. The protocol itself, its sessions and headers are rmcp's; what is offered is the workspace's.
//!
//! In reading order: `handler` (every request), `tools`, `agents`, `catalog` (prompts, resources, suggestions), `caller` and
//! `question` (what a component asks before it answers), `seal` (state that goes through a client's hands), `relay`
//! (progress and log messages), `changes`, `sessions`, `request` (bodies), `content`, `error`. REST is a facade of its own beside this one.
#![allow(
    deprecated,
    reason = "2026-07-28 deprecates sampling, roots and logging, and clients of every version still have them"
)]

mod agents;
mod caller;
mod catalog;
mod changes;
mod content;
mod error;
mod handler;
mod question;
mod relay;
mod request;
mod seal;
mod sessions;
mod tools;

use std::sync::Arc;

use axum::{Router, middleware};
use rmcp::ServiceExt;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio_util::sync::CancellationToken;

pub use seal::{KeyError, Refused, Scope, Seal};

use crate::api::body::Limit;
use crate::turn::Turns;
use handler::Handler;
use sessions::Sessions;

/// Where browsers' pages may come from, besides what is set: pages of this machine.
const LOCAL_ORIGINS: [&str; 6] = [
    "http://localhost:*",
    "https://localhost:*",
    "http://127.0.0.1:*",
    "https://127.0.0.1:*",
    "http://[::1]:*",
    "https://[::1]:*",
];

/// The names under which this machine calls itself.
const LOCAL_HOSTS: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Who may reach `/mcp` over HTTP. Any page in a browser can send requests to this machine, also under a name of its own
/// that it makes point here (DNS rebinding); so both where it comes from and how it calls the server are looked at.
#[derive(Clone, Debug)]
pub struct Access {
    /// The server listens on this machine only, so that its names are this machine's.
    pub loopback: bool,
    /// Origins of pages, such as `https://app.example.com`, besides those of this machine.
    pub origins: Vec<String>,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            loopback: true,
            origins: Vec::new(),
        }
    }
}

/// The route `/mcp`, where bodies are read within `limit`. Sessions and streams end when `stop` is cancelled.
pub fn routes(
    turns: Turns,
    seal: Arc<Seal>,
    access: Access,
    limit: Limit,
    stop: CancellationToken,
) -> Router {
    let origins = LOCAL_ORIGINS
        .into_iter()
        .map(str::to_owned)
        .chain(access.origins.into_iter().map(with_port));
    let config = StreamableHttpServerConfig::default();
    let config = if access.loopback {
        config.with_allowed_hosts(LOCAL_HOSTS)
    } else {
        config.disable_allowed_hosts()
    };
    let config = config
        .with_allowed_origins(origins)
        .enforce_origin_validation()
        .with_json_response(true)
        .with_max_request_body_bytes(limit.bytes_max)
        .with_cancellation_token(stop);
    let handler = move || Ok(Handler::new(turns.clone(), Arc::clone(&seal)));
    let service = StreamableHttpService::new(handler, Arc::new(Sessions::default()), config);
    Router::new()
        .route_service("/mcp", service)
        .route_layer(middleware::from_fn_with_state(limit, request::read))
}

/// An origin with its port written out, without which rmcp would take it for one of any port.
fn with_port(origin: String) -> String {
    let port = match origin.split_once("://") {
        Some(("https", authority)) if !has_port(authority) => ":443",
        Some(("http", authority)) if !has_port(authority) => ":80",
        _ => "",
    };
    format!("{origin}{port}")
}

fn has_port(authority: &str) -> bool {
    authority
        .rsplit_once(']')
        .map_or(authority, |(_, after)| after)
        .contains(':')
}

/// Why the server on standard input and output ended.
#[derive(Debug, thiserror::Error)]
pub enum StdioError {
    /// There is no key for signing.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The client did not begin as the protocol wants it.
    #[error("the client did not begin an MCP session: {0}; start this command from an MCP client")]
    Handshake(String),
    /// The server itself broke down.
    #[error("the MCP server broke down: {0}")]
    Broken(#[from] tokio::task::JoinError),
}

/// Serves one client on standard input and output until it closes its end or `stop` is cancelled. Nothing else may be
/// written to standard output meanwhile.
///
/// # Errors
/// [`StdioError`].
pub async fn stdio(turns: Turns, stop: CancellationToken) -> Result<(), StdioError> {
    serve(turns, rmcp::transport::stdio(), stop).await
}

/// Serves one client on any pair of streams.
async fn serve<R, W>(
    turns: Turns,
    streams: (R, W),
    stop: CancellationToken,
) -> Result<(), StdioError>
where
    R: tokio::io::AsyncRead + Send + Unpin + 'static,
    W: tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    // The key need not outlive the only client there will ever be.
    let handler = Handler::new(turns, Arc::new(Seal::ephemeral()?));
    match handler.serve_with_ct(streams, stop).await {
        Ok(running) => running
            .waiting()
            .await
            .map(drop)
            .map_err(StdioError::Broken),
        // A client that goes away before it has said anything has not done anything wrong.
        Err(
            rmcp::service::ServerInitializeError::ConnectionClosed(_)
            | rmcp::service::ServerInitializeError::Cancelled,
        ) => Ok(()),
        Err(error) => Err(StdioError::Handshake(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::with_port;

    #[test]
    fn an_origin_means_one_port() {
        for (origin, expected) in [
            ("https://app.example.com", "https://app.example.com:443"),
            ("http://app.example.com", "http://app.example.com:80"),
            ("http://[2001:db8::1]", "http://[2001:db8::1]:80"),
            ("http://[2001:db8::1]:3000", "http://[2001:db8::1]:3000"),
            (
                "https://app.example.com:8443",
                "https://app.example.com:8443",
            ),
            ("https://app.example.com:*", "https://app.example.com:*"),
            ("null", "null"),
        ] {
            assert_eq!(with_port(origin.to_owned()), expected);
        }
    }
}
