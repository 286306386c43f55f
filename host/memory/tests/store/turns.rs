//! Turns: checkpoints, ends, and what a crash leaves.

use caxton_memory::{
    Error, NewConversation, NewMessage, NewTurn, Role, Store, TurnConversation, TurnEnd, TurnStatus,
};
use serde_json::json;

use crate::place;

pub fn turn(conversation: TurnConversation, parent: Option<String>) -> NewTurn {
    NewTurn {
        conversation,
        parent,
        call: None,
        key: None,
        id: None,
        agent: "analyst".to_owned(),
        task: json!({"depth": 0}),
        state: json!({ "round": 0 }),
        messages: vec![NewMessage::new(Role::User, json!("hello"))],
    }
}

pub fn new_conversation() -> TurnConversation {
    TurnConversation::New(NewConversation {
        agent: "analyst".to_owned(),
        ..Default::default()
    })
}

#[tokio::test]
async fn a_turn_that_is_passed_on_takes_its_conversation_along() {
    let place = place();
    let store = &place.store;
    let started = store.start_turn(turn(new_conversation(), None)).await;
    let started = started.unwrap();
    let passed = async |agent: &str, round: u32| {
        let state = json!({ "round": round });
        let passed = store.pass_turn_on(&started.id, agent, &state, vec![]);
        passed.await?;
        let turn = store.turn(&started.id).await?.unwrap();
        let conversation = store.conversation(&started.conversation).await?.unwrap();
        assert_eq!(turn.state, state);
        Ok::<_, Error>((turn.agent, conversation.agent))
    };
    let both = |agent: &str| (agent.to_owned(), agent.to_owned());
    assert_eq!(passed("painter", 1).await.unwrap(), both("painter"));
    assert_eq!(passed("cook", 2).await.unwrap(), both("cook"));

    // A message to somebody else leaves the conversation with whom it is.
    let existing = TurnConversation::Existing(started.conversation.clone());
    let other = store.start_turn(turn(existing, None)).await.unwrap();
    let state = json!({ "round": 3 });
    store
        .pass_turn_on(&other.id, "lead", &state, vec![])
        .await
        .unwrap();
    let conversation = store.conversation(&started.conversation).await.unwrap();
    assert_eq!(conversation.unwrap().agent, "cook");

    store
        .finish_turn(&started.id, TurnEnd::Done, &state, vec![], vec![])
        .await
        .unwrap();
    let ended = passed("painter", 4).await;
    assert!(matches!(ended, Err(Error::TurnEnded { .. })), "{ended:?}");
    let turn = store.turn(&started.id).await.unwrap().unwrap();
    assert_eq!((turn.agent.as_str(), &turn.state), ("cook", &state));
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
        .checkpoint_turn(&started.id, &json!({ "round": 1 }), vec![], vec![])
        .await
        .unwrap();
    let answer = NewMessage::new(Role::Assistant, json!("42"));
    let end = json!({ "round": 2 });
    store
        .finish_turn(&started.id, TurnEnd::Done, &end, vec![answer], vec![])
        .await
        .unwrap();

    let turns = store.turns(&started.conversation).await.unwrap();
    assert_eq!((turns[0].status, &turns[0].state), (TurnStatus::Done, &end));
    assert_eq!(
        store.messages(&started.conversation).await.unwrap().len(),
        2
    );

    let again = store
        .finish_turn(&started.id, TurnEnd::Failed, &end, vec![], vec![])
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
async fn turns_left_running_are_found_until_they_end_and_new_ones_left_alone() {
    let place = place();
    let path = place.directory.path().join("sales.db");
    let mut left = Vec::new();
    for round in 0..2 {
        let new = turn(new_conversation(), None);
        let started = place.store.start_turn(new).await.unwrap();
        place
            .store
            .checkpoint_turn(&started.id, &json!({ "round": round }), vec![], vec![])
            .await
            .unwrap();
        left.push(started);
    }
    let done = place
        .store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    place
        .store
        .finish_turn(&done.id, TurnEnd::Failed, &json!({}), vec![], vec![])
        .await
        .unwrap();
    assert_eq!(place.store.running_turns().await.unwrap(), []);

    // As after a crash: the first store is never closed.
    let store = Store::open(path).unwrap();
    let parent = Some(left[0].id.clone());
    let same = TurnConversation::Existing(left[0].conversation.clone());
    let new = store.start_turn(turn(same, parent)).await.unwrap();
    for _ in 0..2 {
        let running = store.running_turns().await.unwrap();
        let found: Vec<_> = running.iter().map(|turn| (&turn.id, &turn.state)).collect();
        let (first, second) = (json!({ "round": 0 }), json!({ "round": 1 }));
        assert_eq!(found, [(&left[0].id, &first), (&left[1].id, &second)]);
        assert_eq!(running[0].status, TurnStatus::Running);
    }
    for turn in &left {
        store
            .finish_turn(&turn.id, TurnEnd::Interrupted, &turn.state, vec![], vec![])
            .await
            .unwrap();
    }
    assert_eq!(store.running_turns().await.unwrap(), []);
    store
        .checkpoint_turn(&new.id, &json!({}), vec![], vec![])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_turn_knows_where_it_begins_and_its_messages_know_it() {
    let place = place();
    let store = &place.store;
    let id = caxton_memory::new_id();
    let mut first = turn(new_conversation(), None);
    first.id = Some(id.clone());
    let first = store.start_turn(first).await.unwrap();
    assert_eq!((&first.id, first.seq), (&id, 1));
    let answer = NewMessage::new(Role::Assistant, json!("42"));
    store
        .finish_turn(&id, TurnEnd::Cancelled, &json!({}), vec![answer], vec![])
        .await
        .unwrap();
    store
        .append(
            &first.conversation,
            vec![NewMessage::new(Role::User, json!("by hand"))],
        )
        .await
        .unwrap();
    let same = || TurnConversation::Existing(first.conversation.clone());
    let second = store.start_turn(turn(same(), None)).await.unwrap();
    assert_eq!(second.seq, 4);
    let mut silent = turn(same(), None);
    silent.messages.clear();
    assert_eq!(store.start_turn(silent).await.unwrap().seq, 5);

    let messages = store.messages(&first.conversation).await.unwrap();
    let turns: Vec<_> = messages.iter().map(|m| m.turn.as_deref()).collect();
    assert_eq!(turns, [Some(&*id), Some(&*id), None, Some(&*second.id)]);
    let before = store
        .messages_before(&first.conversation, Some(second.seq), 2)
        .await
        .unwrap();
    assert_eq!(before.iter().map(|m| m.seq).collect::<Vec<_>>(), [2, 3]);

    let found = store.turn(&id).await.unwrap().unwrap();
    assert_eq!((found.status, found.seq), (TurnStatus::Cancelled, 1));
    assert_eq!(store.turn("nobody").await.unwrap(), None);
    // An id is used once.
    let mut again = turn(new_conversation(), None);
    again.id = Some(id);
    assert!(store.start_turn(again).await.is_err());
}

#[tokio::test]
async fn a_call_leads_to_the_latest_turn_that_answers_it() {
    let place = place();
    let store = &place.store;
    let parent = store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    let mut ids = Vec::new();
    for call in ["1", "2", "1"] {
        let mut child = turn(new_conversation(), Some(parent.id.clone()));
        child.call = Some(call.to_owned());
        ids.push(store.start_turn(child).await.unwrap().id);
    }
    let check = async |parent: &str, call: &str, expected: Option<&str>| {
        let found = store.child_turn(parent, call).await.unwrap();
        assert_eq!(found.map(|turn| turn.id).as_deref(), expected);
    };
    check(&parent.id, "1", Some(&ids[2])).await;
    check(&parent.id, "2", Some(&ids[1])).await;
    check(&parent.id, "3", None).await;
    check(&ids[0], "1", None).await;
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
        .checkpoint_turn(&started.id, &json!({}), vec![], vec![])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NotFound { what: "turn", .. }),
        "{error}"
    );
}

#[tokio::test]
async fn what_runs_below_a_turn_is_found() {
    let place = place();
    let store = &place.store;
    let begun = async |parent: Option<&String>| {
        let new = turn(new_conversation(), parent.cloned());
        store.start_turn(new).await.unwrap().id
    };
    let top = begun(None).await;
    let ended = begun(Some(&top)).await;
    let below = begun(Some(&ended)).await;
    let beside = begun(Some(&top)).await;
    begun(None).await;
    store
        .finish_turn(&ended, TurnEnd::Cancelled, &json!({}), vec![], vec![])
        .await
        .unwrap();
    let running = store.running_below(&top).await.unwrap();
    let running: Vec<String> = running.into_iter().map(|turn| turn.id).collect();
    assert_eq!(running, [below, beside]);
    assert_eq!(store.running_below("nothing").await.unwrap(), []);
}

#[tokio::test]
async fn the_next_turn_and_the_last_one_are_found_without_reading_the_others() {
    let place = place();
    let store = &place.store;
    let first = store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    let here = TurnConversation::Existing(first.conversation.clone());
    store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    let second = store.start_turn(turn(here.clone(), None)).await.unwrap();
    let third = store.start_turn(turn(here, None)).await.unwrap();
    for (id, next) in [
        (&first.id, Some(second.seq)),
        (&second.id, Some(third.seq)),
        (&third.id, None),
        (&"nothing".to_owned(), None),
    ] {
        assert_eq!(store.next_turn_seq(id).await.unwrap(), next);
    }
    let last = store.last_turn(&first.conversation).await.unwrap();
    assert_eq!(last, Some(third.id));
    assert_eq!(store.last_turn("nowhere").await.unwrap(), None);
}

#[tokio::test]
async fn a_task_is_as_large_as_a_message_at_most() {
    let place = place();
    let mut large = turn(new_conversation(), None);
    large.task = json!("x".repeat((32 << 20) - 1));
    let error = place.store.start_turn(large).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Limit {
                value: 0x200_0001,
                ..
            }
        ),
        "{error}"
    );
}
