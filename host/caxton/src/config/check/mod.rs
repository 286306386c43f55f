//! Reads a workspace and finds everything that is wrong with it. One file's faults hide no other's, and what follows from a fault
//! already told is not told again.

mod agent;
mod component;
mod directory;
mod grants;
mod limits;
mod memory;
mod prompts;
mod secrets;
mod usage;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::agent::Agent;
use super::document::{FAULTS_MAX, Report, Source};
use super::fault::Fault;
use super::limits::TurnCeilings;
use super::offers::Offers;
use super::suggest::nearest;
use super::workspace::Workspace;
use crate::secrets::Env;

pub use directory::components_in;
pub use secrets::{SecretUse, secret_use};

/// What a workspace can count on without saying so.
pub struct Known<'a> {
    /// The names of the built-in components.
    pub builtins: &'a [&'a str],
    /// Looks up an environment variable: for secrets, and for where the key of `secrets.age` is.
    pub env: Env<'a>,
}

impl<'a> Known<'a> {
    /// Knows these built-in components and the environment of this process.
    pub fn new(builtins: &'a [&'a str]) -> Self {
        Self {
            builtins,
            env: &|name| std::env::var(name).ok(),
        }
    }
}

/// A workspace without faults.
#[derive(Debug)]
pub struct Checked {
    /// What `caxton.toml` says.
    pub workspace: Workspace,
    /// The agents, by name.
    pub agents: BTreeMap<String, Agent>,
    /// The files that were read or found, relative to the workspace, sorted.
    pub files: Vec<String>,
}

/// What a single agent is checked against.
#[derive(Debug, Clone)]
pub struct AgentContext {
    /// The names of the components that there are; nothing where that is not known.
    pub components: Option<BTreeSet<String>>,
    /// What stands before the names of tools whose components say so, instead of `COMPONENT__`.
    pub prefixes: BTreeSet<String>,
    /// The workspace's ceilings.
    pub ceilings: TurnCeilings,
}

impl AgentContext {
    /// What the agents of `workspace` are checked against.
    pub fn of(workspace: &Workspace) -> Self {
        Self {
            components: Some(workspace.components.keys().cloned().collect()),
            prefixes: prefixes(workspace),
            ceilings: workspace.turn_ceilings.clone(),
        }
    }

    /// For an agent without a workspace: only what stands in its own file is checked.
    pub fn none() -> Self {
        Self {
            components: None,
            prefixes: BTreeSet::new(),
            ceilings: TurnCeilings::default(),
        }
    }
}

/// The prefixes that components of `workspace` give to their tools.
fn prefixes(workspace: &Workspace) -> BTreeSet<String> {
    workspace
        .components
        .values()
        .filter_map(|spec| spec.prefix.clone())
        .collect()
}

/// Reads the workspace in `dir`.
///
/// # Errors
/// Every fault of every file, in the order of the files and their lines.
pub fn check(dir: &Path, known: &Known<'_>) -> Result<Checked, Vec<Fault>> {
    let (read, mut faults) = workspace::read(dir, known);
    let (found, mut told) = directory::agents(dir);
    let mut files = read.files;
    // Each file's text is let go as soon as it is read: a workspace may have thousands.
    let mut readings = Vec::with_capacity(found.len());
    let mut unread = !told.is_empty();
    for (shown, path) in found {
        match Source::read(&path, &shown) {
            Ok(source) => {
                let mut report = Report::new(&source);
                readings.push(agent::read(&source, &read.context, &mut report));
                unread |= report.is_broken();
                told.extend(report.finish());
                files.push(shown);
            }
            Err(fault) => {
                unread = true;
                told.push(fault);
            }
        }
    }
    // What unreadable files offer is not known, so nothing is said about what may be offered there.
    if !unread {
        told.extend(check_between(&readings));
    }
    let agents = readings
        .into_iter()
        .filter_map(|reading| reading.agent)
        .map(|agent| (agent.name.clone(), agent))
        .collect();
    told.sort();
    faults.extend(told);
    match read.workspace {
        Some(workspace) if faults.is_empty() => {
            files.sort();
            Ok(Checked {
                workspace,
                agents,
                files,
            })
        }
        _ => Err(faults),
    }
}

/// Reads one agent from `text`. `path` is the name of its file, relative to the workspace; the agent's own name must be the same.
///
/// # Errors
/// Every fault of the text.
pub fn check_agent(text: &str, path: &str, context: &AgentContext) -> Result<Agent, Vec<Fault>> {
    let source = Source::from_bytes(path, text.as_bytes().to_vec()).map_err(|fault| vec![fault])?;
    check_agent_source(&source, context)
}

/// Reads one agent from the file at `path`, which faults call `shown`.
///
/// # Errors
/// Every fault of the file.
pub fn check_agent_file(
    path: &Path,
    shown: &str,
    context: &AgentContext,
) -> Result<Agent, Vec<Fault>> {
    let source = Source::read(path, shown).map_err(|fault| vec![fault])?;
    check_agent_source(&source, context)
}

fn check_agent_source(source: &Source, context: &AgentContext) -> Result<Agent, Vec<Fault>> {
    let mut report = Report::new(source);
    let reading = agent::read(source, context, &mut report);
    let faults = report.finish();
    match reading.agent {
        Some(agent) if faults.is_empty() => Ok(agent),
        _ => Err(faults),
    }
}

/// Checks what the agents of a workspace say about each other.
fn check_between(readings: &[agent::Reading]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for reading in readings {
        let Some((name, place)) = &reading.name else {
            continue;
        };
        match first.get(name.as_str()) {
            Some(file) => faults.push(reading.fault(
                *place,
                "duplicate-name",
                format!("the agent `{name}` already stands in `{file}`"),
                "give one of the two another name".to_owned(),
            )),
            None => drop(first.insert(name, &reading.file)),
        }
    }
    // Agents are told apart by their files: names may be missing, or stand twice.
    let offers = Offers::new(readings.iter().flat_map(|reading| {
        let offered = reading.capabilities.iter();
        offered.map(|(name, version)| (reading.file.as_str(), name.as_str(), version))
    }));
    for reading in readings {
        let missing = reading
            .delegates
            .iter()
            .filter(|(delegate, _)| !offers.beside(&reading.file, delegate));
        for (delegate, place) in missing.take(FAULTS_MAX) {
            let versions = offers.versions_beside(&reading.file, &delegate.capability);
            let near = nearest(
                delegate.capability.as_str(),
                offers.names_beside(&reading.file),
            );
            let remedy = match near {
                _ if !versions.is_empty() => format!(
                    "change the requirement; offered are {}",
                    versions.join(", ")
                ),
                Some(near) => format!("did you mean `{near}`?"),
                None => "give another agent this capability, or remove it here".to_owned(),
            };
            let reason = format!("no other agent offers `{delegate}`");
            faults.push(reading.fault(*place, "unknown-capability", reason, remedy));
        }
    }
    faults
}
