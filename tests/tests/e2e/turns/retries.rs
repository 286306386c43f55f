//! Sending a message again, and getting its answer later.

use caxton_tests::{Answer, Gate, ModelServer, Say, Server, answered};
use serde_json::{Value, json};

use super::{again, delete, desk, follow, hello, text, turn};

async fn keyed(server: &Server, key: &str, message: &Value) -> Answer {
    let request = server.request("POST", "~/messages").json(message);
    answered(request.header("idempotency-key", key)).await
}

#[tokio::test]
async fn an_answer_can_be_had_later() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    upstream.says([Say::text(&["one ", "two"]).held(&gate)]);
    let request = server.request("POST", "~/messages").json(&hello());
    let accepted = answered(request.header("prefer", "wait=0, respond-async")).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let running = accepted.ok();
    let place = accepted.headers["location"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(running["status"], "running");
    assert_eq!(
        place,
        format!("/api/v1/workspaces/default/turns/{}", text(&running["id"]))
    );
    assert_eq!(server.get(&place).await.ok()["status"], "running");
    gate.open(2);
    let events = follow(&server, &text(&running["id"]), None)
        .await
        .rest()
        .await;
    assert_eq!(events.last().expect("an end").name, "done");
    let done = server.get(&place).await.ok();
    assert_eq!(
        (&done["status"], &done["answer"]["content"]),
        (&json!("done"), &json!("one two"))
    );
}

#[tokio::test]
async fn a_message_that_is_sent_again_is_answered_once() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    upstream.says([Say::text(&["one ", "two"]).held(&gate)]);
    let (message, other) = (hello(), json!({ "to": "writer", "content": "Good bye" }));
    let open = async {
        upstream.asked(1).await;
        keyed(&server, "k", &other)
            .await
            .problem(422, "idempotency-key-reused");
        gate.open(2);
    };
    let (first, second, ()) = futures_util::join!(
        keyed(&server, "k", &message),
        keyed(&server, "k", &message),
        open
    );
    let first = first.ok();
    assert_eq!(first, second.ok());
    assert_eq!(keyed(&server, "k", &message).await.ok(), first);
    keyed(&server, "k", &other)
        .await
        .problem(422, "idempotency-key-reused");
    keyed(&server, "", &message)
        .await
        .problem(400, "bad-idempotency-key");

    let server = again(server);
    let later = keyed(&server, "k", &message).await.ok();
    assert_eq!(
        (&later["id"], &later["content"]),
        (&first["id"], &first["content"])
    );
    keyed(&server, "k", &other)
        .await
        .problem(422, "idempotency-key-reused");
    assert_eq!(upstream.seen().requests.len(), 1);
    // Another key is another message, and so is the same one when its turn is deleted.
    upstream.says([Say::text(&["three"])]);
    assert_eq!(keyed(&server, "l", &message).await.ok()["content"], "three");
    let there = keyed(&server, "l", &message).await.ok();
    let path = format!("~/conversations/{}", text(&there["conversation"]));
    assert_eq!(delete(&server, &path).await.status, 204);
    upstream.says([Say::text(&["four"])]);
    assert_eq!(keyed(&server, "l", &other).await.ok()["content"], "four");
}

#[tokio::test]
async fn a_burst_of_the_same_message_is_one_turn() {
    let upstream = ModelServer::answering(|_| Some(Say::text(&["once"])));
    let server = desk(&upstream, "", "");
    // To nobody by name, so that an agent is looked for between the key and the turn.
    let message = json!({ "content": "Hello" });
    for round in 0..20 {
        let key = format!("k{round}");
        let all =
            futures_util::future::join_all((0..8).map(|_| keyed(&server, &key, &message))).await;
        for answer in &all {
            assert_eq!(answer.ok()["id"], all[0].ok()["id"], "{}", answer.text);
        }
        assert_eq!(upstream.seen().requests.len(), round + 1);
    }
}

#[tokio::test]
async fn a_message_that_failed_says_so_again() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    upstream.says([Say::refuse(400, "No.")]);
    let first = keyed(&server, "k", &hello())
        .await
        .problem(502, "provider-refused");
    let second = keyed(&server, "k", &hello())
        .await
        .problem(502, "provider-refused");
    assert_eq!(first["turn"], second["turn"]);
    assert_eq!(upstream.seen().requests.len(), 1);
    assert_eq!(
        turn(&server, &text(&first["turn"])).await["status"],
        "failed"
    );
}

#[tokio::test]
async fn a_keyed_message_goes_on_without_its_client() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    upstream.says([Say::text(&["one ", "two"]).held(&gate)]);
    let request = server.request("POST", "~/messages").json(&hello());
    let waiting = tokio::spawn(answered(request.header("idempotency-key", "k")));
    upstream.asked(1).await;
    waiting.abort();
    assert!(waiting.await.expect_err("it was aborted").is_cancelled());
    gate.open(2);
    assert_eq!(
        keyed(&server, "k", &hello()).await.ok()["content"],
        "one two"
    );
    assert_eq!(upstream.seen().given_up, 0);
}

#[tokio::test]
async fn openai_s_clients_get_the_same_answer_again_however_it_came_about() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let send = async |path: &str, key: &str, body: &Value| {
        let request = server.request("POST", path).json(body);
        answered(request.header("idempotency-key", key)).await
    };

    // What the model wrote before it broke off can't be taken back in the first stream; the second need not have it.
    for (path, member, last) in [
        ("/v1/chat/completions", "messages", "data: [DONE]"),
        ("/v1/responses", "input", "response.completed"),
    ] {
        let gate = Gate::default();
        let half = Say::text(&["half"]).held(&gate).broken();
        upstream.says([half, Say::text(&["whole"])]);
        let body = json!({ "model": "writer", "stream": true,
                           member: [{ "role": "user", "content": "Hello" }] });
        let request = server.request("POST", path).json(&body);
        let request = request.header("idempotency-key", path);
        let first = request.send().await.expect("it has begun");
        gate.open(1);
        let first = first.text().await.expect("it ends");
        assert!(
            first.contains("half") && !first.contains("whole"),
            "{first}"
        );
        // It ends in the background.
        let again = loop {
            let again = send(path, path, &body).await;
            if again.text.contains("whole") {
                break again;
            }
        };
        assert!(again.text.contains(last), "{}", again.text);
        assert!(!again.text.contains("half"), "{}", again.text);
        assert!(!again.text.contains("error\":{"), "{}", again.text);
    }
    assert_eq!(upstream.seen().requests.len(), 4);

    // What it goes on from may be gone.
    upstream.says([Say::text(&["one"]), Say::text(&["two"])]);
    let body = json!({ "model": "writer", "input": "Hello" });
    let first = send("/v1/responses", "first", &body).await.ok();
    let body = json!({ "model": "writer", "input": "And?", "previous_response_id": first["id"] });
    let second = send("/v1/responses", "second", &body).await.ok();
    assert_eq!(delete(&server, "~/agents/writer").await.status, 204);
    let again = send("/v1/responses", "second", &body).await.ok();
    assert_eq!(again["id"], second["id"]);
    assert_eq!(upstream.seen().requests.len(), 6);
}
