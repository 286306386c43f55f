//! Why no agent was found for a message.

use super::near::Near;
use crate::workspace::tool::did_you_mean;

/// Why no agent was found for a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The workspace has no agents.
    #[error(
        "the workspace has no agents; add one with `caxton init --agent NAME --template assistant`"
    )]
    NoAgents,
    /// There is no agent of that name.
    #[error("there is no agent `{name}`{}", did_you_mean(nearest))]
    NoAgent {
        /// The name that was asked for.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// No agent offers that capability.
    #[error(
        "no agent offers `{name}`{}; offered are: {}",
        did_you_mean(nearest),
        listed(offered)
    )]
    NoCapability {
        /// The capability that was asked for.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
        /// What is offered.
        offered: Vec<String>,
    },
    /// What stands after the `@` of a capability is no requirement on its version.
    #[error(
        "`{name}@{requirement}` names no version of `{name}`: {reason}; write a requirement such as `{name}@^1.2`, or `{name}` for any"
    )]
    Requirement {
        /// The capability.
        name: String,
        /// What stands after the `@`.
        requirement: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The capability is offered, but in no version that was asked for.
    #[error("no agent offers `{name}` in a version that {requirement} allows; offered are: {}", offered.join(", "))]
    NoVersion {
        /// The capability.
        name: String,
        /// The requirement.
        requirement: String,
        /// The versions that there are, each with its agent.
        offered: Vec<String>,
    },
    /// The capability is offered only by agents that are asking already.
    #[error(
        "`{capability}` is offered only by agents that wait for this very answer; answer without it"
    )]
    OnlySelf {
        /// The capability.
        capability: String,
    },
    /// The routers found no agent that fits.
    #[error(
        "no agent fits the message{}{}; name one of: {}",
        because(reason),
        near(nearest),
        listed(agents)
    )]
    NoneFits {
        /// Why, in the router's words.
        reason: String,
        /// The agents that there are.
        agents: Vec<String>,
        /// The capabilities that come nearest.
        nearest: Vec<Near>,
    },
    /// No router could decide.
    #[error("no router could choose an agent: {}; name one of: {}", reasons.join("; "), listed(agents))]
    Routers {
        /// What each router said.
        reasons: Vec<String>,
        /// The agents that there are.
        agents: Vec<String>,
    },
}

impl Error {
    /// A stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAgents => "no-agents",
            Self::NoAgent { .. } => "agent-not-found",
            Self::NoCapability { .. } => "capability-not-found",
            Self::Requirement { .. } => "bad-requirement",
            Self::NoVersion { .. } => "capability-version-not-found",
            Self::OnlySelf { .. } => "delegation-cycle",
            Self::NoneFits { .. } => "no-agent-fits",
            Self::Routers { .. } => "routing-failed",
        }
    }
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn near(capabilities: &[Near]) -> String {
    if capabilities.is_empty() {
        return String::new();
    }
    let told = capabilities
        .iter()
        .map(|near| format!("`{}` of `{}`", near.capability, near.agent));
    format!("; nearest are {}", told.collect::<Vec<_>>().join(", "))
}

fn because(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(" ({reason})")
    }
}
