//! What was said before, where it is the client that keeps it.

use std::collections::HashSet;

use caxton_memory::Store;
use caxton_sandbox::llm_types::{self, Part};
use uuid::Uuid;

use super::event::Exchange;
use super::request::{said, text};
use super::state::State;

/// What the client says was said before. Where it goes on with calls that an agent of this server asked for, what the agent's own
/// tools did before them, which the client has not seen, is put in again, once however often the client repeats those calls.
pub(super) async fn exchanged(
    store: &Store,
    exchange: &Exchange,
    model: &str,
) -> Result<Vec<llm_types::Message>, caxton_memory::Error> {
    let mut messages = Vec::with_capacity(exchange.messages.len() + 1);
    messages.extend(
        exchange
            .instructions
            .as_deref()
            .map(|told| text(llm_types::Role::System, told)),
    );
    let mut met = HashSet::new();
    for message in &exchange.messages {
        let known = match minted(message) {
            Some(turn) if met.insert(turn.clone()) => store.turn(&turn).await?,
            _ => None,
        };
        let state: Option<State> = known.and_then(|turn| serde_json::from_value(turn.state).ok());
        match state {
            Some(state) => messages.extend(state.said.iter().map(|words| said(words, model))),
            None => messages.push(message.clone()),
        }
    }
    Ok(messages)
}

/// The turn that made the calls of a message, by their ids.
fn minted(message: &llm_types::Message) -> Option<String> {
    message.parts.iter().find_map(|part| match part {
        Part::Call(call) => {
            let (turn, _) = call.id.strip_prefix("call_")?.rsplit_once('_')?;
            Uuid::try_parse(turn).ok().map(|turn| turn.to_string())
        }
        _ => None,
    })
}
