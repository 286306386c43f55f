//! Responses: what is asked, and the response.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::content::{Content, TextOr};
use super::{Choice, Extra};

/// What is asked. Members that only tune how a model samples are not read.
#[derive(Clone, Debug, Deserialize)]
pub struct ResponseRequest {
    /// An agent's name, or `auto`.
    pub model: String,
    /// What is said: one message of a user, or items, oldest first.
    pub input: TextOr<InputItem>,
    /// Said before everything else, for this response only.
    #[serde(default)]
    pub instructions: Option<String>,
    /// The response that this one goes on from.
    #[serde(default)]
    pub previous_response_id: Option<String>,
    /// The conversation that this response goes on with.
    #[serde(default)]
    pub conversation: Option<ConversationRef>,
    /// Whether the response can be had again later.
    #[serde(default)]
    pub store: Option<bool>,
    /// Tools that the client has.
    #[serde(default)]
    pub tools: Option<Vec<ResponseTool>>,
    /// Whether one must be called.
    #[serde(default)]
    pub tool_choice: Option<Choice>,
    /// Whether several may be asked for at once.
    #[serde(default)]
    pub parallel_tool_calls: Option<bool>,
    /// The form of the answer.
    #[serde(default)]
    pub text: Option<TextOptions>,
    /// The most tokens to write.
    #[serde(default)]
    pub max_output_tokens: Option<u32>,
    /// From 0 to 2.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// Whether the response is streamed.
    #[serde(default)]
    pub stream: Option<bool>,
    /// Given back as it is.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    /// Everything else, of which some can't be served.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A conversation, by its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a conversation's id, or an object with the member `id`"
)]
pub enum ConversationRef {
    /// The id.
    Id(String),
    /// An object around it.
    Object {
        /// The id.
        id: String,
    },
}

/// An item. Which members it has depends on its type.
#[derive(Clone, Debug, Deserialize)]
pub struct InputItem {
    /// `message` where absent; `function_call`, `function_call_output`, `reasoning`.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// Who says a message.
    #[serde(default)]
    pub role: Option<String>,
    /// What is said.
    #[serde(default)]
    pub content: Option<Content>,
    /// The id that a call and its output share.
    #[serde(default)]
    pub call_id: Option<String>,
    /// The tool that is called.
    #[serde(default)]
    pub name: Option<String>,
    /// A call's arguments: JSON as text.
    #[serde(default)]
    pub arguments: Option<String>,
    /// What a call gave.
    #[serde(default)]
    pub output: Option<Content>,
}

/// A tool that the client has.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ResponseTool {
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    #[serde(default)]
    pub name: Option<String>,
    /// What it does.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default)]
    pub parameters: Option<Value>,
    /// Whether the arguments must fit the schema.
    #[serde(default)]
    pub strict: Option<bool>,
}

/// The form of an answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct TextOptions {
    /// The form.
    #[serde(default)]
    pub format: Option<TextFormat>,
}

/// The form of an answer's text.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct TextFormat {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// JSON Schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    /// Whether the answer must fit it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// A response.
#[derive(Clone, Debug, Serialize)]
pub struct Response {
    /// `resp_` and the turn's id.
    pub id: String,
    /// `response`.
    pub object: &'static str,
    /// Seconds since 1970, UTC.
    pub created_at: u64,
    /// `in_progress`, `completed`, `incomplete`, `failed` or `cancelled`.
    pub status: &'static str,
    /// Always false.
    pub background: bool,
    /// Why it failed.
    pub error: Option<ResponseError>,
    /// Why it is incomplete.
    pub incomplete_details: Option<IncompleteDetails>,
    /// As given.
    pub instructions: Option<String>,
    /// As given.
    pub max_output_tokens: Option<u32>,
    /// The model, as it was asked for.
    pub model: String,
    /// What was said, and calls that the client is to make.
    pub output: Vec<OutputItem>,
    /// As given.
    pub parallel_tool_calls: bool,
    /// As given.
    pub previous_response_id: Option<String>,
    /// The conversation.
    pub conversation: Option<Conversation>,
    /// Whether it can be had again.
    pub store: bool,
    /// As given.
    pub temperature: Option<f64>,
    /// As given.
    pub text: TextOptions,
    /// As given.
    pub tool_choice: Choice,
    /// As given.
    pub tools: Vec<ResponseTool>,
    /// Always `disabled`.
    pub truncation: &'static str,
    /// Tokens used, once that is known.
    pub usage: Option<ResponseUsage>,
    /// As given.
    pub metadata: BTreeMap<String, String>,
    /// What is told beside, once the response is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caxton: Option<Extra>,
}

/// A conversation.
#[derive(Clone, Debug, Serialize)]
pub struct Conversation {
    /// Its id.
    pub id: String,
}

/// Why a response failed.
#[derive(Clone, Debug, Serialize)]
pub struct ResponseError {
    /// `server_error`, `rate_limit_exceeded` or `invalid_prompt`.
    pub code: &'static str,
    /// What failed, why, and what to do.
    pub message: String,
}

/// Why a response is incomplete.
#[derive(Clone, Debug, Serialize)]
pub struct IncompleteDetails {
    /// `max_output_tokens` or `content_filter`.
    pub reason: &'static str,
}

/// Something that a response has.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OutputItem {
    /// What is said.
    Message {
        /// Its id.
        id: String,
        /// `in_progress`, `completed` or `incomplete`.
        status: &'static str,
        /// `assistant`.
        role: &'static str,
        /// `commentary` where the agent went on to call tools of its own, else `final_answer`.
        #[serde(skip_serializing_if = "Option::is_none")]
        phase: Option<&'static str>,
        /// The text, as one part.
        content: Vec<OutputPart>,
    },
    /// A call that the client is to make.
    FunctionCall {
        /// The item's id.
        id: String,
        /// `in_progress` or `completed`.
        status: &'static str,
        /// The id that its output refers to.
        call_id: String,
        /// The tool.
        name: String,
        /// The arguments: JSON as text.
        arguments: String,
    },
}

/// A part of what is said.
#[derive(Clone, Debug, Serialize)]
pub struct OutputPart {
    /// `output_text`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The text.
    pub text: String,
    /// None.
    pub annotations: [Value; 0],
    /// None.
    pub logprobs: [Value; 0],
}

/// Tokens used.
#[derive(Clone, Debug, Serialize)]
pub struct ResponseUsage {
    /// Tokens read, cached ones included.
    pub input_tokens: u64,
    /// Which of them were cached.
    pub input_tokens_details: InputTokens,
    /// Tokens written.
    pub output_tokens: u64,
    /// Which of them were reasoning.
    pub output_tokens_details: OutputTokens,
    /// Both.
    pub total_tokens: u64,
}

/// Which tokens were read.
#[derive(Clone, Debug, Serialize)]
pub struct InputTokens {
    /// From the provider's cache.
    pub cached_tokens: u64,
    /// Into the provider's cache; providers do not tell, so it is 0.
    pub cache_write_tokens: u64,
}

/// Which tokens were written.
#[derive(Clone, Debug, Serialize)]
pub struct OutputTokens {
    /// Reasoning; providers do not tell it apart, so it is 0.
    pub reasoning_tokens: u64,
}

/// A response is gone.
#[derive(Clone, Debug, Serialize)]
pub struct DeletedResponse {
    /// Its id.
    pub id: String,
    /// `response`.
    pub object: &'static str,
    /// True.
    pub deleted: bool,
}
