//! Copies of conversations, to try another way from some message on.

use rusqlite::{Connection, OptionalExtension, params};

use crate::conversations::{Conversation, NewConversation, insert, not_found};
use crate::error::{Error, Fault};
use crate::store::Store;

impl Store {
    /// Makes a conversation with copies of the messages of another one, up to and including the message `through`, or of
    /// all. A copy has the same `seq` as its message, so summaries that fit are copied too; turns are not. The cut must
    /// be just before a user's message or at the end, so that no tool call loses its result; 0 copies nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Split`] for a cut inside a turn; [`Error::Limit`] for one beyond the end; any error
    /// of the database.
    pub async fn fork_conversation(
        &self,
        id: &str,
        through: Option<i64>,
    ) -> Result<Conversation, Error> {
        let id = id.to_owned();
        self.write(move |connection| fork(connection, id, through))
            .await
    }
}

fn fork(connection: &Connection, id: String, through: Option<i64>) -> Result<Conversation, Fault> {
    let sql = "SELECT agent, title, last_seq FROM conversations WHERE id = ?1";
    let found = connection
        .prepare_cached(sql)?
        .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (agent, title, end): (String, Option<String>, i64) = found.ok_or_else(|| not_found(&id))?;
    let through = through.unwrap_or(end).max(0);
    if through > end {
        return Err(Error::Limit {
            what: "the last message's seq",
            value: through.unsigned_abs(),
            max: end.unsigned_abs(),
        }
        .into());
    }
    cut(connection, &id, through)?;
    let new = NewConversation {
        agent,
        title,
        ..NewConversation::default()
    };
    let made = insert(connection, new, through, Some(id.clone()))?;
    let values = params![made.id, id, through];
    let sql = "INSERT INTO messages (conversation, seq, role, agent, content, tool_calls, receipt, time_ms) \
               SELECT ?1, seq, role, agent, content, tool_calls, receipt, time_ms FROM messages \
               WHERE conversation = ?2 AND seq <= ?3 ORDER BY seq";
    connection.prepare_cached(sql)?.execute(values)?;
    let sql = "INSERT INTO summaries (conversation, agent, seq, text) \
               SELECT ?1, agent, seq, text FROM summaries WHERE conversation = ?2 AND seq <= ?3";
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(made)
}

/// Checks that a conversation can be cut after the message `seq`.
fn cut(connection: &Connection, id: &str, seq: i64) -> Result<(), Fault> {
    let ask = |sql: &str, seq: i64| -> Result<Option<i64>, Fault> {
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_row(params![id, seq], |row| row.get(0));
        Ok(found.optional()?.flatten())
    };
    let next_is_user = "SELECT role = 'user' FROM messages WHERE conversation = ?1 AND seq > ?2 ORDER BY seq LIMIT 1";
    // The turn under way may have written calls whose results are still to come.
    let open = "SELECT tool_calls IS NOT NULL FROM messages WHERE conversation = ?1 AND seq <= ?2 \
                ORDER BY seq DESC LIMIT 1";
    let is_whole = match ask(next_is_user, seq)? {
        Some(user) => user == 1,
        None => ask(open, seq)? != Some(1),
    };
    if is_whole {
        return Ok(());
    }
    let before = "SELECT max(seq) FROM messages WHERE conversation = ?1 AND seq < \
                  (SELECT max(seq) FROM messages WHERE conversation = ?1 AND seq <= ?2 AND role = 'user')";
    let after = "SELECT max(seq) FROM messages WHERE conversation = ?1 AND seq < \
                 (SELECT min(seq) FROM messages WHERE conversation = ?1 AND seq > ?2 AND role = 'user')";
    let last = "SELECT seq FROM messages WHERE conversation = ?1 AND seq > ?2 AND tool_calls IS NULL \
                AND seq = (SELECT max(seq) FROM messages WHERE conversation = ?1)";
    let after = match ask(after, seq)? {
        Some(after) => Some(after),
        None => ask(last, seq)?,
    };
    Err(Error::Split {
        seq,
        before: ask(before, seq)?.unwrap_or(0),
        after,
    }
    .into())
}
