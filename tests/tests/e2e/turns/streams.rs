//! Following turns, coming back to them, and stopping them.

use caxton_tests::{Gate, ModelServer, Raw, Say};
use serde_json::json;

use super::{again, delete, desk, follow, hello, list, said, story, stream, text, turn};

#[tokio::test]
async fn what_a_model_writes_is_passed_on_before_it_has_written_all() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    upstream.says([Say::text(&["one ", "two ", "three"]).held(&gate)]);
    let mut events = stream(&server, &hello()).await;
    let route = events.next().await;
    assert_eq!(
        (route.name.as_str(), &route.data["agent"]),
        ("route", &json!("writer"))
    );
    for (place, piece) in ["one ", "two ", "three"].into_iter().enumerate() {
        if place > 0 {
            gate.open(1);
        }
        assert_eq!(events.until("delta").await.data["text"], piece);
        assert_eq!(upstream.seen().open, 1, "the upstream has not ended");
    }
    gate.open(1);
    assert_eq!(events.until("done").await.data["content"], "one two three");
    assert!(events.rest().await.is_empty());
}

#[tokio::test]
async fn a_client_that_comes_back_goes_on_where_it_was() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    let gate = Gate::default();
    upstream.says([Say::text(&["one ", "two ", "three"]).held(&gate)]);
    let mut events = stream(&server, &hello()).await;
    let id = text(&events.next().await.data["turn"]);
    let seen = events.until("delta").await;
    drop(events);

    let mut back = follow(&server, &id, Some(&seen.id)).await;
    gate.open(1);
    assert_eq!(back.until("delta").await.data["text"], "two ");
    gate.open(2);
    assert_eq!(story(&back.rest().await), ["delta three", "done"]);
    assert_eq!(upstream.seen().given_up, 0);

    let after = follow(&server, &id, Some(&seen.id)).await.rest().await;
    assert_eq!(story(&after), ["delta two ", "delta three", "done"]);
    let all = follow(&server, &id, None).await.rest().await;
    assert_eq!(
        story(&all),
        ["route", "delta one ", "delta two ", "delta three", "done"]
    );
    let mut ids: Vec<_> = all.iter().map(|told| told.id.clone()).collect();
    assert_eq!(ids[1], seen.id);
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all.len(), "{all:?}");
    let wrong = follow(&server, &id, Some("yesterday")).await.rest().await;
    assert_eq!(story(&wrong)[..2], ["reset", "route"]);

    // Another server tells the same turn from its beginning.
    let server = again(server);
    let anew = follow(&server, &id, Some(&seen.id)).await.rest().await;
    assert_eq!(
        story(&anew),
        ["reset", "route", "delta one two three", "done"]
    );
    assert_eq!(
        turn(&server, &id).await["answer"]["content"],
        "one two three"
    );
}

#[tokio::test]
async fn a_turn_that_is_cancelled_stops_its_model() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    for say in [
        Say::text(&["one ", "two"]).held(&Gate::default()),
        Say::nothing(),
    ] {
        let before = upstream.seen();
        upstream.says([say]);
        let mut events = stream(&server, &hello()).await;
        let id = text(&events.next().await.data["turn"]);
        upstream.asked(before.requests.len() + 1).await;
        assert_eq!(delete(&server, &format!("~/turns/{id}")).await.status, 204);
        let told = events.rest().await;
        let last = told.last().expect("an end");
        assert_eq!(
            (last.name.as_str(), &last.data["code"]),
            ("error", &json!("cancelled"))
        );
        upstream
            .until(|seen| seen.given_up == before.given_up + 1)
            .await;
        assert_eq!(turn(&server, &id).await["status"], "cancelled");
        assert_eq!(server.get("~/agents/writer").await.ok()["state"], "ready");
        // It stays so, and cancelling it again changes nothing.
        assert_eq!(delete(&server, &format!("~/turns/{id}")).await.status, 204);
    }
    upstream.says([Say::text(&["done"])]);
    let answer = server.post("~/messages", &hello()).await.ok();
    let id = text(&answer["id"]);
    assert_eq!(delete(&server, &format!("~/turns/{id}")).await.status, 204);
    assert_eq!(turn(&server, &id).await["status"], "done");
    delete(&server, "~/turns/nothing")
        .await
        .problem(404, "turn-not-found");
}

#[tokio::test]
async fn a_client_that_goes_away_stops_the_model() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", "");
    upstream.says([
        Say::text(&["one ", "two"]).held(&Gate::default()),
        Say::nothing(),
    ]);
    let mut events = stream(&server, &hello()).await;
    let id = text(&events.next().await.data["turn"]);
    events.until("delta").await;
    drop(events);
    upstream.until(|seen| seen.given_up == 1).await;
    let told = follow(&server, &id, None).await.rest().await;
    assert_eq!(told.last().expect("an end").data["code"], "cancelled");

    let mut raw = Raw::connect(&server.url);
    let body = hello().to_string();
    raw.send(format!(
        "POST /api/v1/workspaces/default/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ));
    upstream.asked(2).await;
    drop(raw);
    upstream.until(|seen| seen.given_up == 2).await;
    let listed = server.get("~/conversations").await.ok();
    for conversation in list(&listed["conversations"]) {
        let message = said(&server, &text(&conversation["id"])).await.remove(0);
        let id = text(&message["turn"]);
        follow(&server, &id, None).await.rest().await;
        assert_eq!(turn(&server, &id).await["status"], "cancelled");
    }
}

#[tokio::test]
async fn a_turn_that_is_cancelled_stops_its_tools() {
    let upstream = ModelServer::start();
    let files = [
        (
            "caxton.toml",
            super::settings(
                &upstream,
                "[components.hostile.limits]\ntime = \"20s\"\nfuel = 1_000_000_000_000\n",
            ),
        ),
        ("components/hostile.wasm", String::new()),
        (
            "agents/writer.toml",
            "name = \"writer\"\ndescription = \"Helps.\"\ntools = [\"hostile__loop\"]\n".to_owned(),
        ),
    ];
    let server = super::start(&files);
    upstream.says([Say::calls(&[("c", "hostile__loop", json!({}))])]);
    let mut events = stream(&server, &hello()).await;
    let id = text(&events.next().await.data["turn"]);
    events.until("tool_call").await;
    // This is answered when everything that the turn does has stopped.
    assert_eq!(delete(&server, &format!("~/turns/{id}")).await.status, 204);
    assert_eq!(
        events.rest().await.last().expect("an end").data["code"],
        "cancelled"
    );
    assert_eq!(server.get("~/agents/writer").await.ok()["state"], "ready");
}
