//! What comes back: streams as Anthropic sends them, cut anywhere, and broken ones.

use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Response, Role, StopReason};
use caxton_sdk::testing::provider::{body_of, call, cuts, message, request};
use caxton_sdk::testing::{self, reply, upstream};
use caxton_sdk::{Provider, http};
use serde_json::{Value, json};

use super::super::Anthropic;
use super::{events, hello, hi};

fn complete(stream: &str) -> Result<Response, LlmError> {
    upstream(vec![reply(
        200,
        "text/event-stream; charset=utf-8",
        &[stream.as_bytes()],
    )]);
    Anthropic::complete(hello())
}

/// Thoughts, text, another hidden thought, and two calls.
fn turn() -> String {
    let start = |index: u64, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u64, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    let stop = |index: u64| json!({"type": "content_block_stop", "index": index});
    let input = |piece: &str| json!({"type": "input_json_delta", "partial_json": piece});
    events(&[
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m-2026", "content": [], "stop_reason": null, "stop_sequence": null,
            "usage": {"input_tokens": 3, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 100, "output_tokens": 1}}}),
        start(
            0,
            json!({"type": "thinking", "thinking": "", "signature": ""}),
        ),
        json!({"type": "ping"}),
        delta(0, json!({"type": "thinking_delta", "thinking": "Look "})),
        delta(0, json!({"type": "thinking_delta", "thinking": "first."})),
        delta(0, json!({"type": "signature_delta", "signature": "EqQB"})),
        stop(0),
        start(1, json!({"type": "text", "text": ""})),
        delta(1, json!({"type": "text_delta", "text": "Let me sée 🦀."})),
        stop(1),
        start(2, json!({"type": "redacted_thinking", "data": "Emwk"})),
        stop(2),
        start(
            3,
            json!({"type": "tool_use", "id": "toolu_a", "name": "csv__describe", "input": {}}),
        ),
        delta(3, input("")),
        delta(3, input("{\"path\":")),
        delta(3, input("\"ä.csv\"}")),
        stop(3),
        start(
            4,
            json!({"type": "tool_use", "id": "toolu_b", "name": "time__now", "input": {}}),
        ),
        stop(4),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null}, "usage": {"output_tokens": 89}}),
        json!({"type": "message_stop"}),
    ])
}

fn thoughts() -> Vec<Part> {
    [
        json!({"place": 0, "item": {"type": "thinking", "thinking": "Look first.", "signature": "EqQB"}}),
        json!({"place": 2, "item": {"type": "redacted_thinking", "data": "Emwk"}}),
    ]
    .iter()
    .map(|kept| Part::Opaque(kept.to_string()))
    .collect()
}

fn said() -> Vec<Part> {
    vec![
        Part::Text("Let me sée 🦀.".into()),
        call("toolu_a", "csv__describe", "{\"path\":\"ä.csv\"}"),
        call("toolu_b", "time__now", "{}"),
    ]
}

#[test]
fn a_turn_is_put_together_wherever_its_stream_is_split() {
    let whole = complete(&turn()).expect("an answer");
    assert_eq!(whole.model, "m-2026");
    assert_eq!(whole.stop_reason, StopReason::ToolCalls);
    let usage = &whole.usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens
        ),
        (123, 100, 89)
    );
    assert_eq!(whole.parts, [thoughts(), said()].concat());
    let deltas = [
        Delta::Reasoning("Look ".into()),
        Delta::Reasoning("first.".into()),
        Delta::Text("Let me sée 🦀.".into()),
        Delta::Call("csv__describe".into()),
        Delta::Call("time__now".into()),
    ];
    let text = turn().replace('\n', "\r\n");
    for (at, reply) in cuts("text/event-stream", &text).enumerate() {
        upstream(vec![reply]);
        let answer = Anthropic::complete(hello()).expect("an answer");
        assert_eq!(answer, whole, "cut {at}");
        let told = testing::with(|host| std::mem::take(&mut host.deltas));
        assert_eq!(told, deltas, "cut {at}");
    }
}

#[test]
fn thoughts_go_back_to_where_they_stood() {
    let seen = upstream(vec![hi()]);
    let mut parts = thoughts();
    parts.push(Part::Opaque("from elsewhere".into()));
    parts.extend(said());
    Anthropic::complete(request("m", vec![message(Role::Assistant, parts)])).expect("an answer");
    assert_eq!(
        body_of(&seen.borrow()[0])["messages"][0]["content"],
        json!([
            {"type": "thinking", "thinking": "Look first.", "signature": "EqQB"},
            {"type": "text", "text": "Let me sée 🦀."},
            {"type": "redacted_thinking", "data": "Emwk"},
            {"type": "tool_use", "id": "toolu_a", "name": "csv__describe", "input": {"path": "ä.csv"}},
            {"type": "tool_use", "id": "toolu_b", "name": "time__now", "input": {}},
        ])
    );
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    let message = json!({"type": "message", "model": "m", "stop_reason": "tool_use", "usage": {"input_tokens": 1, "output_tokens": 2},
        "content": [{"type": "text", "text": "hi"}, {"type": "tool_use", "id": "", "name": "f", "input": {"x": 1}}]});
    upstream(vec![reply(
        200,
        "application/json",
        &[message.to_string().as_bytes()],
    )]);
    let response = Anthropic::complete(hello()).expect("an answer");
    assert_eq!(
        response.parts,
        [Part::Text("hi".into()), call("call_1", "f", "{\"x\":1}")]
    );
    assert_eq!(testing::with(|host| host.deltas.len()), 2);
}

/// A stream of one text that stops for `reason`.
fn stopped(text: &str, delta: Value) -> String {
    events(&[
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}),
        json!({"type": "message_delta", "delta": delta}),
        json!({"type": "message_stop"}),
    ])
}

#[test]
fn why_the_model_stopped_is_told() {
    for (reason, expected) in [
        ("end_turn", StopReason::EndTurn),
        ("max_tokens", StopReason::MaxTokens),
        ("model_context_window_exceeded", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopText),
        ("refusal", StopReason::ContentFilter),
        ("pause_turn", StopReason::EndTurn),
        ("something_new", StopReason::EndTurn),
    ] {
        let response = complete(&stopped("hi", json!({"stop_reason": reason}))).expect("an answer");
        assert_eq!(response.stop_reason, expected, "{reason}");
        assert_eq!(response.parts, [Part::Text("hi".into())]);
        assert_eq!(response.model, "m");
    }
    let refused = json!({"stop_reason": "refusal", "stop_details": {"type": "refusal", "category": "cyber", "explanation": "Not that."}});
    let Err(LlmError::ContentFiltered(said)) = complete(&stopped("", refused)) else {
        panic!("a refusal was taken for an answer")
    };
    assert!(said.contains("Not that."), "{said}");
}

#[test]
fn broken_streams_say_how_far_they_came() {
    let delta =
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"half"}}"#;
    let half = format!("data: {delta}\n\n");
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}});
    for (text, needle) in [
        (String::new(), "after 0 characters and 0 tool calls"),
        (half.clone(), "after 4 characters"),
        (format!("{half}data: {end}\n\n"), "after 4 characters"),
        (
            format!("{half}data: {{\"type\":\"message_stop\"}}\n\n"),
            "after 4 characters",
        ),
        (format!("{half}data: <html>\n\n"), "after 4 characters"),
        (
            events(&[
                json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a"}}),
                end,
                json!({"type": "message_stop"}),
            ]),
            "without a name",
        ),
    ] {
        let Err(LlmError::BadResponse(said)) = complete(&text) else {
            panic!("{text} was taken")
        };
        assert!(said.contains(needle), "{said}");
    }
    upstream(vec![reply(200, "text/event-stream", &[half.as_bytes()])]);
    testing::with(|host| host.body_error = Some(http::Error::Timeout("nothing came".into())));
    let Err(LlmError::BadResponse(said)) = Anthropic::complete(hello()) else {
        panic!("a stalled stream was taken")
    };
    assert!(said.contains("broke off after 4 characters"), "{said}");
}

#[test]
fn odd_events_are_survived() {
    let stream = events(&[
        json!({"type": "content_block_start", "index": u64::MAX, "content_block": 7}),
        json!({"type": "content_block_delta", "index": 3, "delta": {"type": "signature_delta", "signature": "x"}}),
        json!({"type": "content_block_delta", "index": 4, "delta": null}),
        json!({"type": "something_new", "index": -1}),
        json!({"type": "message_start"}),
        json!([1, 2]),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": -1}}),
        json!({"type": "message_stop"}),
    ]);
    assert_eq!(complete(&stream).expect("an answer").parts, []);
}
