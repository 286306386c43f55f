//! Why a turn that began has no answer.

use serde::{Deserialize, Serialize};

/// Why a turn has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The model wants more rounds than it has.
    #[error(
        "the agent did not come to an answer within {limit} rounds of tool calls; raise `tool_rounds` under [limits] in its file, or ask for less at once"
    )]
    ToolRounds {
        /// The limit.
        limit: u32,
    },
    /// The tokens are used up.
    #[error(
        "the agent used {used} tokens, and its limit is {limit}; raise `tokens` under [limits] in its file, or ask for less at once"
    )]
    Tokens {
        /// Tokens used.
        used: u64,
        /// The limit.
        limit: u64,
    },
    /// The time is up.
    #[error(
        "the agent did not come to an answer within {limit_ms} ms; raise `time` under [limits] in its file, or ask for less at once"
    )]
    Time {
        /// The limit.
        limit_ms: u64,
    },
    /// No model answered.
    #[error("{reason}")]
    Provider {
        /// What kind of fault it is.
        code: String,
        /// What was tried, and why it failed.
        reason: String,
    },
    /// The model said nothing.
    #[error("the model {model} gave an empty answer; try again, or use another model")]
    Empty {
        /// The model.
        model: String,
    },
}

impl Fault {
    /// A stable kebab-case code.
    pub fn code(&self) -> &str {
        match self {
            Self::ToolRounds { .. } => "tool-rounds-exceeded",
            Self::Tokens { .. } => "tokens-exceeded",
            Self::Time { .. } => "turn-deadline-exceeded",
            Self::Provider { code, .. } => code,
            Self::Empty { .. } => "empty-answer",
        }
    }
}
