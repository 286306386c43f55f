//! A turn on disk when it does not go on: it is ended there, and so is what it waited for, so that no server takes it up again.

use std::time::Duration;

use caxton_memory::{Store, TurnEnd, TurnStatus};

use super::error::Error;
use super::event::Answer;
use super::fault::Fault;
use super::record::json;
use super::state::{ASK_AGENT, Phase, State};

/// How long after a turn has ended it is looked again at what it left on disk: those that it waited for have then written down
/// by themselves that they were stopped, and a database that could not be written to may be well again.
const CLOSE_AGAIN: Duration = Duration::from_secs(3);

/// Why a turn does not go on that another one waited for.
pub(super) const UNWANTED: &str = "the turn that waited for it has ended";

/// Sees to what a turn leaves on disk: neither it nor one that it waited for is to be taken up by the next server.
pub(super) async fn close(store: &Store, id: &str, ended: &Result<Answer, Error>) {
    let (reason, has_asked) = match ended {
        Ok(answer) => {
            let mut calls = answer.tool_calls.iter();
            (None, calls.any(|call| call.name == ASK_AGENT))
        }
        // It is written down how it was stopped.
        Err(Error::Stopped { .. }) => (None, true),
        Err(error) => (Some(error.to_string()), true),
    };
    let closed = match &reason {
        Some(reason) => interrupt_running(store, id, reason).await,
        None => Ok(()),
    };
    let below = match has_asked {
        true => store.running_below(id).await,
        false => Ok(Vec::new()),
    };
    if closed.is_ok() && below.is_ok_and(|below| below.is_empty()) {
        return;
    }
    let (store, id) = (store.clone(), id.to_owned());
    tokio::spawn(async move {
        tokio::time::sleep(CLOSE_AGAIN).await;
        if let Err(e) = close_again(&store, &id, reason.as_deref()).await {
            tracing::error!(turn = id, error = %e, "it can't be written down that a turn has ended");
        }
    });
}

async fn close_again(store: &Store, id: &str, reason: Option<&str>) -> Result<(), Error> {
    if let Some(reason) = reason {
        interrupt_running(store, id, reason).await?;
    }
    for turn in store.running_below(id).await? {
        interrupt(store, turn, UNWANTED.to_owned()).await?;
    }
    Ok(())
}

/// Ends a turn on disk, where it is under way there.
async fn interrupt_running(store: &Store, id: &str, reason: &str) -> Result<(), Error> {
    match store.turn(id).await? {
        Some(turn) if turn.status == TurnStatus::Running => {
            interrupt(store, turn, reason.to_owned()).await
        }
        _ => Ok(()),
    }
}

/// Ends a turn on disk that does not go on. One that has ended there meanwhile, or was deleted, is left as it is.
pub(super) async fn interrupt(
    store: &Store,
    turn: caxton_memory::Turn,
    reason: String,
) -> Result<(), Error> {
    let mut written = turn.state;
    if let Ok(mut state) = serde_json::from_value::<State>(written.clone()) {
        state.phase = Phase::Failed(Fault::Interrupted { reason });
        written = json(&state);
    }
    let ended = store.finish_turn(
        &turn.id,
        TurnEnd::Interrupted,
        &written,
        Vec::new(),
        Vec::new(),
    );
    match ended.await {
        Ok(())
        | Err(caxton_memory::Error::TurnEnded { .. } | caxton_memory::Error::NotFound { .. }) => {
            Ok(())
        }
        Err(e) => Err(e.into()),
    }
}

#[cfg(test)]
mod tests {
    use caxton_memory::{NewConversation, NewTurn, TurnConversation};

    use super::super::transcript::user;
    use super::*;

    #[tokio::test]
    async fn what_has_ended_meanwhile_is_not_interrupted_and_no_error() {
        let dir = tempfile::tempdir().expect("a directory");
        let store = Store::open(dir.path().join("caxton.db")).expect("a store");
        let started = async || {
            let new = NewTurn {
                id: None,
                conversation: TurnConversation::New(NewConversation::default()),
                parent: None,
                call: None,
                agent: "a".to_owned(),
                task: serde_json::Value::Null,
                state: serde_json::Value::Null,
                messages: vec![user("Hello", &[])],
                key: None,
            };
            store.start_turn(new).await.expect("it starts")
        };
        let interrupted = async |turn: caxton_memory::Turn| {
            let id = turn.id.clone();
            let ended = interrupt(&store, turn, "so".to_owned()).await;
            ended.expect("it is no error");
            let turn = store.turn(&id).await.expect("a turn");
            turn.map(|turn| turn.status)
        };
        let running = started().await;
        assert_eq!(interrupted(running).await, Some(TurnStatus::Interrupted));
        let done = started().await;
        let finished = store.finish_turn(&done.id, TurnEnd::Done, &done.state, vec![], vec![]);
        finished.await.expect("it ends");
        assert_eq!(interrupted(done).await, Some(TurnStatus::Done));
        let deleted = started().await;
        let gone = store.delete_conversation(&deleted.conversation).await;
        assert!(gone.expect("it is deleted"));
        assert_eq!(interrupted(deleted).await, None);
    }
}
