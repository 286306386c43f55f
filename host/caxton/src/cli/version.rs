//! `caxton version`: what this program is and speaks.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::output;

/// Print versions.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Versions {
    caxton: &'static str,
    plugin: &'static str,
    mcp: [&'static str; 2],
}

/// Prints them.
pub fn run(args: Args) -> Result<ExitCode> {
    let versions = Versions {
        caxton: env!("CARGO_PKG_VERSION"),
        plugin: caxton_sandbox::wit::VERSION,
        mcp: ["2025-11-25", "2026-07-28"],
    };
    if args.json {
        output::json(&versions)?;
    } else {
        output::line(format_args!("caxton {}", versions.caxton))?;
        output::line(format_args!(
            "components speak caxton:plugin@{}; clients MCP {}",
            versions.plugin,
            versions.mcp.join(" and ")
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
