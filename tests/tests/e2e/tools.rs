//! Tools over HTTP.

use caxton_tests::Server;
use serde_json::json;

#[tokio::test]
async fn a_tool_is_listed_shown_and_called() {
    let server = Server::with_guests(&["echo"]);
    let tools = server.get("~/tools").await.ok();
    let names: Vec<_> = tools["tools"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|tool| tool["name"].clone())
        .collect();
    assert_eq!(names, ["echo__echo", "echo__fib", "echo__sum"]);
    let tool = server.get("~/tools/echo__fib").await.ok();
    assert_eq!(
        (&tool["component"], &tool["input_schema"]["type"]),
        (&"echo".into(), &"object".into())
    );
    assert_eq!(tool["annotations"]["read_only"], true);

    let answer = server
        .call("echo__echo", json!({ "text": "grüße" }))
        .await
        .ok();
    assert_eq!(answer["content"][0]["type"], "text");
    assert_eq!(answer["content"][0]["text"], r#"{"text":"grüße"}"#);
    assert_eq!(
        (&answer["is_error"], &answer["structured"]),
        (&false.into(), &json!(null))
    );
    let receipt = &answer["receipt"];
    assert_eq!(
        receipt["digest"].as_str().map(str::len),
        Some(64),
        "{receipt}"
    );
    for used in ["fuel", "memory_bytes_peak", "output_bytes"] {
        assert!(
            receipt[used].as_u64().is_some_and(|used| used > 0),
            "{used}: {receipt}"
        );
    }
    let none = server
        .post("~/tools/echo__echo/call", &json!({}))
        .await
        .ok();
    assert_eq!(none["content"][0]["text"], "{}");
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_refused_by_place() {
    let server = Server::with_guests(&["echo"]);
    let problem = server
        .call("echo__fib", json!({ "n": "many" }))
        .await
        .problem(422, "invalid-arguments");
    assert_eq!(problem["faults"][0]["pointer"], "/arguments/n");
    server
        .call("echo__fib", json!({ "n": 46 }))
        .await
        .problem(422, "invalid-arguments");
    server
        .call("echo__none", json!({}))
        .await
        .problem(404, "tool-not-found");
}

#[tokio::test]
async fn plain_functions_are_tools() {
    let server = Server::with_guests(&["plain"]);
    let tools = server.get("~/tools").await.ok();
    let name = |own: &str| {
        let names = tools["tools"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|tool| tool["name"].as_str());
        names
            .filter(|name| name.ends_with(own))
            .map(str::to_owned)
            .next()
            .unwrap_or_else(|| panic!("no {own} in {tools}"))
    };
    let answer = server
        .call(&name("reverse"), json!({ "text": "abc" }))
        .await
        .ok();
    assert!(answer.to_string().contains("cba"), "{answer}");
    let far = server
        .call(
            &name("distance"),
            json!({ "a": { "x": 0, "y": 0 }, "b": { "x": 3, "y": 4 } }),
        )
        .await
        .ok();
    assert!(far.to_string().contains('5'), "{far}");
}

#[tokio::test]
async fn a_tool_that_asks_gets_its_answers_and_its_state_can_not_be_forged() {
    let server = Server::with_guests(&["conformance"]);
    let path = "~/tools/conformance__test_input_required_result_request_state/call";
    let asked = server.post(path, &json!({ "arguments": {} })).await.ok();
    let key = asked["input_required"]["questions"][0]["key"]
        .as_str()
        .expect("a question")
        .to_owned();
    let state = asked["input_required"]["state"]
        .as_str()
        .expect("a state")
        .to_owned();
    let responses = json!({ key: { "action": "accept", "content": { "name": "Ada", "ok": true, "confirmed": true } } });
    let done = server
        .post(
            path,
            &json!({ "arguments": {}, "responses": responses, "state": state }),
        )
        .await
        .ok();
    assert_eq!(done["input_required"], json!(null), "{done}");
    let forged = state.replacen(|c: char| c.is_ascii_lowercase(), "Q", 5);
    server
        .post(
            path,
            &json!({ "arguments": {}, "responses": responses, "state": forged }),
        )
        .await
        .problem(422, "state-refused");
    let other = json!({ "arguments": { "other": true }, "responses": responses, "state": state });
    server
        .post(path, &other)
        .await
        .problem(422, "state-refused");
}
