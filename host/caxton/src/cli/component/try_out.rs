//! `caxton component run`: loads a file into a sandbox of this process and calls one of its tools.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use caxton_memory::Store;
use caxton_sandbox::wit::log::Level;
use caxton_sandbox::{
    Call, Emitted, FileGrant, FileMode, Grants, Listener, Origin, Overrides, Sandbox, Settings,
    Spec,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::super::Usage;
use super::super::arguments::{Arguments, pair};
use super::super::output::{self, Style};
use super::super::tool::Shape;
use super::super::units;
use crate::api::wire;
use crate::workspace::tool::{Outcome, Tool};

/// Call a tool of a file, without a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component.
    file: PathBuf,
    /// The tool, by its name within the component.
    tool: String,
    #[command(flatten)]
    arguments: Arguments,
    /// What it may reach: http=ORIGIN, files=DIR, files=DIR:write, state (for this run).
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// A setting that it reads: KEY=VALUE.
    #[arg(long = "config", value_name = "KEY=VALUE", value_parser = pair)]
    config: Vec<(String, String)>,
    /// How long the call may take.
    #[arg(long, value_name = "TIME", value_parser = units::time)]
    time: Option<std::time::Duration>,
    /// How much memory it may have, such as 128MiB.
    #[arg(long, value_name = "SIZE", value_parser = units::size)]
    memory: Option<u64>,
    /// How many units of fuel it may use.
    #[arg(long, value_name = "UNITS")]
    fuel: Option<u64>,
    #[command(flatten)]
    shape: Shape,
}

/// Calls it.
pub async fn run(args: Args) -> Result<ExitCode> {
    let wasm =
        std::fs::read(&args.file).with_context(|| format!("can't read {}", args.file.display()))?;
    let name = args.file.file_stem().map_or_else(
        || "component".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    let limits = Overrides {
        time: args.time,
        memory_bytes: args.memory,
        fuel: args.fuel,
        ..Overrides::default()
    };
    let grants = grants(&args.grants)?;
    let state = grants.state.then(State::open).transpose()?;
    let spec = Spec {
        name,
        workspace: "default".to_owned(),
        config: args.config.into_iter().collect(),
        limits,
        grants,
        store: state.as_ref().map(|state| state.store.clone()),
        ..Spec::default()
    };
    let sandbox = Sandbox::new(Settings {
        instances: 4,
        ..Settings::default()
    })?;
    let component = sandbox.load(spec, &wasm)?;
    let listed = component.list_tools(Call::default()).await?.value;
    let names: Vec<String> = listed.iter().map(|tool| tool.name.clone()).collect();
    let definition = listed.into_iter().find(|tool| tool.name == args.tool);
    let definition = definition.ok_or_else(|| {
        anyhow!(
            "{} has no tool `{}`; it has: {}",
            args.file.display(),
            args.tool,
            names.join(", ")
        )
    })?;
    let tool = Tool::new(&component, "", definition)
        .map_err(|reason| anyhow!("{}: {reason}", args.file.display()))?;
    let arguments = args.arguments.read(tool.input_schema())?;

    let (listener, emitted) = mpsc::channel(64);
    let call = Call {
        listener: Some(Listener::from(listener)),
        ..Call::default()
    };
    let (outcome, ()) = tokio::join!(tool.call(Value::Object(arguments), call), show(emitted));
    let answer = match outcome? {
        Outcome::Complete(answer) => wire::ToolAnswer::from(answer),
        Outcome::InputRequired(question) => {
            let asked: Vec<String> = question
                .input
                .requests
                .iter()
                .map(|request| request.key.clone())
                .collect();
            bail!(
                "`{}` asks before it answers ({}); that needs an MCP client or the HTTP API",
                args.tool,
                asked.join(", ")
            );
        }
    };
    args.shape.print(&answer)
}

/// State for the time of a run.
struct State {
    store: Store,
    /// Where it lies; it goes with this.
    _dir: TempDir,
}

impl State {
    fn open() -> Result<Self> {
        let dir = TempDir::with_prefix("caxton-run-")
            .context("there is no place for the component's state")?;
        Ok(Self {
            store: Store::open(dir.path().join("caxton.db"))?,
            _dir: dir,
        })
    }
}

/// Shows progress and log messages while the call runs.
async fn show(mut emitted: mpsc::Receiver<Emitted>) {
    let style = Style::of_stderr();
    while let Some(emitted) = emitted.recv().await {
        match emitted {
            Emitted::Log { level, message } => {
                output::remark(style.dim(format_args!("{}: {message}", level_name(level))));
            }
            Emitted::Progress {
                done,
                total,
                message,
            } => {
                let total = total
                    .map(|total| format!(" of {total}"))
                    .unwrap_or_default();
                output::remark(style.dim(format_args!(
                    "{done}{total} {}",
                    message.unwrap_or_default()
                )));
            }
            Emitted::Delta(_) => {}
        }
    }
}

/// The level of a log message, as RFC 5424 and MCP name it.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Notice => "notice",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Critical => "critical",
        Level::Alert => "alert",
        Level::Emergency => "emergency",
    }
}

fn grants(written: &[String]) -> Result<Grants> {
    let mut grants = Grants::default();
    for grant in written {
        match grant.split_once('=') {
            Some(("http", origin)) => {
                let origin = origin.parse::<Origin>();
                grants
                    .http
                    .push(origin.map_err(|error| Usage(error.to_string()))?);
            }
            Some(("files", dir)) => grants.files.push(files(dir)?),
            // As `component inspect` and caxton.toml write it, or short.
            Some(("state", "true")) => grants.state = true,
            None if grant == "state" => grants.state = true,
            _ => {
                return Err(Usage(format!(
                    "`{grant}` is no grant; write http=https://example.com, files=DIR, files=DIR:write or state"
                ))
                .into());
            }
        }
    }
    Ok(grants)
}

fn files(written: &str) -> Result<FileGrant> {
    let (dir, mode) = match written.rsplit_once(':') {
        Some((dir, "write")) => (dir, FileMode::Write),
        Some((dir, "read")) => (dir, FileMode::Read),
        _ => (written, FileMode::Read),
    };
    let host = Path::new(dir)
        .canonicalize()
        .with_context(|| format!("can't grant the directory {dir}"))?;
    if !host.is_dir() {
        bail!("can't grant {dir}: it is not a directory");
    }
    Ok(FileGrant {
        host,
        guest: dir.trim_end_matches('/').to_owned(),
        mode,
    })
}
