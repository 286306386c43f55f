//! Summaries of conversations: what stands for old messages where there is no room for all of them.

use rusqlite::{OptionalExtension, params};
use serde::Serialize;

use crate::conversations::{exists, not_found};
use crate::error::{Error, within};
use crate::messages::MESSAGE_BYTES_MAX;
use crate::store::Store;

/// What was said in a conversation up to some message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The last message that it covers.
    pub seq: i64,
    /// What was said.
    pub text: String,
}

impl Store {
    /// Keeps `text` as what was said in a conversation up to and including the message `seq`: for `agent`, or for all
    /// where it is empty. Returns whether it was kept: it is not where that message was cleared meanwhile, or where there
    /// is a summary of more.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::Limit`] for a text over 32 MiB; any error of the database.
    pub async fn set_summary(
        &self,
        conversation: &str,
        agent: &str,
        seq: i64,
        text: &str,
    ) -> Result<bool, Error> {
        within("a summary's bytes", text.len(), MESSAGE_BYTES_MAX)?;
        let (id, agent, text) = (conversation.to_owned(), agent.to_owned(), text.to_owned());
        self.write(move |connection| {
            if !exists(connection, &id)? {
                return Err(not_found(&id).into());
            }
            let sql = "INSERT INTO summaries (conversation, agent, seq, text) \
                       SELECT conversation, ?2, seq, ?4 FROM messages WHERE conversation = ?1 AND seq = ?3 \
                       ON CONFLICT (conversation, agent) DO UPDATE SET seq = excluded.seq, text = excluded.text \
                       WHERE excluded.seq >= summaries.seq";
            let mut statement = connection.prepare_cached(sql)?;
            Ok(statement.execute(params![id, agent, seq, text])? > 0)
        })
        .await
    }

    /// Gives the summary of a conversation for `agent`, or the one for all where it is empty; `None` where none was kept.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn summary(&self, conversation: &str, agent: &str) -> Result<Option<Summary>, Error> {
        let (id, agent) = (conversation.to_owned(), agent.to_owned());
        self.read(move |connection| {
            let sql = "SELECT seq, text FROM summaries WHERE conversation = ?1 AND agent = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let summary = statement.query_row([&id, &agent], |row| {
                Ok(Summary {
                    seq: row.get(0)?,
                    text: row.get(1)?,
                })
            });
            Ok(summary.optional()?)
        })
        .await
    }
}
