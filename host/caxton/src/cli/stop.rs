//! `caxton stop`: tells the server of a data directory to end, and waits until it has.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::output;
use super::target::Target;
use crate::data::{self, Running};

/// Stop a server.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The server's data directory [default: .caxton in the workspace].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How long to wait for it; calls in flight may finish within its own grace period.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = super::units::time)]
    wait: Duration,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Stops a server.
pub fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let data = match (args.data, target.directory()?) {
        (Some(data), _) => data,
        (None, Some(dir)) => dir.join(data::DIRECTORY),
        (None, None) => PathBuf::from(data::DIRECTORY),
    };
    let Some(running) = data::running(&data)? else {
        bail!(
            "no server runs on the data directory {}; name another with --data or --workspace",
            data.display()
        );
    };
    terminate(&running)?;
    let started = Instant::now();
    while data::running(&data)?.is_some_and(|now| now.pid == running.pid) {
        if started.elapsed() > args.wait {
            bail!(
                "the server (process {}) still ends after {:?}; wait for it, or kill it",
                running.pid,
                args.wait
            );
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    if args.json {
        output::json(&running)?
    } else {
        output::line(format_args!("stopped the server at {}", running.url))?
    }
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
fn terminate(running: &Running) -> Result<()> {
    let pid = i32::try_from(running.pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    let pid = pid.with_context(|| format!("{} is not the number of a process", running.pid))?;
    rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        .with_context(|| format!("process {} can't be told to end", running.pid))
}

#[cfg(not(unix))]
fn terminate(running: &Running) -> Result<()> {
    bail!(
        "processes can't be told to end on this system; end process {} yourself",
        running.pid
    )
}
