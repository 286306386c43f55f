//! Imports beside HTTP: each answers `denied` where it is not granted, and works where it is.

use caxton_memory::{Store, Verdict};
use serde_json::json;

use crate::support::{Recorder, Server, With, call, load, sandbox};

#[tokio::test]
async fn state_is_kept_where_it_is_granted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("workspace.db")).unwrap();
    let sandbox = sandbox(Recorder::new(&[]));
    let web = load(
        &sandbox,
        "web",
        With {
            state: true,
            store: Some(store.clone()),
            ..With::default()
        },
    );
    let told = call(&web, "state", json!({ "key": "a", "value": "1" })).await;
    assert_eq!(told.json, json!({ "value": "1", "keys": ["a"] }));
    let told = call(&web, "state", json!({ "key": "b" })).await;
    assert_eq!(
        told.json,
        json!({ "value": null, "keys": ["a"] }),
        "another call, the same state"
    );
    let told = call(&web, "state", json!({ "key": "k".repeat(600) })).await;
    assert!(told.text.contains("Limit"), "{told:?}");
}

#[tokio::test]
async fn what_is_denied_is_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path().join("workspace.db")).unwrap();
    let sandbox = sandbox(Recorder::new(&[]));
    let web = load(
        &sandbox,
        "web",
        With {
            store: Some(store.clone()),
            ..With::default()
        },
    );
    let told = call(&web, "state", json!({ "key": "a" })).await;
    assert!(
        told.text.contains(
            "state is not granted to `guest`; add it under [components.guest.grants] state = true"
        ),
        "{told:?}"
    );
    assert_eq!(told.receipt.denied, 1);
    call(
        &web,
        "caxton",
        json!({ "url": "https://api.example.com/path?key=1" }),
    )
    .await;
    call(&web, "wasi", json!({ "url": "http://169.254.169.254/" })).await;
    store.flush().await.unwrap();
    let log = store.audit_log(Some("guest"), 10, None).await.unwrap();
    let log: Vec<_> = log
        .iter()
        .map(|entry| (entry.action.as_str(), entry.target.as_str(), entry.verdict))
        .collect();
    let denied = Verdict::Denied;
    assert_eq!(
        log,
        [
            ("http", "http://169.254.169.254", denied),
            ("http", "https://api.example.com", denied),
            ("state", "a", denied)
        ]
    );
}

#[tokio::test]
async fn without_a_model_there_are_no_vectors() {
    let sandbox = sandbox(Recorder::new(&[]));
    let web = load(&sandbox, "web", With::default());
    let told = call(&web, "embed", json!({ "texts": ["a"] })).await;
    assert!(
        told.is_error && told.text.contains("no embedding model"),
        "{told:?}"
    );
    let told = call(&web, "embed", json!({ "texts": vec!["a"; 2000] })).await;
    assert!(told.text.contains("2000 texts are too many"), "{told:?}");
}

#[tokio::test]
async fn sockets_are_refused() {
    let server = Server::silent().await;
    let sandbox = sandbox(Recorder::new(&[]));
    let hostile = load(
        &sandbox,
        "hostile",
        With {
            http: &["http://*", &server.url("")],
            ..With::default()
        },
    );
    let told = call(
        &hostile,
        "socket",
        json!({ "target": server.address.to_string() }),
    )
    .await;
    assert!(told.is_error, "{told:?}");
    assert_eq!(told.receipt.denied, 1, "{told:?}");
    let told = call(&hostile, "socket", json!({ "target": "localhost:80" })).await;
    assert!(told.is_error, "{told:?}");
    assert_eq!(server.connections(), 0);
}
