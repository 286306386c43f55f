//! Agents, messages and conversations over HTTP, with the provider that needs no key.

use caxton_tests::{Answer, Server, answered};
use serde_json::{Value, json};

const ANALYST: &str = r#"
name = "analyst"
version = "1.0.0"
description = "Adds up numbers."
capabilities = ["arithmetic"]
tools = ["echo__*"]
system_prompt = "You add up numbers."
"#;

const WRITER: &str = r#"
name = "writer"
version = "1.0.0"
description = "Writes poems about the sea."
capabilities = ["poetry"]
system_prompt = "You write poems."
"#;

fn server() -> Server {
    let files = [
        ("caxton.toml", "name = \"desk\"\n"),
        ("agents/analyst.toml", ANALYST),
        ("agents/writer.toml", WRITER),
        ("components/echo.wasm", ""),
    ];
    Server::with_workspace(&files, &[])
}

/// The events of a stream: names and data.
fn events(answer: &Answer) -> Vec<(String, Value)> {
    let event = |block: &str| {
        let field = |name: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .map(|value| value.trim_start().to_owned())
        };
        Some((
            field("event:")?,
            serde_json::from_str(&field("data:")?).expect("JSON"),
        ))
    };
    answer.text.split("\n\n").filter_map(event).collect()
}

#[tokio::test]
async fn a_message_is_answered_and_kept() {
    let server = server();
    let answer = server
        .post("~/messages", &json!({ "to": "writer", "content": "Hello" }))
        .await
        .ok();
    assert_eq!(answer["agent"], "writer");
    assert!(
        answer["content"]
            .as_str()
            .is_some_and(|content| !content.is_empty()),
        "{answer}"
    );
    assert!(
        answer["tool_calls"].is_array() && answer["receipt"]["completions"].as_u64() >= Some(1),
        "{answer}"
    );
    let id = answer["conversation"]
        .as_str()
        .expect("a conversation")
        .to_owned();

    let on = server
        .post(
            "~/messages",
            &json!({ "content": "And again", "conversation": id }),
        )
        .await
        .ok();
    assert_eq!(
        (&on["conversation"], &on["agent"]),
        (&answer["conversation"], &"writer".into())
    );
    let transcript = server.get(&format!("~/conversations/{id}")).await.ok();
    let roles: Vec<_> = transcript["messages"]
        .as_array()
        .expect("messages")
        .iter()
        .map(|message| message["role"].clone())
        .collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    let listed = server.get("~/conversations?limit=1").await.ok();
    assert_eq!(listed["conversations"][0]["id"].as_str(), Some(id.as_str()));
    let agent = server.get("~/agents/writer").await.ok();
    assert_eq!(
        (&agent["state"], &agent["counters"]["messages"]),
        (&"ready".into(), &2.into())
    );
    assert!(agent["last_active_ms"].as_u64().is_some(), "{agent}");

    assert_eq!(
        answered(server.request("DELETE", &format!("~/conversations/{id}")))
            .await
            .status,
        204
    );
    server
        .get(&format!("~/conversations/{id}"))
        .await
        .problem(404, "conversation-not-found");
}

#[tokio::test]
async fn an_answer_can_be_had_as_it_comes() {
    let server = server();
    let request = server
        .request("POST", "~/messages")
        .header("accept", "text/event-stream")
        .json(&json!({ "capability": "poetry", "content": "Hello" }));
    let answer = answered(request).await;
    assert_eq!(
        (answer.status, answer.content_type.as_str()),
        (200, "text/event-stream")
    );
    let events = events(&answer);
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        (names.first(), names.last()),
        (Some(&"route"), Some(&"done")),
        "{names:?}"
    );
    assert_eq!(events[0].1["agent"], "writer");
    let text: String = events
        .iter()
        .filter(|(name, _)| name == "delta")
        .filter_map(|(_, data)| data["text"].as_str())
        .collect();
    let done = &events.last().expect("an event").1;
    assert_eq!(done["content"].as_str(), Some(text.as_str()));
}

#[tokio::test]
async fn a_message_that_nobody_can_answer_is_a_problem() {
    let server = server();
    let send = async |body: Value| server.post("~/messages", &body).await;
    let near = send(json!({ "to": "analist", "content": "x" }))
        .await
        .problem(404, "agent-not-found");
    assert!(
        near["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("`analyst`")),
        "{near}"
    );
    send(json!({ "capability": "cooking", "content": "x" }))
        .await
        .problem(404, "capability-not-found");
    send(json!({ "to": "writer", "content": "  " }))
        .await
        .problem(422, "empty-message");
    send(json!({ "to": "writer", "capability": "arithmetic", "content": "x" }))
        .await
        .problem(422, "two-recipients");
    send(json!({ "to": "writer", "content": "x".repeat((1 << 20) + 1) }))
        .await
        .problem(413, "message-too-long");
    send(json!({ "to": "writer", "content": "x", "conversation": "none" }))
        .await
        .problem(404, "conversation-not-found");
    let request = server
        .request("POST", "~/messages")
        .header("accept", "text/event-stream")
        .json(&json!({ "to": "nobody", "content": "x" }));
    answered(request).await.problem(404, "agent-not-found");
}

#[tokio::test]
async fn a_route_can_be_tried() {
    let server = server();
    let body = json!({ "content": "Write a poem about the sea" });
    let route = server.post("~/route", &body).await.ok();
    assert_eq!(
        (&route["agent"], &route["cached"]),
        (&"writer".into(), &false.into()),
        "{route}"
    );
    assert!(
        route["ranked"][0]["score"]
            .as_f64()
            .is_some_and(|score| score > 0.0),
        "{route}"
    );
    assert!(
        route["reason"]
            .as_str()
            .is_some_and(|reason| !reason.is_empty()),
        "{route}"
    );
    assert_eq!(server.post("~/route", &body).await.ok()["cached"], true);
    for empty in ["", " \n"] {
        server
            .post("~/route", &json!({ "content": empty }))
            .await
            .problem(422, "empty-message");
    }
}

#[tokio::test]
async fn agents_are_put_restarted_and_removed() {
    let server = server();
    let put = async |name: &str, toml: &str| {
        answered(
            server
                .request("PUT", &format!("~/agents/{name}"))
                .header("content-type", "application/toml")
                .body(toml.to_owned()),
        )
        .await
    };
    let added = put(
        "critic",
        &WRITER
            .replace("\"writer\"", "\"critic\"")
            .replace("poetry", "criticism"),
    )
    .await;
    assert_eq!(
        (added.status, &added.ok()["change"]),
        (201, &"added".into())
    );
    assert!(server.dir().join("agents/critic.toml").is_file());
    let names: Vec<_> = server.get("~/agents").await.ok()["agents"]
        .as_array()
        .expect("agents")
        .iter()
        .map(|agent| agent["name"].clone())
        .collect();
    assert_eq!(names, ["analyst", "critic", "writer"]);
    assert_eq!(
        answered(server.request("POST", "~/agents/critic/restart"))
            .await
            .ok()["counters"]["messages"],
        0
    );

    let faults = put("critic", "name = 7\ntolls = []\n")
        .await
        .problem(422, "invalid-workspace");
    let faults = faults["faults"].as_array().expect("faults").clone();
    assert!(faults.len() > 2, "{faults:?}");
    assert!(
        faults
            .iter()
            .all(|fault| fault["line"].as_u64().is_some() && fault["remedy"].as_str().is_some()),
        "{faults:?}"
    );
    put("other", WRITER).await.problem(422, "invalid-workspace");
    let broken = answered(
        server
            .request("PUT", "~/agents/critic")
            .header("content-type", "application/toml")
            .body(vec![0xff, 0xfe]),
    )
    .await;
    broken.problem(400, "invalid-utf8");

    assert_eq!(
        answered(server.request("DELETE", "~/agents/critic"))
            .await
            .status,
        204
    );
    server
        .get("~/agents/critic")
        .await
        .problem(404, "agent-not-found");
    assert!(!server.dir().join("agents/critic.toml").exists());
}

#[tokio::test]
async fn what_happens_can_be_followed_and_picked_up_again() {
    let server = server();
    let mut stream = server
        .request("GET", "~/events")
        .send()
        .await
        .expect("an answer");
    stream
        .chunk()
        .await
        .expect("it is open")
        .expect("a greeting");
    server.call("echo__echo", json!({ "n": 1 })).await.ok();
    let mut seen = String::new();
    while !seen.contains("event: tool_call") || !seen.ends_with("\n\n") {
        seen.push_str(&String::from_utf8_lossy(
            &stream.chunk().await.expect("it is open").expect("an event"),
        ));
    }
    let id = seen
        .lines()
        .find_map(|line| line.strip_prefix("id: "))
        .expect("an id")
        .to_owned();
    drop(stream);

    server.call("echo__sum", json!({ "n": 1 })).await.ok();
    let mut again = server
        .request("GET", "~/events")
        .header("last-event-id", &id)
        .send()
        .await
        .expect("an answer");
    let mut missed = String::new();
    while !missed.contains("echo__sum") {
        missed.push_str(&String::from_utf8_lossy(
            &again.chunk().await.expect("it is open").expect("an event"),
        ));
    }
    assert!(
        !missed.contains("echo__echo") && !missed.contains("event: gap"),
        "{missed}"
    );
    let wrong = answered(
        server
            .request("GET", "~/events")
            .header("last-event-id", "yesterday"),
    )
    .await;
    wrong.problem(400, "invalid-event-id");
    let old = server
        .request("GET", "~/events")
        .header("last-event-id", "1")
        .send()
        .await
        .expect("an answer");
    let mut old = old;
    let mut first = String::new();
    while !first.contains("event: ") {
        first.push_str(&String::from_utf8_lossy(
            &old.chunk().await.expect("it is open").expect("an event"),
        ));
    }
    assert!(first.contains("event: gap"), "{first}");
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_its_turn() {
    // A slow model: a provider whose address takes requests and never answers them.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let settings = format!(
        "name = \"desk\"\n[components.openai]\nsource = \"builtin:openai\"\nconfig = {{ base_url = \"http://127.0.0.1:{port}/v1\" }}\n[components.openai.grants]\nhttp = [\"http://127.0.0.1:{port}\"]\n"
    );
    let agent = WRITER.replace("version =", "model = \"openai/slow\"\nversion =");
    let server = Server::with_workspace(
        &[("caxton.toml", &settings), ("agents/writer.toml", &agent)],
        &[],
    );
    let mut stream = server
        .request("POST", "~/messages")
        .header("accept", "text/event-stream")
        .json(&json!({ "content": "Hello" }))
        .send()
        .await
        .expect("an answer");
    let first = stream.chunk().await.expect("it is open").expect("an event");
    assert!(String::from_utf8_lossy(&first).contains("event: route"));
    let (upstream, _) = listener.accept().expect("the model is asked");
    assert_eq!(server.get("~/agents/writer").await.ok()["state"], "busy");
    drop(stream);
    // The upstream sees its connection end, and the agent is free again.
    let until_closed =
        tokio::task::spawn_blocking(move || std::io::copy(&mut &upstream, &mut std::io::sink()));
    drop(until_closed.await);
    while server.get("~/agents/writer").await.ok()["state"] == "busy" {
        tokio::task::yield_now().await;
    }
}
