//! Turns that go on with another agent than the one that began them.

use rusqlite::params;
use serde_json::Value;

use super::{TurnStatus, update};
use crate::error::Error;
use crate::store::Store;
use crate::usage::{self, NewUsage};

impl Store {
    /// Gives a turn to `agent`, and its conversation too where that is with the agent that had the turn; writes the turn's
    /// state and adds up what it used, all or nothing.
    ///
    /// # Errors
    /// As [`Store::checkpoint_turn`].
    pub async fn pass_turn_on(
        &self,
        id: &str,
        agent: &str,
        state: &Value,
        usage: Vec<NewUsage>,
    ) -> Result<(), Error> {
        let (id, agent, text) = (id.to_owned(), agent.to_owned(), state.to_string());
        self.write(move |connection| {
            update(connection, id.clone(), &text, TurnStatus::Running, &[])?;
            let sql = "UPDATE conversations SET agent = ?2 FROM turns \
                       WHERE turns.id = ?1 AND conversations.id = turns.conversation AND conversations.agent = turns.agent";
            connection
                .prepare_cached(sql)?
                .execute(params![id, agent])?;
            connection
                .prepare_cached("UPDATE turns SET agent = ?2 WHERE id = ?1")?
                .execute(params![id, agent])?;
            usage::add(connection, &usage)
        })
        .await
    }
}
