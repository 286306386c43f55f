//! Agents.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config;
use crate::workspace::{self, AgentState, State};

/// All agents of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Agents {
    /// Sorted by name.
    pub agents: Vec<Agent>,
}

/// An agent and what it has done since the server started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// What it can do for others.
    pub capabilities: Vec<Capability>,
    /// The tools it may call: patterns over `COMPONENT__TOOL`.
    pub tools: Vec<String>,
    /// The model that it thinks with: `PROVIDER/MODEL`.
    pub model: String,
    /// `ready`, `busy` or `failed`.
    pub state: String,
    /// Why its last turn failed, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Where it is paused: how long still, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_ms: Option<u64>,
    /// When it last began or ended a turn, in milliseconds since 1970, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_active_ms: Option<u64>,
    /// What it has done.
    pub counters: Counters,
}

/// What became of an agent that was put.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StoredAgent {
    /// `added` or `replaced`.
    pub change: String,
    /// What is there now.
    #[serde(flatten)]
    pub agent: Agent,
}

/// Something that an agent can do.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Capability {
    /// Its name.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// What it means; may be empty.
    pub description: String,
}

/// An agent's counters since the server or the agent started.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Counters {
    /// Messages that it was given.
    pub messages: u64,
    /// Turns that failed.
    pub failures: u64,
    /// Tools that it called.
    pub tool_calls: u64,
    /// Tokens that its models read and wrote.
    pub tokens: u64,
}

impl Agent {
    /// How an agent of `state` is now.
    pub fn of(state: &State, agent: &workspace::Agent) -> Self {
        let config = &agent.config;
        let now = agent.activity.snapshot();
        let model = state
            .models(config)
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        let name = now.state.name().to_owned();
        let paused_ms = match now.state {
            AgentState::Paused { left_ms, .. } => Some(left_ms),
            _ => None,
        };
        let failure = match now.state {
            AgentState::Failed { reason } | AgentState::Paused { reason, .. } => Some(reason),
            AgentState::Ready | AgentState::Busy { .. } => None,
        };
        Self {
            name: config.name.clone(),
            version: config.version.to_string(),
            description: config.description.clone(),
            capabilities: config.capabilities.iter().map(Capability::from).collect(),
            tools: config.tools.iter().map(ToString::to_string).collect(),
            model,
            state: name,
            failure,
            paused_ms,
            last_active_ms: now.last_ms,
            counters: Counters {
                messages: now.messages,
                failures: now.failures,
                tool_calls: now.tool_calls,
                tokens: now.tokens,
            },
        }
    }
}

impl From<&config::Capability> for Capability {
    fn from(capability: &config::Capability) -> Self {
        let config::Capability {
            name,
            version,
            description,
        } = capability;
        Self {
            name: name.clone(),
            version: version.to_string(),
            description: description.clone(),
        }
    }
}
