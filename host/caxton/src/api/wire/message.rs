//! Messages, answers, routes and conversations.

use caxton_memory as memory;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Receipt;
use crate::{routing, turn};

/// A message to a workspace.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The agent that it is for. With neither `to` nor `capability`, a router chooses by meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The capability that is wanted; not together with `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// What is said.
    pub content: String,
    /// The conversation that it goes on with; a new one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
}

/// The answer to a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MessageAnswer {
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
    pub stop_reason: String,
    /// The tools that were called, also those of agents that were asked.
    pub tool_calls: Vec<ToolCall>,
    /// What it cost.
    pub receipt: TurnReceipt,
}

/// A finished tool call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// Who called it.
    pub agent: String,
    /// The tool's full name, or `ask_agent`.
    pub name: String,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// The call failed.
    pub is_error: bool,
    /// What the model was told.
    pub text: String,
    /// The structured result.
    #[schema(value_type = Option<Object>)]
    pub structured: Option<Value>,
    /// Files that the tool made.
    pub attachments: Vec<Attachment>,
    /// What the call cost; nothing where none was made.
    pub receipt: Option<Receipt>,
}

/// A file that a tool made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Its media type.
    pub mime_type: String,
    /// Its size.
    pub bytes: u64,
    /// Where it lies on the server.
    pub path: String,
}

/// What a turn cost, other agents that it asked included.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TurnReceipt {
    /// Wall-clock time from message to answer, in milliseconds.
    pub duration_ms: u64,
    /// Requests to models.
    pub completions: u32,
    /// Tools called.
    pub tool_calls: u32,
    /// Tokens that models read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that a provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
    /// What the tokens cost, in US dollars; `null` where a model's price is not known.
    pub cost_usd: Option<f64>,
    /// Units of fuel that components used.
    pub fuel: u64,
    /// The most memory that one component held, in bytes.
    pub memory_bytes_peak: u64,
    /// Time that components ran, waits included, in microseconds.
    pub component_us: u64,
    /// Bytes that components gave back.
    pub output_bytes: u64,
    /// HTTP requests that components sent.
    pub http_requests: u32,
    /// Bytes that components sent and received over HTTP.
    pub http_bytes: u64,
    /// Imports that components used without a grant.
    pub denied: u32,
}

/// What is sent while a message is answered. The event's name in the stream is given with each.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum MessageEvent {
    /// The message was given to an agent: event `route`.
    Route {
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

/// For which message a route is wanted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteRequest {
    /// The message.
    pub content: String,
    /// The capability that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
}

/// Who would get a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// The agent.
    pub agent: String,
    /// How well it fits, from 0 to 1.
    pub score: f32,
    /// All agents that fit, best first.
    pub ranked: Vec<Ranked>,
    /// One sentence on why.
    pub reason: String,
    /// The decision was made earlier, for the same message.
    pub cached: bool,
    /// The router component that decided; `null` where there was no choice.
    pub router: Option<String>,
}

/// How well an agent fits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ranked {
    /// The agent.
    pub agent: String,
    /// From 0 to 1.
    pub score: f32,
}

/// A page of conversations.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Conversations {
    /// The one with the latest message first.
    pub conversations: Vec<Conversation>,
    /// Where there are more: what to give as `before`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A conversation without its messages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// Its id.
    pub id: String,
    /// The agent that answers in it.
    pub agent: String,
    /// A title for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The conversation whose agent asked this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// When its last message came.
    pub updated_ms: i64,
}

/// A conversation with its messages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Transcript {
    /// The conversation.
    #[serde(flatten)]
    pub conversation: Conversation,
    /// Its messages, oldest first.
    pub messages: Vec<ConversationMessage>,
}

/// A message of a conversation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ConversationMessage {
    /// Its place in the conversation, from 1.
    pub seq: i64,
    /// `system`, `user`, `assistant` or `tool`.
    pub role: String,
    /// The agent that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// What is said: text, or parts.
    #[schema(value_type = Object)]
    pub content: Value,
    /// The tool calls the model asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub tool_calls: Option<Value>,
    /// What it cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<Value>,
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
}

impl From<Message> for turn::Message {
    fn from(message: Message) -> Self {
        let Message {
            to,
            capability,
            content,
            conversation,
        } = message;
        Self {
            to,
            capability,
            content,
            conversation,
        }
    }
}

impl From<turn::Answer> for MessageAnswer {
    fn from(answer: turn::Answer) -> Self {
        let turn::Answer {
            id,
            conversation,
            agent,
            model,
            content,
            stop_reason,
            tool_calls,
            receipt,
        } = answer;
        let tool_calls = tool_calls.into_iter().map(ToolCall::from).collect();
        Self {
            id,
            conversation,
            agent,
            model,
            content,
            stop_reason: stop_reason.to_owned(),
            tool_calls,
            receipt: receipt.into(),
        }
    }
}

impl From<turn::ToolCall> for ToolCall {
    fn from(call: turn::ToolCall) -> Self {
        let turn::ToolCall {
            id,
            agent,
            name,
            arguments,
            is_error,
            text,
            structured,
            attachments,
            receipt,
        } = call;
        let attachments = attachments.into_iter().map(Attachment::from).collect();
        Self {
            id,
            agent,
            name,
            arguments,
            is_error,
            text,
            structured,
            attachments,
            receipt: receipt.map(Receipt::from),
        }
    }
}

impl From<turn::Attachment> for Attachment {
    fn from(attachment: turn::Attachment) -> Self {
        let turn::Attachment {
            mime_type,
            bytes,
            path,
        } = attachment;
        Self {
            mime_type,
            bytes,
            path: path.display().to_string(),
        }
    }
}

impl From<turn::Receipt> for TurnReceipt {
    fn from(receipt: turn::Receipt) -> Self {
        let turn::Receipt {
            duration_ms,
            completions,
            tool_calls,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            cost_usd,
            fuel,
            memory_bytes_peak,
            component_us,
            output_bytes,
            http_requests,
            http_bytes,
            denied,
        } = receipt;
        Self {
            duration_ms,
            completions,
            tool_calls,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            cost_usd,
            fuel,
            memory_bytes_peak,
            component_us,
            output_bytes,
            http_requests,
            http_bytes,
            denied,
        }
    }
}

impl From<routing::Route> for Route {
    fn from(route: routing::Route) -> Self {
        let routing::Route {
            agent,
            score,
            reason,
            ranked,
            cached,
            router,
        } = route;
        let ranked = ranked
            .into_iter()
            .map(|(agent, score)| Ranked { agent, score })
            .collect();
        Self {
            agent,
            score,
            ranked,
            reason,
            cached,
            router,
        }
    }
}

impl From<memory::Conversation> for Conversation {
    fn from(conversation: memory::Conversation) -> Self {
        let memory::Conversation {
            id,
            agent,
            title,
            parent,
            created_ms,
            updated_ms,
        } = conversation;
        Self {
            id,
            agent,
            title,
            parent,
            created_ms,
            updated_ms,
        }
    }
}

impl From<memory::Message> for ConversationMessage {
    fn from(message: memory::Message) -> Self {
        let memory::Message {
            seq,
            role,
            agent,
            content,
            tool_calls,
            receipt,
            time_ms,
        } = message;
        let role = match role {
            memory::Role::System => "system",
            memory::Role::User => "user",
            memory::Role::Assistant => "assistant",
            memory::Role::Tool => "tool",
        };
        Self {
            seq,
            role: role.to_owned(),
            agent,
            content,
            tool_calls,
            receipt,
            time_ms,
        }
    }
}
