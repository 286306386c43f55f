//! `caxton component`: looks at components, and tries one without a server.

mod inspect;
mod try_out;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::target::Target;
use super::{Output, output};
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton component list
  caxton component inspect weather.wasm
  caxton component run weather.wasm forecast city=Oslo --grant http=https://api.weather.example";

/// Look at components and try them.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the components of a server.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Show what a file is, exports and imports, and which grants it would need.
    Inspect(inspect::Args),
    /// Call a tool of a file, without a server.
    Run(try_out::Args),
}

/// Does it.
pub fn run(args: Args, target: &Target) -> Result<ExitCode> {
    match args.command {
        Command::List { output } => super::client_side(list(target, output)),
        Command::Inspect(args) => super::client_side(inspect::run(args)),
        Command::Run(args) => super::client_side(try_out::run(args)),
    }
}

async fn list(target: &Target, output: Output) -> Result<ExitCode> {
    let found: wire::Components = target.client()?.get(&["components"]).await?;
    if output.json {
        output::json(&found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let row = |component: &wire::Component| {
        let size = output::size(component.size as u64);
        let tools = if component.tools.is_empty() {
            String::new()
        } else {
            component.tools.len().to_string()
        };
        [
            component.name.clone(),
            component.kinds.join(", "),
            tools,
            component.health.clone(),
            size,
            component.source.clone(),
            component.digest.chars().take(12).collect(),
        ]
    };
    let rows: Vec<_> = found.components.iter().map(row).collect();
    output::table(
        [
            "NAME", "KIND", "TOOLS", "HEALTH", "SIZE", "SOURCE", "DIGEST",
        ],
        &rows,
        "There are no components; put .wasm files into the workspace's `components` directory.",
    )?;
    for component in &found.components {
        if let Some(reason) = &component.health_reason {
            output::remark(format_args!(
                "{} can't answer ({}): {reason}",
                component.name, component.health
            ));
        }
    }
    for refused in &found.refused {
        output::remark(format_args!(
            "refused {}: {}; {}",
            refused.name, refused.reason, refused.remedy
        ));
    }
    Ok(ExitCode::SUCCESS)
}
