//! What the server tells those who run it: log lines on standard error, and numbers for Prometheus. What happens in a
//! workspace is told elsewhere, by its events.

mod metrics;

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

pub use metrics::{Metrics, Surface, Text};

/// The environment variable that sets the log filter, such as `info` or `caxton=debug,warn`.
pub const FILTER_VARIABLE: &str = "CAXTON_LOG";

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Begins to log to standard error. `filter` is used where the environment sets none.
///
/// # Errors
/// Where the filter of the environment does not parse; the text names it.
pub fn log(format: Format, filter: &str) -> Result<(), String> {
    let set = std::env::var(FILTER_VARIABLE)
        .ok()
        .filter(|set| !set.is_empty());
    let filter = match &set {
        Some(set) => EnvFilter::try_new(set).map_err(|e| format!("{FILTER_VARIABLE}=`{set}` is not a log filter: {e}; write a level such as `info` or `caxton=debug,warn`"))?,
        // The MCP library tells of every request and every client's mistake; both are counted elsewhere.
        None => EnvFilter::new(format!("{filter},rmcp=error")),
    };
    let writer = std::io::stderr;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colour(&writer.make_writer()));
    // A second call, as in a test that starts two servers in one process, keeps the first subscriber.
    drop(match format {
        Format::Text => subscriber.with_target(false).try_init(),
        Format::Json => subscriber.json().flatten_event(true).try_init(),
    });
    Ok(())
}

/// Whether to colour what is written there: on a terminal, unless `NO_COLOR` is set.
pub fn colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
