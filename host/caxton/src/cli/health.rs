//! `caxton health`: asks a server whether it is well.

use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use super::output::{self, Style};
use super::target::Target;
use crate::api::wire;

/// Ask a server whether it is well.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    url: &'a str,
    #[serde(flatten)]
    health: &'a wire::Health,
    ready: &'a wire::Readiness,
}

/// Asks; the exit code is 0 where the server lives and takes work.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let client = target.client()?;
    let health: wire::Health = client.probe("/health").await?;
    let ready: wire::Readiness = client.probe("/ready").await?;
    let is_ready = ready.status == "ready";
    if args.json {
        output::json(&Report {
            url: &client.server,
            health: &health,
            ready: &ready,
        })?;
    } else {
        let style = Style::of_stdout();
        let status = if is_ready {
            style.green(&ready.status)
        } else {
            style.red(&ready.status)
        };
        output::line(format_args!(
            "{status}  caxton {} at {}",
            health.version, client.server
        ))?;
        output::line(format_args!(
            "workspace {}: {} agents, {} components, {} tools; embeddings {}",
            ready.workspace, ready.agents, ready.components, ready.tools, ready.embeddings
        ))?;
        for refused in &ready.refused {
            output::line(format_args!(
                "{} {}: {}; {}",
                style.red("refused"),
                refused.name,
                refused.reason,
                refused.remedy
            ))?;
        }
    }
    Ok(if is_ready {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
