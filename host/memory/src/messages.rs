//! The messages of conversations: appending them and reading them back.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversations::{exists, not_found};
use crate::error::{Error, Fault, stored, within};
use crate::store::{Store, now_ms};

/// The most bytes of JSON in one message. Larger things, such as files, belong elsewhere.
pub(crate) const MESSAGE_BYTES_MAX: usize = 32 << 20;

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
    /// Its place in the conversation, from 1, growing. No number is used twice, so what was cleared leaves a gap.
    pub seq: i64,
    /// The turn of this conversation that wrote it; `None` for one that was appended or copied.
    pub turn: Option<String>,
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
        self.write(move |connection| append(connection, &id, None, &rows))
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
        self.select_messages(conversation, None, limit, "receipt")
            .await
    }

    /// Gives the last `limit` messages of a conversation, oldest first: of those with a `seq` under `before_seq` where it
    /// is given, such as a turn's own. This is for what a model is told, so receipts are neither read nor given.
    ///
    /// # Errors
    /// [`Error::NotFound`]; any error of the database.
    pub async fn messages_before(
        &self,
        conversation: &str,
        before_seq: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Message>, Error> {
        self.select_messages(conversation, before_seq, limit, "NULL")
            .await
    }

    async fn select_messages(
        &self,
        conversation: &str,
        before_seq: Option<i64>,
        limit: usize,
        receipt: &'static str,
    ) -> Result<Vec<Message>, Error> {
        let id = conversation.to_owned();
        let before = before_seq.unwrap_or(i64::MAX);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |connection| {
            let sql = format!(
                "SELECT seq, role, agent, content, tool_calls, {receipt}, time_ms, turn FROM messages \
                 WHERE conversation = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3"
            );
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(params![id, before, limit])?;
            let mut messages = Vec::new();
            while let Some(row) = rows.next()? {
                messages.push(message(row)?);
            }
            if messages.is_empty() && !exists(connection, &id)? {
                return Err(not_found(&id).into());
            }
            messages.reverse();
            Ok(messages)
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

/// Appends messages, which `turn` wrote, and returns the conversation's last `seq`.
pub(crate) fn append(
    connection: &Connection,
    id: &str,
    turn: Option<&str>,
    rows: &[MessageRow],
) -> Result<i64, Fault> {
    let now = now_ms();
    // RETURNING would save a statement and cost more: SQLite makes a table for its rows each time.
    let last: Option<i64> = connection
        .prepare_cached("SELECT last_seq FROM conversations WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    let last = last.ok_or_else(|| not_found(id))?;
    let end = last + count(rows);
    let sql =
        "UPDATE conversations SET last_seq = ?2, updated_ms = max(updated_ms, ?3) WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![id, end, now])?;
    write(connection, id, turn, last, rows, now)?;
    Ok(end)
}

/// Writes messages under the numbers after `last`, which the conversation must have given out.
pub(crate) fn write(
    connection: &Connection,
    id: &str,
    turn: Option<&str>,
    last: i64,
    rows: &[MessageRow],
    now: i64,
) -> Result<(), Fault> {
    let sql = "INSERT INTO messages (conversation, seq, role, agent, content, tool_calls, receipt, time_ms, turn) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    let mut statement = connection.prepare_cached(sql)?;
    for (seq, row) in (last + 1..).zip(rows) {
        let MessageRow {
            role,
            agent,
            content,
            tool_calls,
            receipt,
        } = row;
        statement.execute(params![
            id, seq, role, agent, content, tool_calls, receipt, now, turn
        ])?;
    }
    Ok(())
}

/// How many rows there are, for a database that has no unsigned numbers.
pub(crate) fn count(rows: &[MessageRow]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
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
        turn: row.get(7)?,
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
