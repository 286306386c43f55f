//! Why a turn that began has no answer.

use serde::{Deserialize, Serialize};

use crate::config::money::usd_shown;

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
    /// The money is used up.
    #[error(
        "the agent used {} of the {} US dollars that one turn may cost, and its next request may cost more than what is left; raise `cost_usd` under [limits] in its file, or ask for less at once",
        usd_shown(*.used_pusd), usd_shown(*.limit_pusd)
    )]
    Cost {
        /// What it used, in pico-US-dollars.
        used_pusd: u64,
        /// The limit.
        limit_pusd: u64,
    },
    /// A limit on money or a budget can't be kept, because it is not known what the model costs.
    #[error(
        "the price of the model {model} is not known, so that {what} can't be kept; write it under [components.{provider}.prices.{model_id:?}] in caxton.toml"
    )]
    Price {
        /// The model.
        model: String,
        /// Its provider.
        provider: String,
        /// Its id there.
        model_id: String,
        /// What can't be kept, such as "the budget of the workspace".
        what: String,
    },
    /// The budget of a day is used up.
    #[error("{reason}")]
    Budget {
        /// Whose budget, how large it is, and how much is used.
        reason: String,
        /// When the next day begins, in seconds.
        retry_after_s: u64,
    },
    /// Whoever asked has gone, or wants no answer any more.
    #[error("the turn was cancelled: who asked has gone, or wants no answer any more")]
    Cancelled,
    /// The server ended during the turn, too often to take it up again.
    #[error("the turn was interrupted: {reason}; send the message again")]
    Interrupted {
        /// Why it is not taken up again.
        reason: String,
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
        /// When the model that was wanted may be asked again, in milliseconds, where it says so.
        #[serde(default)]
        retry_after_ms: Option<u64>,
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
            Self::Cost { .. } => "cost-exceeded",
            Self::Price { .. } => "price-unknown",
            Self::Budget { .. } => "budget-exceeded",
            Self::Cancelled => "cancelled",
            Self::Interrupted { .. } => "interrupted",
            Self::Time { .. } => "turn-deadline-exceeded",
            Self::Provider { code, .. } => code,
            Self::Empty { .. } => "empty-answer",
        }
    }
}
