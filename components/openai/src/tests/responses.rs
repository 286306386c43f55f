//! Responses: its own events, items that only it understands, and what its models refuse.

use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Response, Role, StopReason};
use caxton_sdk::testing::provider::{body_of, call, cuts, message, request};
use caxton_sdk::testing::{self, reply, upstream};
use caxton_sdk::{Provider, http};
use serde_json::{Value, json};

use super::super::OpenAi;
use super::{everything, hello, stream};

fn events(events: &[Value]) -> String {
    events
        .iter()
        .map(|event| {
            format!(
                "event: {}\ndata: {event}\n\n",
                event["type"].as_str().unwrap_or_default()
            )
        })
        .collect()
}

fn complete(text: &str) -> Result<Response, LlmError> {
    upstream(vec![stream(text)]);
    OpenAi::complete(hello())
}

fn reasoning() -> Value {
    json!({"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Look first."}], "encrypted_content": "gAAAAB", "status": null})
}

/// Reasoning, text, and two calls that are written side by side.
fn turn() -> Vec<Value> {
    let output = json!([
        reasoning(),
        {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Let me sée 🦀.", "annotations": []}]},
        {"id": "fc_1", "type": "function_call", "status": "completed", "call_id": "call_a", "name": "csv__describe", "arguments": "{\"path\":\"ä.csv\"}"},
        {"id": "fc_2", "type": "function_call", "status": "completed", "call_id": "call_b", "name": "time__now", "arguments": ""},
    ]);
    vec![
        json!({"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "object": "response", "status": "in_progress", "error": null, "model": "m-2026", "output": []}}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"id": "rs_1", "type": "reasoning", "summary": []}}),
        json!({"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
        json!({"type": "response.reasoning_summary_text.delta", "output_index": 0, "summary_index": 0, "delta": "Look first."}),
        json!({"type": "response.output_item.done", "output_index": 0, "item": reasoning()}),
        json!({"type": "response.output_item.added", "output_index": 1, "item": {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}}),
        json!({"type": "response.content_part.added", "output_index": 1, "content_index": 0, "part": {"type": "output_text", "text": ""}}),
        json!({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "Let me "}),
        json!({"type": "response.output_text.delta", "output_index": 1, "content_index": 0, "delta": "sée 🦀."}),
        json!({"type": "response.output_text.done", "output_index": 1, "content_index": 0, "text": "Let me sée 🦀."}),
        json!({"type": "response.output_item.done", "output_index": 1, "item": output[1]}),
        json!({"type": "response.output_item.added", "output_index": 2, "item": {"id": "fc_1", "type": "function_call", "call_id": "call_a", "name": "csv__describe", "arguments": ""}}),
        json!({"type": "response.output_item.added", "output_index": 3, "item": {"id": "fc_2", "type": "function_call", "call_id": "call_b", "name": "time__now", "arguments": ""}}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{\"path\":"}),
        json!({"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "\"ä.csv\"}"}),
        json!({"type": "response.output_item.done", "output_index": 2, "item": output[2]}),
        json!({"type": "response.output_item.done", "output_index": 3, "item": output[3]}),
        json!({"type": "response.completed", "response": {"id": "resp_1", "object": "response", "status": "completed", "error": null, "incomplete_details": null, "model": "m-2026", "output": output, "usage": {"input_tokens": 12, "input_tokens_details": {"cached_tokens": 8}, "output_tokens": 5}}}),
    ]
}

fn expected_parts() -> Vec<Part> {
    vec![
        Part::Opaque(
            json!({"place": 0, "item": {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Look first."}], "encrypted_content": "gAAAAB"}})
                .to_string(),
        ),
        Part::Text("Let me sée 🦀.".into()),
        call("call_a", "csv__describe", "{\"path\":\"ä.csv\"}"),
        call("call_b", "time__now", "{}"),
    ]
}

#[test]
fn a_turn_is_put_together_wherever_its_stream_is_split() {
    let text = events(&turn());
    let whole = complete(&text).expect("an answer");
    assert_eq!(whole.model, "m-2026");
    assert_eq!(whole.stop_reason, StopReason::ToolCalls);
    let usage = &whole.usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens
        ),
        (12, 8, 5)
    );
    assert_eq!(whole.parts, expected_parts());
    let deltas = [
        Delta::Reasoning("Look first.".into()),
        Delta::Text("Let me ".into()),
        Delta::Text("sée 🦀.".into()),
        Delta::Call("csv__describe".into()),
        Delta::Call("time__now".into()),
    ];
    for (at, reply) in cuts("text/event-stream", &text).enumerate() {
        upstream(vec![reply]);
        let answer = OpenAi::complete(hello()).expect("an answer");
        assert_eq!(answer, whole, "cut {at}");
        let told = testing::with(|host| std::mem::take(&mut host.deltas));
        assert_eq!(told, deltas, "cut {at}");
    }
}

#[test]
fn a_server_that_does_not_stream_or_only_ends_is_understood() {
    let end = turn().pop().expect("the last event");
    let document = end["response"].to_string();
    for reply in [
        reply(200, "application/json", &[document.as_bytes()]),
        stream(&events(std::slice::from_ref(&end))),
    ] {
        upstream(vec![reply]);
        let response = OpenAi::complete(hello()).expect("an answer");
        assert_eq!(response.parts, expected_parts());
        assert_eq!(testing::with(|host| host.deltas.len()), 3);
    }
}

#[test]
fn why_the_model_stopped_is_told() {
    let end = |kind: &str, reason: Value, output: Value| {
        events(&[
            json!({"type": kind, "response": {"status": "x", "incomplete_details": reason, "output": output}}),
        ])
    };
    let text = |kind: &str, key: &str| json!([{"type": "message", "content": [{"type": kind, key: "hi"}]}]);
    for (stream, expected) in [
        (
            end(
                "response.completed",
                Value::Null,
                text("output_text", "text"),
            ),
            StopReason::EndTurn,
        ),
        (
            end(
                "response.completed",
                Value::Null,
                text("refusal", "refusal"),
            ),
            StopReason::ContentFilter,
        ),
        (
            end(
                "response.incomplete",
                json!({"reason": "max_output_tokens"}),
                text("output_text", "text"),
            ),
            StopReason::MaxTokens,
        ),
        (
            end(
                "response.incomplete",
                json!({"reason": "content_filter"}),
                text("output_text", "text"),
            ),
            StopReason::ContentFilter,
        ),
    ] {
        let response = complete(&stream).expect("an answer");
        assert_eq!(response.stop_reason, expected, "{stream}");
        assert_eq!(response.parts, [Part::Text("hi".into())]);
        assert_eq!(response.model, "m");
    }
    let nothing = end(
        "response.incomplete",
        json!({"reason": "content_filter"}),
        json!([]),
    );
    assert!(matches!(
        complete(&nothing),
        Err(LlmError::ContentFiltered(_))
    ));
}

#[test]
fn reasoning_that_nobody_could_read_again_is_not_kept() {
    let item = json!({"id": "rs_1", "type": "reasoning", "summary": []});
    let stream = events(&[
        json!({"type": "response.completed", "response": {"output": [item, {"type": "message", "content": [{"type": "output_text", "text": "hi"}]}]}}),
    ]);
    assert_eq!(
        complete(&stream).expect("an answer").parts,
        [Part::Text("hi".into())]
    );
}

#[test]
fn broken_streams_say_how_far_they_came() {
    let delta = r#"{"type":"response.output_text.delta","output_index":0,"delta":"half"}"#;
    for (text, needle) in [
        (String::new(), "after 0 characters and 0 tool calls"),
        (format!("data: {delta}\n\n"), "after 4 characters"),
        (
            format!("data: {delta}\n\ndata: [DONE]\n\n"),
            "after 4 characters",
        ),
        (
            format!("data: {delta}\n\ndata: <html>\n\n"),
            "after 4 characters",
        ),
        (
            events(&[
                json!({"type": "response.failed", "response": {"status": "failed", "error": null}}),
            ]),
            "did not say why",
        ),
        (
            events(&[
                json!({"type": "response.completed", "response": {"output": [{"type": "function_call", "call_id": "a"}]}}),
            ]),
            "without a name",
        ),
        (
            events(&[
                json!({"type": "error", "code": "odd", "message": "engine died", "param": null}),
            ]),
            "engine died",
        ),
    ] {
        let Err(LlmError::BadResponse(said)) = complete(&text) else {
            panic!("{text} was taken")
        };
        assert!(said.contains(needle), "{said}");
    }
    upstream(vec![stream(&format!("data: {delta}\n\n"))]);
    testing::with(|host| host.body_error = Some(http::Error::Timeout("nothing came".into())));
    let Err(LlmError::BadResponse(said)) = OpenAi::complete(hello()) else {
        panic!("a stalled stream was taken")
    };
    assert!(said.contains("broke off after 4 characters"), "{said}");
}

#[test]
fn failures_in_the_stream_keep_their_kind() {
    for (code, is_expected) in [
        (
            "rate_limit_exceeded",
            (|error| matches!(error, LlmError::RateLimited(_))) as fn(&LlmError) -> bool,
        ),
        ("server_error", |error| {
            matches!(error, LlmError::Overloaded(_))
        }),
        ("context_length_exceeded", |error| {
            matches!(error, LlmError::ContextTooLong(_))
        }),
    ] {
        let error = json!({"code": code, "message": "no"});
        for event in [
            json!({"type": "response.failed", "response": {"error": error}}),
            json!({"type": "error", "error": error}),
            json!({"type": "error", "code": code, "message": "no"}),
        ] {
            let error = complete(&events(&[event])).expect_err(code);
            assert!(is_expected(&error), "{code}: {error:?}");
        }
    }
}

#[test]
fn the_request_says_everything_in_the_protocols_words() {
    let seen = upstream(vec![stream(&events(&turn()))]);
    OpenAi::complete(everything()).expect("an answer");
    let sent = &seen.borrow()[0];
    let body = body_of(sent);
    assert_eq!(
        body,
        json!({
            "model": "m",
            "stream": true,
            "store": false,
            "include": ["reasoning.encrypted_content"],
            "input": [
                {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Look"}, {"type": "input_image", "image_url": "data:image/png;base64,AQI="}]},
                {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "a", "output": "Error: no file"},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "and?"}]},
            ],
            "tools": [{"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": false}],
            "tool_choice": {"type": "function", "name": "f"},
            "max_output_tokens": 7,
            "temperature": 0.5,
            "text": {"format": {"type": "json_schema", "name": "answer", "strict": true,
                "schema": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": false}}},
        })
    );
}

#[test]
fn what_the_model_thought_goes_back_to_where_it_stood() {
    let seen = upstream(vec![stream(&events(&turn()))]);
    let opaque = |place: usize, id: &str| {
        Part::Opaque(json!({"place": place, "item": {"type": "reasoning", "id": id}}).to_string())
    };
    let call = call("a", "f", "{}");
    let parts = vec![
        opaque(0, "first"),
        opaque(2, "second"),
        opaque(99, "beyond"),
        Part::Opaque("from elsewhere".into()),
        Part::Opaque(r#"{"place":0,"item":7}"#.into()),
        Part::Text("Let me see.".into()),
        call,
    ];
    OpenAi::complete(request("m", vec![message(Role::Assistant, parts)])).expect("an answer");
    let body = body_of(&seen.borrow()[0]);
    let kinds: Vec<&str> = body["input"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["id"].as_str().or(item["type"].as_str()))
        .collect();
    assert_eq!(
        kinds,
        ["first", "message", "second", "function_call", "beyond"]
    );
    assert_eq!(
        body["input"][3],
        json!({"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"})
    );
}

#[test]
fn a_model_that_does_not_reason_is_not_asked_for_its_reasoning() {
    let refusal = r#"{"error":{"message":"Encrypted content is not supported with this model.","type":"invalid_request_error","param":"include"}}"#;
    let seen = upstream(vec![
        reply(400, "application/json", &[refusal.as_bytes()]),
        stream(&events(&turn())),
    ]);
    OpenAi::complete(hello()).expect("an answer");
    let sent = |at: usize| {
        String::from_utf8_lossy(seen.borrow()[at].body.as_deref().unwrap_or_default()).into_owned()
    };
    assert!(sent(0).contains("include") && !sent(1).contains("include"));
}

#[test]
fn texts_that_end_the_answer_are_found_here() {
    let delta = |piece: &str| json!({"type": "response.output_text.delta", "output_index": 0, "delta": piece});
    let message =
        json!({"type": "message", "content": [{"type": "output_text", "text": "one END two"}]});
    let call = json!({"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"});
    let end = json!({"type": "response.completed", "response": {"output": [message, call], "usage": {"output_tokens": 9}}});
    let pieces = events(&[delta("one E"), delta("ND tw"), delta("o"), end.clone()]);
    for (stream_text, stop, parts, deltas, reason) in [
        (
            &pieces,
            "END",
            vec![Part::Text("one ".into())],
            1,
            StopReason::StopText,
        ),
        (
            &events(std::slice::from_ref(&end)),
            "END",
            vec![Part::Text("one ".into())],
            1,
            StopReason::StopText,
        ),
        (
            &events(&[
                delta("one E"),
                json!({"type": "response.completed", "response": {"output": []}}),
            ]),
            "END",
            vec![Part::Text("one E".into())],
            2,
            StopReason::EndTurn,
        ),
    ] {
        let seen = upstream(vec![stream(stream_text)]);
        let mut request = hello();
        request.stop = vec![stop.into()];
        let response = OpenAi::complete(request).expect("an answer");
        assert_eq!(
            (response.parts, response.stop_reason),
            (parts, reason),
            "{stream_text}"
        );
        assert_eq!(
            testing::with(|host| host.deltas.len()),
            deltas,
            "{stream_text}"
        );
        let sent = seen.borrow()[0].body.clone().unwrap_or_default();
        assert!(!String::from_utf8_lossy(&sent).contains("stop"));
    }
}
