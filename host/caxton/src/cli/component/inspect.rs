//! `caxton component inspect`: what a file is, what it exports and imports, and what it would have to be granted.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use caxton_sandbox::{Call, Component, Sandbox, Settings, Spec};
use serde::Serialize;

use super::super::output::{self, Style};

/// Show what a file is, exports and imports, and which grants it would need.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The component.
    file: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report {
    file: String,
    digest: String,
    size: usize,
    kinds: Vec<&'static str>,
    exports: Vec<String>,
    imports: Vec<String>,
    grants: Vec<Need>,
    tools: Vec<ToolLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools_failure: Option<String>,
}

/// A grant that the component's imports could use.
#[derive(Serialize)]
struct Need {
    grant: &'static str,
    import: String,
    meaning: &'static str,
}

#[derive(Serialize)]
struct ToolLine {
    name: String,
    description: String,
}

/// Imports that are denied unless granted: how each begins, the key under `[components.NAME.grants]`, and what it means.
const GRANTED: [(&str, &str, &str); 5] = [
    ("caxton:plugin/http@", "http", "sends HTTP requests; grant the origins that it may reach"),
    ("wasi:http/outgoing-handler@", "http", "sends HTTP requests; grant the origins that it may reach"),
    ("caxton:plugin/state@", "state", "keeps values between calls"),
    ("wasi:filesystem/preopens@", "files", "reads files where it is granted directories, and sees none otherwise"),
    ("wasi:sockets/network@", "-", "could open sockets; nobody can grant that, and every attempt fails"),
];

/// Inspects.
pub async fn run(args: Args) -> Result<ExitCode> {
    let wasm = std::fs::read(&args.file).with_context(|| format!("can't read {}", args.file.display()))?;
    let name = args.file.file_stem().map_or_else(|| "component".to_owned(), |stem| stem.to_string_lossy().into_owned());
    let sandbox = Sandbox::new(Settings { instances: 4, ..Settings::default() })?;
    let component = sandbox.load(Spec { name, workspace: "default".to_owned(), ..Spec::default() }, &wasm)?;
    let report = report(&args, &component).await;
    if args.json { output::json(&report)? } else { show(&report)? }
    Ok(ExitCode::SUCCESS)
}

async fn report(args: &Args, component: &Component) -> Report {
    let mut tools = Vec::new();
    let mut tools_failure = None;
    if component.roles().tools {
        match component.list_tools(Call::default()).await {
            Ok(listed) => tools = listed.value.into_iter().map(|tool| ToolLine { name: tool.name, description: tool.description }).collect(),
            Err(failed) => tools_failure = Some(failed.to_string()),
        }
    }
    Report {
        file: args.file.display().to_string(),
        digest: component.digest().to_owned(),
        size: component.size(),
        kinds: component.roles().names(),
        exports: component.exports().to_vec(),
        imports: component.imports().to_vec(),
        grants: component.imports().iter().filter_map(|import| need(import)).collect(),
        tools,
        tools_failure,
    }
}

fn need(import: &str) -> Option<Need> {
    let (_, grant, meaning) = GRANTED.iter().find(|(prefix, ..)| import.starts_with(prefix))?;
    Some(Need { grant, import: import.to_owned(), meaning })
}

fn show(report: &Report) -> Result<()> {
    let style = Style::of_stdout();
    output::line(format_args!("{}  {}, {}", style.bold(&report.file), report.kinds.join(", "), output::size(report.size as u64)))?;
    output::line(format_args!("sha256 {}", report.digest))?;
    section("tools", report.tools.iter().map(|tool| format!("{}  {}", tool.name, tool.description)))?;
    if let Some(failure) = &report.tools_failure {
        output::line(format_args!("  {} {failure}", style.red("it does not list its tools:")))?;
    }
    section("exports", report.exports.iter().cloned())?;
    section("imports", report.imports.iter().cloned())?;
    if report.grants.is_empty() {
        return output::line("\nIt needs no grants.");
    }
    section("grants it would need", report.grants.iter().map(|need| format!("{:6} {} ({})", need.grant, need.meaning, need.import)))
}

fn section(title: &str, lines: impl Iterator<Item = String>) -> Result<()> {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return Ok(());
    }
    output::line(format_args!("\n{}", Style::of_stdout().bold(title)))?;
    for line in lines {
        output::line(format_args!("  {line}"))?;
    }
    Ok(())
}
