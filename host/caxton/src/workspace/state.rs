//! What a workspace is at one moment: its agents, components and tools, all checked against each other. A state never
//! changes; a change makes a new one, and calls in flight finish on the one they began with.

use std::collections::BTreeMap;
use std::sync::Arc;

use caxton_sandbox::routing_types::{Candidate, Capability};

use super::activity::Activity;
use super::error::Refused;
use super::load::{Loaded, prefix};
use super::tool::{Index, did_you_mean, nearest};
use crate::config::{self, ComponentSpec, Fault, Glob, ModelRef, Offers, Source};

/// A workspace at one moment.
pub struct State {
    /// Grows with every change.
    pub version: u64,
    /// The settings in `caxton.toml`, with the defaults filled in.
    pub config: Arc<config::Workspace>,
    /// Its agents, by name.
    pub agents: BTreeMap<String, Arc<Agent>>,
    /// What routers are told of them, by name as well.
    pub candidates: Vec<Candidate>,
    /// Its loaded components, by name.
    pub components: BTreeMap<String, Arc<Loaded>>,
    /// Files of the directory given by `--components` that are no components, or none that can be used.
    pub refused: Vec<Refused>,
    /// The tools of its components, by full name.
    pub tools: Index,
}

/// An agent of a workspace.
#[derive(Debug)]
pub struct Agent {
    /// What its file says.
    pub config: config::Agent,
    /// What it has done since the server started.
    pub activity: Arc<Activity>,
}

impl Agent {
    /// Whether it takes messages, rather than rest because it keeps failing.
    pub fn takes_messages(&self) -> bool {
        self.activity.takes_messages().is_ok()
    }

    /// What routers are told of it.
    fn candidate(&self) -> Candidate {
        let capability = |known: &config::Capability| Capability {
            name: known.name.clone(),
            description: known.description.clone(),
        };
        Candidate {
            agent: self.config.name.clone(),
            description: self.config.description.clone(),
            capabilities: self.config.capabilities.iter().map(capability).collect(),
        }
    }
}

impl State {
    /// Puts a state together and checks that everything it names is there.
    ///
    /// # Errors
    /// All faults at once.
    pub(super) fn new(
        version: u64,
        config: Arc<config::Workspace>,
        agents: BTreeMap<String, Arc<Agent>>,
        components: BTreeMap<String, Arc<Loaded>>,
        refused: Vec<Refused>,
    ) -> Result<Self, Vec<Fault>> {
        let tools = components
            .values()
            .flat_map(|loaded| loaded.tools.iter().cloned());
        let tools = Index::new(tools).map_err(|taken| {
            let reason = format!(
                "the components `{}` and `{}` both have a tool `{}`",
                taken.first, taken.second, taken.tool
            );
            vec![fault(
                "caxton.toml",
                "ambiguous-tool",
                reason,
                "give one of them another `prefix`",
            )]
        })?;
        let state = Self {
            version,
            config,
            candidates: agents.values().map(|agent| agent.candidate()).collect(),
            agents,
            components,
            refused,
            tools,
        };
        let faults = state.faults();
        if faults.is_empty() {
            Ok(state)
        } else {
            Err(faults)
        }
    }

    /// The models that an agent thinks with: its own or the workspace's, then the fallbacks, which are its own or the workspace's
    /// too.
    pub fn models(&self, agent: &config::Agent) -> Vec<ModelRef> {
        let mut models = vec![
            agent
                .model
                .clone()
                .unwrap_or_else(|| self.config.model.default.clone()),
        ];
        let fallback = agent.fallback.as_ref();
        for fallback in fallback.unwrap_or(&self.config.model.fallback) {
            if !models.contains(fallback) {
                models.push(fallback.clone());
            }
        }
        models
    }

    /// The capabilities that agents offer, with the names of those agents.
    pub fn capabilities(&self) -> BTreeMap<&str, Vec<&Arc<Agent>>> {
        let mut offered: BTreeMap<&str, Vec<&Arc<Agent>>> = BTreeMap::new();
        for agent in self.agents.values() {
            for capability in &agent.config.capabilities {
                offered.entry(&capability.name).or_default().push(agent);
            }
        }
        offered
    }

    /// A text with asterisks in place of the secrets of its components.
    pub(crate) fn masked(&self, text: String) -> String {
        let components = self.components.values();
        components.fold(text, |text, loaded| loaded.component.masked(text))
    }

    /// Names of agents that look like `name`.
    pub(crate) fn agents_near(&self, name: &str) -> Vec<String> {
        nearest(name, self.agents.keys().map(String::as_str))
    }

    /// Names of components that look like `name`.
    pub(super) fn components_near(&self, name: &str) -> Vec<String> {
        nearest(name, self.components.keys().map(String::as_str))
    }

    fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for agent in self.agents.values() {
            let file = format!("agents/{}.toml", agent.config.name);
            if let Some(model) = &agent.config.model {
                self.check_model(&file, model, &mut faults);
            } else {
                self.check_model("caxton.toml", &self.config.model.default, &mut faults);
            }
            for model in agent.config.fallback.iter().flatten() {
                self.check_model(&file, model, &mut faults);
            }
            for pattern in &agent.config.tools {
                self.check_pattern(&file, pattern, &mut faults);
            }
        }
        if !self.agents.is_empty() {
            for model in &self.config.model.fallback {
                self.check_model("caxton.toml", model, &mut faults);
            }
        }
        self.check_delegates(&mut faults);
        let router = &self.config.router;
        for name in std::iter::once(&router.component).chain(&router.fallback) {
            if let Some(loaded) = self.components.get(name)
                && !loaded.component.roles().router
            {
                let reason = format!(
                    "the router is `{name}`, which is no router but a {}",
                    loaded.component.roles().names().join(", ")
                );
                faults.push(fault(
                    "caxton.toml",
                    "wrong-role",
                    reason,
                    "name a router, such as `semantic` or `keyword`",
                ));
            }
        }
        if let Some(default) = &router.default
            && !self.agents.contains_key(default)
        {
            let reason = format!(
                "`router.default` names the agent `{default}`, and there is none of that name"
            );
            faults.push(fault(
                "caxton.toml",
                "unknown-agent",
                reason,
                "name an agent of this workspace",
            ));
        }
        faults.sort();
        faults.dedup();
        faults
    }

    fn check_model(&self, file: &str, model: &ModelRef, faults: &mut Vec<Fault>) {
        let name = &model.provider;
        match self.components.get(name) {
            Some(loaded) if loaded.component.roles().provider => {}
            Some(loaded) => {
                let reason = format!(
                    "the model `{model}` is of the component `{name}`, which is no provider but a {}",
                    loaded.component.roles().names().join(", ")
                );
                faults.push(fault(
                    file,
                    "wrong-role",
                    reason,
                    "name a provider, such as `offline` or `openai`",
                ));
            }
            None => {
                let reason = format!(
                    "the model `{model}` is of the component `{name}`, which is not there{}",
                    did_you_mean(&self.components_near(name))
                );
                faults.push(fault(
                    file,
                    "unknown-provider",
                    reason,
                    format!("declare [components.{name}] in caxton.toml, or name another model"),
                ));
            }
        }
    }

    /// A pattern has to mean tools of some component. One without a wildcard means a single tool: where its component is
    /// loaded and does not have it, the name is a slip that would otherwise show as an agent that can do less than its
    /// author thinks.
    fn check_pattern(&self, file: &str, pattern: &Glob, faults: &mut Vec<Fault>) {
        let may_have =
            |(name, spec): &(&String, &ComponentSpec)| pattern.may_match_after(&prefix(name, spec));
        let mut owners = self
            .config
            .components
            .iter()
            .filter(may_have)
            .map(|(name, _)| name)
            .peekable();
        let text = pattern.as_str();
        if config::names_memory(pattern) {
            // Agents that remember have these by themselves; whether this one does was checked with its file.
        } else if owners.peek().is_none() {
            let reason = format!("`tools` has `{text}`, and no component is named so");
            faults.push(fault(
                file,
                "unknown-component",
                reason,
                "declare the component in caxton.toml, or remove the pattern",
            ));
        } else if pattern.is_literal()
            && owners.all(|name| self.components.contains_key(name))
            && self.tools.get(text).is_none()
        {
            let near = nearest(text, self.tools.all().iter().map(|tool| tool.name.as_str()));
            let remedy = match near.first() {
                Some(near) => format!("did you mean `{near}`?"),
                None => "see `caxton tool list` for what there is".to_owned(),
            };
            faults.push(fault(
                file,
                "unknown-tool",
                format!("`tools` has `{text}`, and there is no such tool"),
                remedy,
            ));
        }
    }

    /// An agent that says whom it asks must find them. The pattern `*` is what is meant where nothing is said.
    fn check_delegates(&self, faults: &mut Vec<Fault>) {
        let offers = Offers::new(self.agents.values().flat_map(|agent| {
            let offered = agent.config.capabilities.iter();
            offered.map(|capability| {
                let name = capability.name.as_str();
                (agent.config.name.as_str(), name, &capability.version)
            })
        }));
        for agent in self.agents.values().map(|agent| &agent.config) {
            for delegate in agent
                .delegates
                .iter()
                .filter(|delegate| delegate.to_string() != "*")
            {
                if !offers.beside(&agent.name, delegate) {
                    let reason =
                        format!("`delegates` names `{delegate}`, and no other agent offers that");
                    let remedy = "give another agent this capability, or remove it here";
                    faults.push(fault(
                        &format!("agents/{}.toml", agent.name),
                        "unknown-capability",
                        reason,
                        remedy,
                    ));
                }
            }
        }
    }

    /// Whether the component is part of the program.
    pub(super) fn is_builtin(&self, name: &str) -> bool {
        self.config
            .components
            .get(name)
            .is_some_and(|spec| matches!(spec.source, Source::Builtin(_)))
    }
}

fn fault(
    file: &str,
    code: &'static str,
    reason: impl Into<String>,
    remedy: impl Into<String>,
) -> Fault {
    Fault {
        file: file.to_owned(),
        line: 1,
        column: 1,
        code,
        reason: reason.into(),
        remedy: remedy.into(),
    }
}
