//! Conversations: making, listing, clearing and deleting them. What is said in them is in `messages`.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use crate::error::{Error, Fault};
use crate::store::{Store, new_id, now_ms};

/// A conversation to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewConversation {
    /// The agent that answers in it.
    pub agent: String,
    /// A title for people.
    pub title: Option<String>,
    /// The conversation whose agent asked this one's. Such a conversation is not listed, and goes with its parent.
    pub parent: Option<String>,
    /// Its id, from [`new_id`]; `None`: one is made.
    pub id: Option<String>,
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
    /// The conversation that its first messages were copied from, which may be deleted by now.
    pub forked_from: Option<String>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// When its last message came.
    pub updated_ms: i64,
}

impl Store {
    /// Makes a conversation.
    ///
    /// # Errors
    /// [`Error::NotFound`] where the parent does not exist; any error of the database, also where the id is in use.
    pub async fn create_conversation(&self, new: NewConversation) -> Result<Conversation, Error> {
        self.write(move |connection| insert(connection, new, 0, None))
            .await
    }

    /// Gives a conversation, or `None` where there is none of that id.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn conversation(&self, id: &str) -> Result<Option<Conversation>, Error> {
        let id = id.to_owned();
        self.read(move |connection| {
            let sql = "SELECT id, agent, title, parent, forked_from, created_ms, updated_ms FROM conversations WHERE id = ?1";
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
            let sql = "SELECT id, agent, title, parent, forked_from, created_ms, updated_ms FROM conversations \
                       WHERE parent IS NULL AND (updated_ms, id) < (?1, ?2) ORDER BY updated_ms DESC, id DESC LIMIT ?3";
            let (time, id) = before.unwrap_or((i64::MAX, String::new()));
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![time, id, limit], conversation)?;
            Ok(rows.collect::<Result<_, _>>()?)
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

    /// Deletes what was said in a conversation, with its summaries, its ended turns and the conversations they led to. The
    /// conversation itself stays, and so do turns under way, with their own messages and the answers they got from other
    /// agents. Returns whether there was such a conversation.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn clear_conversation(&self, id: &str) -> Result<bool, Error> {
        let id = id.to_owned();
        self.write(move |connection| {
            let found = exists(connection, &id)?;
            if found {
                clear(connection, &id)?;
            }
            Ok(found)
        })
        .await
    }
}

fn clear(connection: &Connection, id: &str) -> Result<(), Fault> {
    let run = |sql| connection.prepare_cached(sql)?.execute([id]);
    run(
        "DELETE FROM messages WHERE conversation = ?1 AND (turn IS NULL OR turn NOT IN \
         (SELECT id FROM turns WHERE conversation = ?1 AND status = 'running'))",
    )?;
    run("DELETE FROM summaries WHERE conversation = ?1")?;
    // A conversation is kept where a turn runs in it or below it, or where it holds an answer to a turn that runs. Left to
    // itself SQLite would read all turns that ever were, to get them sorted for the union.
    run("WITH RECURSIVE busy (id) AS ( \
             SELECT conversation FROM turns INDEXED BY turns_running WHERE status = 'running' \
             UNION SELECT turns.conversation FROM turns AS asking INDEXED BY turns_running JOIN turns ON turns.parent = asking.id \
                   WHERE asking.status = 'running' \
             UNION SELECT parent FROM busy JOIN conversations USING (id) WHERE parent IS NOT NULL) \
         DELETE FROM conversations WHERE parent = ?1 AND id NOT IN (SELECT id FROM busy)")?;
    run("DELETE FROM turns WHERE conversation = ?1 AND status <> 'running'")?;
    Ok(())
}

/// Inserts a conversation that has given out the numbers up to `last_seq`.
pub(crate) fn insert(
    connection: &Connection,
    new: NewConversation,
    last_seq: i64,
    forked_from: Option<String>,
) -> Result<Conversation, Fault> {
    let NewConversation {
        agent,
        title,
        parent,
        id,
    } = new;
    if let Some(parent) = &parent
        && !exists(connection, parent)?
    {
        return Err(not_found(parent).into());
    }
    let now = now_ms();
    let made = Conversation {
        id: id.unwrap_or_else(new_id),
        agent,
        title,
        parent,
        forked_from,
        created_ms: now,
        updated_ms: now,
    };
    let sql = "INSERT INTO conversations (id, agent, title, parent, forked_from, last_seq, created_ms, updated_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)";
    let values = params![
        made.id,
        made.agent,
        made.title,
        made.parent,
        made.forked_from,
        last_seq,
        now
    ];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(made)
}

pub(crate) fn exists(connection: &Connection, id: &str) -> Result<bool, Fault> {
    Ok(connection
        .prepare_cached("SELECT 1 FROM conversations WHERE id = ?1")?
        .exists([id])?)
}

pub(crate) fn not_found(id: &str) -> Error {
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
        forked_from: row.get(4)?,
        created_ms: row.get(5)?,
        updated_ms: row.get(6)?,
    })
}
