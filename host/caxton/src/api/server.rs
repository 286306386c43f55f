//! The listener: connections with limits, the guard before every request, and an end in two steps: first nothing new is
//! taken and what runs may finish, then what still runs is cut off.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::Service;

use super::error::Problem;
use super::guard::Guard;
use crate::telemetry::{Metrics, Surface};

/// How connections are treated.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many connections may be open; more wait to be accepted.
    pub connections_max: u32,
    /// How long a request's head may take. An idle connection is closed after this time, too.
    pub head_timeout: Duration,
    /// How long calls in flight may go on when the server ends.
    pub grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        // A connection holds about 20 KiB here; 30 s are enough for the slowest honest head.
        Self {
            connections_max: 4096,
            head_timeout: Duration::from_secs(30),
            grace: Duration::from_secs(10),
        }
    }
}

/// How the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every call was answered.
    Clean,
    /// So many connections had to be cut off when the grace period was over.
    Cut(u32),
}

/// Serves `app` until `stop` is cancelled, and then for the grace period at most.
pub async fn serve(
    listener: TcpListener,
    app: Router,
    guard: Guard,
    metrics: Metrics,
    options: Options,
    stop: CancellationToken,
) -> Ended {
    let places = Arc::new(Semaphore::new(options.connections_max as usize));
    let cut = CancellationToken::new();
    let mut http = http1::Builder::new();
    // A client that closes its half while it waits has gone away: its turn is cancelled.
    http.timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .half_close(false);
    let shared = Shared {
        app,
        guard,
        metrics,
        http,
        stop: stop.clone(),
        cut: cut.clone(),
    };
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (accepted, place) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        match (accepted, place) {
            (Ok((stream, _)), Ok(place)) => {
                let shared = shared.clone();
                tokio::spawn(async move {
                    connection(stream, shared).await;
                    drop(place);
                });
            }
            (Err(error), _) => {
                tracing::warn!(%error, "a connection could not be accepted");
                // Out of file descriptors, most likely: trying again at once would only burn time.
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            (_, Err(_)) => break,
        }
    }
    drop(listener);
    let all = places.acquire_many(options.connections_max);
    if tokio::time::timeout(options.grace, all).await.is_ok() {
        return Ended::Clean;
    }
    let open = options
        .connections_max
        .saturating_sub(u32::try_from(places.available_permits()).unwrap_or(u32::MAX));
    cut.cancel();
    let all = places.acquire_many(options.connections_max);
    // A task that was told to end does so at its next await; one that does not is not waited for.
    drop(tokio::time::timeout(Duration::from_millis(500), all).await);
    Ended::Cut(open)
}

#[derive(Clone)]
struct Shared {
    app: Router,
    guard: Guard,
    metrics: Metrics,
    http: http1::Builder,
    stop: CancellationToken,
    cut: CancellationToken,
}

async fn connection(stream: TcpStream, shared: Shared) {
    let _open = shared.metrics.connection();
    // Events are small and must not wait for each other's acknowledgement.
    drop(stream.set_nodelay(true));
    let Shared {
        app,
        guard,
        metrics,
        http,
        stop,
        cut,
    } = shared;
    let service = hyper::service::service_fn(move |request| {
        let (app, guard, metrics) = (app.clone(), guard.clone(), metrics.clone());
        async move { Ok::<_, Infallible>(answer(request, app, &guard, &metrics).await) }
    });
    let mut served = pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            tokio::select! {
                ended = served.as_mut() => ended,
                () = cut.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        // Clients come and go; what they do wrong is theirs.
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    request: Request<Incoming>,
    mut app: Router,
    guard: &Guard,
    metrics: &Metrics,
) -> Response {
    let started = Instant::now();
    let path = request.uri().path().to_owned();
    let surface = Surface::of(&path);
    // MCP has an access list of its own, which knows the protocol's rules.
    let admitted = match surface {
        Surface::Mcp => Ok(()),
        _ => guard.check(request.method(), request.uri(), request.headers()),
    };
    let response = match admitted {
        Err(problem) => {
            metrics.refused();
            super::refused(&path, problem)
        }
        Ok(()) => {
            let handled = app.call(request.map(Body::new));
            match AssertUnwindSafe(handled).catch_unwind().await {
                Ok(Ok(response)) => response,
                Err(_) => {
                    metrics.panicked();
                    super::refused(&path, Problem::internal(&"a handler panicked"))
                }
            }
        }
    };
    metrics.request(surface, response.status(), started.elapsed());
    response
}
