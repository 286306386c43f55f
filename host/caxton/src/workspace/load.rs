//! Loading components for a workspace: fetching their bytes, compiling several at once beside the running ones, and
//! checking what each says of its tools.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use caxton_memory::Store;
use caxton_sandbox::{Call, Component, Limits, LoadError, Sandbox, Spec};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::error::Refused;
use super::health::Health;
use super::models::Models;
use super::spec;
use super::tool::Tool;
use crate::builtin::{self, Builtin};
use crate::config::{ComponentSpec, Source};

/// The most tools of one component. A model is never offered nearly as many.
const TOOLS_MAX: usize = 1024;

/// A component of a workspace, ready to be used.
pub struct Loaded {
    /// What was loaded.
    pub component: Component,
    /// The settings with which it was loaded.
    pub spec: Arc<ComponentSpec>,
    /// Its tools, as it lists them.
    pub tools: Vec<Arc<Tool>>,
    pub(super) models: Models,
    pub(super) health: Health,
}

/// Loads components.
#[derive(Clone)]
pub(super) struct Loader {
    pub(super) sandbox: Sandbox,
    pub(super) workspace: String,
    pub(super) store: Store,
    /// Where files from the web are kept.
    pub(super) downloads: PathBuf,
}

impl Loader {
    /// Loads several components at once. Gives those that loaded and those that were refused.
    pub(super) async fn load_all(
        &self,
        components: Vec<(String, Arc<ComponentSpec>)>,
        ceilings: &Limits,
    ) -> (BTreeMap<String, Arc<Loaded>>, Vec<Refused>) {
        // Compiling is all computing: more at once than there are processors would only hold more memory.
        let at_once = std::thread::available_parallelism().map_or(2, usize::from);
        let places = Arc::new(Semaphore::new(at_once));
        let mut tasks = JoinSet::new();
        for (name, spec) in components {
            let (loader, places, ceilings) = (self.clone(), Arc::clone(&places), ceilings.clone());
            tasks.spawn(async move {
                let _place = places.acquire().await;
                let loaded = loader.load(&name, spec, None, &ceilings).await;
                (name, loaded)
            });
        }
        let (mut loaded, mut refused) = (BTreeMap::new(), Vec::new());
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok((name, Ok(component))) => drop(loaded.insert(name, Arc::new(component))),
                Ok((_, Err(why))) => refused.push(why),
                Err(e) => refused.push(Refused::new(
                    "",
                    "host-failed",
                    format!("loading a component ended early: {e}"),
                    "look into the log",
                )),
            }
        }
        refused.sort_by(|a, b| a.component.cmp(&b.component));
        (loaded, refused)
    }

    /// Loads one component, from `bytes` or else from its source.
    ///
    /// # Errors
    /// Why it was refused.
    pub(super) async fn load(
        &self,
        name: &str,
        spec: Arc<ComponentSpec>,
        bytes: Option<Vec<u8>>,
        ceilings: &Limits,
    ) -> Result<Loaded, Refused> {
        let bytes = match bytes {
            Some(bytes) => Bytes::Owned(bytes),
            None => self.fetch(name, &spec.source).await?,
        };
        let refused = |e: &LoadError| Refused::from_load(name, e);
        let mut wanted = spec::spec(&self.workspace, &self.store, name, &spec);
        let ceilings = ceilings.clone();
        let sandbox = self.sandbox.clone();
        let compile = move || {
            let component = bytes.load(&sandbox, wanted.clone())?;
            match spec::lowered(component.limits(), &ceilings, &wanted.limits) {
                None => Ok(component),
                // The defaults depend on the component's role, which is only known now. The code is in the cache.
                Some(limits) => {
                    wanted.limits = limits;
                    bytes.load(&sandbox, wanted)
                }
            }
        };
        let component = tokio::task::spawn_blocking(compile).await;
        let component = component.map_err(|e| {
            Refused::new(
                name,
                "host-failed",
                format!("loading `{name}` ended early: {e}"),
                "look into the log",
            )
        })?;
        let component = component.map_err(|e| refused(&e))?;
        let tools = tools(&component, &prefix(name, &spec)).await?;
        Ok(Loaded {
            component,
            spec,
            tools,
            models: Models::default(),
            health: Health::default(),
        })
    }

    async fn fetch(&self, name: &str, source: &Source) -> Result<Bytes, Refused> {
        match source {
            Source::Builtin(builtin) => builtin::get(builtin).map(Bytes::Builtin).ok_or_else(|| {
                let reason = format!("component `{name}` is to be the built-in `{builtin}`, which this version does not have");
                Refused::new(name, "unknown-builtin", reason, format!("use one of {}", builtin::names().collect::<Vec<_>>().join(", ")))
            }),
            Source::Path(path) => self.read(name, path).await.map(Bytes::Owned),
            Source::Url { url, sha256 } => {
                super::download::fetch(name, url, sha256, &self.downloads).await.map(Bytes::Owned)
            }
            Source::Oci(image) => {
                let reason = format!("component `{name}` is to come from `{image}`, and this version does not read registries");
                Err(Refused::new(name, "unsupported-source", reason, "fetch the file, and give its path or an https:// address with its sha256"))
            }
        }
    }

    async fn read(&self, name: &str, path: &Path) -> Result<Vec<u8>, Refused> {
        let failed = |e: std::io::Error| {
            let reason = format!(
                "component `{name}` can't be read from {}: {e}",
                path.display()
            );
            Refused::new(
                name,
                "unreadable-component",
                reason,
                "check the path and its permissions",
            )
        };
        let metadata = tokio::fs::metadata(path).await.map_err(failed)?;
        let (size, limit) = (
            usize::try_from(metadata.len()).unwrap_or(usize::MAX),
            self.sandbox.component_bytes_max(),
        );
        if !metadata.is_file() {
            return Err(failed(std::io::Error::other("it is not a file")));
        }
        if size > limit {
            return Err(Refused::from_load(
                name,
                &LoadError::TooLarge {
                    name: name.to_owned(),
                    size,
                    limit,
                },
            ));
        }
        tokio::fs::read(path).await.map_err(failed)
    }
}

/// A component's code: part of this program, or read.
enum Bytes {
    Builtin(Builtin),
    Owned(Vec<u8>),
}

impl Bytes {
    fn load(&self, sandbox: &Sandbox, spec: Spec) -> Result<Component, LoadError> {
        match self {
            Self::Builtin(builtin) => builtin.load(sandbox, spec),
            Self::Owned(bytes) => sandbox.load(spec, bytes),
        }
    }
}

/// What stands before the names of a component's tools.
pub(super) fn prefix(name: &str, spec: &ComponentSpec) -> String {
    spec.prefix.clone().unwrap_or_else(|| format!("{name}__"))
}

/// Asks a component for its tools and checks what it says.
async fn tools(component: &Component, prefix: &str) -> Result<Vec<Arc<Tool>>, Refused> {
    if !component.roles().tools {
        return Ok(Vec::new());
    }
    let name = component.name();
    let lies = |reason: String| {
        Refused::from_load(
            name,
            &LoadError::Description {
                name: name.to_owned(),
                reason,
            },
        )
    };
    let listed = component.list_tools(Call::default()).await;
    let listed = listed.map_err(|failed| {
        let reason = format!("component `{name}` can't list its tools: {}", failed.error);
        Refused::new(
            name,
            "bad-description",
            reason,
            "correct the component, or the settings that it reads",
        )
    })?;
    if listed.value.len() > TOOLS_MAX {
        return Err(lies(format!(
            "it lists {} tools; at most {TOOLS_MAX} are taken",
            listed.value.len()
        )));
    }
    let mut tools: Vec<Arc<Tool>> = Vec::with_capacity(listed.value.len());
    for definition in listed.value {
        let tool = Tool::new(component, prefix, definition).map_err(lies)?;
        if tools.iter().any(|other| other.name == tool.name) {
            return Err(lies(format!(
                "it lists the tool `{}` twice",
                tool.definition.name
            )));
        }
        tools.push(Arc::new(tool));
    }
    Ok(tools)
}
