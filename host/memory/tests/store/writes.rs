//! Writers at the same time, writes whose callers have gone, and a store that is dropped with work in hand.

use caxton_memory::{NewConversation, NewMessage, Role, Store};
use serde_json::json;

use crate::place;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_lose_nothing_and_leave_no_gaps() {
    let place = place();
    let store = &place.store;
    let made = store
        .create_conversation(NewConversation::default())
        .await
        .unwrap();
    let tasks = (0..32).map(|writer| {
        let (store, id) = (store.clone(), made.id.clone());
        tokio::spawn(async move {
            for n in 0..16 {
                let message = NewMessage::new(Role::User, json!([writer, n]));
                store.append(&id, vec![message]).await.unwrap();
                store
                    .state_set("c", &format!("{writer}/{n}"), vec![])
                    .await
                    .unwrap();
                // One that fails in the midst of others' transactions undoes only itself.
                store.append("nowhere", vec![]).await.unwrap_err();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    let messages = store.messages(&made.id).await.unwrap();
    let seqs: Vec<i64> = messages.iter().map(|message| message.seq).collect();
    assert_eq!(seqs, (1..=512).collect::<Vec<_>>());
    for writer in 0..32 {
        let of_writer = messages
            .iter()
            .filter(|message| message.content[0] == writer);
        let order: Vec<_> = of_writer
            .map(|message| message.content[1].clone())
            .collect();
        assert_eq!(order, (0..16).map(|n| json!(n)).collect::<Vec<_>>());
    }
    assert_eq!(store.state_keys("c", "").await.unwrap().len(), 512);
}

#[tokio::test]
async fn an_acknowledged_write_is_in_the_file_while_the_store_is_still_open() {
    let place = place();
    let path = place.directory.path().join("sales.db");
    place
        .store
        .state_set("c", "k", b"v".to_vec())
        .await
        .unwrap();
    // As a killed process leaves it: the files are copied without any closing, the log beside the database included.
    let copy = place.directory.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(path.with_extension("db-wal"), copy.with_extension("db-wal")).unwrap();
    let store = Store::open(copy).unwrap();
    assert_eq!(
        store.state_get("c", "k").await.unwrap(),
        Some(b"v".to_vec())
    );
}

#[tokio::test]
async fn a_write_whose_caller_has_gone_is_still_written() {
    let place = place();
    let write = place.store.state_set("c", "k", b"v".to_vec());
    // Polled once, it is handed over; then it is dropped.
    let mut write = Box::pin(write);
    let waker = std::task::Waker::noop();
    let _ = write
        .as_mut()
        .poll(&mut std::task::Context::from_waker(waker));
    drop(write);
    place.store.flush().await.unwrap();
    assert_eq!(
        place.store.state_get("c", "k").await.unwrap(),
        Some(b"v".to_vec())
    );
}

#[tokio::test]
async fn a_lock_held_by_another_program_is_named_and_passes() {
    let place = place();
    let path = place.directory.path().join("sales.db");
    let lock = rusqlite::Connection::open(path).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Reading goes on meanwhile.
    assert_eq!(place.store.state_get("c", "k").await.unwrap(), None);
    let error = place.store.state_set("c", "k", vec![]).await.unwrap_err();
    assert!(
        error.to_string().contains("is locked by another program"),
        "{error}"
    );
    lock.execute_batch("ROLLBACK").unwrap();
    place.store.state_set("c", "k", vec![]).await.unwrap();
}
