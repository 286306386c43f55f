//! What those who wait for an answer see on the way, and the answer itself.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::receipt::Receipt;

/// A message to a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The agent that it is for.
    pub to: Option<String>,
    /// The capability that is wanted, where no agent is named.
    pub capability: Option<String>,
    /// What is said.
    pub content: String,
    /// The conversation that it goes on with; a new one where there is none.
    pub conversation: Option<String>,
}

/// What happens while a turn runs. Agents that are asked by the one that answers show up here too; `agent` tells who.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The message was given to an agent.
    Route {
        /// The agent.
        agent: String,
        /// How well it fits, from 0 to 1.
        score: f32,
        /// One sentence on why.
        reason: String,
        /// The router that decided; nothing where there was no choice.
        router: Option<String>,
        /// The decision was made earlier, for the same message.
        cached: bool,
        /// How many agents wait for this one's answer.
        depth: u32,
    },
    /// A piece of an answer.
    Delta {
        /// Who writes it.
        agent: String,
        /// Text to append.
        text: String,
    },
    /// A piece of a model's reasoning.
    Reasoning {
        /// Who thinks it.
        agent: String,
        /// Text to append.
        text: String,
    },
    /// The model did not finish, and is asked again or another one is. What it has written since the last tool call is void.
    Retry {
        /// Who answers.
        agent: String,
        /// The model that is asked now.
        model: String,
        /// Why the one before did not finish.
        reason: String,
    },
    /// A tool is called.
    ToolCall {
        /// Who calls it.
        agent: String,
        /// The call's id.
        id: String,
        /// The tool's full name, or `ask_agent`.
        name: String,
        /// Its arguments: an object, or the text of the model where that is none.
        arguments: Value,
    },
    /// A tool answered.
    ToolResult(ToolCall),
    /// The answer is complete and on disk.
    Done(Box<Answer>),
    /// There is no answer.
    Error {
        /// Why, as a code.
        code: String,
        /// Why, in words.
        message: String,
        /// The conversation, where it got that far.
        conversation: Option<String>,
        /// What it cost until then.
        receipt: Box<Receipt>,
    },
}

/// A finished tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// Who called it.
    pub agent: String,
    /// The tool's full name, or `ask_agent`.
    pub name: String,
    /// Its arguments.
    pub arguments: Value,
    /// The call failed.
    pub is_error: bool,
    /// What the model was told.
    pub text: String,
    /// The structured result.
    pub structured: Option<Value>,
    /// Files that the tool made.
    pub attachments: Vec<Attachment>,
    /// What the call cost; nothing where none was made.
    pub receipt: Option<caxton_sandbox::Receipt>,
}

/// A file that a tool made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its media type.
    pub mime_type: String,
    /// Its size.
    pub bytes: u64,
    /// Where it lies on the server.
    pub path: PathBuf,
}

/// The answer to a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The turn's id.
    pub id: String,
    /// The conversation.
    pub conversation: String,
    /// Who answered.
    pub agent: String,
    /// The model that answered last, as `provider/model`.
    pub model: String,
    /// What is said.
    pub content: String,
    /// Why the model stopped: `end-turn`, `max-tokens`, `stop-text` or `content-filter`.
    pub stop_reason: &'static str,
    /// The tools that were called, also those of agents that were asked.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost.
    pub receipt: Receipt,
}

impl Answer {
    /// The files that tools made on the way.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.tool_calls.iter().flat_map(|call| &call.attachments)
    }
}
