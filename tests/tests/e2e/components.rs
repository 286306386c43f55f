//! Components over HTTP: put, replaced while they are called, removed; and files that are none.

use caxton_tests::{Server, answered, guest};
use serde_json::json;

#[tokio::test]
async fn a_component_is_put_described_and_removed() {
    let server = Server::with_guests(&["echo"]);
    let plain = std::fs::read(guest("plain")).expect("the guest");
    let put = server.put_component("geometry", plain.clone()).await;
    assert_eq!(
        (put.status, &put.ok()["change"]),
        (201, &"added".into()),
        "{}",
        put.text
    );
    let again = server.put_component("geometry", plain).await;
    assert_eq!(
        (again.status, &again.ok()["change"]),
        (200, &"replaced".into())
    );
    let shown = server.get("~/components/geometry").await.ok();
    assert_eq!(
        (&shown["name"], &shown["kinds"], &shown["health"]),
        (&"geometry".into(), &json!(["tool"]), &"ok".into())
    );
    assert_eq!(
        shown["grants"],
        json!({ "http": [], "files": [], "state": false })
    );
    assert!(
        shown["limits"]["fuel"]
            .as_u64()
            .is_some_and(|fuel| fuel > 0),
        "{shown}"
    );
    let listed = server.get("~/components").await.ok();
    assert_eq!(
        listed["components"].as_array().map(Vec::len),
        Some(2),
        "{listed}"
    );

    assert_eq!(
        answered(server.request("DELETE", "~/components/geometry"))
            .await
            .status,
        204
    );
    server
        .get("~/components/geometry")
        .await
        .problem(404, "component-not-found");
    answered(server.request("DELETE", "~/components/geometry"))
        .await
        .problem(404, "component-not-found");
}

#[tokio::test]
async fn calls_in_flight_survive_a_replacement() {
    let server = Server::with_guests(&["echo"]);
    let echo = std::fs::read(guest("echo")).expect("the guest");
    let calls = futures_util::future::join_all(
        (0..200).map(|i| server.call("echo__echo", json!({ "i": i }))),
    );
    let puts = async {
        for _ in 0..5 {
            server.put_component("echo", echo.clone()).await.ok();
        }
    };
    let (calls, ()) = tokio::join!(calls, puts);
    for (i, call) in calls.iter().enumerate() {
        assert_eq!(call.ok()["content"][0]["text"], format!("{{\"i\":{i}}}"));
    }
}

#[tokio::test]
async fn what_is_no_component_is_refused_by_name() {
    let server = Server::with_guests(&["echo"]);
    let echo = std::fs::read(guest("echo")).expect("the guest");
    let refused = async |bytes: Vec<u8>, status: u16, code: &str| {
        server.put_component("x", bytes).await.problem(status, code)
    };
    refused(b"#!/bin/sh\n".to_vec(), 422, "not-wasm").await;
    refused(Vec::new(), 422, "not-wasm").await;
    refused(b"\0asm\x01\0\0\0".to_vec(), 422, "core-module").await;
    refused(echo[..echo.len() / 2].to_vec(), 422, "malformed-component").await;
    let unknown = refused(
        std::fs::read(guest("unknown-import")).expect("the guest"),
        422,
        "unknown-import",
    )
    .await;
    assert!(
        unknown["remedy"]
            .as_str()
            .is_some_and(|remedy| !remedy.is_empty()),
        "{unknown}"
    );
    refused(
        std::fs::read(guest("lying-schema")).expect("the guest"),
        422,
        "bad-description",
    )
    .await;
    // Nothing of this is there, and what was there still is.
    server
        .get("~/components/x")
        .await
        .problem(404, "component-not-found");
    server
        .put_component("no/name", echo.clone())
        .await
        .problem(404, "path-not-found");
    server
        .put_component("NO%20NAME", echo)
        .await
        .problem(422, "bad-name");
    server.call("echo__echo", json!({})).await.ok();
}

#[tokio::test]
async fn a_component_of_a_hundred_megabytes_is_refused() {
    let server = Server::with_guests(&["echo"]);
    let large = vec![0; 100 << 20];
    let put = server
        .request("PUT", "~/components/large")
        .header("content-type", "application/wasm")
        .body(large)
        .send();
    // The server answers and closes before the body is through; a client that goes on writing may only see the latter.
    if let Ok(response) = put.await {
        assert_eq!(response.status().as_u16(), 413);
    }
    server
        .get("~/components/large")
        .await
        .problem(404, "component-not-found");
    server.call("echo__echo", json!({})).await.ok();
}

#[tokio::test]
async fn a_stray_file_in_a_directory_of_components_is_told_and_left_out() {
    let dir = tempfile::TempDir::new().expect("a directory");
    caxton_tests::write(
        dir.path(),
        &[
            ("tools/echo.wasm", ""),
            ("tools/broken.wasm", "not wasm at all"),
        ],
    );
    let server = Server::start(dir, &["--components", "tools"]);
    let listed = server.get("~/components").await.ok();
    assert_eq!(listed["components"][0]["name"], "echo");
    assert_eq!(
        (&listed["refused"][0]["name"], &listed["refused"][0]["code"]),
        (&"broken".into(), &"not-wasm".into())
    );
}
