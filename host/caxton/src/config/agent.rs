//! An agent as its TOML file describes it.

use std::collections::BTreeMap;

use semver::Version;

use super::delegate::Delegate;
use super::glob::Glob;
use super::limits::{Breaker, Budget, TurnLimits};
use super::prompt::Prompt;
use super::workspace::ModelRef;

/// An agent: who it is, what it can do, what it may use.
#[derive(Debug, Clone, PartialEq)]
pub struct Agent {
    /// Its name, unique in the workspace and the same as its file's.
    pub name: String,
    /// Its own version.
    pub version: Version,
    /// What it is for. Routers read it.
    pub description: String,
    /// What it can do for others, by name.
    pub capabilities: Vec<Capability>,
    /// The tools that it may call, as patterns over `COMPONENT__TOOL`. Empty: none.
    pub tools: Vec<Glob>,
    /// How many of them a model is offered at once; of more, it is offered the best for a message, and finds the rest.
    pub tools_max: usize,
    /// The capabilities for which it may ask other agents, as patterns. By default all.
    pub delegates: Vec<Delegate>,
    /// The model that it thinks with; the workspace's default where absent.
    pub model: Option<ModelRef>,
    /// Models to try, in order, where that one can't answer; the workspace's where absent, none where empty.
    pub fallback: Option<Vec<ModelRef>>,
    /// From 0 (the likeliest words) to 2; the model's own default where absent.
    pub temperature: Option<f64>,
    /// What it is told about itself.
    pub system_prompt: Prompt,
    /// How a message is put to the model.
    pub user_prompt_template: Prompt,
    /// What a message may set in the prompts, by name. Every one is named by a prompt.
    pub parameters: BTreeMap<String, Parameter>,
    /// What it is told of a conversation.
    pub context: Context,
    /// What it remembers.
    pub memory: Memory,
    /// What one turn may use.
    pub limits: TurnLimits,
    /// What all its turns of one day may use.
    pub budget: Budget,
    /// When it is left alone because it keeps failing.
    pub breaker: Breaker,
}

/// A variable of an agent's prompts that the one who sends a message may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// What it means; may be empty.
    pub description: String,
    /// Its value where the message gives none. Absent: the message must give one.
    pub default: Option<String>,
}

/// What an agent is told of a conversation beside the message that it answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context {
    /// How many tokens of earlier messages, at most. Absent: half of `limits.tokens`, so that the other half is left for the
    /// answer. 0: none.
    pub window_tokens: Option<u64>,
    /// What becomes of those that don't fit.
    pub overflow: Overflow,
    /// Whose messages they are.
    pub scope: ContextScope,
}

/// What becomes of earlier messages that don't fit into the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest are left out. The default, because it costs nothing.
    #[default]
    Drop,
    /// The model sums up the oldest.
    Summarise,
}

/// Whose messages an agent is told of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ContextScope {
    /// All of the conversation, what was said with other agents too. The default, because whoever talks to several agents in one
    /// conversation expects them to have listened.
    #[default]
    Shared,
    /// Those of its own turns.
    Agent,
}

/// Something that an agent can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capability {
    /// Its name, such as `data-analysis`.
    pub name: String,
    /// Which version of it.
    pub version: Version,
    /// What it means; may be empty.
    pub description: String,
}

impl Capability {
    /// The capability as one text, as routers by meaning read it: `bar charts: draws them from data`.
    pub fn text(&self) -> String {
        let name = self.name.replace('-', " ");
        if self.description.is_empty() {
            name
        } else {
            format!("{name}: {}", self.description)
        }
    }
}

/// What an agent remembers beyond a conversation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Whether it remembers at all. Off by default, because what is remembered is kept.
    pub enabled: bool,
    /// With whom it shares what it remembers.
    pub scope: Scope,
    /// What it is told of before it answers.
    pub search: Recall,
    /// Whether what users tell it is kept without being asked for. On by default: an agent that remembers does.
    pub auto_store: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            enabled: false,
            scope: Scope::default(),
            search: Recall::default(),
            auto_store: true,
        }
    }
}

/// With whom memory is shared; the narrower is the lesser.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// With nobody, and with itself only until the conversation is deleted.
    Conversation,
    /// With nobody.
    Agent,
    /// With the agents of its workspace.
    #[default]
    Workspace,
    /// With all agents of the server.
    Global,
}

impl Scope {
    /// All of them, the narrowest first.
    pub const ALL: [Self; 4] = [
        Self::Conversation,
        Self::Agent,
        Self::Workspace,
        Self::Global,
    ];

    /// The name that files, JSON and models use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Conversation => "conversation",
            Self::Agent => "agent",
            Self::Workspace => "workspace",
            Self::Global => "global",
        }
    }

    /// Itself and all that are narrower, the narrowest first.
    pub fn and_narrower(self) -> impl DoubleEndedIterator<Item = Self> {
        Self::ALL.into_iter().filter(move |scope| *scope <= self)
    }
}

/// What an agent is told of what is remembered, before it answers a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recall {
    /// How many entities at most; 0: none.
    pub count: u32,
    /// The cosine to the message, from 0 to 1, under which an entity is beside the point.
    pub similarity_min: f32,
    /// How many tokens of them at most.
    pub tokens: u64,
}

impl Default for Recall {
    /// As much as a model reads without losing the thread. Of two unrelated sentences the model's cosines are seldom above
    /// 0.25; of a question and what answers it, seldom below 0.35.
    fn default() -> Self {
        Self {
            count: 5,
            similarity_min: 0.3,
            tokens: 1_000,
        }
    }
}

/// The tool by which an agent finds what is remembered.
pub const MEMORY_SEARCH: &str = "memory__search";
/// The tool by which an agent remembers something.
pub const MEMORY_REMEMBER: &str = "memory__remember";
/// The tool by which an agent relates what is remembered.
pub const MEMORY_RELATE: &str = "memory__relate";
/// The tool by which an agent forgets something.
pub const MEMORY_FORGET: &str = "memory__forget";

/// The tools of agents that remember, by their full names.
pub const MEMORY_TOOLS: [&str; 4] = [MEMORY_SEARCH, MEMORY_REMEMBER, MEMORY_RELATE, MEMORY_FORGET];

/// What their names begin with, and no other tool's.
pub const MEMORY_PREFIX: &str = "memory__";

impl Agent {
    /// Whether the allowlist has the tool of this full name, `COMPONENT__TOOL`.
    pub fn may_call(&self, tool: &str) -> bool {
        self.tools.iter().any(|glob| glob.matches(tool))
    }

    /// Whether it has this one of [`MEMORY_TOOLS`]: all of them where it remembers, unless its allowlist names some.
    pub fn may_remember_by(&self, tool: &str) -> bool {
        let mut named = self
            .tools
            .iter()
            .filter(|glob| names_memory(glob))
            .peekable();
        self.memory.enabled
            && MEMORY_TOOLS.contains(&tool)
            && (named.peek().is_none() || named.any(|glob| glob.matches(tool)))
    }

    /// By which of its `delegates` it may ask another agent for the capability of this name, which may be followed by an `@` and
    /// a requirement on the version. One that names the capability counts before a pattern.
    pub fn delegate(&self, capability: &str) -> Option<&Delegate> {
        let name = capability.split('@').next().unwrap_or(capability).trim();
        let fitting = || {
            let all = self.delegates.iter();
            all.filter(|delegate| delegate.capability.matches(name))
        };
        let named = fitting().find(|delegate| delegate.capability.is_literal());
        named.or_else(|| fitting().next())
    }

    /// Whether it offers this capability.
    pub fn offers(&self, capability: &str) -> bool {
        self.capabilities
            .iter()
            .any(|offered| offered.name == capability)
    }
}

/// Whether a pattern of an allowlist speaks of memory, and of nothing else.
pub(crate) fn names_memory(glob: &Glob) -> bool {
    glob.as_str().starts_with(MEMORY_PREFIX)
}
