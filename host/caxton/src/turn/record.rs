//! What is written down of a turn: its state after each step, and in the end all that was said in it.

use caxton_memory::{NewMessage, NewUsage, Store, TurnEnd};
use serde_json::Value;

use super::error::Error;
use super::fault::Fault;
use super::spent::add_usage;
use super::state::{Phase, State};
use super::transcript::transcript;

/// Writes down what a turn is after a step, with what that used. Where this fails, what was used is counted all the same.
pub(super) async fn write(
    store: &Store,
    state: &State,
    written: &Value,
    usage: Vec<NewUsage>,
) -> Result<(), Error> {
    let kept = if state.has_ended() {
        let (end, messages) = end(state);
        store
            .finish_turn(&state.id, end, written, messages, usage.clone())
            .await
    } else {
        store
            .checkpoint_turn(&state.id, written, Vec::new(), usage.clone())
            .await
    };
    if let Err(e) = kept {
        add_usage(store, usage).await;
        return Err(missing(e));
    }
    Ok(())
}

/// Writes down that another agent goes on with a turn, with what the one before used. As with [`write`], what was used is
/// counted where this fails.
pub(super) async fn pass_on(
    store: &Store,
    state: &State,
    usage: Vec<NewUsage>,
) -> Result<(), Error> {
    let written = json(state);
    let passed = store.pass_turn_on(&state.id, &state.agent, &written, usage.clone());
    if let Err(e) = passed.await {
        add_usage(store, usage).await;
        return Err(missing(e));
    }
    Ok(())
}

/// The state as it is written down. Its maps have text for keys and its numbers are finite or left out, so that this can't
/// fail; a turn is not lost for a checkpoint that could not be written.
pub(super) fn json(state: &State) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}

fn end(state: &State) -> (TurnEnd, Vec<NewMessage>) {
    match &state.phase {
        Phase::Done { .. } => (TurnEnd::Done, transcript(state)),
        Phase::Failed(Fault::Cancelled) => (TurnEnd::Cancelled, Vec::new()),
        Phase::Failed(Fault::Interrupted { .. }) => (TurnEnd::Interrupted, Vec::new()),
        _ => (TurnEnd::Failed, Vec::new()),
    }
}

/// A conversation that was deleted meanwhile is one that is not there.
pub(super) fn missing(error: caxton_memory::Error) -> Error {
    match error {
        caxton_memory::Error::NotFound {
            what: "conversation",
            id,
        } => Error::NoConversation { id },
        caxton_memory::Error::KeyUsed { key, .. } => Error::KeyReused { key },
        other => Error::Store(other),
    }
}
