//! `caxton mcp`: an MCP server on standard input and output over a workspace.

use std::process::ExitCode;

use anyhow::Result;
use tokio_util::sync::CancellationToken;

use super::Usage;
use super::open::{self, Place};
use super::output;
use super::target::Target;
use crate::api::mcp;
use crate::data::{self, Data};
use crate::telemetry::{self, Format};
use crate::turn::Turns;

const EXAMPLES: &str = "\
An MCP client starts this command itself. Most take a setting such as:
  {\"mcpServers\": {\"caxton\": {\"command\": \"caxton\", \"args\": [\"mcp\", \"--workspace\", \"/path/to/desk\"]}}}

Clients that speak HTTP use /mcp of `caxton serve` instead.";

/// Be an MCP server on standard input and output.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    place: Place,
}

/// Serves until standard input ends.
pub fn run(args: Args, target: &Target) -> Result<ExitCode> {
    if let Some(server) = &target.server
        && args.place.components.is_none()
        && target.directory()?.is_none()
    {
        return Err(Usage(format!(
            "`caxton mcp` serves a workspace of this machine, and does not pass on to {server}; name its directory with --workspace, or tell the client to use {}/mcp, which is MCP over HTTP",
            server.trim_end_matches('/')
        ))
        .into());
    }
    telemetry::log(Format::Text, "warn").map_err(anyhow::Error::msg)?;
    let (dir, wanted) = args.place.find(target)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        let stop = CancellationToken::new();
        let (data, scratch) = hold(&wanted)?;
        let cache = if scratch.is_some() {
            wanted.join("cache")
        } else {
            data.cache()
        };
        let workspace = open::open(dir, args.place.components, &data, &cache).await?;
        let served = tokio::select! {
            served = mcp::stdio(Turns::new(workspace), stop.clone()) => served.map_err(anyhow::Error::from),
            _ = tokio::signal::ctrl_c() => {
                stop.cancel();
                Ok(())
            }
        };
        drop(data);
        if let Some(scratch) = scratch {
            drop(std::fs::remove_dir_all(scratch));
        }
        served
    });
    // Reading standard input can't be interrupted, so the thread that does is left behind.
    runtime.shutdown_background();
    ended.map(|()| ExitCode::SUCCESS)
}

/// The data directory, or one for this session only where a server has it: each client starts its own process, and a second
/// one is no mistake.
fn hold(wanted: &std::path::Path) -> Result<(Data, Option<std::path::PathBuf>)> {
    match Data::hold(wanted) {
        Ok(data) => Ok((data, None)),
        Err(error @ data::Error::InUse { .. }) => {
            output::remark(format_args!(
                "{error}; until then, conversations of this session are not kept"
            ));
            let scratch = std::env::temp_dir().join(format!("caxton-mcp-{}", uuid::Uuid::now_v7()));
            Ok((Data::hold(&scratch)?, Some(scratch)))
        }
        Err(error) => Err(error.into()),
    }
}
