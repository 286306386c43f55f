//! `caxton serve`: runs the server until it is told to end.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::open::{self, Place};
use super::target::{LISTEN, Target};
use super::units;
use super::{detach, output};
use crate::api::guard::Guard;
use crate::api::server::{self, Ended, Options};
use crate::api::{self, Limits, Shared, mcp};
use crate::data::{Data, Running};
use crate::telemetry::{self, Format, Metrics};
use crate::turn::Turns;
use crate::workspace::overlap::Overlap;

const EXAMPLES: &str = "\
Examples:
  caxton serve                                     the workspace in this directory
  caxton serve --workspace desk --detach           another one, in the background
  caxton serve --components tools --listen :0      a directory of .wasm files, on any free port

It answers under /api/v1, to MCP clients at /mcp, and describes itself at /openapi.json. CAXTON_LOG sets what is logged, \
such as `debug` or `caxton=debug,warn`.";

/// Run the server.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    pub place: Place,
    /// The address to listen on; port 0 takes any free one.
    #[arg(long, value_name = "ADDRESS", default_value = LISTEN, value_parser = address)]
    pub listen: SocketAddr,
    /// Run in the background, and return when the server is ready.
    #[arg(long)]
    pub detach: bool,
    /// How long calls in flight may go on when the server ends.
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = units::time)]
    pub grace: Duration,
    /// How long a client may take to send a body of JSON.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = units::time)]
    pub body_timeout: Duration,
    /// An origin whose pages may use this server, such as https://app.example.com.
    #[arg(long = "allow-origin", value_name = "ORIGIN", value_parser = origin)]
    pub origins: Vec<String>,
    /// How log lines look.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub log_format: Format,
    /// Print the address as JSON when ready.
    #[arg(long)]
    pub json: bool,
}

/// What is printed when the server is ready.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    url: &'a str,
    address: SocketAddr,
    pid: u32,
    workspace: &'a str,
    data: &'a str,
}

/// Runs the server, or starts one in the background.
pub fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let (dir, data) = args.place.find(target)?;
    if args.detach {
        return detach::start(&data, args.json);
    }
    telemetry::log(args.log_format, "info").map_err(anyhow::Error::msg)?;
    // Guests that compute give way after a tenth of a millisecond. With tokio's default, sockets would be looked at after 61
    // of such stretches only, and a health check would wait for as long.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .event_interval(8)
        .build()?;
    let ended = runtime.block_on(async {
        let data = Data::hold(&data)?;
        let listener = TcpListener::bind(args.listen).await;
        let listener = listener.with_context(|| {
            format!(
                "can't listen on {}; is something else there? choose another address with --listen",
                args.listen
            )
        })?;
        let workspace =
            open::open(dir, args.place.components.clone(), &data, &data.cache()).await?;
        serve(args, data, listener, workspace).await
    });
    // What still runs was told to end and had its time.
    runtime.shutdown_timeout(Duration::from_millis(200));
    ended
}

async fn serve(
    args: Args,
    data: Data,
    listener: TcpListener,
    workspace: crate::workspace::Workspace,
) -> Result<ExitCode> {
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let seal = Arc::new(mcp::Seal::at(&data.path.join("mcp.key"))?);
    let mut limits = Limits::default();
    limits.json.timeout = args.body_timeout;
    let metrics = Metrics::default();
    let access = mcp::Access {
        loopback: address.ip().is_loopback(),
        origins: args.origins.clone(),
    };
    let turns = Turns::new(workspace.clone());
    let mcp = mcp::routes(
        turns.clone(),
        Arc::clone(&seal),
        access,
        limits.json,
        stop.clone(),
    );
    let name = workspace.name();
    let watched = workspace.clone();
    let state = Arc::new(Shared {
        workspace,
        turns: turns.clone(),
        metrics: metrics.clone(),
        limits,
        seal,
        stop: stop.clone(),
    });
    let app = api::router(state, mcp);
    let options = Options {
        grace: args.grace,
        ..Options::default()
    };
    end_on_signal(stop.clone())?;
    // Without them the server is of use all the same, and whoever reads its log may mend what is wrong.
    if let Err(error) = turns.resume().await {
        tracing::error!(%error, "what the last server left unfinished can't be taken up again");
    }

    tokio::spawn(warn_of_overlaps(watched));

    let url = format!("http://{}", reachable(address));
    data.announce(&Running {
        pid: std::process::id(),
        url: url.clone(),
        workspace: name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    })?;
    if args.json {
        let shown = data.path.display().to_string();
        output::json_line(&Ready {
            url: &url,
            address,
            pid: std::process::id(),
            workspace: &name,
            data: &shown,
        })?;
    } else {
        output::line(format_args!("caxton is ready at {url}"))?;
    }
    let guard = Guard::new(address, args.origins);
    let ended = server::serve(listener, app, guard, metrics, options, stop).await;
    match ended {
        Ended::Clean => tracing::info!("every call was answered; good bye"),
        Ended::Cut(connections) => tracing::warn!(
            connections,
            "the grace period is over; what still ran was cut off"
        ),
    }
    drop(data);
    Ok(ExitCode::SUCCESS)
}

/// How many pairs of capabilities a log is told of.
const OVERLAPS_TOLD_MAX: usize = 10;

/// Warns of capabilities that will be taken for each other, once the model is there to say so.
async fn warn_of_overlaps(workspace: crate::workspace::Workspace) {
    match workspace.overlaps().await {
        Ok(overlaps) => {
            for pair in overlaps.iter().take(OVERLAPS_TOLD_MAX) {
                tracing::warn!("{pair}; {}", Overlap::REMEDY);
            }
            if overlaps.len() > OVERLAPS_TOLD_MAX {
                let pairs = overlaps.len();
                tracing::warn!(
                    pairs,
                    "`caxton validate` tells the closest pairs that overlap"
                );
            }
        }
        Err(reason) => tracing::debug!(reason, "capabilities are not compared by meaning"),
    }
}

/// Begins to end at the first signal, and ends at once at the second.
fn end_on_signal(stop: CancellationToken) -> Result<()> {
    let mut signals = Signals::new()?;
    tokio::spawn(async move {
        let name = signals.next().await;
        tracing::info!(
            signal = name,
            "ending: calls in flight may finish; a second signal ends at once"
        );
        stop.cancel();
        signals.next().await;
        // The status that a shell gives to what a signal ended.
        std::process::exit(130);
    });
    Ok(())
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return "SIGINT",
                _ = self.terminate.recv() => return "SIGTERM",
                // A detached server outlives its terminal.
                _ = self.hangup.recv() => if !detach::is_detached() { return "SIGHUP" },
            }
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

/// The address under which a client on this machine finds the server.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => {
            SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), v4.port())
        }
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => {
            SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), v6.port())
        }
        address => address,
    }
}

/// An address: `127.0.0.1:8080`, `localhost:8080`, `:8080`, `8080`.
fn address(text: &str) -> Result<SocketAddr, String> {
    let full = match text {
        port if port.parse::<u16>().is_ok() => format!("127.0.0.1:{port}"),
        port if port.starts_with(':') => format!("127.0.0.1{port}"),
        full => full.replacen("localhost:", "127.0.0.1:", 1),
    };
    full.parse().map_err(|_| "write an address and a port, such as 127.0.0.1:8080 or [::1]:8080; 0.0.0.0:8080 listens on all".to_owned())
}

fn origin(text: &str) -> Result<String, String> {
    let origin: caxton_sandbox::Origin = text
        .parse()
        .map_err(|error: caxton_sandbox::GrantError| error.reason)?;
    if origin.host.contains('*') {
        Err("patterns are not allowed here; name each origin".to_owned())
    } else {
        Ok(text.trim_end_matches('/').to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                address(text).ok().map(|a| a.to_string()).as_deref(),
                expected,
                "{text}"
            )
        };
        check("127.0.0.1:8080", Some("127.0.0.1:8080"));
        check("localhost:0", Some("127.0.0.1:0"));
        check(":9000", Some("127.0.0.1:9000"));
        check("9000", Some("127.0.0.1:9000"));
        check("[::1]:80", Some("[::1]:80"));
        check("0.0.0.0:80", Some("0.0.0.0:80"));
        check("example.com:80", None);
        check("127.0.0.1", None);
        check("127.0.0.1:99999", None);
        check("", None);
    }
}
