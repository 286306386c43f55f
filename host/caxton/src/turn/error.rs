//! Why a message got no answer.

use super::fault::Fault;
use super::receipt::Receipt;
use crate::routing;

/// Why a message got no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to answer.
    #[error("the message is empty; say what you want")]
    Empty,
    /// The message is too long.
    #[error(
        "the message has {bytes} bytes, and at most {limit} are taken; put long texts into a file that a tool can read"
    )]
    TooLong {
        /// Its size.
        bytes: usize,
        /// The most that is taken.
        limit: usize,
    },
    /// There is no such conversation.
    #[error("there is no conversation `{id}`; leave it out to begin a new one")]
    NoConversation {
        /// The id that was given.
        id: String,
    },
    /// No agent was found.
    #[error(transparent)]
    Routing(#[from] routing::Error),
    /// The agents ask each other in a circle, or too many deep.
    #[error("{reason}")]
    Delegation {
        /// Who asks whom.
        reason: String,
    },
    /// The turn began and did not come to an answer.
    #[error("{fault}")]
    Stopped {
        /// Why.
        fault: Box<Fault>,
        /// The turn's id.
        id: String,
        /// The conversation.
        conversation: String,
        /// Who was to answer.
        agent: String,
        /// What it cost.
        receipt: Box<Receipt>,
    },
    /// The agent failed too often in a row, and rests.
    #[error(
        "the agent `{agent}` rests for {} s, because its last turns failed: {reason}; mend the cause, or `caxton agent restart {agent}`",
        .retry_after_ms.div_ceil(1000)
    )]
    Paused {
        /// The agent.
        agent: String,
        /// Why the last turn failed.
        reason: String,
        /// When it takes messages again.
        retry_after_ms: u64,
    },
    /// The message does not give what the agent's prompts need.
    #[error("{reason}")]
    Parameters {
        /// What is missing or not known.
        reason: String,
    },
    /// The key of the message was used for another one.
    #[error(
        "the Idempotency-Key `{}` was used for another message; use a new key for each message",
        .key.escape_debug()
    )]
    KeyReused {
        /// The key.
        key: String,
    },
    /// Too many turns run.
    #[error("{limit} turns run already; try again in a moment")]
    Busy {
        /// How many may run.
        limit: usize,
    },
    /// The turn ended without a word, which is a fault of the server.
    #[error("the turn ended without an answer because of a fault in the server; its log says more")]
    Gone,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] caxton_memory::Error),
}

impl Error {
    /// A stable kebab-case code.
    pub fn code(&self) -> &str {
        match self {
            Self::Empty => "empty-message",
            Self::TooLong { .. } => "message-too-long",
            Self::NoConversation { .. } => "conversation-not-found",
            Self::Routing(e) => e.code(),
            Self::Delegation { .. } => "delegation-refused",
            Self::Paused { .. } => "agent-paused",
            Self::Parameters { .. } => "bad-parameters",
            Self::KeyReused { .. } => "idempotency-key-reused",
            Self::Busy { .. } => "too-many-turns",
            Self::Gone => "internal-error",
            Self::Stopped { fault, .. } => fault.code(),
            Self::Store(_) => "store-failed",
        }
    }

    /// The conversation, where it got that far.
    pub fn conversation(&self) -> Option<&str> {
        match self {
            Self::NoConversation { id } => Some(id),
            Self::Stopped { conversation, .. } => Some(conversation),
            _ => None,
        }
    }

    /// What it cost until then.
    pub fn receipt(&self) -> Receipt {
        match self {
            Self::Stopped { receipt, .. } => (**receipt).clone(),
            _ => Receipt::default(),
        }
    }
}
