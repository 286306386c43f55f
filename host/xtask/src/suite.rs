//! What suites have in common that ask a running server from outside: the server, and what they found.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::setup::shown;

/// What a suite found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Checks that passed.
    pub passed: u64,
    /// Checks that failed.
    pub failed: u64,
    /// What to print: a line for each part of the suite, and one for each check that failed.
    pub lines: Vec<String>,
}

/// A running server; ends when this is dropped.
pub struct Server {
    child: Child,
    /// Where it listens: `http://127.0.0.1:41235`.
    pub address: String,
}

impl Server {
    /// Starts the server program `program` with the directory `workspace`, and waits until it says where it listens. What it
    /// logs goes to the file `log`.
    ///
    /// # Errors
    /// Where it can't be started, or ends before it is ready.
    pub fn start(root: &Path, program: &Path, workspace: &Path, log: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--workspace"])
            .arg(workspace)
            .arg("--data")
            .arg(workspace.join("data"))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(log)?)
            .spawn()
            .with_context(|| format!("{} could not be started", program.display()))?;
        let mut lines = BufReader::new(
            child
                .stdout
                .take()
                .context("the server has no standard output")?,
        )
        .lines();
        let mut server = Self {
            child,
            address: String::new(),
        };
        // It prints its address when it is ready; where it ends instead, its output ends.
        for line in lines.by_ref() {
            if let Some(address) = address(&line?) {
                server.address = address;
                // What it prints later is read away, so that it never waits for a reader.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
        }
        bail!(
            "the server ended before it was ready; {} says why:\n{}",
            shown(root, log),
            std::fs::read_to_string(log)?
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The address in a line such as `listening on http://127.0.0.1:41235`.
pub fn address(line: &str) -> Option<String> {
    let start = line.find("http://")?;
    let address: &str = line[start..]
        .split(|c: char| c.is_whitespace() || c == '"')
        .next()?;
    Some(address.trim_end_matches(['/', '.', ',']).to_owned())
}

/// Removes a directory that may not be there.
pub fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't remove {}", dir.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_address_is_read() {
        for (line, expected) in [
            (
                "listening on http://127.0.0.1:41235",
                Some("http://127.0.0.1:41235"),
            ),
            (
                "{\"url\":\"http://127.0.0.1:41235/\"}",
                Some("http://127.0.0.1:41235"),
            ),
            ("starting", None),
        ] {
            assert_eq!(address(line).as_deref(), expected);
        }
    }
}
