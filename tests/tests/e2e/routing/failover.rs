//! What becomes of a message whose agent fails.

use caxton_tests::{Gate, ModelServer, Say, Server, Stream};
use serde_json::{Value, json};

use super::{charting, desk, text};

const OFFER: &str = "capabilities = [\"charting\"]\n";

/// Two agents that say the same of themselves; with nothing to do, `a` comes first.
fn twins(upstream: &ModelServer) -> Server {
    let offer = format!("{OFFER}tools = [\"calc__*\"]\n");
    desk(
        upstream,
        "",
        &[charting("a", &offer), charting("b", &offer)],
    )
}

/// What the model of `a` says, where that of `b` answers.
fn upstream(a: impl Fn(&Value) -> Say + Send + Sync + 'static) -> ModelServer {
    ModelServer::answering(move |request| match request["model"].as_str() {
        Some("a") => Some(a(request)),
        _ => Some(Say::text(&["a pie"])),
    })
}

fn message() -> Value {
    json!({ "capability": "charting", "content": "A pie, please" })
}

async fn stream(server: &Server) -> Vec<(String, Value)> {
    let mut stream = Stream::open(server.request("POST", "~/messages").json(&message())).await;
    let told = stream.rest().await;
    told.into_iter()
        .map(|told| (told.name, told.data))
        .collect()
}

#[tokio::test]
async fn another_agent_answers_where_the_first_fails_before_it_acts() {
    let upstream = upstream(|_| Say::refuse(401, "Who are you?"));
    let server = twins(&upstream);
    let route = server.post("~/route", &message()).await.ok();
    assert_eq!(
        (&route["agent"], &route["stand_ins"][0]["agent"]),
        (&json!("a"), &json!("b"))
    );
    let told = stream(&server).await;
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["route", "route", "delta", "done"]);
    let (first, second) = (&told[0].1, &told[1].1);
    assert_eq!(
        (&first["agent"], &second["agent"]),
        (&json!("a"), &json!("b"))
    );
    assert_eq!(first["turn"], second["turn"]);
    let reason = text(&second["reason"]);
    assert!(
        reason.contains("`a` failed before it had acted") && reason.contains("Who are you?"),
        "{reason}"
    );
    let done = &told[3].1;
    assert_eq!(
        (&done["agent"], &done["content"]),
        (&json!("b"), &json!("a pie"))
    );
    assert_eq!(done["receipt"]["http_requests"], 2);

    // On disk it is one turn of one conversation.
    let id = text(&done["id"]);
    let turn = server.get(&format!("~/turns/{id}")).await.ok();
    assert_eq!(
        (&turn["agent"], &turn["answer"]["agent"]),
        (&json!("b"), &json!("b"))
    );
    let path = format!("~/conversations/{}", text(&done["conversation"]));
    let transcript = server.get(&path).await.ok();
    assert_eq!(transcript["agent"], "b", "{transcript}");
    assert_eq!(
        transcript["messages"].as_array().map(Vec::len),
        Some(2),
        "{transcript}"
    );

    // The one that failed is asked only where nobody else is there.
    let failed = server.get("~/agents/a").await.ok();
    assert_eq!(
        (&failed["state"], &failed["counters"]["failures"]),
        (&json!("failed"), &json!(1))
    );
    let asked = upstream.seen().requests.len();
    assert_eq!(
        server.post("~/messages", &message()).await.ok()["agent"],
        "b"
    );
    assert_eq!(upstream.seen().requests.len(), asked + 1);
}

#[tokio::test]
async fn a_conversation_goes_on_with_who_stood_in() {
    let upstream = upstream(|_| Say::refuse(401, "Who are you?"));
    let server = twins(&upstream);
    let first = server.post("~/messages", &message()).await.ok();
    assert_eq!(first["agent"], "b", "{first}");
    let body = json!({ "conversation": first["conversation"], "content": "And a bar?" });
    let second = server.post("~/messages", &body).await.ok();
    assert_eq!(second["agent"], "b", "{second}");
    // A message to somebody else is no reason to change with whom it is.
    let body = json!({ "conversation": first["conversation"], "content": "A pie", "to": "a" });
    let refused = server.post("~/messages", &body).await;
    refused.problem(502, "provider-auth");
    let path = format!("~/conversations/{}", text(&first["conversation"]));
    assert_eq!(server.get(&path).await.ok()["agent"], "b");
    let models = upstream.seen().requests;
    let models: Vec<&str> = models.iter().map(|one| text(&one["model"])).collect();
    assert_eq!(models, ["a", "b", "b", "a"]);
}

#[tokio::test]
async fn who_stands_in_is_streamed_to_clients_of_openai_too() {
    let upstream = ModelServer::answering(|request| match request["model"].as_str() {
        Some("a") => Some(Say::refuse(401, "Who are you?")),
        _ => Some(Say::text(&["a ", "pie"])),
    });
    let server = twins(&upstream);
    let user = json!([{ "role": "user", "content": "A pie, please" }]);
    for (path, asked) in [
        ("/v1/chat/completions", "messages"),
        ("/v1/responses", "input"),
    ] {
        let body = json!({ "model": "auto", asked: user, "stream": true });
        let answer = server.post(path, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        for piece in ["\"a \"", "\"pie\""] {
            assert!(
                answer.text.contains(piece),
                "{path} {piece}: {}",
                answer.text
            );
        }
    }
}

#[tokio::test]
async fn nobody_stands_in_for_an_agent_that_has_acted_or_was_named() {
    let upstream = upstream(|request| match request["messages"].as_array() {
        Some(messages) if messages.iter().any(|one| one["role"] == "tool") => {
            Say::refuse(401, "Who are you?")
        }
        _ => Say::calls(&[("c", "calc__evaluate", json!({ "expression": "1+1" }))]),
    });
    let server = twins(&upstream);
    let answer = server.post("~/messages", &message()).await;
    let problem = answer.problem(502, "provider-auth");
    assert_eq!(problem["agent"], "a", "{problem}");
    let named = upstream_refusing_all();
    let server = twins(&named);
    let body = json!({ "to": "a", "content": "A pie, please" });
    server
        .post("~/messages", &body)
        .await
        .problem(502, "provider-auth");
    assert_eq!(named.seen().requests.len(), 1);
    // Where all fail, the last one says why.
    let answer = server.post("~/messages", &message()).await;
    answer.problem(502, "provider-auth");
    assert_eq!(named.seen().requests.len(), 3);
}

fn upstream_refusing_all() -> ModelServer {
    ModelServer::answering(|_| Some(Say::refuse(401, "Who are you?")))
}

#[tokio::test]
async fn an_agent_that_was_asked_by_another_is_stood_in_for() {
    let upstream = ModelServer::answering(|request| match request["model"].as_str() {
        Some("chief") if request["messages"].as_array()?.len() == 2 => Some(Say::calls(&[(
            "c",
            "ask_agent",
            json!({ "capability": "charting", "message": "A pie" }),
        )])),
        Some("chief") => Some(Say::text(&["here it is"])),
        Some("a") => Some(Say::refuse(401, "Who are you?")),
        _ => Some(Say::text(&["a pie"])),
    });
    let agents = [
        charting("a", OFFER),
        charting("b", OFFER),
        charting("chief", ""),
    ];
    let server = desk(&upstream, "", &agents);
    let body = json!({ "to": "chief", "content": "Draw" });
    let answer = server.post("~/messages", &body).await.ok();
    assert_eq!(answer["tool_calls"][0]["text"], "a pie", "{answer}");
    // What the failed request cost is in the receipt of the turn that waited.
    assert_eq!(answer["receipt"]["http_requests"], 4, "{answer}");
}

#[tokio::test]
async fn agents_that_would_ask_each_other_in_a_circle_are_told_so() {
    let ask = |capability: &str| {
        Say::calls(&[(
            "c",
            "ask_agent",
            json!({ "capability": capability, "message": "Yours?" }),
        )])
    };
    let upstream = ModelServer::answering(move |request| {
        let messages = request["messages"].as_array()?;
        let told = messages.iter().find(|one| one["role"] == "tool");
        Some(match (request["model"].as_str()?, told) {
            ("chief", None) => ask("charting"),
            ("a", None) => ask("deciding"),
            (_, Some(told)) => Say::text(&[told["content"].as_str()?]),
            _ => return None,
        })
    });
    let agents = [
        charting("a", OFFER),
        charting("chief", "capabilities = [\"deciding\"]\n"),
        // With nobody else to ask, the tool for it would not be offered.
        charting("poet", "capabilities = [\"poetry\"]\n"),
    ];
    let server = desk(&upstream, "", &agents);
    let body = json!({ "to": "chief", "content": "Decide" });
    let answer = server.post("~/messages", &body).await.ok();
    assert!(
        text(&answer["content"]).contains("only by agents that wait for this very answer"),
        "{answer}"
    );
}

#[tokio::test]
async fn who_stands_in_goes_on_after_a_restart() {
    let gate = Gate::default();
    let held = gate.clone();
    let upstream = ModelServer::answering(move |request| match request["model"].as_str() {
        Some("a") => Some(Say::refuse(401, "Who are you?")),
        _ => Some(Say::text(&["half ", "whole"]).held(&held)),
    });
    let server = twins(&upstream);
    let mut events = Stream::open(server.request("POST", "~/messages").json(&message())).await;
    let route = events.until("route").await.data;
    let turn = format!("~/turns/{}", text(&route["turn"]));
    let conversation = format!("~/conversations/{}", text(&route["conversation"]));
    events.until("delta").await;
    assert_eq!(server.get(&turn).await.ok()["agent"], "b");
    let server = Server::start(server.kill(), &[]);
    for path in [&turn, &conversation] {
        assert_eq!(server.get(path).await.ok()["agent"], "b", "{path}");
    }
    gate.open(9);
    let path = format!("{turn}/events");
    let mut events = Stream::open(server.request("GET", &path)).await;
    let told = events.rest().await;
    let done = &told.last().expect("an end").data;
    assert_eq!(
        (&done["agent"], &done["content"]),
        (&json!("b"), &json!("half whole")),
        "{told:?}"
    );
    let models: Vec<Value> = upstream
        .seen()
        .requests
        .iter()
        .map(|one| one["model"].clone())
        .collect();
    assert_eq!(models, ["a", "b", "b"]);
}
