//! What those who wait for an answer see on the way, and the answer itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use caxton_sandbox::llm_types;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::receipt::{CompletionReceipt, Receipt};
use super::state::Wanted;

/// A message to a workspace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// The agent that it is for.
    pub to: Option<String>,
    /// The capability that is wanted, where no agent is named.
    pub capability: Option<String>,
    /// What is said. It may be empty only where there are pictures or an exchange.
    pub content: String,
    /// Pictures that belong to it.
    pub images: Vec<Image>,
    /// The conversation that it goes on with; a new one where there is none.
    pub conversation: Option<String>,
    /// Values for the parameters of the agent's prompts.
    pub parameters: BTreeMap<String, String>,
    /// How the answer is to be.
    pub asked: Asked,
    /// What was said before, where the client keeps that itself.
    pub exchange: Option<Exchange>,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Its media type, such as `image/png`.
    pub mime_type: String,
    /// Its bytes.
    #[serde(with = "base64")]
    pub data: Vec<u8>,
}

/// How an answer is to be. What is absent is as the agent's file says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Asked {
    /// From 0 (the likeliest words) to 2.
    pub temperature: Option<f64>,
    /// The most tokens of the answer; the agent's own limit holds beside it.
    pub max_tokens: Option<u32>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// JSON Schema that the answer must satisfy, as JSON text.
    pub response_schema: Option<String>,
}

/// A conversation that the client keeps itself, and tools that it has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// All that was said, oldest first, the message that is to be answered included.
    pub messages: Vec<llm_types::Message>,
    /// The client's tools. Where the model calls one, the turn ends, and the client goes on with its result.
    pub tools: Vec<llm_types::ToolSpec>,
    /// Whether the model must call a tool.
    pub tool_choice: llm_types::ToolChoice,
    /// Whether it may call several of the client's tools at once.
    pub parallel_calls: bool,
    /// What the model is told before everything else, in this turn only.
    pub instructions: Option<String>,
}

/// Bytes as base64 text.
mod base64 {
    use ::base64::Engine as _;
    use ::base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(data: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(data))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}

/// What happens while a turn runs. Agents that are asked by the one that answers show up here too; `agent` tells who.
#[derive(Clone, Debug)]
pub enum Event {
    /// The message was given to an agent.
    Route {
        /// The turn in which it is answered.
        turn: String,
        /// The conversation.
        conversation: String,
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
    /// The agent is told of something that is remembered.
    Recall {
        /// Who is told.
        agent: String,
        /// What, best first.
        entities: Vec<Recalled>,
    },
    /// What was said is remembered.
    Remember {
        /// Who remembers it.
        agent: String,
        /// What became of each thing that was said.
        entities: Vec<Remembered>,
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
    ToolResult(Box<ToolCall>),
    /// The answer is complete and on disk.
    Done(Box<Answer>),
    /// There is no answer.
    Error(Box<Error>),
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
    /// The structured result; nothing where there is none, or it is too large to be kept.
    pub structured: Option<Value>,
    /// Files that the tool made.
    pub attachments: Vec<Attachment>,
    /// What the call cost; nothing where none was made.
    pub receipt: Option<caxton_sandbox::Receipt>,
}

/// Something that is remembered, of which an agent was told before it answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recalled {
    /// The entity's number.
    pub id: i64,
    /// Where it is kept.
    pub scope: String,
    /// What it is called.
    pub name: String,
    /// What the agent was told.
    pub text: String,
    /// The cosine of its meaning and the message's; nothing where one is not known.
    pub similarity: Option<f32>,
}

/// What became of something that was said in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The entity that says so now.
    pub id: i64,
    /// Where it is kept.
    pub scope: String,
    /// What it is called.
    pub name: String,
    /// `created`, `merged` or `unchanged`.
    pub outcome: String,
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
    /// The model that was to answer, where that is another one: the agent's own, for which a fallback stood in.
    pub fallback_from: Option<String>,
    /// What is said.
    pub content: String,
    /// Why the model stopped: `end-turn`, `tool-calls`, `max-tokens`, `stop-text` or `content-filter`.
    pub stop_reason: &'static str,
    /// The client's own tools that it is to call.
    pub calls: Vec<Wanted>,
    /// What its agent was told of what is remembered.
    pub recalled: Vec<Recalled>,
    /// What of the message was remembered.
    pub remembered: Vec<Remembered>,
    /// The tools that were called, also those of agents that were asked.
    pub tool_calls: Vec<ToolCall>,
    /// What each request to a model cost, without those of agents that were asked.
    pub completions: Vec<CompletionReceipt>,
    /// What it cost.
    pub receipt: Receipt,
}

impl Answer {
    /// The files that tools made on the way.
    pub fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.tool_calls.iter().flat_map(|call| &call.attachments)
    }
}
