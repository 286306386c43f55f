//! Turns: checkpoints, ends, and what a crash leaves.

use caxton_memory::{
    Error, NewConversation, NewMessage, NewTurn, Role, Store, TurnConversation, TurnEnd, TurnStatus,
};
use serde_json::json;

use crate::place;

fn turn(conversation: TurnConversation, parent: Option<String>) -> NewTurn {
    NewTurn {
        conversation,
        parent,
        agent: "analyst".to_owned(),
        state: json!({ "round": 0 }),
        messages: vec![NewMessage::new(Role::User, json!("hello"))],
    }
}

fn new_conversation() -> TurnConversation {
    TurnConversation::New(NewConversation {
        agent: "analyst".to_owned(),
        ..Default::default()
    })
}

#[tokio::test]
async fn a_turn_runs_from_start_to_end() {
    let place = place();
    let store = &place.store;
    let started = store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    assert_eq!(started.status, TurnStatus::Running);
    store
        .checkpoint_turn(&started.id, &json!({ "round": 1 }), vec![])
        .await
        .unwrap();
    let answer = NewMessage::new(Role::Assistant, json!("42"));
    let end = json!({ "round": 2 });
    store
        .finish_turn(&started.id, TurnEnd::Done, &end, vec![answer])
        .await
        .unwrap();

    let turns = store.turns(&started.conversation).await.unwrap();
    assert_eq!((turns[0].status, &turns[0].state), (TurnStatus::Done, &end));
    assert_eq!(
        store.messages(&started.conversation).await.unwrap().len(),
        2
    );

    let again = store
        .finish_turn(&started.id, TurnEnd::Failed, &end, vec![])
        .await
        .unwrap_err();
    assert_eq!(
        again.to_string(),
        format!("turn {} has ended already (done)", started.id)
    );
}

#[tokio::test]
async fn a_turn_that_can_not_start_leaves_nothing() {
    let place = place();
    let store = &place.store;
    let nowhere = TurnConversation::Existing("nowhere".to_owned());
    let error = store.start_turn(turn(nowhere, None)).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::NotFound {
                what: "conversation",
                ..
            }
        ),
        "{error}"
    );
    let orphan = turn(new_conversation(), Some("nobody".to_owned()));
    let error = store.start_turn(orphan).await.unwrap_err();
    assert!(
        matches!(error, Error::NotFound { what: "turn", .. }),
        "{error}"
    );
    assert_eq!(store.conversations(9, None).await.unwrap(), []);
}

#[tokio::test]
async fn turns_left_running_are_found_once_and_new_ones_left_alone() {
    let place = place();
    let path = place.directory.path().join("sales.db");
    let left = place
        .store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    place
        .store
        .checkpoint_turn(&left.id, &json!({ "round": 7 }), vec![])
        .await
        .unwrap();
    let done = place
        .store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    place
        .store
        .finish_turn(&done.id, TurnEnd::Failed, &json!({}), vec![])
        .await
        .unwrap();
    assert_eq!(place.store.interrupted_turns().await.unwrap(), []);

    // As after a crash: the first store is never closed.
    let store = Store::open(path).unwrap();
    let parent = Some(left.id.clone());
    let same = TurnConversation::Existing(left.conversation.clone());
    let new = store.start_turn(turn(same, parent)).await.unwrap();
    let interrupted = store.interrupted_turns().await.unwrap();
    assert_eq!(interrupted.len(), 1);
    assert_eq!(
        (&interrupted[0].id, &interrupted[0].state),
        (&left.id, &json!({ "round": 7 }))
    );
    assert_eq!(interrupted[0].status, TurnStatus::Interrupted);
    assert_eq!(store.interrupted_turns().await.unwrap(), []);
    store
        .checkpoint_turn(&new.id, &json!({}), vec![])
        .await
        .unwrap();
}

#[tokio::test]
async fn deleting_the_conversation_ends_its_turn() {
    let place = place();
    let store = &place.store;
    let started = store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    store
        .delete_conversation(&started.conversation)
        .await
        .unwrap();
    let error = store
        .checkpoint_turn(&started.id, &json!({}), vec![])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NotFound { what: "turn", .. }),
        "{error}"
    );
}
