//! OpenAI's API: what its clients ask, and what they get, with the provider that needs no key.

use caxton_tests::{Answer, Server, answered};
use serde_json::{Value, json};

const WRITER: &str = r#"
name = "writer"
version = "1.0.0"
description = "Writes poems about the sea."
capabilities = ["poetry"]
system_prompt = "You write poems."
"#;

const ANALYST: &str = r#"
name = "analyst"
version = "1.0.0"
description = "Calculates with numbers."
capabilities = ["arithmetic"]
tools = ["calc__*"]
"#;

fn server() -> Server {
    let files = [
        ("caxton.toml", "name = \"desk\"\n"),
        ("agents/analyst.toml", ANALYST),
        ("agents/writer.toml", WRITER),
    ];
    Server::with_workspace(&files, &[])
}

/// Asserts that it is an error as OpenAI's clients read it.
fn refused(answer: &Answer, status: u16, kind: &str, code: &str, param: Option<&str>) {
    let error = &answer.json()["error"];
    assert_eq!(
        (
            answer.status,
            &error["type"],
            &error["code"],
            &error["param"]
        ),
        (status, &json!(kind), &json!(code), &json!(param)),
        "{}",
        answer.text
    );
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|message| !message.is_empty()),
        "{}",
        answer.text
    );
    assert_eq!(answer.content_type, "application/json");
}

/// The data of a stream's events.
fn data(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status, answer.content_type.as_str()),
        (200, "text/event-stream"),
        "{}",
        answer.text
    );
    let lines = answer
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    lines.map(str::to_owned).collect()
}

fn chat(text: &str) -> Value {
    json!({ "model": "writer", "messages": [{ "role": "user", "content": text }] })
}

/// `body` with these members added or replaced.
fn with(mut body: Value, members: Value) -> Value {
    body.as_object_mut()
        .expect("an object")
        .extend(members.as_object().expect("an object").clone());
    body
}

fn weather(shape: &str) -> Value {
    let function = json!({ "name": "get_weather", "description": "Tells the weather in a city.",
        "parameters": { "type": "object", "properties": { "city": { "type": "string" } } } });
    match shape {
        "chat" => json!([{ "type": "function", "function": function }]),
        _ => json!([with(function, json!({ "type": "function" }))]),
    }
}

#[tokio::test]
async fn agents_are_models() {
    let server = server();
    let listed = server.get("/v1/models").await.ok();
    let ids: Vec<_> = listed["data"]
        .as_array()
        .expect("models")
        .iter()
        .map(|m| m["id"].clone())
        .collect();
    assert_eq!(
        (&listed["object"], ids.as_slice()),
        (
            &json!("list"),
            &[json!("auto"), json!("analyst"), json!("writer")][..]
        )
    );
    for name in ["auto", "writer"] {
        let model = server.get(&format!("/v1/models/{name}")).await.ok();
        assert_eq!(
            (&model["id"], &model["object"]),
            (&json!(name), &json!("model"))
        );
        assert!(model["created"].as_u64() > Some(1_700_000_000), "{model}");
    }
    let answer = server.get("/v1/models/writter").await;
    refused(
        &answer,
        404,
        "invalid_request_error",
        "model_not_found",
        None,
    );
    assert!(answer.text.contains("`writer`"), "{}", answer.text);
}

#[tokio::test]
async fn a_chat_is_completed() {
    let server = server();
    let answer = server.post("/v1/chat/completions", &chat("Hello")).await;
    for header in ["x-request-id", "openai-processing-ms", "openai-version"] {
        assert!(answer.headers.contains_key(header), "{header}");
    }
    let body = answer.ok();
    assert!(
        body["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("chatcmpl-")),
        "{body}"
    );
    assert_eq!(
        (&body["object"], &body["model"], &body["system_fingerprint"]),
        (
            &json!("chat.completion"),
            &json!("writer"),
            &json!("offline/demo")
        )
    );
    let choice = &body["choices"][0];
    assert_eq!(
        (&choice["finish_reason"], &choice["message"]["role"]),
        (&json!("stop"), &json!("assistant"))
    );
    assert!(
        choice["message"]["content"]
            .as_str()
            .is_some_and(|text| !text.is_empty()),
        "{body}"
    );
    let usage = &body["usage"];
    assert_eq!(
        usage["total_tokens"].as_u64(),
        usage["prompt_tokens"]
            .as_u64()
            .zip(usage["completion_tokens"].as_u64())
            .map(|(a, b)| a + b)
    );
    let conversation = body["caxton"]["conversation"]
        .as_str()
        .expect("a conversation");
    server
        .get(&format!("~/conversations/{conversation}"))
        .await
        .ok();

    let short = with(chat("Hello"), json!({ "max_completion_tokens": 2 }));
    let short = server.post("/v1/chat/completions", &short).await.ok();
    assert_eq!(short["choices"][0]["finish_reason"], "length");
    assert_eq!(short["usage"]["completion_tokens"], 2);

    let auto = with(
        chat("Calculate with numbers: 17 * 23"),
        json!({ "model": "auto" }),
    );
    let auto = server.post("/v1/chat/completions", &auto).await.ok();
    assert_eq!(
        (&auto["model"], &auto["caxton"]["agent"]),
        (&json!("auto"), &json!("analyst"))
    );
    assert!(
        auto["choices"][0]["message"]["content"]
            .as_str()
            .is_some_and(|text| text.contains("391")),
        "{auto}"
    );
    assert_eq!(
        auto["caxton"]["tool_calls"][0]["name"], "calc__evaluate",
        "{auto}"
    );
}

#[tokio::test]
async fn a_chat_is_streamed() {
    let server = server();
    let body = with(
        chat("Hello"),
        json!({ "stream": true, "stream_options": { "include_usage": true } }),
    );
    let answer = answered(server.request("POST", "/v1/chat/completions").json(&body)).await;
    let data = data(&answer);
    let (last, chunks) = data.split_last().expect("events");
    assert_eq!(last, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| serde_json::from_str(chunk).expect("JSON"))
        .collect();
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let whole: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert!(whole.split(' ').count() > 3 && chunks.len() > 5, "{whole}");
    let [.., end, used] = chunks.as_slice() else {
        panic!("{chunks:?}")
    };
    assert_eq!(end["choices"][0]["finish_reason"], "stop");
    assert!(
        used["usage"]["total_tokens"].as_u64() > Some(0) && used["choices"] == json!([]),
        "{used}"
    );
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]));
}

#[tokio::test]
async fn tools_of_the_client_are_called_by_the_client() {
    let server = server();
    let tools = json!({ "tools": weather("chat"), "tool_choice": { "type": "function", "function": { "name": "get_weather" } } });
    let first = with(chat("What is the weather in Paris?"), tools);
    let asked = server.post("/v1/chat/completions", &first).await.ok();
    let choice = &asked["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls", "{asked}");
    let call = &choice["message"]["tool_calls"][0];
    assert_eq!(
        (&call["type"], &call["function"]["name"]),
        (&json!("function"), &json!("get_weather"))
    );
    let arguments = call["function"]["arguments"].as_str().expect("text");
    assert!(
        serde_json::from_str::<Value>(arguments).is_ok_and(|arguments| arguments.is_object()),
        "{arguments}"
    );

    let messages = json!([first["messages"][0], choice["message"],
        { "role": "tool", "tool_call_id": call["id"], "content": "Sunny, 23 degrees" }]);
    let second = json!({ "model": "writer", "messages": messages, "tools": weather("chat") });
    let told = server.post("/v1/chat/completions", &second).await.ok();
    assert_eq!(told["choices"][0]["finish_reason"], "stop", "{told}");
    assert!(
        told["choices"][0]["message"]["content"]
            .as_str()
            .is_some_and(|text| text.contains("Sunny")),
        "{told}"
    );

    let streamed = with(first, json!({ "stream": true }));
    let answer = answered(
        server
            .request("POST", "/v1/chat/completions")
            .json(&streamed),
    )
    .await;
    let chunks = data(&answer);
    let call = chunks
        .iter()
        .filter_map(|chunk| serde_json::from_str::<Value>(chunk).ok());
    let calls: Vec<Value> = call
        .map(|chunk| chunk["choices"][0]["delta"]["tool_calls"][0].clone())
        .filter(|call| !call.is_null())
        .collect();
    assert_eq!(
        (
            calls.len(),
            &calls[0]["index"],
            &calls[0]["function"]["name"]
        ),
        (1, &json!(0), &json!("get_weather"))
    );
}

#[tokio::test]
async fn what_can_not_be_served_is_refused_in_openai_s_words() {
    let server = server();
    let check = async |path: &str, body: Value, expected: (u16, &str, &str, Option<&str>)| {
        let (status, kind, code, param) = expected;
        refused(&server.post(path, &body).await, status, kind, code, param);
    };
    let bad = "invalid_request_error";
    let path = "/v1/chat/completions";
    check(
        path,
        with(chat("x"), json!({ "model": "nobody" })),
        (404, bad, "model_not_found", None),
    )
    .await;
    check(
        path,
        with(chat("x"), json!({ "model": 7 })),
        (400, bad, "invalid_body", Some("model")),
    )
    .await;
    check(
        path,
        json!({ "model": "writer" }),
        (400, bad, "invalid_body", Some("")),
    )
    .await;
    check(path, json!([]), (400, bad, "invalid_body", Some(""))).await;
    check(
        path,
        with(chat("x"), json!({ "messages": [] })),
        (400, bad, "invalid_value", Some("messages")),
    )
    .await;
    check(
        path,
        with(chat("x"), json!({ "n": 2 })),
        (400, bad, "unsupported_value", Some("n")),
    )
    .await;
    check(
        path,
        with(chat("x"), json!({ "logprobs": true })),
        (400, bad, "unsupported_parameter", Some("logprobs")),
    )
    .await;
    let image =
        json!([{ "type": "image_url", "image_url": { "url": "https://example.com/a.png" } }]);
    let message = json!({ "messages": [{ "role": "user", "content": image }] });
    check(
        path,
        with(chat("x"), message),
        (
            400,
            bad,
            "invalid_image_url",
            Some("messages[0].content[0]"),
        ),
    )
    .await;
    let format = json!({ "response_format": { "type": "json_object" } });
    check(
        path,
        with(chat("x"), format),
        (400, bad, "provider_refused", None),
    )
    .await;
    let path = "/v1/responses";
    let hello = json!({ "model": "writer", "input": "Hello" });
    check(
        path,
        with(hello.clone(), json!({ "model": "nobody" })),
        (404, bad, "model_not_found", None),
    )
    .await;
    check(
        path,
        with(hello.clone(), json!({ "background": true })),
        (400, bad, "unsupported_parameter", Some("background")),
    )
    .await;
    check(
        path,
        with(
            hello.clone(),
            json!({ "tools": [{ "type": "web_search" }] }),
        ),
        (400, bad, "unsupported_value", Some("tools[0].type")),
    )
    .await;
    check(
        path,
        with(
            hello.clone(),
            json!({ "input": [{ "type": "item_reference", "id": "x" }] }),
        ),
        (400, bad, "invalid_value", Some("input[0].type")),
    )
    .await;
    check(
        path,
        with(hello.clone(), json!({ "previous_response_id": "resp_x" })),
        (
            400,
            bad,
            "previous_response_not_found",
            Some("previous_response_id"),
        ),
    )
    .await;
    check(
        path,
        with(hello, json!({ "conversation": "none" })),
        (404, bad, "conversation_not_found", None),
    )
    .await;
    refused(
        &server.get("/v1/responses/resp_x").await,
        404,
        bad,
        "response_not_found",
        None,
    );
    refused(
        &server.get("/v1/models/%ff").await,
        400,
        bad,
        "invalid_path",
        None,
    );
    refused(
        &server.get("/v1/nothing").await,
        404,
        bad,
        "path_not_found",
        None,
    );
    refused(
        &server.get("/v1/chat/completions").await,
        405,
        bad,
        "method_not_allowed",
        None,
    );
    let text = answered(server.request("POST", "/v1/responses").body("{")).await;
    refused(&text, 400, bad, "wrong_content_type", None);
    let other = server
        .request("POST", "/v1/chat/completions")
        .header("origin", "https://evil.example")
        .json(&chat("x"));
    refused(
        &answered(other).await,
        403,
        "permission_error",
        "origin_not_allowed",
        None,
    );
}

#[tokio::test]
async fn a_response_is_kept_and_can_be_gone_on_from() {
    let server = server();
    let body = json!({ "model": "writer", "input": "Hello", "metadata": { "a": "b" } });
    let first = server.post("/v1/responses", &body).await.ok();
    let id = first["id"].as_str().expect("an id");
    assert!(id.starts_with("resp_"), "{first}");
    assert_eq!(
        (
            &first["object"],
            &first["status"],
            &first["metadata"]["a"],
            &first["error"]
        ),
        (
            &json!("response"),
            &json!("completed"),
            &json!("b"),
            &Value::Null
        )
    );
    let message = &first["output"][0];
    assert_eq!(
        (&message["type"], &message["content"][0]["type"]),
        (&json!("message"), &json!("output_text"))
    );
    assert!(first["usage"]["input_tokens"].as_u64() > Some(0), "{first}");

    let shown = server.get(&format!("/v1/responses/{id}")).await.ok();
    assert_eq!(
        (&shown["output"], &shown["created_at"], &shown["usage"]),
        (&first["output"], &first["created_at"], &first["usage"])
    );

    let on = json!({ "model": "writer", "input": "And again", "previous_response_id": id });
    let second = server.post("/v1/responses", &on).await.ok();
    assert_eq!(
        (&second["conversation"], &second["previous_response_id"]),
        (&first["conversation"], &json!(id))
    );
    let conversation = first["conversation"]["id"].as_str().expect("an id");
    let also = json!({ "model": "auto", "input": [{ "role": "user", "content": [{ "type": "input_text", "text": "Once more" }] }],
        "conversation": { "id": conversation }, "instructions": "Be brief." });
    let third = server.post("/v1/responses", &also).await.ok();
    assert_eq!(
        (&third["caxton"]["agent"], &third["conversation"]),
        (&json!("writer"), &first["conversation"])
    );
    let transcript = server
        .get(&format!("~/conversations/{conversation}"))
        .await
        .ok();
    assert_eq!(
        transcript["messages"].as_array().map(Vec::len),
        Some(6),
        "{transcript}"
    );

    let again = answered(server.request("GET", &format!("/v1/responses/{id}?stream=true"))).await;
    assert!(
        data(&again)
            .last()
            .is_some_and(|step| step.contains("response.completed")),
        "{}",
        again.text
    );

    let gone = answered(server.request("DELETE", &format!("/v1/responses/{id}")))
        .await
        .ok();
    assert_eq!(
        gone,
        json!({ "id": id, "object": "response", "deleted": true })
    );
    refused(
        &server.get(&format!("/v1/responses/{id}")).await,
        404,
        "invalid_request_error",
        "response_not_found",
        None,
    );
    server
        .get(&format!("~/conversations/{conversation}"))
        .await
        .problem(404, "conversation-not-found");
}

#[tokio::test]
async fn a_response_is_streamed_step_by_step() {
    let server = server();
    let body = json!({ "model": "writer", "input": "Hello", "stream": true });
    let answer = answered(server.request("POST", "/v1/responses").json(&body)).await;
    let steps: Vec<Value> = data(&answer)
        .iter()
        .map(|step| serde_json::from_str(step).expect("JSON"))
        .collect();
    for (place, step) in steps.iter().enumerate() {
        assert_eq!(step["sequence_number"], place, "{step}");
        assert!(answer.text.contains(&format!(
            "event: {}\n",
            step["type"].as_str().expect("a type")
        )));
    }
    assert_eq!(
        (&steps[0]["type"], &steps[1]["type"]),
        (&json!("response.created"), &json!("response.in_progress"))
    );
    let text: String = steps
        .iter()
        .filter(|step| step["type"] == "response.output_text.delta")
        .filter_map(|step| step["delta"].as_str())
        .collect();
    let last = steps.last().expect("steps");
    assert_eq!(last["type"], "response.completed");
    assert_eq!(last["response"]["output"][0]["content"][0]["text"], text);
    let id = steps[0]["response"]["id"].as_str().expect("an id");
    let shown = server.get(&format!("/v1/responses/{id}")).await.ok();
    assert_eq!(shown["output"], last["response"]["output"]);
}

#[tokio::test]
async fn functions_of_the_client_go_on_from_a_response() {
    let server = server();
    let first = json!({ "model": "writer", "input": "What is the weather in Paris?", "instructions": "Be brief.",
        "tools": weather("responses"), "tool_choice": { "type": "function", "name": "get_weather" } });
    let asked = server.post("/v1/responses", &first).await.ok();
    let call = &asked["output"][0];
    assert_eq!(
        (&call["type"], &call["name"]),
        (&json!("function_call"), &json!("get_weather")),
        "{asked}"
    );
    let output = json!({ "type": "function_call_output", "call_id": call["call_id"], "output": "Sunny, 23 degrees" });
    let on = json!({ "model": "writer", "input": [output], "previous_response_id": asked["id"], "tools": weather("responses") });
    let told = server.post("/v1/responses", &on).await.ok();
    let text = &told["output"][0]["content"][0]["text"];
    assert!(
        text.as_str().is_some_and(|text| text.contains("Sunny")),
        "{told}"
    );
    // The same, with the conversation kept by the client.
    let items =
        json!([{ "role": "user", "content": "What is the weather in Paris?" }, call, output]);
    let whole = json!({ "model": "writer", "input": items, "tools": weather("responses") });
    let told = server.post("/v1/responses", &whole).await.ok();
    assert_eq!(told["output"][0]["type"], "message", "{told}");
    let early = json!({ "model": "writer", "input": "And?", "previous_response_id": asked["id"] });
    refused(
        &server.post("/v1/responses", &early).await,
        400,
        "invalid_request_error",
        "invalid_value",
        Some("input[0]"),
    );
}

#[tokio::test]
async fn a_request_that_is_sent_twice_under_one_key_is_answered_once() {
    let server = server();
    let send = async |text: &str| {
        answered(
            server
                .request("POST", "/v1/chat/completions")
                .header("idempotency-key", "k-1")
                .json(&chat(text)),
        )
        .await
    };
    let first = send("Hello").await.ok();
    let second = send("Hello").await.ok();
    assert_eq!(
        (&first["id"], &first["choices"]),
        (&second["id"], &second["choices"])
    );
    let other = send("Something else").await;
    assert_eq!(
        other.json()["error"]["code"],
        "idempotency_key_reused",
        "{}",
        other.text
    );
}

#[tokio::test]
async fn keys_of_clients_are_not_needed_and_not_written_down() {
    let server = server();
    let request = server
        .request("POST", "/v1/chat/completions")
        .header("authorization", "Bearer sk-secret-1234")
        .json(&chat("Hello"));
    answered(request).await.ok();
    assert!(!server.log().contains("sk-secret-1234"));
    let metrics = server.get("/metrics").await.text;
    assert!(
        metrics.contains("caxton_http_requests_total{surface=\"openai\",status=\"2xx\"} 1"),
        "{metrics}"
    );
}
