//! Opening a workspace: its files are checked, its components loaded side by side, and both held against each other. All
//! faults are told at once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use caxton_embed::Embedder;
use caxton_memory::{Store, today};
use caxton_sandbox::{FileMode, Sandbox};

use super::activity::Activity;
use super::copies;
use super::error::Error;
use super::event::Events;
use super::ledger::Ledger;
use super::line::Lines;
use super::load::{Loaded, Loader};
use super::memory::{Vectors, retention};
use super::ranking::Rankings;
use super::rate::Rates;
use super::state::{Agent, State};
use super::{Inner, Workspace};
use crate::builtin;
use crate::config::{self, Checked, ComponentSpec, Fault, Known, Source};

/// What a workspace is opened with.
pub struct Options {
    /// The directory with its files. Where there is none, the workspace has no agents until one is put into it, and what is
    /// put into it is kept under `data`.
    pub dir: Option<PathBuf>,
    /// A directory of which every `.wasm` file is a component too.
    pub components_dir: Option<PathBuf>,
    /// Where the workspace keeps what is not part of its files.
    pub data: PathBuf,
    /// Where its components run.
    pub sandbox: Sandbox,
    /// Its database.
    pub store: Store,
    /// What turns text into vectors.
    pub embedder: Option<Embedder>,
}

/// The name of a workspace that has no files.
const BARE: &str = "default";

impl Workspace {
    /// Opens a workspace: reads and checks its files, and loads its components.
    ///
    /// # Errors
    /// [`Error::Faults`] has every fault of every file and component; [`Error::Store`] where the database fails.
    pub async fn open(options: Options) -> Result<Self, Error> {
        let Options {
            dir,
            components_dir,
            data,
            sandbox,
            store,
            embedder,
        } = options;
        let has_dir = dir.is_some();
        let dir = dir.unwrap_or_else(|| data.join("workspace"));
        let Checked {
            mut workspace,
            agents,
            ..
        } = read(&dir, has_dir)?;

        copies::remove_left(&data);
        let mut refused = Vec::new();
        let mut extra = BTreeSet::new();
        if let Some(from) = &components_dir {
            let (found, faults) = config::components_in(from, &from.display().to_string());
            refused.extend(faults.into_iter().map(super::Refused::from_fault));
            for (name, mut spec) in found {
                // What caxton.toml grants and sets for a component of that name holds, whatever file it comes from.
                if let Some(declared) = workspace.components.get(&name) {
                    spec = ComponentSpec {
                        source: spec.source,
                        ..declared.clone()
                    };
                }
                extra.insert(name.clone());
                workspace.components.insert(name, spec);
            }
        }
        let mut faults = own_grants(&workspace, &data, components_dir.as_deref());
        if !faults.is_empty() {
            return Err(Error::Faults(faults));
        }
        let loader = Loader {
            sandbox,
            workspace: workspace.name.clone(),
            store: store.clone(),
            downloads: data.join("components"),
        };
        // A bare server offers what is built in; one that was given components offers those.
        let all_builtins = !has_dir && components_dir.is_none();
        let needed = needed(&workspace, agents.values(), all_builtins);
        let (loaded, failed) = loader.load_all(needed, &workspace.limits).await;
        for why in failed {
            // A stray file in a directory of components is told and left out. What the workspace itself names must load.
            if extra.contains(&why.component) {
                tracing::warn!(
                    component = why.component,
                    code = why.code,
                    reason = why.reason,
                    "refused"
                );
                refused.push(why);
            } else {
                let file = file_of(&workspace, &why.component);
                faults.push(why.fault(file));
            }
        }
        let config = Arc::new(workspace);
        let agents = agents.into_iter().map(|(name, config)| {
            (
                name,
                Arc::new(Agent {
                    config,
                    activity: Arc::new(Activity::default()),
                }),
            )
        });
        let state = State::new(1, config, agents.collect(), loaded, refused);
        let state = match state {
            Ok(state) if faults.is_empty() => state,
            Ok(_) => return Err(Error::Faults(faults)),
            // That a component is missing which could not be loaded has been told.
            Err(_) if !faults.is_empty() => return Err(Error::Faults(faults)),
            Err(found) => return Err(Error::Faults(found)),
        };
        let day = today();
        let ledger = Ledger::new(day, &store.usage(day, day).await?);
        let mut agents = state.agents.values();
        let warm = agents.any(|agent| agent.config.memory.enabled);
        let vectors = Vectors::start(&store, embedder.as_ref(), warm);
        let inner = Inner {
            dir,
            has_dir,
            components_dir,
            data,
            embedder,
            loader,
            state: ArcSwap::from_pointee(state),
            changing: tokio::sync::Mutex::new(()),
            events: Events::default(),
            rankings: Rankings::default(),
            lines: Lines::default(),
            ledger: Arc::new(ledger),
            rates: Rates::default(),
            vectors,
        };
        let workspace = Self {
            inner: Arc::new(inner),
        };
        workspace.prepare_tools();
        tokio::spawn(retention::run(Arc::downgrade(&workspace.inner)));
        Ok(workspace)
    }
}

/// Reads the files of the workspace in `dir`. Without a workspace of the user's own, there may be agents and components that
/// an earlier server was given.
fn read(dir: &std::path::Path, has_dir: bool) -> Result<Checked, Error> {
    let builtins: Vec<&str> = builtin::names().collect();
    let known = Known::new(&builtins);
    if has_dir || dir.join("caxton.toml").is_file() {
        return config::check(dir, &known).map_err(Error::Faults);
    }
    Ok(Checked {
        workspace: config::Workspace::bare(BARE, &builtins),
        agents: BTreeMap::new(),
        files: Vec::new(),
    })
}

/// The components to load at once: all but those built-in ones that nobody refers to.
pub(super) fn needed<'a>(
    workspace: &config::Workspace,
    agents: impl Iterator<Item = &'a config::Agent> + Clone,
    all_builtins: bool,
) -> Vec<(String, Arc<ComponentSpec>)> {
    let several = agents.clone().nth(1).is_some();
    let needed = |name: &str, spec: &ComponentSpec| {
        all_builtins
            || !spec.implied
            || !matches!(spec.source, Source::Builtin(_))
            || agents.clone().any(|agent| refers(workspace, agent, name))
            || (several && is_router(workspace, name))
    };
    let all = workspace
        .components
        .iter()
        .filter(|(name, spec)| needed(name, spec));
    all.map(|(name, spec)| (name.clone(), Arc::new(spec.clone())))
        .collect()
}

/// Whether `agent` may use the component `name`: one of its tools, or as a model.
fn refers(workspace: &config::Workspace, agent: &config::Agent, name: &str) -> bool {
    let model = agent.model.as_ref().unwrap_or(&workspace.model.default);
    let fallback = agent.fallback.as_ref();
    let models = std::iter::once(model).chain(fallback.unwrap_or(&workspace.model.fallback));
    let prefix = format!("{name}__");
    models.into_iter().any(|model| model.provider == name)
        || agent
            .tools
            .iter()
            .any(|pattern| pattern.may_match_after(&prefix))
}

fn is_router(workspace: &config::Workspace, name: &str) -> bool {
    workspace.router.component == name || workspace.router.fallback.as_deref() == Some(name)
}

/// What would give a component the server's own files: nothing in the data directory may be read by one, and nothing be written
/// in it, around it, or where components come from. Compiled code lies there, which is run as it is.
fn own_grants(
    workspace: &config::Workspace,
    data: &Path,
    components_dir: Option<&Path>,
) -> Vec<Fault> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let data = real(data);
    let sources = workspace.components.values();
    let sources = sources.filter_map(|spec| match &spec.source {
        Source::Path(file) => file.parent().map(real),
        _ => None,
    });
    let own: Vec<PathBuf> = sources.chain(components_dir.map(real)).collect();
    let mut faults = Vec::new();
    for (name, spec) in &workspace.components {
        for grant in &spec.grants.files {
            let host = &grant.host;
            let writes = grant.mode == FileMode::Write;
            let what = if host.starts_with(&data) || (writes && data.starts_with(host)) {
                "the server keeps its own data"
            } else if writes && own.iter().any(|own| own.starts_with(host)) {
                "components are loaded"
            } else {
                continue;
            };
            faults.push(Fault {
                file: "caxton.toml".to_owned(),
                line: 1,
                column: 1,
                code: "grant-too-wide",
                reason: format!(
                    "[components.{name}.grants] gives `{}`, which is where {what}",
                    grant.guest
                ),
                remedy: "grant a directory that holds nothing else, such as \"data\", or move the server's own with --data"
                    .to_owned(),
            });
        }
    }
    faults
}

/// The file to look at when a component can't be loaded.
pub(super) fn file_of(workspace: &config::Workspace, component: &str) -> String {
    match workspace.components.get(component) {
        Some(ComponentSpec {
            source: Source::Path(path),
            ..
        }) => path.display().to_string(),
        _ => "caxton.toml".to_owned(),
    }
}

/// The parts that have to be there beside the ones that are loaded already.
pub(super) fn missing(
    workspace: &config::Workspace,
    agents: &BTreeMap<String, Arc<Agent>>,
    loaded: &BTreeMap<String, Arc<Loaded>>,
) -> Vec<(String, Arc<ComponentSpec>)> {
    let mut missing = needed(workspace, agents.values().map(|agent| &agent.config), false);
    missing.retain(|(name, _)| !loaded.contains_key(name));
    missing
}

/// Faults of several refused components, each at the file that it came from.
pub(super) fn faults(workspace: &config::Workspace, refused: Vec<super::Refused>) -> Vec<Fault> {
    refused
        .into_iter()
        .map(|why| {
            let file = file_of(workspace, &why.component);
            why.fault(file)
        })
        .collect()
}
