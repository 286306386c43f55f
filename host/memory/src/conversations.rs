//! Conversations and their messages: the transcripts.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Fault, stored, within};
use crate::store::{Store, new_id, now_ms};

/// The most bytes of JSON in one message. Larger things, such as files, belong elsewhere.
const MESSAGE_BYTES_MAX: usize = 32 << 20;

/// Who a message is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions from the agent's author.
    System,
    /// The person, or the agent that asks.
    User,
    /// The model.
    Assistant,
    /// The results of tool calls.
    Tool,
}

/// A conversation to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewConversation {
    /// The agent that answers in it.
    pub agent: String,
    /// A title for people.
    pub title: Option<String>,
    /// The conversation whose agent asked this one's. Such a conversation is not listed, and goes with its parent.
    pub parent: Option<String>,
}

/// A conversation without its messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conversation {
    /// A UUID of version 7.
    pub id: String,
    /// The agent that answers in it.
    pub agent: String,
    /// A title for people.
    pub title: Option<String>,
    /// The conversation whose agent asked this one's.
    pub parent: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// When its last message came.
    pub updated_ms: i64,
}

/// A message to be appended.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMessage {
    /// Who it is from.
    pub role: Role,
    /// The agent that wrote it, for the assistant's messages.
    pub agent: Option<String>,
    /// What is said: parts, in the caller's shape.
    pub content: Value,
    /// The tool calls the model asks for, in the caller's shape.
    pub tool_calls: Option<Value>,
    /// What it cost, in the caller's shape.
    pub receipt: Option<Value>,
}

impl NewMessage {
    /// A message with content only.
    pub fn new(role: Role, content: Value) -> Self {
        NewMessage {
            role,
            agent: None,
            content,
            tool_calls: None,
            receipt: None,
        }
    }
}

/// A message of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    /// Its place in the conversation, from 1, without gaps.
    pub seq: i64,
    /// Who it is from.
    pub role: Role,
    /// The agent that wrote it.
    pub agent: Option<String>,
    /// What is said.
    pub content: Value,
    /// The tool calls the model asked for.
    pub tool_calls: Option<Value>,
    /// What it cost.
    pub receipt: Option<Value>,
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
}

impl Store {
    /// Makes a conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the parent does not exist; any error of the database.
    pub async fn create_conversation(&self, new: NewConversation) -> Result<Conversation, Error> {
        self.write(move |connection| insert(connection, new)).await
    }

    /// Appends messages to a conversation, all or none, and returns the last one's `seq`.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Limit`] for a message over 32 MiB; any error of the database.
    pub async fn append(
        &self,
        conversation: &str,
        messages: Vec<NewMessage>,
    ) -> Result<i64, Error> {
        let id = conversation.to_owned();
        let rows = rows(messages)?;
        self.write(move |connection| append(connection, &id, &rows))
            .await
    }

    /// Gives a conversation, or `None` where there is none of that id.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn conversation(&self, id: &str) -> Result<Option<Conversation>, Error> {
        let id = id.to_owned();
        self.read(move |connection| {
            let sql = "SELECT id, agent, title, parent, created_ms, updated_ms FROM conversations WHERE id = ?1";
            Ok(connection.prepare_cached(sql)?.query_row([&id], conversation).optional()?)
        })
        .await
    }

    /// Lists conversations, the one with the latest message first. `before` gives the `updated_ms` and `id` of the last
    /// one already seen.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn conversations(
        &self,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Vec<Conversation>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            let sql = "SELECT id, agent, title, parent, created_ms, updated_ms FROM conversations \
                       WHERE parent IS NULL AND (updated_ms, id) < (?1, ?2) ORDER BY updated_ms DESC, id DESC LIMIT ?3";
            let (time, id) = before.unwrap_or((i64::MAX, String::new()));
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![time, id, limit], conversation)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Gives all messages of a conversation, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; any error of the database.
    pub async fn messages(&self, conversation: &str) -> Result<Vec<Message>, Error> {
        self.last_messages(conversation, usize::MAX).await
    }

    /// Gives the last `limit` messages of a conversation, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`]; any error of the database.
    pub async fn last_messages(
        &self,
        conversation: &str,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        let id = conversation.to_owned();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            if !exists(connection, &id)? {
                return Err(not_found(&id).into());
            }
            let sql = "SELECT seq, role, agent, content, tool_calls, receipt, time_ms FROM messages \
                       WHERE conversation = ?1 ORDER BY seq DESC LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let mut rows = statement.query(params![id, limit])?;
            let mut messages = Vec::new();
            while let Some(row) = rows.next()? {
                messages.push(message(row)?);
            }
            messages.reverse();
            Ok(messages)
        })
        .await
    }

    /// Deletes a conversation with its messages, turns and the conversations it led to. Returns whether there was one.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn delete_conversation(&self, id: &str) -> Result<bool, Error> {
        let id = id.to_owned();
        self.write(move |connection| {
            let sql = "DELETE FROM conversations WHERE id = ?1";
            Ok(connection.prepare_cached(sql)?.execute([&id])? > 0)
        })
        .await
    }
}

/// A message as it is stored. JSON is written out by the caller, so that the writer's thread only writes.
pub(crate) struct MessageRow {
    role: &'static str,
    agent: Option<String>,
    content: String,
    tool_calls: Option<String>,
    receipt: Option<String>,
}

/// Writes the messages' JSON out and checks their sizes.
pub(crate) fn rows(messages: Vec<NewMessage>) -> Result<Vec<MessageRow>, Error> {
    let row = |new: NewMessage| {
        let row = MessageRow {
            role: new.role.name(),
            agent: new.agent,
            content: new.content.to_string(),
            tool_calls: new.tool_calls.map(|json| json.to_string()),
            receipt: new.receipt.map(|json| json.to_string()),
        };
        let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let bytes = row.content.len() + optional(&row.tool_calls) + optional(&row.receipt);
        within("a message's bytes", bytes, MESSAGE_BYTES_MAX)?;
        Ok(row)
    };
    messages.into_iter().map(row).collect()
}

/// Inserts a conversation.
pub(crate) fn insert(connection: &Connection, new: NewConversation) -> Result<Conversation, Fault> {
    if let Some(parent) = &new.parent
        && !exists(connection, parent)?
    {
        return Err(not_found(parent).into());
    }
    let now = now_ms();
    let NewConversation {
        agent,
        title,
        parent,
    } = new;
    let made = Conversation {
        id: new_id(),
        agent,
        title,
        parent,
        created_ms: now,
        updated_ms: now,
    };
    let sql = "INSERT INTO conversations (id, agent, title, parent, created_ms, updated_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)";
    let values = params![made.id, made.agent, made.title, made.parent, now];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(made)
}

/// Appends messages and returns the last one's `seq`.
pub(crate) fn append(connection: &Connection, id: &str, rows: &[MessageRow]) -> Result<i64, Fault> {
    let now = now_ms();
    let sql = "UPDATE conversations SET updated_ms = max(updated_ms, ?2) WHERE id = ?1";
    if connection.prepare_cached(sql)?.execute(params![id, now])? == 0 {
        return Err(not_found(id).into());
    }
    let sql = "SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = ?1";
    let mut seq: i64 = connection
        .prepare_cached(sql)?
        .query_row([id], |row| row.get(0))?;
    let sql = "INSERT INTO messages (conversation, seq, role, agent, content, tool_calls, receipt, time_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let mut statement = connection.prepare_cached(sql)?;
    for row in rows {
        seq += 1;
        let MessageRow {
            role,
            agent,
            content,
            tool_calls,
            receipt,
        } = row;
        statement.execute(params![
            id, seq, role, agent, content, tool_calls, receipt, now
        ])?;
    }
    Ok(seq)
}

fn exists(connection: &Connection, id: &str) -> Result<bool, Fault> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM conversations WHERE id = ?1")?
        .exists([id])?)
}

fn not_found(id: &str) -> Error {
    Error::NotFound {
        what: "conversation",
        id: id.to_owned(),
    }
}

fn conversation(row: &Row<'_>) -> rusqlite::Result<Conversation> {
    Ok(Conversation {
        id: row.get(0)?,
        agent: row.get(1)?,
        title: row.get(2)?,
        parent: row.get(3)?,
        created_ms: row.get(4)?,
        updated_ms: row.get(5)?,
    })
}

fn message(row: &Row<'_>) -> Result<Message, Fault> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let optional = |what, column| {
        let text: Option<String> = row.get(column)?;
        text.map(|text| stored(what, &text)).transpose()
    };
    Ok(Message {
        seq: row.get(0)?,
        role: Role::named(text(1)?),
        agent: row.get(2)?,
        content: stored("message content", text(3)?)?,
        tool_calls: optional("tool calls", 4)?,
        receipt: optional("message receipt", 5)?,
        time_ms: row.get(6)?,
    })
}

impl Role {
    /// The name that JSON and the database use.
    pub fn name(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }

    /// The role of a stored name; the table's check allows no other.
    fn named(name: &str) -> Self {
        match name {
            "system" => Role::System,
            "user" => Role::User,
            "assistant" => Role::Assistant,
            _ => Role::Tool,
        }
    }
}
