//! Reads a workspace and finds everything that is wrong with it. One file's faults hide no other's, and what follows from a fault
//! already told is not told again.

mod agent;
mod component;
mod directory;
mod grants;
mod limits;
mod memory;
mod prompts;
mod usage;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::agent::Agent;
use super::document::{Report, Source};
use super::fault::Fault;
use super::limits::TurnCeilings;
use super::offers::Offers;
use super::suggest::nearest;
use super::workspace::Workspace;

pub use directory::components_in;

/// What a workspace can count on without saying so.
pub struct Known<'a> {
    /// The names of the built-in components.
    pub builtins: &'a [&'a str],
    /// Looks up an environment variable, for secrets.
    pub env: &'a (dyn Fn(&str) -> Option<String> + Sync),
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
    let (sources, agent_faults) = directory::agents(dir);
    let mut files = read.files;
    files.extend(sources.iter().map(|source| source.shown.clone()));

    let mut readings: Vec<_> = sources
        .iter()
        .map(|source| {
            let mut report = Report::new(source);
            let reading = agent::read(source, &read.context, &mut report);
            (reading, report)
        })
        .collect();
    // What unreadable files offer is not known, so nothing is said about what may be offered there.
    if agent_faults.is_empty() && readings.iter().all(|(_, report)| !report.is_broken()) {
        check_between(&mut readings);
    }

    let mut agents = BTreeMap::new();
    let mut told: Vec<Fault> = agent_faults;
    for (reading, report) in readings {
        told.extend(report.finish());
        if let Some(agent) = reading.agent {
            agents.insert(agent.name.clone(), agent);
        }
    }
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
fn check_between(readings: &mut [(agent::Reading, Report<'_>)]) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for (reading, report) in readings.iter_mut() {
        let Some((name, span)) = &reading.name else {
            continue;
        };
        match first.get(name) {
            Some(file) => report.add(
                span,
                "duplicate-name",
                format!("the agent `{name}` already stands in `{file}`"),
                "give one of the two another name",
            ),
            None => drop(first.insert(name.clone(), &report.source.shown)),
        }
    }
    // Agents are told apart by their files: names may be missing, or stand twice.
    let offers = Offers::new(readings.iter().flat_map(|(reading, report)| {
        let file = report.source.shown.as_str();
        reading
            .capabilities
            .iter()
            .map(move |name| (file, name.as_str()))
    }));
    let mut found = Vec::new();
    for (index, (reading, report)) in readings.iter().enumerate() {
        let file = &report.source.shown;
        for (glob, span) in &reading.delegates {
            if offers.beside(file, glob) {
                continue;
            }
            let remedy = match nearest(glob.as_str(), offers.names_beside(file)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "give another agent this capability, or remove it here".to_owned(),
            };
            let reason = format!("no other agent offers `{glob}`");
            found.push((index, span.clone(), reason, remedy));
        }
    }
    for (index, span, reason, remedy) in found {
        if let Some((_, report)) = readings.get_mut(index) {
            report.add(&span, "unknown-capability", reason, remedy);
        }
    }
}
