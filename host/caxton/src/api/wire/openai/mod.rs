//! The shapes of OpenAI's API, as far as it is served: what both of its ways to ask have in common is here, `chat` and
//! `responses` have what they take and give, `events` what a response sends while it is made. What is taken is lenient as
//! with other compatible servers: an unknown member is ignored, and `null` stands for an absent one.

mod chat;
mod content;
mod events;
mod responses;

use serde::{Deserialize, Serialize};

use super::ToolCall;
use crate::turn;

pub use chat::{
    AnswerMessage, Call, CallDelta, CallFunction, ChatAnswer, ChatChoice, ChatChunk, ChatMessage,
    ChatRequest, ChatTool, ChunkChoice, CompletionTokens, Delta, Function, NamedSchema,
    PromptTokens, ResponseFormat, StreamOptions, Usage,
};
pub use content::{Content, ImageUrl, Part, TextOr};
pub use events::{ResponseEvent, Step};
pub use responses::{
    Conversation, ConversationRef, DeletedResponse, IncompleteDetails, InputItem, InputTokens,
    OutputItem, OutputPart, OutputTokens, Response, ResponseError, ResponseRequest, ResponseTool,
    ResponseUsage, TextFormat, TextOptions,
};

/// Why a request failed.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// The error; nothing else is beside it.
    pub error: Error,
}

/// An error as OpenAI's clients read it.
#[derive(Clone, Debug, Serialize)]
pub struct Error {
    /// What failed, why, and what to do.
    pub message: String,
    /// Which kind of error: `invalid_request_error`, `rate_limit_error`, `server_error` and so on.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The part of the body that is at fault, such as `messages[0].role`.
    pub param: Option<String>,
    /// A stable name for programs, in snake case.
    pub code: Option<String>,
}

/// A model: an agent.
#[derive(Clone, Debug, Serialize)]
pub struct Model {
    /// The agent's name.
    pub id: String,
    /// `model`.
    pub object: &'static str,
    /// Seconds since 1970, UTC.
    pub created: u64,
    /// `caxton`.
    pub owned_by: &'static str,
}

/// All models.
#[derive(Clone, Debug, Serialize)]
pub struct Models {
    /// `list`.
    pub object: &'static str,
    /// The models.
    pub data: Vec<Model>,
}

/// What Caxton tells beside the members that OpenAI's API has.
#[derive(Clone, Debug, Serialize)]
pub struct Extra {
    /// The conversation.
    pub conversation: String,
    /// The agent that answered.
    pub agent: String,
    /// The model that the agent thought with, as `provider/model`.
    pub model: String,
    /// What the tokens cost, in US dollars; `null` where a model's price is not known.
    pub cost_usd: Option<f64>,
    /// The tools that the agent called itself.
    pub tool_calls: Vec<ToolCall>,
}

impl Extra {
    /// What there is to tell about an answer.
    pub fn of(answer: &turn::Answer) -> Self {
        Self {
            conversation: answer.conversation.clone(),
            agent: answer.agent.clone(),
            model: answer.model.clone(),
            cost_usd: answer.receipt.cost_pusd.map(super::usd),
            tool_calls: answer
                .tool_calls
                .iter()
                .cloned()
                .map(ToolCall::from)
                .collect(),
        }
    }
}

/// Which tool the model must call: a mode, or one tool.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub enum Choice {
    /// `auto`, `none` or `required`.
    Mode(String),
    /// Anything else, by its type.
    Tool {
        /// `function` where one is named.
        #[serde(rename = "type")]
        kind: String,
        /// Its name, in Responses.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// Its name, in Chat Completions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        function: Option<Named>,
    },
}

/// Something by its name.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Named {
    /// The name.
    pub name: String,
}
