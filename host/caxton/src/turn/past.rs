//! What was said up to the end of a turn, for a client that goes on from there with more than a message: with instructions or
//! tools of its own, or not from the conversation's end.

use caxton_sandbox::llm_types;

use super::context;
use super::error::Error;
use super::health::gone;
use super::record::missing;
use super::request::said;
use super::state::{Phase, State};
use super::task::Task;
use super::turns::Turns;

/// What was said up to the end of a turn.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The conversation.
    pub conversation: String,
    /// All of it that an [`Exchange`](super::Exchange) needs, oldest first.
    pub messages: Vec<llm_types::Message>,
    /// A message that names the conversation goes on from the same place: nothing came after, and it is the server that
    /// keeps it.
    pub is_last: bool,
}

impl Turns {
    /// What was said up to the end of the turn `id`, for which this waits; nothing where there is no such turn.
    ///
    /// # Errors
    /// [`Error::Routing`] where its agent is not there any more; [`Error::Store`].
    pub async fn past(&self, id: &str) -> Result<Option<Past>, Error> {
        let store = self.workspace().store();
        let Some(live) = self.find(id).await? else {
            return Ok(None);
        };
        // How it ends does not matter: a turn without an answer leaves what was said before it.
        drop(live.answer().await);
        let Some(turn) = store.turn(id).await? else {
            return Ok(None);
        };
        let next = store.next_turn_seq(id).await?;
        let task = Task::read(&turn.task);
        let messages = match &task.exchange {
            Some(exchange) => {
                let state = serde_json::from_value(turn.state).ok();
                let mut messages = exchange.messages.clone();
                messages.extend(state.iter().flat_map(seen));
                messages
            }
            None => {
                let agent = self.workspace().agent(&turn.agent);
                let agent = agent.map_err(|e| gone(&turn.agent, &e))?;
                let earlier = context::load(store, &turn.conversation, next, &agent.config);
                earlier.await.map_err(missing)?.messages
            }
        };
        Ok(Some(Past {
            is_last: next.is_none() && task.exchange.is_none(),
            conversation: turn.conversation,
            messages,
        }))
    }

    /// What was said up to the end of a conversation.
    ///
    /// # Errors
    /// [`Error::NoConversation`]; else as [`Turns::past`].
    pub async fn past_of_conversation(&self, id: &str) -> Result<Past, Error> {
        let store = self.workspace().store();
        let none = || Error::NoConversation { id: id.to_owned() };
        let conversation = store.conversation(id).await?.ok_or_else(none)?;
        let past = match store.last_turn(id).await? {
            Some(turn) => self.past(&turn).await?,
            None => None,
        };
        Ok(past.unwrap_or(Past {
            conversation: conversation.id,
            messages: Vec::new(),
            is_last: true,
        }))
    }
}

/// What of a turn's words goes on to the next one: all, or the calls that the client is to make, before which the rest is put
/// again when it comes back with their results.
fn seen(state: &State) -> Vec<llm_types::Message> {
    let words = match &state.phase {
        Phase::Done { calls, .. } if calls.is_empty() => state.said.as_slice(),
        Phase::Done { .. } => state
            .said
            .last()
            .map(std::slice::from_ref)
            .unwrap_or_default(),
        _ => &[],
    };
    words.iter().map(|words| said(words, "")).collect()
}
