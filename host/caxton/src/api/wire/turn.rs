//! Turns, and the events that are sent while a message is answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{MessageAnswer, Recalled, Remembered, ToolCall};

/// A turn: how far the answer to a message is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Turn {
    /// Its id.
    pub id: String,
    /// The conversation.
    pub conversation: String,
    /// Who answers.
    pub agent: String,
    /// `running`, `done`, `failed`, `cancelled` or `interrupted`.
    pub status: String,
    /// The answer, where it is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Box<MessageAnswer>>,
    /// Why there is none, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<super::Problem>>,
}

/// What is sent while a message is answered. The event's name in the stream is given with each.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MessageEvent {
    /// The message was given to an agent: event `route`.
    Route {
        /// The turn, by which the answer is found again. Of an agent that another one asks, that one's.
        turn: String,
        /// The conversation.
        conversation: String,
        /// The agent.
        agent: String,
        /// How well it fits, from 0 to 1.
        score: f32,
        /// Why.
        reason: String,
        /// The router that decided.
        router: Option<String>,
        /// The decision was made earlier, for the same message.
        cached: bool,
        /// How many agents wait for this one's answer.
        depth: u32,
    },
    /// The model is asked again, or another one is: event `retry`. Text since the last tool call is void.
    Retry {
        /// Who answers.
        agent: String,
        /// The model that is asked now.
        model: String,
        /// Why.
        reason: String,
    },
    /// The agent is told of something that is remembered: event `recall`.
    Recall {
        /// Who is told.
        agent: String,
        /// Of what, best first.
        recalled: Vec<Recalled>,
    },
    /// What was said is remembered: event `remember`.
    Remember {
        /// Who remembers it.
        agent: String,
        /// What became of each thing that was said.
        remembered: Vec<Remembered>,
    },
    /// A tool answered: event `tool_result`.
    ToolResult(Box<ToolCall>),
    /// A tool is called: event `tool_call`.
    ToolCall {
        /// Who calls it.
        agent: String,
        /// The call's id.
        id: String,
        /// The tool's full name.
        name: String,
        /// Its arguments.
        #[schema(value_type = Object)]
        arguments: Value,
    },
    /// A piece of an answer: event `delta`; of a model's reasoning: event `reasoning`.
    Delta {
        /// Who writes it.
        agent: String,
        /// Text to append.
        text: String,
    },
    /// The answer is complete and on disk: event `done`.
    Done(Box<MessageAnswer>),
    /// There is no answer: event `error`.
    Error(Box<super::Problem>),
}

/// What was seen of the turn before is void, and its events begin anew: event `reset`.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reset {}
