//! Starting a server in the background: this program again, with its output in a file of the data directory, and this
//! process until the other is ready.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};

use super::output;
use crate::data;

/// Tells a server that it was detached.
const VARIABLE: &str = "CAXTON_DETACHED";

/// Whether this process was started in the background by another one.
pub fn is_detached() -> bool {
    std::env::var_os(VARIABLE).is_some()
}

/// Starts this command again in the background, over the data directory `data`.
///
/// # Errors
/// Where it does not become ready; the text has the end of its log.
pub fn start(data: &Path, json: bool) -> Result<ExitCode> {
    std::fs::create_dir_all(data)
        .with_context(|| format!("the data directory {} can't be made", data.display()))?;
    let path = data::log_file(data);
    let log = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("can't write to {}", path.display()))?;
    let begin = log.metadata()?.len();
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(std::env::args_os().skip(1).filter(|arg| arg != "--detach"))
        .env(VARIABLE, "1");
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    // A group of its own, so that Ctrl-C in this terminal is not meant for it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command.spawn().context("the server could not be started")?;
    let stdout = child.stdout.take().context("the server has no output")?;
    let mut ready = String::new();
    BufReader::new(stdout).read_line(&mut ready)?;
    if ready.trim().is_empty() {
        let status = child.wait()?;
        bail!(
            "the server did not start ({status}):\n{}",
            tail(&path, begin).trim_end()
        );
    }
    output::line(ready.trim_end())?;
    if !json {
        output::remark(format_args!(
            "It logs to {}; stop it with `caxton stop --data {}`.",
            path.display(),
            data.display()
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// What was logged since the file had `begin` bytes.
fn tail(path: &Path, begin: u64) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let begin = usize::try_from(begin).unwrap_or(0).min(bytes.len());
    String::from_utf8_lossy(&bytes[begin..]).into_owned()
}
