//! An agent as its TOML file describes it.

use semver::Version;

use super::glob::Glob;
use super::limits::TurnLimits;
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
    /// The capabilities for which it may ask other agents, as patterns. By default all.
    pub delegates: Vec<Glob>,
    /// The model that it thinks with; the workspace's default where absent.
    pub model: Option<ModelRef>,
    /// From 0 (the likeliest words) to 2; the model's own default where absent.
    pub temperature: Option<f64>,
    /// What it is told about itself.
    pub system_prompt: Prompt,
    /// How a message is put to the model.
    pub user_prompt_template: Prompt,
    /// What it remembers.
    pub memory: Memory,
    /// What one turn may use.
    pub limits: TurnLimits,
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

/// What an agent remembers beyond a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Whether it remembers at all. Off by default, because what is remembered is kept.
    pub enabled: bool,
    /// With whom it shares what it remembers.
    pub scope: Scope,
}

/// With whom memory is shared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// With nobody.
    Agent,
    /// With the agents of its workspace.
    #[default]
    Workspace,
    /// With all agents of the server.
    Global,
}

impl Agent {
    /// Whether the allowlist has the tool of this full name, `COMPONENT__TOOL`.
    pub fn may_call(&self, tool: &str) -> bool {
        self.tools.iter().any(|glob| glob.matches(tool))
    }

    /// Whether it may ask another agent for this capability.
    pub fn may_ask_for(&self, capability: &str) -> bool {
        self.delegates.iter().any(|glob| glob.matches(capability))
    }

    /// Whether it offers this capability.
    pub fn offers(&self, capability: &str) -> bool {
        self.capabilities
            .iter()
            .any(|offered| offered.name == capability)
    }
}
