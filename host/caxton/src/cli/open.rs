//! Opening a workspace in this process, for commands that serve it themselves.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use caxton_embed::Embedder;
use caxton_memory::Store;
use caxton_sandbox::{Sandbox, Settings};

use super::target::{SETTINGS, Target};
use crate::config::Fault;
use crate::data::{self, Data};
use crate::workspace::{self, Workspace};

/// What is served and where its data is.
#[derive(Clone, Debug, clap::Args)]
pub struct Place {
    /// A directory of which every .wasm file becomes a component.
    #[arg(long, value_name = "DIR")]
    pub components: Option<PathBuf>,
    /// Where conversations and compiled code are kept [default: .caxton in the workspace].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

impl Place {
    /// The workspace's directory and the data directory.
    ///
    /// # Errors
    /// Where there is nothing to serve.
    pub fn find(&self, target: &Target) -> Result<(Option<PathBuf>, PathBuf)> {
        let dir = target.directory()?;
        if let (None, Some(name)) = (&dir, &target.workspace) {
            bail!(
                "there is no directory `{name}`; name the directory of a workspace, or make one with `caxton init {name}`"
            );
        }
        if let Some(components) = &self.components
            && !components.is_dir()
        {
            bail!(
                "{} is not a directory; name one with .wasm files in it",
                components.display()
            );
        }
        if dir.is_none() && self.components.is_none() {
            bail!(
                "there is nothing to serve here: no {SETTINGS} in this directory or above; make a workspace with `caxton init DIR`, name one with --workspace, or give a directory of components with --components"
            );
        }
        let data = match (&self.data, &dir) {
            (Some(data), _) => data.clone(),
            (None, Some(dir)) => dir.join(data::DIRECTORY),
            (None, None) => PathBuf::from(data::DIRECTORY),
        };
        Ok((dir, data))
    }
}

/// Opens the workspace in `dir` over a data directory that this process holds. `cache` is where compiled code is kept.
///
/// # Errors
/// Every fault of its files at once; or what is wrong with the data directory.
pub async fn open(
    dir: Option<PathBuf>,
    components_dir: Option<PathBuf>,
    data: &Data,
    cache: &Path,
) -> Result<Workspace> {
    let embedder = Embedder::open(super::embedding::source());
    let store = Store::open(data.database())?;
    let settings = Settings {
        cache: Some(cache.to_owned()),
        embedder: Some(embedder.clone()),
        ..Settings::default()
    };
    let sandbox = Sandbox::new(settings).context("the sandbox can't be set up")?;
    let shown = dir.clone();
    let options = workspace::Options {
        dir,
        components_dir,
        data: data.path.clone(),
        sandbox,
        store,
        embedder: Some(embedder),
    };
    match Workspace::open(options).await {
        Ok(workspace) => Ok(workspace),
        Err(workspace::Error::Faults(faults)) => Err(shown_faults(shown.as_deref(), &faults)),
        Err(error) => Err(error.into()),
    }
}

fn shown_faults(dir: Option<&Path>, faults: &[Fault]) -> anyhow::Error {
    let lines: String = faults.iter().map(|fault| format!("\n  {fault}")).collect();
    let count = match faults.len() {
        1 => "a fault".to_owned(),
        many => format!("{many} faults"),
    };
    let place = dir.map_or_else(String::new, |dir| format!(" {}", dir.display()));
    anyhow::anyhow!("the workspace{place} has {count}:{lines}")
}
