//! Transcripts: what is appended is there, in order, also after the file is opened again.

use caxton_memory::{Error, NewConversation, NewMessage, Role, Store};
use serde_json::json;

use crate::{HOSTILE, place};

fn with(agent: &str) -> NewConversation {
    NewConversation {
        agent: agent.to_owned(),
        ..NewConversation::default()
    }
}

fn said(text: &str) -> NewMessage {
    NewMessage::new(Role::User, json!([{ "text": text }]))
}

#[tokio::test]
async fn a_transcript_survives_a_restart() {
    let place = place();
    let made = place
        .store
        .create_conversation(with("analyst"))
        .await
        .unwrap();
    let mut answer = NewMessage::new(Role::Assistant, json!([{ "text": "42" }]));
    answer.agent = Some("analyst".to_owned());
    answer.tool_calls = Some(json!([{ "id": "1", "name": "calc__add", "arguments": { "a": 1 } }]));
    answer.receipt = Some(json!({ "fuel": 9_007_199_254_740_993_u64 }));
    let seq = place
        .store
        .append(&made.id, vec![said("6 × 7?"), answer.clone()])
        .await
        .unwrap();
    assert_eq!(seq, 2);
    drop(place.store);

    let store = Store::open(place.directory.path().join("sales.db")).unwrap();
    let found = store.conversation(&made.id).await.unwrap().unwrap();
    assert_eq!(
        (found.agent.as_str(), found.created_ms),
        ("analyst", made.created_ms)
    );
    let messages = store.messages(&made.id).await.unwrap();
    assert_eq!(messages.iter().map(|m| m.seq).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(messages[0].content, json!([{ "text": "6 × 7?" }]));
    assert_eq!(messages[1].role, Role::Assistant);
    assert_eq!(messages[1].agent, answer.agent);
    assert_eq!(messages[1].tool_calls, answer.tool_calls);
    assert_eq!(messages[1].receipt, answer.receipt);
    assert_eq!(
        store
            .append(&made.id, vec![said("and 7 × 8?")])
            .await
            .unwrap(),
        3
    );
    let last = store.last_messages(&made.id, 2).await.unwrap();
    assert_eq!(last.iter().map(|m| m.seq).collect::<Vec<_>>(), [2, 3]);
}

#[tokio::test]
async fn conversations_are_listed_latest_first_and_page_by_page() {
    let store = place();
    let store = &store.store;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(store.create_conversation(with("chat")).await.unwrap().id);
    }
    let parent = Some(ids[0].clone());
    let asked = NewConversation {
        parent,
        ..with("helper")
    };
    store.create_conversation(asked).await.unwrap();

    let mut seen = Vec::new();
    let mut before = None;
    loop {
        let page = store.conversations(2, before).await.unwrap();
        assert!(
            page.windows(2)
                .all(|two| two[0].updated_ms >= two[1].updated_ms)
        );
        let Some(last) = page.last() else { break };
        before = Some((last.updated_ms, last.id.clone()));
        seen.extend(page.into_iter().map(|c| c.id));
    }
    seen.sort();
    // Ids sort by creation; the one that an agent opened is not listed.
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn deleting_a_conversation_takes_all_that_hangs_on_it() {
    let place = place();
    let store = &place.store;
    let made = store.create_conversation(with("chat")).await.unwrap();
    store.append(&made.id, vec![said("hello")]).await.unwrap();
    let parent = Some(made.id.clone());
    let asked = store
        .create_conversation(NewConversation {
            parent,
            ..with("helper")
        })
        .await
        .unwrap();

    assert!(store.delete_conversation(&made.id).await.unwrap());
    assert!(!store.delete_conversation(&made.id).await.unwrap());
    assert_eq!(store.conversation(&asked.id).await.unwrap(), None);
    let error = store.messages(&made.id).await.unwrap_err();
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
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let place = place();
    for id in HOSTILE {
        let error = place
            .store
            .append(id, vec![said("hello")])
            .await
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("there is no conversation {id:?}")
        );
        let orphan = NewConversation {
            parent: Some((*id).to_owned()),
            ..with("chat")
        };
        assert!(place.store.create_conversation(orphan).await.is_err());
        assert_eq!(place.store.conversation(id).await.unwrap(), None);
    }
    assert_eq!(place.store.conversations(9, None).await.unwrap(), []);
}

#[tokio::test]
async fn hostile_texts_come_back_as_they_were() {
    let place = place();
    let store = &place.store;
    for text in HOSTILE {
        let title = Some((*text).to_owned());
        let made = store
            .create_conversation(NewConversation {
                title,
                ..with(text)
            })
            .await
            .unwrap();
        store.append(&made.id, vec![said(text)]).await.unwrap();
        let found = store.conversation(&made.id).await.unwrap().unwrap();
        assert_eq!(
            (found.agent.as_str(), found.title.as_deref()),
            (*text, Some(*text))
        );
        assert_eq!(
            store.messages(&made.id).await.unwrap()[0].content,
            json!([{ "text": text }])
        );
    }
}

#[tokio::test]
async fn an_oversized_message_is_refused_and_its_companions_with_it() {
    let place = place();
    let made = place.store.create_conversation(with("chat")).await.unwrap();
    let huge = said(&"x".repeat(33 << 20));
    let error = place
        .store
        .append(&made.id, vec![said("small"), huge])
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("the limit is 33554432"),
        "{error}"
    );
    assert_eq!(place.store.messages(&made.id).await.unwrap(), []);
}
