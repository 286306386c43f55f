//! Which server and which workspace a command is about.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use super::client::Client;
use crate::data;

/// Where a server listens that is not told otherwise.
pub const LISTEN: &str = "127.0.0.1:8080";

/// The server and workspace that a command is about.
#[derive(Clone, Debug, Args)]
pub struct Target {
    /// The server's address [default: that of the current workspace; outside http://127.0.0.1:8080].
    #[arg(
        long,
        global = true,
        env = "CAXTON_SERVER",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Target"
    )]
    pub server: Option<String>,
    /// The workspace: a directory, or a name on the server [default: the current directory].
    #[arg(long, global = true, value_name = "NAME|DIR", help_heading = "Target")]
    pub workspace: Option<String>,
}

/// The file that makes a directory a workspace.
pub const SETTINGS: &str = "caxton.toml";

impl Target {
    /// The directory of the workspace: the one that was named, or the current one or one above it that is a workspace.
    ///
    /// # Errors
    /// Where a directory was named that is no workspace.
    pub fn directory(&self) -> Result<Option<PathBuf>> {
        let Some(named) = &self.workspace else {
            return current();
        };
        let dir = Path::new(named);
        if dir.join(SETTINGS).is_file() {
            return Ok(Some(std::path::absolute(dir)?));
        }
        if dir.is_dir() || !is_name(named) {
            bail!(
                "{} is no workspace: it has no {SETTINGS}; make one with `caxton init {}`",
                dir.display(),
                dir.display()
            );
        }
        Ok(None)
    }

    /// A client for the server. Whether it is there shows at the first request.
    ///
    /// # Errors
    /// Where the address is none, a directory was named that is no workspace, or the workspace's own server does not run:
    /// another one, at the usual address, would serve another workspace.
    pub fn client(&self) -> Result<Client> {
        let workspace = match &self.workspace {
            Some(named) if is_name(named) && !Path::new(named).join(SETTINGS).is_file() => {
                named.clone()
            }
            _ => "default".to_owned(),
        };
        let server = match &self.server {
            Some(server) => server.clone(),
            None => self.found(&workspace)?,
        };
        Client::new(&server, workspace)
    }

    /// The address of the server that the directory tells: the workspace's own; outside of any workspace the one of a data
    /// directory here, else the usual one.
    fn found(&self, workspace: &str) -> Result<String> {
        let Some(dir) = self.around()? else {
            let running = data::running(Path::new(data::DIRECTORY))?;
            return Ok(running.map_or_else(usual, |running| running.url));
        };
        if let Some(running) = data::running(&dir.join(data::DIRECTORY))? {
            return Ok(running.url);
        }
        // A server that is asked for a workspace by its name says itself where it has another one.
        if workspace != "default" {
            return Ok(usual());
        }
        let start = match &self.workspace {
            Some(named) if named != "default" => format!("caxton serve --workspace {named}"),
            _ => "caxton serve".to_owned(),
        };
        bail!(
            "the server of the workspace {} is not running; start it with `{start}`, or name another server with --server",
            dir.display()
        )
    }

    /// The workspace's directory; where a workspace was named that lies on the server, the one that the current directory
    /// lies in.
    fn around(&self) -> Result<Option<PathBuf>> {
        match self.directory()? {
            Some(dir) => Ok(Some(dir)),
            None => current(),
        }
    }
}

/// The current directory, or the one above it, that is a workspace.
fn current() -> Result<Option<PathBuf>> {
    let current = std::env::current_dir()?;
    Ok(current
        .ancestors()
        .find(|dir| dir.join(SETTINGS).is_file())
        .map(Path::to_owned))
}

/// The address of a server that was not told otherwise.
fn usual() -> String {
    format!("http://{LISTEN}")
}

/// Whether a text can be a workspace's name, and not a path.
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}
