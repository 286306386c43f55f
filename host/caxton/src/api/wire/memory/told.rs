//! What an agent was told of what is remembered, and what was remembered of what it was told.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::turn;

/// Something that is remembered, of which an agent was told before it answered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Recalled {
    /// The entity's number.
    pub id: i64,
    /// Where it is kept.
    pub scope: String,
    /// What it is called.
    pub name: String,
    /// What the agent was told.
    pub text: String,
    /// The cosine of its meaning and the message's, where both are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
}

impl From<turn::Recalled> for Recalled {
    fn from(recalled: turn::Recalled) -> Self {
        let turn::Recalled {
            id,
            scope,
            name,
            text,
            similarity,
        } = recalled;
        Self {
            id,
            scope,
            name,
            text,
            similarity,
        }
    }
}

/// What became of something that was said in a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Remembered {
    /// The number of the entity that says so now.
    pub id: i64,
    /// Where it is kept.
    pub scope: String,
    /// What it is called.
    pub name: String,
    /// `created`, `merged` (with an earlier statement that is nearly the same) or `unchanged`.
    pub outcome: String,
}

impl From<turn::Remembered> for Remembered {
    fn from(remembered: turn::Remembered) -> Self {
        let turn::Remembered {
            id,
            scope,
            name,
            outcome,
        } = remembered;
        Self {
            id,
            scope,
            name,
            outcome,
        }
    }
}
