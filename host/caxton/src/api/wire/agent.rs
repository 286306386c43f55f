//! Agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Budget;
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
    /// How many of them its models are offered at once.
    pub tools_max: usize,
    /// The model that it thinks with: `PROVIDER/MODEL`.
    pub model: String,
    /// Models to try, in order, where that one can't answer.
    pub fallback: Vec<String>,
    /// From 0 (the likeliest words) to 2; the model's own default where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// What a message may set in its prompts, by name.
    pub parameters: BTreeMap<String, Parameter>,
    /// What it is told of a conversation.
    pub context: AgentContext,
    /// What it remembers beyond a conversation.
    #[serde(default)]
    pub memory: AgentMemory,
    /// What one turn may use.
    pub limits: TurnLimits,
    /// What all its turns of a day may use.
    pub budget: Budget,
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
    /// Its capabilities that will be taken for another agent's, the closest first; absent where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overlaps: Vec<Overlap>,
}

/// Two capabilities of different agents that will be taken for each other.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Overlap {
    /// The one agent.
    pub agent: String,
    /// Its capability.
    pub capability: String,
    /// The other agent.
    pub other_agent: String,
    /// Its capability.
    pub other_capability: String,
    /// How close both are, at most 1.
    pub cosine: f32,
    /// What a message may say that fits both.
    pub phrases: Vec<String>,
}

impl Overlap {
    /// The same, as `agent` sees it.
    pub fn of(overlap: workspace::overlap::Overlap, agent: &str) -> Self {
        let (mut own, mut other) = (overlap.first, overlap.second);
        if own.agent != agent {
            std::mem::swap(&mut own, &mut other);
        }
        Self {
            agent: own.agent,
            capability: own.capability,
            other_agent: other.agent,
            other_capability: other.capability,
            cosine: overlap.cosine,
            phrases: overlap.phrases,
        }
    }
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

/// A variable of an agent's prompts that a message may set.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Parameter {
    /// What it means; may be empty.
    pub description: String,
    /// Its value where a message gives none; absent where a message must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// What an agent is told of a conversation beside the message that it answers.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AgentContext {
    /// Tokens of earlier messages; half of the turn's `tokens` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_tokens: Option<u64>,
    /// What becomes of those that don't fit: `drop` or `summarise`.
    pub overflow: String,
    /// Whose messages they are: `shared` or `agent`.
    pub scope: String,
}

/// What an agent remembers beyond a conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AgentMemory {
    /// It remembers at all. Where it does not, the rest means nothing.
    pub enabled: bool,
    /// With whom it shares what it remembers: `conversation`, `agent`, `workspace` or `global`.
    pub scope: String,
    /// What users tell it is kept without being asked for.
    pub auto_store: bool,
    /// How many entities it is told of before it answers, at most.
    pub count: u32,
    /// The cosine to the message under which one is beside the point.
    pub similarity_min: f32,
    /// How many tokens of them, at most.
    pub tokens: u64,
}

/// What one turn may use.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TurnLimits {
    /// How often the model may call tools before it must answer.
    pub tool_rounds: u32,
    /// Wall-clock time in milliseconds.
    pub time_ms: u64,
    /// Tokens that the model reads and writes, all rounds together.
    pub tokens: u64,
    /// Tokens that it writes in one request.
    pub max_tokens: u32,
    /// US dollars; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
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
        let mut models = state
            .models(config)
            .into_iter()
            .map(|model| model.to_string());
        let model = models.next().unwrap_or_default();
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
            tools_max: config.tools_max,
            model,
            fallback: models.collect(),
            temperature: config.temperature,
            parameters: config
                .parameters
                .iter()
                .map(|(name, parameter)| (name.clone(), parameter.into()))
                .collect(),
            context: config.context.into(),
            memory: config.memory.into(),
            limits: (&config.limits).into(),
            budget: (&config.budget).into(),
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

impl From<&config::Parameter> for Parameter {
    fn from(parameter: &config::Parameter) -> Self {
        Self {
            description: parameter.description.clone(),
            default: parameter.default.clone(),
        }
    }
}

impl From<config::Context> for AgentContext {
    fn from(context: config::Context) -> Self {
        let overflow = match context.overflow {
            config::Overflow::Drop => "drop",
            config::Overflow::Summarise => "summarise",
        };
        let scope = match context.scope {
            config::ContextScope::Shared => "shared",
            config::ContextScope::Agent => "agent",
        };
        Self {
            window_tokens: context.window_tokens,
            overflow: overflow.to_owned(),
            scope: scope.to_owned(),
        }
    }
}

impl From<config::Memory> for AgentMemory {
    fn from(memory: config::Memory) -> Self {
        let config::Memory {
            enabled,
            scope,
            search,
            auto_store,
        } = memory;
        Self {
            enabled,
            scope: scope.name().to_owned(),
            auto_store,
            count: search.count,
            similarity_min: search.similarity_min,
            tokens: search.tokens,
        }
    }
}

impl From<&config::TurnLimits> for TurnLimits {
    fn from(limits: &config::TurnLimits) -> Self {
        Self {
            tool_rounds: limits.tool_rounds,
            time_ms: u64::try_from(limits.time.as_millis()).unwrap_or(u64::MAX),
            tokens: limits.tokens,
            max_tokens: limits.max_tokens,
            cost_usd: limits.cost_pusd.map(super::usd),
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
