//! Turns and their checkpoints. A turn's state is written after each of its events, so that after a crash it is known which
//! turns were under way, and how far they were. Messages can be written in the same transaction.

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversations::{MessageRow, NewConversation, NewMessage, append, insert, rows};
use crate::error::{Error, Fault, stored};
use crate::store::{Store, new_id, now_ms};

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
}

/// The conversation a turn belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TurnConversation {
    /// The one of this id.
    Existing(String),
    /// One to be made along with the turn.
    New(NewConversation),
}

/// A turn to be started.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTurn {
    /// Its conversation.
    pub conversation: TurnConversation,
    /// The turn whose agent asked this one's agent.
    pub parent: Option<String>,
    /// The agent that answers.
    pub agent: String,
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
    /// The agent that answers.
    pub agent: String,
    /// The last state that was written.
    pub state: Value,
    /// How far it is.
    pub status: TurnStatus,
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
    /// [`Error::NotFound`] for the conversation or the parent; [`Error::Limit`] for a message over 32 MiB; any error of
    /// the database.
    pub async fn start_turn(&self, new: NewTurn) -> Result<Turn, Error> {
        let NewTurn {
            conversation,
            parent,
            agent,
            state,
            messages,
        } = new;
        let rows = rows(messages)?;
        let text = state.to_string();
        self.write(move |connection| {
            let conversation = match conversation {
                TurnConversation::Existing(id) => id,
                TurnConversation::New(new) => insert(connection, new)?.id,
            };
            append(connection, &conversation, &rows)?;
            if let Some(parent) = &parent {
                status(connection, parent)?;
            }
            let (id, now) = (new_id(), now_ms());
            let sql = "INSERT INTO turns (id, conversation, parent, agent, state, status, created_ms, updated_ms) \
                       VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?6)";
            let values = params![id, conversation, parent, agent, text, now];
            connection.prepare_cached(sql)?.execute(values)?;
            let status = TurnStatus::Running;
            Ok(Turn { id, conversation, parent, agent, state, status, created_ms: now, updated_ms: now })
        })
        .await
    }

    /// Writes a turn's state, and appends messages to its conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`], also where the conversation was deleted meanwhile; [`Error::TurnEnded`]; [`Error::Limit`] for
    /// a message over 32 MiB; any error of the database.
    pub async fn checkpoint_turn(
        &self,
        id: &str,
        state: &Value,
        messages: Vec<NewMessage>,
    ) -> Result<(), Error> {
        self.update_turn(id, state, TurnStatus::Running, messages)
            .await
    }

    /// Ends a turn: writes its last state and appends messages to its conversation, all or nothing.
    ///
    /// # Errors
    /// As [`Store::checkpoint_turn`].
    pub async fn finish_turn(
        &self,
        id: &str,
        end: TurnEnd,
        state: &Value,
        messages: Vec<NewMessage>,
    ) -> Result<(), Error> {
        let status = match end {
            TurnEnd::Done => TurnStatus::Done,
            TurnEnd::Failed => TurnStatus::Failed,
            TurnEnd::Interrupted => TurnStatus::Interrupted,
        };
        self.update_turn(id, state, status, messages).await
    }

    /// Marks the turns that were under way when the last server ended as interrupted, and returns them, oldest first. Turns
    /// started since this store was opened are left alone, so it may be called at any time.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn interrupted_turns(&self) -> Result<Vec<Turn>, Error> {
        let last = self.last_turn_before();
        self.write(move |connection| {
            let sql = "UPDATE turns SET status = 'interrupted', updated_ms = ?2 \
                       WHERE status = 'running' AND number <= ?1 \
                       RETURNING id, conversation, parent, agent, state, status, created_ms, updated_ms";
            let mut turns = select(connection, sql, params![last, now_ms()])?;
            turns.sort_by(|a, b| a.id.cmp(&b.id));
            Ok(turns)
        })
        .await
    }

    /// Gives the turns of a conversation, oldest first; none where there is no such conversation.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn turns(&self, conversation: &str) -> Result<Vec<Turn>, Error> {
        let id = conversation.to_owned();
        self.read(move |connection| {
            let sql = "SELECT id, conversation, parent, agent, state, status, created_ms, updated_ms \
                       FROM turns WHERE conversation = ?1 ORDER BY number";
            select(connection, sql, [&id])
        })
        .await
    }

    async fn update_turn(
        &self,
        id: &str,
        state: &Value,
        to: TurnStatus,
        messages: Vec<NewMessage>,
    ) -> Result<(), Error> {
        let rows = rows(messages)?;
        let (id, text) = (id.to_owned(), state.to_string());
        self.write(move |connection| update(connection, id, &text, to, &rows))
            .await
    }
}

fn update(
    connection: &Connection,
    id: String,
    state: &str,
    to: TurnStatus,
    rows: &[MessageRow],
) -> Result<(), Fault> {
    let (conversation, found) = status(connection, &id)?;
    if found != TurnStatus::Running {
        return Err(Error::TurnEnded { id, status: found }.into());
    }
    let sql = "UPDATE turns SET state = ?2, status = ?3, updated_ms = ?4 WHERE id = ?1";
    connection
        .prepare_cached(sql)?
        .execute(params![id, state, to.name(), now_ms()])?;
    if !rows.is_empty() {
        append(connection, &conversation, rows)?;
    }
    Ok(())
}

/// A turn's conversation and status.
fn status(connection: &Connection, id: &str) -> Result<(String, TurnStatus), Fault> {
    let mut statement =
        connection.prepare_cached("SELECT conversation, status FROM turns WHERE id = ?1")?;
    let mut rows = statement.query([id])?;
    match rows.next()? {
        Some(row) => Ok((
            row.get(0)?,
            TurnStatus::named(row.get_ref(1)?.as_str().unwrap_or_default()),
        )),
        None => Err(Error::NotFound {
            what: "turn",
            id: id.to_owned(),
        }
        .into()),
    }
}

fn select(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<Turn>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut turns = Vec::new();
    while let Some(row) = rows.next()? {
        turns.push(turn(row)?);
    }
    Ok(turns)
}

fn turn(row: &Row<'_>) -> Result<Turn, Fault> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    Ok(Turn {
        id: row.get(0)?,
        conversation: row.get(1)?,
        parent: row.get(2)?,
        agent: row.get(3)?,
        state: stored("turn state", text(4)?)?,
        status: TurnStatus::named(text(5)?),
        created_ms: row.get(6)?,
        updated_ms: row.get(7)?,
    })
}

impl TurnStatus {
    /// The name that JSON and the database use.
    pub fn name(self) -> &'static str {
        match self {
            TurnStatus::Running => "running",
            TurnStatus::Done => "done",
            TurnStatus::Failed => "failed",
            TurnStatus::Interrupted => "interrupted",
        }
    }

    /// The status of a stored name; the table's check allows no other.
    fn named(name: &str) -> Self {
        match name {
            "running" => TurnStatus::Running,
            "done" => TurnStatus::Done,
            "failed" => TurnStatus::Failed,
            _ => TurnStatus::Interrupted,
        }
    }
}

impl std::fmt::Display for TurnStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
