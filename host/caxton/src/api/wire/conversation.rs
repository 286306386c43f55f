//! Conversations and their messages.

use caxton_memory as memory;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

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
    /// The conversation of which it is a fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forked_from: Option<String>,
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
    /// The turn that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<String>,
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

/// Where a conversation is forked.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForkRequest {
    /// The `seq` of the last message that the fork has; all where absent. A call of a tool is never without its result, so
    /// that not every place will do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<i64>,
}

impl From<memory::Conversation> for Conversation {
    fn from(conversation: memory::Conversation) -> Self {
        let memory::Conversation {
            id,
            agent,
            title,
            parent,
            forked_from,
            created_ms,
            updated_ms,
        } = conversation;
        Self {
            id,
            agent,
            title,
            parent,
            forked_from,
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
            turn,
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
            turn,
            agent,
            content,
            tool_calls,
            receipt,
            time_ms,
        }
    }
}
