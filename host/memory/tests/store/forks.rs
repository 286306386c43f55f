//! Conversations that are copied, cleared and summed up.

use caxton_memory::{Error, NewConversation, NewMessage, Role, Summary, TurnConversation, TurnEnd};
use serde_json::json;

use crate::place;
use crate::turns::{new_conversation, turn};

fn call() -> NewMessage {
    NewMessage {
        tool_calls: Some(json!([{ "id": "1" }])),
        ..NewMessage::new(Role::Assistant, json!([]))
    }
}

fn message(role: Role) -> NewMessage {
    NewMessage::new(role, json!("text"))
}

/// Two turns, the first with a tool call: user, call, result, answer, user, answer.
fn two_turns() -> Vec<NewMessage> {
    vec![
        message(Role::User),
        call(),
        message(Role::Tool),
        message(Role::Assistant),
        message(Role::User),
        message(Role::Assistant),
    ]
}

fn analyst() -> NewConversation {
    NewConversation {
        agent: "analyst".to_owned(),
        title: Some("March".to_owned()),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_fork_is_cut_between_turns_only() {
    let place = place();
    let store = &place.store;
    let source = store.create_conversation(analyst()).await.unwrap();
    store.append(&source.id, two_turns()).await.unwrap();
    let copied = async |through: Option<i64>, expected: &[i64]| {
        let made = store.fork_conversation(&source.id, through).await.unwrap();
        let seqs = |messages: Vec<_>| {
            messages
                .iter()
                .map(|message: &caxton_memory::Message| message.seq)
                .collect::<Vec<_>>()
        };
        assert_eq!(seqs(store.messages(&made.id).await.unwrap()), expected);
        assert_eq!((&made.agent, &made.title), (&source.agent, &source.title));
        assert_eq!(made.forked_from.as_ref(), Some(&source.id));
        let found = store.conversation(&made.id).await.unwrap();
        assert_eq!(found, Some(made.clone()));
        let next = store.append(&made.id, vec![message(Role::User)]).await;
        assert_eq!(next.unwrap(), through.unwrap_or(6).max(0) + 1);
    };
    copied(None, &[1, 2, 3, 4, 5, 6]).await;
    copied(Some(6), &[1, 2, 3, 4, 5, 6]).await;
    copied(Some(4), &[1, 2, 3, 4]).await;
    copied(Some(0), &[]).await;
    copied(Some(-1), &[]).await;
    let refused = async |through: i64, expected: &str| {
        let error = store.fork_conversation(&source.id, Some(through)).await;
        assert_eq!(error.unwrap_err().to_string(), expected);
    };
    let inside = |seq: i64, places: &str| {
        format!(
            "a conversation can't be cut after message {seq}, in the middle of a turn; cut it after message {places}"
        )
    };
    refused(1, &inside(1, "0 or 4")).await;
    refused(3, &inside(3, "0 or 4")).await;
    refused(5, &inside(5, "4 or 6")).await;
    refused(7, "the last message's seq would be 7, and the limit is 6").await;
    let nowhere = store.fork_conversation("nowhere", None).await.unwrap_err();
    assert!(matches!(nowhere, Error::NotFound { .. }), "{nowhere}");
}

#[tokio::test]
async fn a_call_without_its_result_is_no_end() {
    let place = place();
    let store = &place.store;
    let source = store.create_conversation(analyst()).await.unwrap();
    let messages = vec![message(Role::User), message(Role::User), call()];
    store.append(&source.id, messages).await.unwrap();
    for through in [None, Some(2), Some(3)] {
        let error = store.fork_conversation(&source.id, through).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error, Error::Split { before: 1, after: None, seq } if seq == through.unwrap_or(3)),
            "{error}"
        );
    }
    store.fork_conversation(&source.id, Some(1)).await.unwrap();
}

#[tokio::test]
async fn a_fork_stands_on_its_own() {
    let place = place();
    let store = &place.store;
    let mut started = turn(new_conversation(), None);
    started.messages = two_turns();
    let started = store.start_turn(started).await.unwrap();
    let source = &started.conversation;
    for (agent, seq) in [("", 4), ("late", 6)] {
        store.set_summary(source, agent, seq, "text").await.unwrap();
    }
    let made = store.fork_conversation(source, Some(4)).await.unwrap();
    store.delete_conversation(source).await.unwrap();

    let before = store.messages(&made.id).await.unwrap();
    assert!(before.iter().all(|message| message.turn.is_none()));
    assert_eq!(before[1].tool_calls, call().tool_calls);
    assert_eq!(store.turns(&made.id).await.unwrap(), []);
    assert!(store.summary(&made.id, "").await.unwrap().is_some());
    assert_eq!(store.summary(&made.id, "late").await.unwrap(), None);
    let listed = store.conversations(9, None).await.unwrap();
    assert_eq!(listed[0].forked_from.as_ref(), Some(source));
}

#[tokio::test]
async fn clearing_leaves_the_conversation_and_what_is_under_way() {
    let place = place();
    let store = &place.store;
    let state = json!({});
    let done = store
        .start_turn(turn(new_conversation(), None))
        .await
        .unwrap();
    let id = &done.conversation;
    let below = |parent: &str| {
        TurnConversation::New(NewConversation {
            parent: Some(parent.to_owned()),
            ..Default::default()
        })
    };
    let old = turn(below(id), Some(done.id.clone()));
    let old = store.start_turn(old).await.unwrap();
    for turn in [&old, &done] {
        store
            .finish_turn(&turn.id, TurnEnd::Done, &state, vec![], vec![])
            .await
            .unwrap();
    }
    store.set_summary(id, "", 1, "hello").await.unwrap();
    let same = TurnConversation::Existing(id.clone());
    let running = store.start_turn(turn(same, None)).await.unwrap();
    // The turn under way has asked two agents: one has answered; the other's conversation is another level down.
    let answered = turn(below(id), Some(running.id.clone()));
    let answered = store.start_turn(answered).await.unwrap();
    store
        .finish_turn(&answered.id, TurnEnd::Done, &state, vec![], vec![])
        .await
        .unwrap();
    let between = NewConversation {
        parent: Some(id.clone()),
        ..Default::default()
    };
    let between = store.create_conversation(between).await.unwrap();
    let asked = store.start_turn(turn(below(&between.id), None)).await;
    let asked = asked.unwrap();

    assert!(store.clear_conversation(id).await.unwrap());
    let messages = store.messages(id).await.unwrap();
    assert_eq!(
        messages.iter().map(|m| m.seq).collect::<Vec<_>>(),
        [running.seq]
    );
    assert_eq!(store.summary(id, "").await.unwrap(), None);
    let turns = store.turns(id).await.unwrap();
    assert_eq!(
        turns.iter().map(|t| &t.id).collect::<Vec<_>>(),
        [&running.id]
    );
    assert_eq!(store.conversation(&old.conversation).await.unwrap(), None);
    for kept in [&answered, &asked] {
        assert!(store.turn(&kept.id).await.unwrap().is_some());
    }
    let answer = vec![message(Role::Assistant)];
    store
        .finish_turn(&running.id, TurnEnd::Done, &state, answer, vec![])
        .await
        .unwrap();
    store
        .finish_turn(&asked.id, TurnEnd::Done, &state, vec![], vec![])
        .await
        .unwrap();

    // Now all goes, and the numbers go on.
    assert!(store.clear_conversation(id).await.unwrap());
    assert_eq!(store.messages(id).await.unwrap(), []);
    assert_eq!(store.turns(id).await.unwrap(), []);
    assert_eq!(store.conversation(&between.id).await.unwrap(), None);
    let next = store.append(id, vec![message(Role::User)]).await.unwrap();
    assert_eq!(next, 4);
    assert!(!store.clear_conversation("nowhere").await.unwrap());
}

#[tokio::test]
async fn a_summary_grows_and_does_not_outlive_its_messages() {
    let place = place();
    let store = &place.store;
    let made = store.create_conversation(analyst()).await.unwrap();
    store.append(&made.id, two_turns()).await.unwrap();
    let check = async |agent: &str, seq: i64, text: &str, kept: bool, now: (i64, &str)| {
        let set = store.set_summary(&made.id, agent, seq, text).await.unwrap();
        assert_eq!(set, kept, "{agent} {seq}");
        let found = store.summary(&made.id, agent).await.unwrap();
        let (seq, text) = (now.0, now.1.to_owned());
        assert_eq!(found, Some(Summary { seq, text }));
    };
    check("", 4, "for all", true, (4, "for all")).await;
    check("a", 2, "for a", true, (2, "for a")).await;
    check("", 6, "more", true, (6, "more")).await;
    check("", 6, "better", true, (6, "better")).await;
    check("", 4, "less", false, (6, "better")).await;
    check("", 7, "beyond", false, (6, "better")).await;
    assert_eq!(store.summary(&made.id, "b").await.unwrap(), None);

    store.clear_conversation(&made.id).await.unwrap();
    assert!(!store.set_summary(&made.id, "", 6, "late").await.unwrap());
    assert_eq!(store.summary(&made.id, "").await.unwrap(), None);
    let nowhere = store.set_summary("nowhere", "", 1, "").await.unwrap_err();
    assert!(matches!(nowhere, Error::NotFound { .. }), "{nowhere}");
}
