//! The Model Context Protocol from outside, beyond what the official suite asks: what is refused, what may not be forged, and
//! that both surfaces and both eras of the protocol lead to the same tools.

use caxton_tests::{Answer, Raw, Server, answered, caxton, guest, write};
use serde_json::{Value, json};

/// A workspace with the suite's fixtures, by their bare names.
const FIXTURES: &[(&str, &str)] = &[
    (
        "caxton.toml",
        "name = \"w\"\n\n[components.conformance]\nsource = \"components/conformance.wasm\"\nprefix = \"\"\n",
    ),
    ("components/conformance.wasm", ""),
];

const STATELESS: &str = "2026-07-28";
const WITH_SESSIONS: &str = "2025-11-25";

/// A request of a client without sessions, which can do all that a component may ask of one.
pub(super) fn request(server: &Server, method: &str, params: Value) -> reqwest::RequestBuilder {
    request_of(
        server,
        method,
        params,
        json!({ "elicitation": {}, "sampling": {}, "roots": {} }),
    )
}

fn request_of(
    server: &Server,
    method: &str,
    mut params: Value,
    capabilities: Value,
) -> reqwest::RequestBuilder {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": STATELESS,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    });
    let request = post(
        server,
        &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }),
    );
    let request = request
        .header("mcp-protocol-version", STATELESS)
        .header("mcp-method", method);
    match params["name"].as_str().or(params["uri"].as_str()) {
        Some(name) => request.header("mcp-name", name.to_owned()),
        None => request,
    }
}

fn post(server: &Server, message: &Value) -> reqwest::RequestBuilder {
    server
        .request("POST", "/mcp")
        .header("accept", "application/json, text/event-stream")
        .json(message)
}

async fn result(server: &Server, method: &str, params: Value) -> Value {
    let body = answered(request(server, method, params)).await.ok();
    assert!(body["error"].is_null(), "{body}");
    body["result"].clone()
}

/// The JSON-RPC error of an answer.
fn error(answer: &Answer) -> (i64, String) {
    let body = answer.json();
    let code = body["error"]["code"]
        .as_i64()
        .unwrap_or_else(|| panic!("no error: {body}"));
    (
        code,
        body["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    )
}

fn text(result: &Value) -> &str {
    result["content"][0]["text"]
        .as_str()
        .unwrap_or_else(|| panic!("no text: {result}"))
}

#[tokio::test]
async fn pages_of_other_sites_can_not_call_tools() {
    let server = Server::with_workspace(FIXTURES, &[]);
    let list = || request(&server, "tools/list", json!({}));
    for origin in [
        "https://evil.example",
        "http://localhost.evil.example",
        "null",
        "file://",
    ] {
        assert_eq!(
            answered(list().header("origin", origin)).await.status,
            403,
            "{origin}"
        );
    }
    assert_eq!(
        answered(list().header("host", "evil.example")).await.status,
        403
    );
    answered(list().header("origin", server.url.clone()))
        .await
        .ok();
}

#[tokio::test]
async fn arguments_and_results_must_fit_their_schemas() {
    let server = Server::with_workspace(FIXTURES, &[]);
    let call = |arguments: Value| {
        result(
            &server,
            "tools/call",
            json!({ "name": "test_structured", "arguments": arguments }),
        )
    };

    let sum = call(json!({ "numbers": [1, 2.5] })).await;
    assert_eq!(
        (&sum["structuredContent"], &sum["isError"]),
        (&json!({ "sum": 3.5 }), &json!(false)),
        "{sum}"
    );

    for (arguments, told) in [
        (json!({}), "\"numbers\" is a required property"),
        (
            json!({ "numbers": "1, 2" }),
            "/numbers: \"1, 2\" is not of type \"array\"",
        ),
        (json!({ "numbers": [], "more": 1 }), "'more' was unexpected"),
    ] {
        let refused = call(arguments).await;
        assert_eq!(refused["isError"], true, "{refused}");
        assert_eq!(
            refused["_meta"]["caxton/code"], "invalid-arguments",
            "{refused}"
        );
        assert!(text(&refused).contains(told), "{refused}");
    }

    let lie = call(json!({ "numbers": [1], "lie": true })).await;
    assert_eq!(
        (&lie["isError"], &lie["_meta"]["caxton/code"]),
        (&json!(true), &json!("invalid-output")),
        "{lie}"
    );
    assert!(
        text(&lie).contains("does not fit its own output schema: /sum")
            && lie["structuredContent"].is_null(),
        "{lie}"
    );

    let unknown = answered(request(
        &server,
        "tools/call",
        json!({ "name": "test_structure", "arguments": {} }),
    ))
    .await;
    let (code, message) = error(&unknown);
    assert_eq!(code, -32602);
    assert!(
        message.contains("did you mean `test_structured`?"),
        "{message}"
    );
}

#[tokio::test]
async fn state_is_taken_back_only_as_it_was_given_and_for_the_same_call() {
    let server = Server::with_workspace(FIXTURES, &[]);
    let confirm = json!({ "confirm": { "action": "accept", "content": { "ok": true } } });
    let tool = "test_input_required_result_tampered_state";
    let asked = result(
        &server,
        "tools/call",
        json!({ "name": tool, "arguments": {} }),
    )
    .await;
    assert_eq!(
        (
            &asked["resultType"],
            &asked["inputRequests"]["confirm"]["method"]
        ),
        (&json!("input_required"), &json!("elicitation/create")),
        "{asked}"
    );
    let state = asked["requestState"].as_str().expect("state").to_owned();

    let again = |tool: &str, state: String| {
        request(
            &server,
            "tools/call",
            json!({ "name": tool, "arguments": {}, "inputResponses": confirm, "requestState": state }),
        )
    };
    let done = answered(again(tool, state.clone())).await.ok();
    assert_eq!(text(&done["result"]), "state-ok: round 1");

    let other_state = result(
        &server,
        "tools/call",
        json!({ "name": "test_input_required_result_request_state", "arguments": {} }),
    )
    .await;
    let other_state = other_state["requestState"]
        .as_str()
        .expect("state")
        .to_owned();
    for forged in [
        format!("{state}x"),
        state.replacen('.', ".A", 1),
        "round 1".to_owned(),
        String::new(),
        other_state,
    ] {
        let refused = answered(again(tool, forged.clone())).await;
        let (code, message) = error(&refused);
        assert_eq!(code, -32602, "{forged}");
        assert!(message.contains("`requestState`"), "{message}");
    }
    // What is missing is asked for again; what is no answer is an error.
    let missing = json!({ "name": "test_input_required_result_elicitation", "arguments": {}, "inputResponses": { "other": {} } });
    assert_eq!(
        result(&server, "tools/call", missing).await["resultType"],
        "input_required"
    );
    let nonsense = json!({ "name": "test_input_required_result_elicitation", "arguments": {}, "inputResponses": { "user_name": 5 } });
    assert_eq!(
        error(&answered(request(&server, "tools/call", nonsense)).await).0,
        -32602
    );
}

#[tokio::test]
async fn a_client_is_asked_only_what_it_can_answer() {
    let server = Server::with_workspace(FIXTURES, &[]);
    let call = |tool: &str, capabilities: Value| {
        request_of(
            &server,
            "tools/call",
            json!({ "name": tool, "arguments": {} }),
            capabilities,
        )
    };
    let refused = answered(call(
        "test_missing_capability",
        json!({ "elicitation": {} }),
    ))
    .await;
    assert_eq!((refused.status, error(&refused).0), (400, -32021));
    assert_eq!(
        refused.json()["error"]["data"]["requiredCapabilities"],
        json!({ "sampling": {} })
    );
    let some = answered(call(
        "test_input_required_result_capabilities",
        json!({ "sampling": {} }),
    ))
    .await
    .ok();
    let asked = some["result"]["inputRequests"]
        .as_object()
        .expect("questions");
    assert_eq!(asked.keys().collect::<Vec<_>>(), ["sample"]);
}

/// Reads events until one has a message that `wanted` accepts.
async fn event(
    stream: &mut reqwest::Response,
    text: &mut String,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    loop {
        while let Some((event, rest)) = text.split_once("\n\n") {
            let message = event
                .lines()
                .find_map(|line| line.strip_prefix("data:"))
                .and_then(|data| serde_json::from_str::<Value>(data).ok());
            *text = rest.to_owned();
            if let Some(message) = message.filter(&wanted) {
                return message;
            }
        }
        let chunk = stream
            .chunk()
            .await
            .expect("the stream goes on")
            .expect("the stream does not end before");
        text.push_str(
            std::str::from_utf8(&chunk)
                .expect("text")
                .replace('\r', "")
                .as_str(),
        );
    }
}

#[tokio::test]
async fn a_client_with_a_session_is_asked_on_it() {
    let server = Server::with_workspace(FIXTURES, &[]);
    let params = json!({ "protocolVersion": WITH_SESSIONS, "capabilities": { "elicitation": {} }, "clientInfo": { "name": "test", "version": "1" } });
    let begun = answered(post(
        &server,
        &json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }),
    ))
    .await;
    assert!(begun.text.contains(WITH_SESSIONS), "{}", begun.text);
    let session = begun.headers["mcp-session-id"]
        .to_str()
        .expect("text")
        .to_owned();
    let on_session = |message: Value| {
        post(&server, &message)
            .header("mcp-session-id", session.clone())
            .header("mcp-protocol-version", WITH_SESSIONS)
    };
    assert_eq!(
        answered(on_session(
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
        ))
        .await
        .status,
        202
    );

    let arguments = json!({ "message": "Who are you?" });
    let call = json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "test_elicitation", "arguments": arguments } });
    let mut stream = on_session(call).send().await.expect("an answer");
    let mut read = String::new();
    let question = event(&mut stream, &mut read, |message| {
        message["method"] == "elicitation/create"
    })
    .await;
    assert_eq!(question["params"]["message"], "Who are you?");
    let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept", "content": { "username": "Ada", "email": "ada@example.com" } } });
    assert_eq!(answered(on_session(answer)).await.status, 202);
    let done = event(&mut stream, &mut read, |message| message["id"] == 2).await;
    assert!(
        text(&done["result"]).contains("\"username\":\"Ada\""),
        "{done}"
    );

    // A client that can't be asked is told so, and the model with it.
    let call = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "test_sampling", "arguments": { "prompt": "x" } } });
    let mut stream = on_session(call).send().await.expect("an answer");
    let done = event(&mut stream, &mut String::new(), |message| {
        message["id"] == 3
    })
    .await;
    assert_eq!(
        done["result"]["_meta"]["caxton/code"], "client-capability-missing",
        "{done}"
    );

    assert!(
        answered(
            server
                .request("DELETE", "/mcp")
                .header("mcp-session-id", session.clone())
        )
        .await
        .status
            < 300
    );
    let gone = on_session(json!({ "jsonrpc": "2.0", "id": 4, "method": "tools/list" }));
    assert_eq!(answered(gone).await.status, 404);
}

#[tokio::test]
async fn a_client_that_listens_hears_of_new_tools() {
    let server = Server::with_workspace(FIXTURES, &[]);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let mut stream = request(&server, "subscriptions/listen", wanted)
        .send()
        .await
        .expect("an answer");
    let mut read = String::new();
    event(&mut stream, &mut read, |message| {
        message["method"] == "notifications/subscriptions/acknowledged"
    })
    .await;
    server
        .put_component("echo", std::fs::read(guest("echo")).expect("the guest"))
        .await
        .ok();
    event(&mut stream, &mut read, |message| {
        message["method"] == "notifications/tools/list_changed"
    })
    .await;
    let tools = result(&server, "tools/list", json!({})).await;
    assert!(
        tools["tools"]
            .as_array()
            .expect("tools")
            .iter()
            .any(|tool| tool["name"]
                .as_str()
                .is_some_and(|name| name.starts_with("echo__"))),
        "{tools}"
    );
}

#[tokio::test]
async fn bodies_that_are_huge_slow_or_no_messages_are_refused() {
    let server = Server::with_workspace(FIXTURES, &["--body-timeout", "300ms"]);
    let head = "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, text/event-stream\r\n";
    let huge = Raw::connect(&server.url)
        .send(format!("{head}content-length: 5000000000\r\n\r\n"))
        .rest();
    assert!(
        huge.starts_with("HTTP/1.1 413 ") && huge.contains("\"body-too-large\""),
        "{huge}"
    );
    let slow = Raw::connect(&server.url)
        .send(format!("{head}content-length: 20\r\n\r\n{{\"json"))
        .rest();
    assert!(
        slow.starts_with("HTTP/1.1 408 ") && slow.contains("\"body-timeout\""),
        "{slow}"
    );
    for (body, code) in [
        (&b""[..], -32700),
        (b"{", -32700),
        (b"{\"a\": \"\xc3\x28\"}", -32700),
        (b"null", -32600),
        (b"[]", -32600),
        (b"{\"jsonrpc\":\"2.0\"}", -32600),
    ] {
        let refused = answered(post(&server, &Value::Null).body(body)).await;
        assert_eq!(
            (refused.status, error(&refused).0),
            (400, code),
            "{}",
            refused.text
        );
    }
    let text = server
        .request("POST", "/mcp")
        .header("accept", "application/json, text/event-stream")
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(answered(text).await.status, 415);
    assert!(
        !result(&server, "tools/list", json!({})).await["tools"]
            .as_array()
            .expect("tools")
            .is_empty()
    );
}

#[test]
fn the_same_tools_are_there_on_standard_input_and_output() {
    let dir = tempfile::tempdir().expect("a directory");
    write(dir.path(), FIXTURES);
    let params = json!({ "protocolVersion": WITH_SESSIONS, "capabilities": {}, "clientInfo": { "name": "test", "version": "1" } });
    let lines = [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "test_structured", "arguments": { "numbers": [20, 22] } } }),
        json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "nothing", "arguments": {} } }),
    ];
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let out = caxton(dir.path(), &["mcp"], &input).ok();
    let messages: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let answer = |id: u64| {
        messages
            .iter()
            .find(|message| message["id"] == id)
            .unwrap_or_else(|| panic!("no answer to {id}: {out}"))
    };
    assert_eq!(answer(1)["result"]["protocolVersion"], WITH_SESSIONS);
    assert_eq!(
        answer(2)["result"]["structuredContent"],
        json!({ "sum": 42.0 })
    );
    assert_eq!(answer(3)["error"]["code"], -32602);
}

#[tokio::test]
async fn an_agent_is_a_tool() {
    let agent = "name = \"helper\"\nversion = \"1.0.0\"\ndescription = \"Helps.\"\nsystem_prompt = \"You help.\"\n";
    let files = &[
        ("caxton.toml", "name = \"w\"\n"),
        ("agents/helper.toml", agent),
    ];
    let server = Server::with_workspace(files, &[]);
    let ask = |arguments: Value| {
        result(
            &server,
            "tools/call",
            json!({ "name": "agent__helper", "arguments": arguments }),
        )
    };
    let first = ask(json!({ "message": "Hello, who are you?" })).await;
    assert_eq!(
        (&first["isError"], &first["structuredContent"]["agent"]),
        (&json!(false), &json!("helper")),
        "{first}"
    );
    assert_eq!(
        text(&first),
        first["structuredContent"]["content"],
        "{first}"
    );
    let conversation = &first["structuredContent"]["conversation"];
    let second = ask(json!({ "message": "And now?", "conversation": conversation })).await;
    assert_eq!(&second["structuredContent"]["conversation"], conversation);
    for wrong in [
        json!({}),
        json!({ "message": 5 }),
        json!({ "message": "x", "more": 1 }),
        json!({ "message": "x", "conversation": "none" }),
    ] {
        assert_eq!(ask(wrong.clone()).await["isError"], true, "{wrong}");
    }
}
