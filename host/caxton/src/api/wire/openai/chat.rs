//! Chat Completions: what is asked, the answer, and the chunks that it is streamed in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::content::{Content, TextOr};
use super::{Choice, Extra};

/// What is asked. Members that only tune how a model samples are not read.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatRequest {
    /// An agent's name, or `auto`.
    pub model: String,
    /// The whole conversation, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Tools that the client has.
    #[serde(default)]
    pub tools: Option<Vec<ChatTool>>,
    /// Whether one must be called.
    #[serde(default)]
    pub tool_choice: Option<Choice>,
    /// Whether several may be asked for at once.
    #[serde(default)]
    pub parallel_tool_calls: Option<bool>,
    /// The form of the answer.
    #[serde(default)]
    pub response_format: Option<ResponseFormat>,
    /// The most tokens to write; older clients.
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// The most tokens to write.
    #[serde(default)]
    pub max_completion_tokens: Option<u32>,
    /// From 0 to 2.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// A text at which to stop, or several.
    #[serde(default)]
    pub stop: Option<TextOr<String>>,
    /// Whether the answer is streamed.
    #[serde(default)]
    pub stream: Option<bool>,
    /// How it is streamed.
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// How many answers.
    #[serde(default)]
    pub n: Option<u32>,
    /// Everything else, of which some can't be served.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A message. Which members it has depends on its role.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatMessage {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    pub role: String,
    /// What is said.
    #[serde(default)]
    pub content: Option<Content>,
    /// Why the model refused.
    #[serde(default)]
    pub refusal: Option<String>,
    /// The calls that the model asked for.
    #[serde(default)]
    pub tool_calls: Option<Vec<Call>>,
    /// The call that a tool's message answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
    /// What was said aloud.
    #[serde(default)]
    pub audio: Option<Value>,
    /// The one call of older clients.
    #[serde(default)]
    pub function_call: Option<Value>,
}

/// A call that the client makes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Call {
    /// Its id.
    pub id: String,
    /// `function`.
    #[serde(rename = "type", default = "function")]
    pub kind: String,
    /// What is called.
    #[serde(default)]
    pub function: Option<CallFunction>,
}

fn function() -> String {
    "function".to_owned()
}

/// What a call calls.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CallFunction {
    /// The tool's name.
    pub name: String,
    /// Its arguments: JSON as text.
    pub arguments: String,
}

/// A tool that the client has.
#[derive(Clone, Debug, Deserialize)]
pub struct ChatTool {
    /// `function`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The function.
    #[serde(default)]
    pub function: Option<Function>,
}

/// A function that the client has.
#[derive(Clone, Debug, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// What it does.
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of its arguments.
    #[serde(default)]
    pub parameters: Option<Value>,
}

/// The form of an answer.
#[derive(Clone, Debug, Deserialize)]
pub struct ResponseFormat {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The schema.
    #[serde(default)]
    pub json_schema: Option<NamedSchema>,
}

/// A schema for an answer.
#[derive(Clone, Debug, Deserialize)]
pub struct NamedSchema {
    /// JSON Schema.
    #[serde(default)]
    pub schema: Option<Value>,
}

/// How an answer is streamed.
#[derive(Clone, Debug, Deserialize)]
pub struct StreamOptions {
    /// Whether the last chunk tells what was used.
    #[serde(default)]
    pub include_usage: Option<bool>,
}

/// An answer.
#[derive(Clone, Debug, Serialize)]
pub struct ChatAnswer {
    /// `chatcmpl-` and the turn's id.
    pub id: String,
    /// `chat.completion`.
    pub object: &'static str,
    /// Seconds since 1970, UTC.
    pub created: u64,
    /// The model, as it was asked for.
    pub model: String,
    /// The one answer.
    pub choices: [ChatChoice; 1],
    /// Tokens used.
    pub usage: Usage,
    /// The model that the agent thought with, as `provider/model`.
    pub system_fingerprint: String,
    /// What is told beside.
    pub caxton: Extra,
}

/// One answer of several; there is only one.
#[derive(Clone, Debug, Serialize)]
pub struct ChatChoice {
    /// 0.
    pub index: u32,
    /// What is said.
    pub message: AnswerMessage,
    /// Not told.
    pub logprobs: Option<Value>,
    /// `stop`, `length`, `tool_calls` or `content_filter`.
    pub finish_reason: &'static str,
}

/// What is said.
#[derive(Clone, Debug, Serialize)]
pub struct AnswerMessage {
    /// `assistant`.
    pub role: &'static str,
    /// The text; `null` where there are only calls.
    pub content: Option<String>,
    /// Not told apart from text.
    pub refusal: Option<String>,
    /// The calls that the client is to make.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<Call>,
}

/// Tokens used.
#[derive(Clone, Debug, Serialize)]
pub struct Usage {
    /// Tokens read, cached ones included.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Both.
    pub total_tokens: u64,
    /// Which of those read were cached.
    pub prompt_tokens_details: PromptTokens,
    /// Which of those written were reasoning.
    pub completion_tokens_details: CompletionTokens,
}

/// Which tokens were read.
#[derive(Clone, Debug, Serialize)]
pub struct PromptTokens {
    /// From the provider's cache.
    pub cached_tokens: u64,
}

/// Which tokens were written.
#[derive(Clone, Debug, Serialize)]
pub struct CompletionTokens {
    /// Reasoning; providers do not tell it apart, so it is 0.
    pub reasoning_tokens: u64,
}

/// A piece of an answer.
#[derive(Clone, Debug, Serialize)]
pub struct ChatChunk {
    /// `chatcmpl-` and the turn's id.
    pub id: String,
    /// `chat.completion.chunk`.
    pub object: &'static str,
    /// Seconds since 1970, UTC.
    pub created: u64,
    /// The model, as it was asked for.
    pub model: String,
    /// The model that the agent thought with, once it is known.
    pub system_fingerprint: Option<String>,
    /// One piece; none in the chunk that tells what was used.
    pub choices: Vec<ChunkChoice>,
    /// Tokens used: absent unless asked for, `null` in all chunks but the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Option<Usage>>,
    /// What is told beside, with the piece that ends the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caxton: Option<Extra>,
}

/// A piece of the one answer.
#[derive(Clone, Debug, Serialize)]
pub struct ChunkChoice {
    /// 0.
    pub index: u32,
    /// What is added.
    pub delta: Delta,
    /// Not told.
    pub logprobs: Option<Value>,
    /// Why the answer ends, in its last piece.
    pub finish_reason: Option<&'static str>,
}

/// What a piece adds.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Delta {
    /// `assistant`, in the first piece.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Text to append.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Calls to add.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<CallDelta>,
}

/// A call, added whole.
#[derive(Clone, Debug, Serialize)]
pub struct CallDelta {
    /// Its place among the calls.
    pub index: usize,
    /// The call.
    #[serde(flatten)]
    pub call: Call,
}
