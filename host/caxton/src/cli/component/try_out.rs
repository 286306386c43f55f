//! `caxton component run`: loads a file into a sandbox of this process and calls one of its tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use caxton_sandbox::{
    Call, Emitted, FileGrant, FileMode, Grants, Overrides, Sandbox, Settings, Spec,
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::super::arguments::Arguments;
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
    /// Something that it may reach: http=ORIGIN, files=DIR, files=DIR:write.
    #[arg(long = "grant", value_name = "GRANT")]
    grants: Vec<String>,
    /// A setting that it reads: KEY=VALUE.
    #[arg(long = "config", value_name = "KEY=VALUE")]
    config: Vec<String>,
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
    let spec = Spec {
        name,
        workspace: "default".to_owned(),
        config: config(&args.config)?,
        limits,
        grants: grants(&args.grants)?,
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
        listener: Some(listener),
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

/// Shows progress and log messages while the call runs.
async fn show(mut emitted: mpsc::Receiver<Emitted>) {
    let style = Style::of_stderr();
    while let Some(emitted) = emitted.recv().await {
        match emitted {
            Emitted::Log { level, message } => output::remark(
                style.dim(
                    format_args!("{level:?}: {message}")
                        .to_string()
                        .to_lowercase(),
                ),
            ),
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

fn config(pairs: &[String]) -> Result<BTreeMap<String, String>> {
    let pair = |pair: &String| {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| anyhow!("`{pair}` is no setting; write it as key=value"))?;
        Ok((key.to_owned(), value.to_owned()))
    };
    pairs.iter().map(pair).collect()
}

fn grants(written: &[String]) -> Result<Grants> {
    let mut grants = Grants::default();
    for grant in written {
        match grant.split_once('=') {
            Some(("http", origin)) => grants.http.push(origin.parse()?),
            Some(("files", dir)) => grants.files.push(files(dir)?),
            _ => bail!(
                "`{grant}` is no grant; write http=https://example.com, files=DIR or files=DIR:write"
            ),
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
