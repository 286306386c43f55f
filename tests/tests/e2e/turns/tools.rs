//! Agents that may call more tools than a request has room for.

use caxton_tests::{Gate, ModelServer, Say, Server};
use serde_json::{Value, json};

use super::{again, desk, list, text};

const AGENT: &str =
    "tools_max = 3\ntools = [\"calc__*\", \"chart__*\", \"csv__*\", \"json__*\", \"time__*\"]\n";

/// The names of the tools that a request offers, in their order.
fn offered(request: &Value) -> Vec<String> {
    let tools = list(&request["tools"]);
    tools
        .iter()
        .map(|tool| text(&tool["function"]["name"]))
        .collect()
}

fn message(content: &str) -> Value {
    json!({ "to": "writer", "content": content })
}

fn find(id: &str, purpose: &str) -> Say {
    Say::calls(&[(id, "find_tools", json!({ "purpose": purpose }))])
}

/// Waits until the model of meanings is read, without which words decide alone.
async fn with_meanings(server: Server) -> Server {
    while server.get("/ready").await.ok()["embeddings"] == "loading" {
        tokio::task::yield_now().await;
    }
    server
}

#[tokio::test]
async fn the_best_tools_for_a_message_are_on_offer_and_others_are_found() {
    let upstream = ModelServer::start();
    let server = with_meanings(desk(&upstream, "", AGENT)).await;
    upstream.says([
        find("a", "what time is it in Tokyo"),
        Say::calls(&[("b", "time__now", json!({}))]),
        Say::text(&["Late."]),
        Say::calls(&[("c", "csv__nothing", json!({}))]),
        Say::text(&["Done."]),
    ]);
    let draw = server
        .post("~/messages", &message("Draw me a bar chart of the sales"))
        .await
        .ok();
    let calls = list(&draw["tool_calls"]);
    let names: Vec<&str> = calls
        .iter()
        .filter_map(|call| call["name"].as_str())
        .collect();
    assert_eq!(names, ["find_tools", "time__now"], "{draw:#}");
    assert!(
        calls.iter().all(|call| call["is_error"] == false),
        "{draw:#}"
    );
    assert_eq!(draw["receipt"]["tool_calls"], 1, "{draw:#}");

    let requests = upstream.seen().requests;
    let first = offered(&requests[0]);
    assert_eq!(first.len(), 4, "{first:?}");
    assert!(
        first.iter().any(|name| name == "chart__render"),
        "{first:?}"
    );
    assert_eq!(first[3], "find_tools");
    // What is found comes behind what was there, and is told with its name.
    let later = offered(&requests[1]);
    assert_eq!(later[..4], first, "{later:?}");
    assert!(
        later[4..].iter().any(|name| name == "time__now"),
        "{later:?}"
    );
    let told = text(&list(&requests[1]["messages"])[3]["content"]);
    assert!(told.contains("\n- time__now: "), "{told}");
    assert!(told.contains("describe in other words"), "{told}");
    assert_eq!(offered(&requests[2]), later);

    // What a conversation has used it can use again, whatever the next words are.
    let more =
        json!({ "to": "writer", "content": "And now?", "conversation": draw["conversation"] });
    let more = server.post("~/messages", &more).await.ok();
    let unknown = text(&more["tool_calls"][0]["text"]);
    assert!(unknown.ends_with("`find_tools` finds more"), "{unknown}");
    let requests = upstream.seen().requests;
    let again = offered(&requests[3]);
    assert!(again.iter().any(|name| name == "time__now"), "{again:?}");
    assert_eq!(again.len(), 4, "{again:?}");
}

#[tokio::test]
async fn what_was_found_is_still_on_offer_after_the_server_was_killed() {
    let upstream = ModelServer::start();
    let server = with_meanings(desk(&upstream, "", AGENT)).await;
    let gate = Gate::default();
    upstream.says([
        find("a", "difference of two JSON documents"),
        Say::text(&["Wait", " for it."]).held(&gate),
        Say::text(&["Here."]),
    ]);
    let asked = message("Which columns does the table have?");
    let turn = super::stream(&server, &asked).await;
    upstream.asked(2).await;
    let server = again(server);
    drop(turn);
    let requests = upstream.asked(3).await.requests;
    let found = offered(&requests[1]);
    assert!(found.iter().any(|name| name == "json__diff"), "{found:?}");
    assert_eq!(offered(&requests[2]), found);
    drop(server);
}

#[tokio::test]
async fn few_tools_are_all_on_offer() {
    let upstream = ModelServer::start();
    let server = desk(&upstream, "", &AGENT.replace("= 3", "= 90"));
    upstream.says([Say::text(&["Hello."])]);
    server.post("~/messages", &message("Hello")).await.ok();
    let offered = offered(&upstream.seen().requests[0]);
    assert!(offered.len() > 12, "{offered:?}");
    assert!(
        !offered.iter().any(|name| name == "find_tools"),
        "{offered:?}"
    );
}
