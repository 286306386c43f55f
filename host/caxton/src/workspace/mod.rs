//! The running workspace: what its files describe, loaded and ready. [`Workspace`] is a cheap handle; [`State`] is what it is
//! at one moment. `open` reads and loads it, `change` replaces parts of it while it runs, `tool` calls its tools. What is
//! done with a message is the business of `routing` and `turn`.
//!
//! In reading order: `state`, `open`, `load` (with `spec`, `download`, `models`, `health`), `change` (with `files`), `tool`, then the small
//! things that agents and turns share: `activity`, `event`, `ranking`, `line`, `ledger`, `rate`, and `memory`, what is remembered
//! with its meaning. `texts` finds those that come nearest to another one, and `overlap` what agents can do that will be taken
//! for each other.

mod activity;
mod change;
mod copies;
mod download;
mod error;
pub mod event;
pub(crate) mod files;
mod health;
mod ledger;
mod line;
mod load;
mod memory;
mod models;
mod open;
pub mod overlap;
mod ranking;
mod rate;
mod spec;
mod state;
pub(crate) mod texts;
pub mod tool;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use caxton_embed::Embedder;
use caxton_memory::Store;
use caxton_sandbox::{Call, Sandbox};
use serde_json::Value;

pub use activity::{Activity, AgentState, Load, Outcome, Paused, Running, Snapshot, Turned};
pub use error::{Error, Refused};
pub use event::Events;
pub use health::{Ailment, NoAnswer};
pub use ledger::{Amount, Exceeded, Held, Ledger};
pub use line::Lines;
pub use load::Loaded;
pub use memory::{Found, Memories};
pub use models::{Known, Listing, Model};
pub use open::Options;
pub use ranking::{Opinion, Question, Ranking, Rankings};
pub use rate::{Admitted, Rates, TooSoon};
pub use state::{Agent, State};

use load::Loader;

/// A running workspace. Clones share it.
#[derive(Clone)]
pub struct Workspace {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    has_dir: bool,
    components_dir: Option<PathBuf>,
    data: PathBuf,
    embedder: Option<Embedder>,
    loader: Loader,
    state: ArcSwap<State>,
    /// One change at a time; those who only read never wait for it.
    changing: tokio::sync::Mutex<()>,
    events: Events,
    rankings: Rankings,
    lines: Lines,
    ledger: Arc<Ledger>,
    rates: Rates,
    vectors: memory::Vectors,
}

impl std::fmt::Debug for Workspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Workspace")
            .field("name", &self.name())
            .field("dir", &self.inner.dir)
            .finish_non_exhaustive()
    }
}

impl Workspace {
    /// Its name.
    pub fn name(&self) -> String {
        self.state().config.name.clone()
    }

    /// What it is now.
    pub fn state(&self) -> Arc<State> {
        self.inner.state.load_full()
    }

    /// The directory with its files, where it was opened with one.
    pub fn dir(&self) -> Option<&Path> {
        self.inner.has_dir.then_some(self.inner.dir.as_path())
    }

    /// Where it keeps what is not part of its files: the database, artifacts, downloads.
    pub fn data(&self) -> &Path {
        &self.inner.data
    }

    /// Its conversations, and all else that is remembered.
    pub fn store(&self) -> &Store {
        &self.inner.loader.store
    }

    /// Where its components run.
    pub fn sandbox(&self) -> &Sandbox {
        &self.inner.loader.sandbox
    }

    /// What turns text into vectors, where that is there.
    pub fn embedder(&self) -> Option<&Embedder> {
        self.inner.embedder.as_ref()
    }

    /// What happens in it.
    pub fn events(&self) -> &Events {
        &self.inner.events
    }

    /// Its routers' decisions.
    pub(crate) fn rankings(&self) -> &Rankings {
        &self.inner.rankings
    }

    /// Where turns of one conversation wait for each other.
    pub(crate) fn lines(&self) -> &Lines {
        &self.inner.lines
    }

    /// What was used today, against the budgets.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.inner.ledger
    }

    /// How often providers may be asked.
    pub(crate) fn rates(&self) -> &Rates {
        &self.inner.rates
    }

    /// Gives the agent of this name.
    ///
    /// # Errors
    /// [`Error::NoAgent`] with names that look like it.
    pub fn agent(&self, name: &str) -> Result<Arc<Agent>, Error> {
        let state = self.state();
        let found = state.agents.get(name).cloned();
        found.ok_or_else(|| Error::NoAgent {
            name: name.to_owned(),
            nearest: state.agents_near(name),
        })
    }

    /// Gives the component of this name. A built-in one that nothing refers to is loaded now.
    ///
    /// # Errors
    /// [`Error::NoComponent`] with names that look like it; [`Error::Refused`] where a built-in one can't be loaded.
    pub async fn component(&self, name: &str) -> Result<Arc<Loaded>, Error> {
        let state = self.state();
        if let Some(loaded) = state.components.get(name) {
            return Ok(Arc::clone(loaded));
        }
        if state.is_builtin(name) {
            return self.load_builtin(name).await;
        }
        Err(Error::NoComponent {
            name: name.to_owned(),
            nearest: state.components_near(name),
        })
    }

    /// Gives the tool of this full name. One of a built-in component that nothing refers to is loaded now.
    ///
    /// # Errors
    /// [`tool::Error::Unknown`] with names that look like it; [`tool::Error::Load`].
    pub async fn tool(&self, name: &str) -> Result<Arc<tool::Tool>, tool::Error> {
        let state = self.state();
        if let Some(tool) = state.tools.get(name) {
            return Ok(Arc::clone(tool));
        }
        let owner = name.split_once("__").map(|(component, _)| component);
        let Some(owner) =
            owner.filter(|owner| state.is_builtin(owner) && !state.components.contains_key(*owner))
        else {
            return Err(state.tools.unknown(name));
        };
        self.load_builtin(owner)
            .await
            .map_err(|e| tool::Error::Load {
                tool: name.to_owned(),
                reason: e.to_string(),
            })?;
        let state = self.state();
        state
            .tools
            .get(name)
            .cloned()
            .ok_or_else(|| state.tools.unknown(name))
    }

    /// Has what is needed computed in the background for choosing among the tools of agents that have too many for a request.
    fn prepare_tools(&self) {
        let state = self.state();
        let tools = state.tools.all();
        let chooses = |agent: &Arc<Agent>| {
            let agent = &agent.config;
            let own = tools.iter().filter(|tool| agent.may_call(&tool.name));
            tools.len() > agent.tools_max && own.count() > agent.tools_max
        };
        if let Some(embedder) = self.embedder().cloned()
            && state.agents.values().any(chooses)
        {
            tokio::spawn(async move { tool::prepare(&embedder, state.tools.all()).await });
        }
    }

    /// Calls a tool: checks the arguments against its schema, calls its component in a fresh instance, and checks the
    /// result. Nobody's allowlist is asked here.
    ///
    /// # Errors
    /// [`tool::Error`] says why there is no result.
    pub async fn call_tool(
        &self,
        name: &str,
        arguments: Value,
        call: Call,
    ) -> Result<tool::Outcome, tool::Error> {
        let tool = self.tool(name).await?;
        let started = Instant::now();
        let outcome = tool.call(arguments, call).await;
        let code = match &outcome {
            Ok(tool::Outcome::Complete(answer)) if answer.is_error => Some("tool-error"),
            Ok(_) => None,
            Err(e) => Some(e.code()),
        };
        let duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tool.ended(code.is_some(), duration_us);
        let component = tool.component.name().to_owned();
        self.events().tell(event::Kind::Tool {
            name: tool.name.clone(),
            component,
            code,
            duration_us,
        });
        outcome
    }
}
