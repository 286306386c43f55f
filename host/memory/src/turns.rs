//! Turns and their checkpoints. A turn's state is written after each of its events, so that after a crash it is known which
//! turns were under way, and how far they were. Messages and usage are written in the same transaction. `keys` knows which
//! messages were sent before, `reads` finds turns, `passed` gives one to another agent.

mod keys;
mod passed;
mod reads;

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversations::{NewConversation, insert};
use crate::error::{Error, Fault, within};
use crate::messages::{MESSAGE_BYTES_MAX, MessageRow, NewMessage, append, count, rows, write};
use crate::store::{Store, new_id, now_ms};
use crate::usage::{self, NewUsage};

/// How far a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TurnStatus {
    /// Under way.
    Running,
    /// Ended with an answer.
    Done,
    /// Ended with an error.
    Failed,
    /// Was under way when the server ended.
    Interrupted,
    /// The client went away or asked for it to stop.
    Cancelled,
}

/// How a turn ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnEnd {
    /// With an answer.
    Done,
    /// With an error.
    Failed,
    /// Because the server ends.
    Interrupted,
    /// Because the client went away or asked for it.
    Cancelled,
}

/// The conversation a turn belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnConversation {
    /// The one of this id.
    Existing(String),
    /// One to be made along with the turn.
    New(NewConversation),
}

/// What a client sends along with a message, so that sending it again starts no second turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnKey {
    /// The client's idempotency key, which is known for 24 hours.
    pub key: String,
    /// The digest of the client's request, to tell the same message from another one with the same key.
    pub digest: String,
}

/// A turn to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTurn {
    /// Its conversation.
    pub conversation: TurnConversation,
    /// The turn whose agent asked this one's agent.
    pub parent: Option<String>,
    /// The call of the parent's turn that this turn answers.
    pub call: Option<String>,
    /// The client's key.
    pub key: Option<TurnKey>,
    /// The turn's id, from [`new_id`]; `None`: one is made.
    pub id: Option<String>,
    /// The agent that answers.
    pub agent: String,
    /// What it is asked beside its messages, in the caller's shape.
    pub task: Value,
    /// The turn's first state, in the caller's shape.
    pub state: Value,
    /// Messages to append to the conversation: the one that the turn answers.
    pub messages: Vec<NewMessage>,
}

/// A turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// A UUID of version 7.
    pub id: String,
    /// Its conversation.
    pub conversation: String,
    /// The turn whose agent asked this one's agent.
    pub parent: Option<String>,
    /// The call of the parent's turn that this turn answers.
    pub call: Option<String>,
    /// The agent that answers.
    pub agent: String,
    /// What it is asked beside its messages.
    pub task: Value,
    /// The last state that was written.
    pub state: Value,
    /// How far it is.
    pub status: TurnStatus,
    /// The `seq` of the first message that it wrote when it started; what was said before it has a smaller one.
    pub seq: i64,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// When it was last written.
    pub updated_ms: i64,
}

impl Store {
    /// Starts a turn: makes its conversation where it is new, appends its messages and writes its first state, all or
    /// nothing.
    ///
    /// # Errors
    /// [`Error::KeyUsed`]; [`Error::NotFound`] for the conversation or the parent; [`Error::Limit`] for a message or a
    /// task over 32 MiB; any error of the database, also where the id is in use.
    pub async fn start_turn(&self, mut new: NewTurn) -> Result<Turn, Error> {
        let rows = rows(std::mem::take(&mut new.messages))?;
        let (task, state) = (new.task.to_string(), new.state.to_string());
        within("the bytes of a turn's task", task.len(), MESSAGE_BYTES_MAX)?;
        self.write(move |connection| start(connection, new, [&task, &state], &rows))
            .await
    }

    /// Writes a turn's state, appends messages to its conversation and adds up what it used, all or nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`], also where the conversation was deleted meanwhile; [`Error::TurnEnded`]; [`Error::Limit`] for
    /// a message over 32 MiB; any error of the database. What was used is then still to be added, with
    /// [`Store::add_usage`].
    pub async fn checkpoint_turn(
        &self,
        id: &str,
        state: &Value,
        messages: Vec<NewMessage>,
        usage: Vec<NewUsage>,
    ) -> Result<(), Error> {
        self.update_turn(id, state, TurnStatus::Running, messages, usage)
            .await
    }

    /// Ends a turn: writes its last state, appends messages to its conversation and adds up what it used, all or nothing.
    ///
    /// # Errors
    /// As [`Store::checkpoint_turn`].
    pub async fn finish_turn(
        &self,
        id: &str,
        end: TurnEnd,
        state: &Value,
        messages: Vec<NewMessage>,
        usage: Vec<NewUsage>,
    ) -> Result<(), Error> {
        let status = match end {
            TurnEnd::Done => TurnStatus::Done,
            TurnEnd::Failed => TurnStatus::Failed,
            TurnEnd::Interrupted => TurnStatus::Interrupted,
            TurnEnd::Cancelled => TurnStatus::Cancelled,
        };
        self.update_turn(id, state, status, messages, usage).await
    }

    async fn update_turn(
        &self,
        id: &str,
        state: &Value,
        to: TurnStatus,
        messages: Vec<NewMessage>,
        usage: Vec<NewUsage>,
    ) -> Result<(), Error> {
        let rows = rows(messages)?;
        let (id, text) = (id.to_owned(), state.to_string());
        self.write(move |connection| {
            update(connection, id, &text, to, &rows)?;
            usage::add(connection, &usage)
        })
        .await
    }
}

/// Starts a turn whose task, state and messages are written out already.
fn start(
    connection: &Connection,
    new: NewTurn,
    [task, state]: [&str; 2],
    rows: &[MessageRow],
) -> Result<Turn, Fault> {
    if let Some(key) = &new.key {
        keys::check(connection, key)?;
    }
    if let Some(parent) = &new.parent {
        find(connection, parent)?;
    }
    let id = new.id.unwrap_or_else(new_id);
    let now = now_ms();
    let (conversation, seq) = match new.conversation {
        TurnConversation::Existing(conversation) => {
            let last = append(connection, &conversation, Some(&id), rows)?;
            (conversation, last - count(rows) + 1)
        }
        TurnConversation::New(made) => {
            let conversation = insert(connection, made, count(rows), None)?.id;
            write(connection, &conversation, Some(&id), 0, rows, now)?;
            (conversation, 1)
        }
    };
    let turn = Turn {
        id,
        conversation,
        parent: new.parent,
        call: new.call,
        agent: new.agent,
        task: new.task,
        state: new.state,
        status: TurnStatus::Running,
        seq,
        created_ms: now,
        updated_ms: now,
    };
    let sql = "INSERT INTO turns (id, conversation, parent, call, agent, task, state, status, seq, created_ms, updated_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'running', ?8, ?9, ?9)";
    connection.prepare_cached(sql)?.execute(params![
        turn.id,
        turn.conversation,
        turn.parent,
        turn.call,
        turn.agent,
        task,
        state,
        turn.seq,
        now
    ])?;
    if let Some(key) = &new.key {
        keys::keep(connection, key, &turn.id)?;
    }
    Ok(turn)
}

fn update(
    connection: &Connection,
    id: String,
    state: &str,
    to: TurnStatus,
    rows: &[MessageRow],
) -> Result<(), Fault> {
    let (conversation, status) = find(connection, &id)?;
    if status != TurnStatus::Running {
        return Err(Error::TurnEnded { id, status }.into());
    }
    let sql = "UPDATE turns SET state = ?2, status = ?3, updated_ms = ?4 WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![id, state, to.name(), now_ms()])?;
    if !rows.is_empty() {
        append(connection, &conversation, Some(&id), rows)?;
    }
    Ok(())
}

/// Gives a turn's conversation and status.
fn find(connection: &Connection, id: &str) -> Result<(String, TurnStatus), Fault> {
    let found = connection
        .prepare_cached("SELECT conversation, status FROM turns WHERE id = ?1")?
        .query_row([id], |row| {
            Ok((row.get(0)?, TurnStatus::named(row.get_ref(1)?.as_str()?)))
        })
        .optional()?;
    let missing = || Error::NotFound {
        what: "turn",
        id: id.to_owned(),
    };
    Ok(found.ok_or_else(missing)?)
}

impl TurnStatus {
    /// The name that JSON and the database use.
    pub fn name(self) -> &'static str {
        match self {
            TurnStatus::Running => "running",
            TurnStatus::Done => "done",
            TurnStatus::Failed => "failed",
            TurnStatus::Interrupted => "interrupted",
            TurnStatus::Cancelled => "cancelled",
        }
    }

    /// The status of a stored name; the table's check allows no other.
    fn named(name: &str) -> Self {
        match name {
            "running" => TurnStatus::Running,
            "done" => TurnStatus::Done,
            "failed" => TurnStatus::Failed,
            "cancelled" => TurnStatus::Cancelled,
            _ => TurnStatus::Interrupted,
        }
    }
}

impl std::fmt::Display for TurnStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
