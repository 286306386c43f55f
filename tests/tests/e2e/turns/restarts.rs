//! Turns that a server left unfinished when it was killed.

use caxton_tests::{Gate, ModelServer, Say, Server};
use serde_json::{Value, json};

use super::{again, asked, follow, hello, said, settings, start, story, stream, text, turn};

/// A server whose `writer` keeps a ledger and loses itself in loops.
fn ledger(upstream: &ModelServer) -> Server {
    let more = "[components.ledger.grants]\nstate = true\n[components.hostile.limits]\ntime = \"20s\"\nfuel = 1_000_000_000_000\n[components.echo.limits]\ntime = \"2s\"\nfuel = 100_000_000_000\n";
    let agent = "name = \"writer\"\ndescription = \"Helps.\"\ntools = [\"ledger__*\", \"hostile__loop\", \"echo__*\"]\n";
    start(&[
        ("caxton.toml", settings(upstream, more)),
        ("components/ledger.wasm", String::new()),
        ("components/hostile.wasm", String::new()),
        ("components/echo.wasm", String::new()),
        ("agents/writer.toml", agent.to_owned()),
    ])
}

async fn count(server: &Server, key: &str) -> Value {
    let counted = server
        .call("ledger__count", json!({ "key": key }))
        .await
        .ok();
    counted["content"][0]["text"].clone()
}

#[tokio::test]
async fn a_turn_is_taken_up_again_and_its_finished_calls_are_not() {
    let upstream = ModelServer::start();
    let server = ledger(&upstream);
    let enter = |id, key| (id, "ledger__enter", json!({ "key": key }));
    upstream.says([
        Say::calls(&[enter("a", "first"), enter("b", "second")]),
        Say::text(&["half ", "an answer"]).held(&Gate::default()),
        Say::text(&["both entered"]),
    ]);
    let mut events = stream(&server, &hello()).await;
    let route = events.next().await;
    let id = text(&route.data["turn"]);
    events.until("tool_result").await;
    events.until("tool_result").await;
    let half = events.until("delta").await;
    assert_eq!(half.data["text"], "half ");

    let server = again(server);
    let told = follow(&server, &id, Some(&half.id)).await.rest().await;
    let calls = ["tool_call", "tool_call", "tool_result", "tool_result"];
    let all: Vec<_> = ["reset", "route"].into_iter().chain(calls).collect();
    let told = story(&told);
    assert_eq!(told[..6], all[..]);
    assert_eq!(told[6..], ["delta both entered", "done"]);
    for key in ["first", "second"] {
        assert_eq!(count(&server, key).await, "1", "{key}");
    }
    let done = turn(&server, &id).await;
    assert_eq!(
        (&done["status"], &done["answer"]["receipt"]["tool_calls"]),
        (&json!("done"), &json!(2))
    );
    let transcript = said(&server, &text(&route.data["conversation"])).await;
    assert_eq!(
        super::roles(&transcript),
        ["user", "assistant", "tool", "assistant"]
    );
    let requests = upstream.seen().requests;
    assert_eq!(requests.len(), 3);
    assert_eq!(
        asked(&requests[1]),
        asked(&requests[2]),
        "it is asked the same again"
    );
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_made_again_only_where_that_does_no_harm() {
    let cases = [
        ("hostile__loop", json!({}), true),
        ("echo__fib", json!({ "n": 45 }), false),
    ];
    for (tool, arguments, uncertain) in cases {
        let upstream = ModelServer::start();
        let server = ledger(&upstream);
        upstream.says([Say::calls(&[("a", tool, arguments)]), Say::text(&["well"])]);
        let mut events = stream(&server, &hello()).await;
        let id = text(&events.next().await.data["turn"]);
        events.until("tool_call").await;
        let server = again(server);
        let told = follow(&server, &id, None).await.rest().await;
        let result = told
            .iter()
            .find(|told| told.name == "tool_result")
            .expect("a result");
        let says = text(&result.data["text"]);
        assert_eq!(
            says.contains("not known whether it took effect"),
            uncertain,
            "{tool}: {says}"
        );
        assert_eq!(
            turn(&server, &id).await["answer"]["content"],
            "well",
            "{tool}"
        );
    }
}

#[tokio::test]
async fn a_turn_during_which_the_server_always_ends_is_given_up() {
    let upstream = ModelServer::start();
    let mut server = ledger(&upstream);
    upstream.says((0..4).map(|_| Say::nothing()));
    let mut events = stream(&server, &hello()).await;
    let id = text(&events.next().await.data["turn"]);
    for times in 1..=3 {
        upstream.asked(times).await;
        assert_eq!(turn(&server, &id).await["status"], "running");
        server = again(server);
    }
    let given_up = turn(&server, &id).await;
    assert_eq!(
        (&given_up["status"], &given_up["error"]["code"]),
        (&json!("interrupted"), &json!("interrupted"))
    );
    assert_eq!(upstream.seen().requests.len(), 3);
}

#[tokio::test]
async fn the_turn_of_an_agent_that_was_asked_is_taken_up_by_the_one_that_waits() {
    let upstream = ModelServer::start();
    let more = "[components.ledger.grants]\nstate = true\n";
    let server = start(&[
        ("caxton.toml", settings(&upstream, more)),
        ("components/ledger.wasm", String::new()),
        ("agents/writer.toml", "name = \"writer\"\ndescription = \"Helps.\"\n".to_owned()),
        (
            "agents/clerk.toml",
            "name = \"clerk\"\ndescription = \"Helps.\"\ncapabilities = [\"keeping\"]\ntools = [\"ledger__*\"]\n".to_owned(),
        ),
    ]);
    let ask = json!({ "capability": "keeping", "message": "Enter it." });
    upstream.says([
        Say::calls(&[("a", "ask_agent", ask)]),
        Say::calls(&[("a", "ledger__enter", json!({ "key": "it" }))]),
        Say::nothing(),
        Say::text(&["entered"]),
        Say::text(&["it is done"]),
    ]);
    let mut events = stream(&server, &hello()).await;
    let id = text(&events.next().await.data["turn"]);
    let below = text(&events.until("route").await.data["turn"]);
    events.until("tool_result").await;
    upstream.asked(3).await;
    assert_eq!(turn(&server, &below).await["status"], "running");

    let server = again(server);
    follow(&server, &id, None).await.rest().await;
    let done = turn(&server, &id).await;
    assert_eq!(done["answer"]["content"], "it is done", "{done}");
    assert_eq!(turn(&server, &below).await["answer"]["content"], "entered");
    assert_eq!(count(&server, "it").await, "1");
    assert_eq!(done["answer"]["receipt"]["completions"], 4);
    assert_eq!(upstream.seen().requests.len(), 5);

    // One that is cancelled takes those down that it waits for.
    upstream.says([
        Say::calls(&[(
            "a",
            "ask_agent",
            json!({ "capability": "keeping", "message": "Enter it." }),
        )]),
        Say::nothing(),
    ]);
    let mut events = stream(&server, &hello()).await;
    let id = text(&events.next().await.data["turn"]);
    let below = text(&events.until("route").await.data["turn"]);
    upstream.asked(7).await;
    assert_eq!(
        super::delete(&server, &format!("~/turns/{id}"))
            .await
            .status,
        204
    );
    upstream.until(|seen| seen.given_up >= 2).await;
    let server = again(server);
    assert_eq!(turn(&server, &below).await["status"], "cancelled");
}
