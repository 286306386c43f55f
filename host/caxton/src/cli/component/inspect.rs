//! `caxton component inspect`: what a file is, what it exports and imports, and what it would have to be granted.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use caxton_sandbox::{Call, Inspection, Sandbox, Settings, Spec};
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
    #[serde(flatten)]
    inspection: Inspection,
    tools: Vec<ToolLine>,
}

#[derive(Serialize)]
struct ToolLine {
    name: String,
    description: String,
}

/// Inspects. The exit code is 1 where the component could not be loaded.
pub async fn run(args: Args) -> Result<ExitCode> {
    let wasm =
        std::fs::read(&args.file).with_context(|| format!("can't read {}", args.file.display()))?;
    let name = args.file.file_stem().map_or_else(
        || "component".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    );
    let mut inspection = caxton_sandbox::inspect(&name, &wasm)?;
    let mut tools = Vec::new();
    // Only the component itself knows its tools, so it is asked, with nothing granted.
    if inspection.problems.is_empty() && inspection.kinds.contains(&"tool") {
        match list(&name, &wasm).await {
            Ok(listed) => tools = listed,
            Err(error) => inspection
                .problems
                .push(format!("it does not list its tools: {error}")),
        }
    }
    let works = inspection.problems.is_empty();
    let report = Report {
        file: args.file.display().to_string(),
        inspection,
        tools,
    };
    if args.json {
        output::json(&report)?
    } else {
        show(&report)?
    }
    Ok(if works {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn list(name: &str, wasm: &[u8]) -> Result<Vec<ToolLine>> {
    let sandbox = Sandbox::new(Settings {
        instances: 4,
        ..Settings::default()
    })?;
    let component = sandbox.load(
        Spec {
            name: name.to_owned(),
            workspace: "default".to_owned(),
            ..Spec::default()
        },
        wasm,
    )?;
    let listed = component.list_tools(Call::default()).await?.value;
    Ok(listed
        .into_iter()
        .map(|tool| ToolLine {
            name: tool.name,
            description: tool.description,
        })
        .collect())
}

fn show(report: &Report) -> Result<()> {
    let style = Style::of_stdout();
    let Report {
        file,
        inspection,
        tools,
    } = report;
    let kinds = if inspection.kinds.is_empty() {
        "nothing that Caxton can use".to_owned()
    } else {
        inspection.kinds.join(", ")
    };
    output::line(format_args!(
        "{}  {kinds}, {}",
        style.bold(file),
        output::size(inspection.size as u64)
    ))?;
    output::line(format_args!("sha256 {}", inspection.digest))?;
    for (field, values) in &inspection.producers {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        output::line(format_args!("{field} {}", values.join(", ")))?;
    }
    section(
        "tools",
        tools
            .iter()
            .map(|tool| format!("{}  {}", tool.name, tool.description)),
    )?;
    section(
        "functions that can't be tools",
        inspection
            .left_out
            .iter()
            .map(|left| format!("{}: {}", left.function, left.reason)),
    )?;
    section("exports", inspection.exports.iter().cloned())?;
    section("imports", inspection.imports.iter().cloned())?;
    section(
        "grants it would need",
        inspection
            .grants_needed
            .iter()
            .map(|need| format!("{}    for {}", need.example, need.imports.join(", "))),
    )?;
    section(
        "what is wrong with it",
        inspection.problems.iter().map(|problem| style.red(problem)),
    )?;
    if inspection.grants_needed.is_empty() && inspection.problems.is_empty() {
        output::line("\nIt needs no grants.")?;
    }
    Ok(())
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
