//! Finding turns.

use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::{Turn, TurnStatus};
use crate::error::{Error, Fault, stored};
use crate::store::Store;

impl Store {
    /// Gives a turn, or `None` where there is none of that id.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn turn(&self, id: &str) -> Result<Option<Turn>, Error> {
        let id = id.to_owned();
        self.read(move |connection| Ok(select(connection, "WHERE id = ?1", [&id])?.pop()))
            .await
    }

    /// Gives the turn that answers a call of the turn `parent`, the latest one; `None` where there is none.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn child_turn(&self, parent: &str, call: &str) -> Result<Option<Turn>, Error> {
        let (parent, call) = (parent.to_owned(), call.to_owned());
        self.read(move |connection| {
            let end = "WHERE parent = ?1 AND call = ?2 ORDER BY number DESC LIMIT 1";
            Ok(select(connection, end, [&parent, &call])?.pop())
        })
        .await
    }

    /// Gives the turns that were under way when the last server ended and have not ended since, oldest first. Turns started
    /// since this store was opened are not among them.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn running_turns(&self) -> Result<Vec<Turn>, Error> {
        let last = self.last_turn_before();
        self.read(move |connection| {
            let end = "WHERE status = 'running' AND number <= ?1 ORDER BY number";
            select(connection, end, params![last])
        })
        .await
    }

    /// Gives the turns under way below the turn `id`, oldest first: those that answer a call of it, and those below these.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn running_below(&self, id: &str) -> Result<Vec<Turn>, Error> {
        let id = id.to_owned();
        self.read(move |connection| {
            let end = "WHERE status = 'running' AND id IN ( \
                           WITH RECURSIVE below (id) AS ( \
                               SELECT id FROM turns WHERE parent = ?1 \
                               UNION SELECT turns.id FROM turns JOIN below ON turns.parent = below.id) \
                           SELECT id FROM below) \
                       ORDER BY number";
            select(connection, end, [&id])
        })
        .await
    }

    /// Gives the `seq` of the first message of the turn that came after the turn `id` in its conversation; `None` where it is the
    /// last one, or there is none of that id.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn next_turn_seq(&self, id: &str) -> Result<Option<i64>, Error> {
        let id = id.to_owned();
        self.read(move |connection| {
            let sql = "SELECT next.seq FROM turns AS this JOIN turns AS next USING (conversation) \
                       WHERE this.id = ?1 AND next.number > this.number ORDER BY next.number LIMIT 1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([&id], |row| row.get(0)).optional()?)
        })
        .await
    }

    /// Gives the id of the last turn of a conversation; `None` where there is no turn or no such conversation.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn last_turn(&self, conversation: &str) -> Result<Option<String>, Error> {
        let id = conversation.to_owned();
        self.read(move |connection| {
            let sql = "SELECT id FROM turns WHERE conversation = ?1 ORDER BY number DESC LIMIT 1";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.query_row([&id], |row| row.get(0)).optional()?)
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
            select(connection, "WHERE conversation = ?1 ORDER BY number", [&id])
        })
        .await
    }
}

fn select(connection: &Connection, end: &str, values: impl Params) -> Result<Vec<Turn>, Fault> {
    let sql = format!(
        "SELECT id, conversation, parent, call, agent, task, state, status, seq, created_ms, updated_ms FROM turns {end}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
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
        call: row.get(3)?,
        agent: row.get(4)?,
        task: stored("turn task", text(5)?)?,
        state: stored("turn state", text(6)?)?,
        status: TurnStatus::named(text(7)?),
        seq: row.get(8)?,
        created_ms: row.get(9)?,
        updated_ms: row.get(10)?,
    })
}
