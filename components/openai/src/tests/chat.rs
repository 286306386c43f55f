//! Chat Completions: streams of OpenAI's and of servers that differ.

use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Response, StopReason};
use caxton_sdk::testing::provider::{body_of, call, cuts};
use caxton_sdk::testing::{self, Reply, Seen, configure, reply};
use caxton_sdk::{Provider, http};
use serde_json::{Value, json};

use super::super::OpenAi;
use super::{everything, hello, stream};

/// As in the module above, with the protocol set.
fn upstream(replies: Vec<Result<Reply, http::Error>>) -> Seen {
    let seen = super::upstream(replies);
    configure(&[("api", "chat")]);
    seen
}

fn events(chunks: &[Value]) -> String {
    chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect::<String>()
        + "data: [DONE]\n\n"
}

fn complete(text: &str) -> Result<Response, LlmError> {
    upstream(vec![stream(text)]);
    OpenAi::complete(hello())
}

/// Two calls written side by side, text before them, and the usage in a chunk without choices.
fn parallel_calls() -> String {
    let delta = |delta: Value| json!({"model": "m-2026", "choices": [{"index": 0, "delta": delta, "finish_reason": null}]});
    events(&[
        delta(json!({"role": "assistant", "content": ""})),
        delta(json!({"content": "Let me sée 🦀."})),
        delta(
            json!({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "csv__describe", "arguments": ""}}]}),
        ),
        delta(
            json!({"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "time__now", "arguments": ""}}]}),
        ),
        delta(
            json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"path\":"}}, {"index": 1, "function": {"arguments": "{}"}}]}),
        ),
        delta(json!({"tool_calls": [{"index": 0, "function": {"arguments": "\"ä.csv\"}"}}]})),
        json!({"choices": [{"index": 1, "delta": {"content": "another choice"}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        json!({"choices": [], "usage": {"prompt_tokens": 12, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 8}}}),
    ])
}

#[test]
fn a_stream_with_parallel_calls_is_put_together_wherever_it_is_split() {
    let whole = complete(&parallel_calls()).expect("an answer");
    assert_eq!(whole.model, "m-2026");
    assert_eq!(whole.stop_reason, StopReason::ToolCalls);
    assert_eq!(
        (
            whole.usage.input_tokens,
            whole.usage.cached_input_tokens,
            whole.usage.output_tokens
        ),
        (12, 8, 5)
    );
    assert_eq!(
        whole.parts,
        [
            Part::Text("Let me sée 🦀.".into()),
            call("a", "csv__describe", "{\"path\":\"ä.csv\"}"),
            call("b", "time__now", "{}"),
        ]
    );
    let expected = [
        Delta::Text("Let me sée 🦀.".into()),
        Delta::Call("csv__describe".into()),
        Delta::Call("time__now".into()),
    ];
    let text = parallel_calls().replace('\n', "\r\n");
    for (at, reply) in cuts("text/event-stream", &text).enumerate() {
        upstream(vec![reply]);
        let answer = OpenAi::complete(hello()).expect("an answer");
        assert_eq!(answer, whole, "cut {at}");
        let told = testing::with(|host| std::mem::take(&mut host.deltas));
        assert_eq!(told, expected, "cut {at}");
    }
}

#[test]
fn servers_that_differ_are_understood() {
    for (name, text, parts, stop_reason) in [
        (
            "no index, no usage, arguments as an object, reason stop",
            events(&[
                json!({"choices": [{"delta": {"tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]}}]}),
                json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
            ]),
            vec![call("call_0", "f", "{\"x\":1}")],
            StopReason::ToolCalls,
        ),
        (
            "every call numbered 0, told apart by id",
            events(&[json!({"choices": [{"delta": {"tool_calls": [
                {"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}},
                {"index": 0, "id": "b", "function": {"name": "g", "arguments": "{}"}},
            ]}, "finish_reason": "tool_calls"}]})]),
            vec![
                call("a", "f", "{}"),
                call("b", "g", "{}"),
            ],
            StopReason::ToolCalls,
        ),
        (
            "no [DONE], no last empty line",
            "data: {\"choices\":[{\"delta\":{\"content\":\"hi\"},\"finish_reason\":\"length\"}]}".to_owned(),
            vec![Part::Text("hi".into())],
            StopReason::MaxTokens,
        ),
        (
            "no finish reason, but [DONE]; nulls and comments between",
            ": keep-alive\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"hi\",\"tool_calls\":null}}],\"usage\":null,\"error\":null}\n\ndata: [DONE]\n\ndata: junk\n\n".to_owned(),
            vec![Part::Text("hi".into())],
            StopReason::EndTurn,
        ),
        (
            "refused",
            events(&[
                json!({"choices": [{"delta": {"content": null, "refusal": "I can't help "}}]}),
                json!({"choices": [{"delta": {"refusal": "with that."}, "finish_reason": "stop"}]}),
            ]),
            vec![Part::Text("I can't help with that.".into())],
            StopReason::ContentFilter,
        ),
        (
            "filtered",
            events(&[json!({"choices": [{"delta": {"content": [{"type": "text", "text": "h"}]}, "finish_reason": "content_filter"}]})]),
            vec![Part::Text("h".into())],
            StopReason::ContentFilter,
        ),
    ] {
        let response = complete(&text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(response.parts, parts, "{name}");
        assert_eq!(response.stop_reason, stop_reason, "{name}");
        assert_eq!(response.model, "m", "{name}");
    }
}

#[test]
fn a_server_that_does_not_stream_is_understood() {
    let body = json!({"model": "m", "choices": [{"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    upstream(vec![reply(
        200,
        "application/json",
        &[body.to_string().as_bytes()],
    )]);
    let response = OpenAi::complete(hello()).expect("an answer");
    assert_eq!(response.parts, [Part::Text("hi".into())]);
    assert_eq!(testing::with(|host| host.deltas.len()), 1);
}

#[test]
fn broken_streams_are_bad_responses() {
    for text in [
        "",
        "data: [DONE]\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"half an ans",
        "data: {\"choices\":[{\"delta\":{\"content\":\"no end\"}}]}\n\n",
        "data: <html>\n\n",
        "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\"}]},\"finish_reason\":\"tool_calls\"}]}\n\n",
        "data: {\"error\":{\"message\":\"engine died\"}}\n\n",
    ] {
        let error = complete(text).expect_err(text);
        assert!(
            matches!(&error, LlmError::BadResponse(_)),
            "{text}: {error:?}"
        );
    }
    assert!(matches!(
        complete("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\n"),
        Err(LlmError::ContentFiltered(_))
    ));
    assert!(matches!(
        complete("data: {\"error\":{\"message\":\"busy\",\"type\":\"overloaded_error\"}}\n\n"),
        Err(LlmError::Overloaded(_))
    ));
}

#[test]
fn the_request_says_everything_in_the_protocols_words() {
    let seen = upstream(vec![stream(&parallel_calls())]);
    configure(&[
        ("base_url", "http://localhost:8000/v1/"),
        ("headers", r#"{"x-team":"sales"}"#),
    ]);
    let mut request = everything();
    request.stop = vec!["END".into()];
    OpenAi::complete(request).expect("an answer");
    let sent = &seen.borrow()[0];
    assert_eq!(sent.url, "http://localhost:8000/v1/chat/completions");
    assert!(sent.headers.contains(&("x-team".into(), "sales".into())));
    let body = body_of(sent);
    assert_eq!(
        body,
        json!({
            "model": "m",
            "stream": true,
            "stream_options": {"include_usage": true},
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AQI="}}]},
                {"role": "assistant", "content": null, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "Error: no file"},
                {"role": "user", "content": "and?"},
            ],
            "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}],
            "tool_choice": {"type": "function", "function": {"name": "f"}},
            "max_tokens": 7,
            "temperature": 0.5,
            "stop": ["END"],
            "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "strict": true,
                "schema": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"], "additionalProperties": false}}},
        })
    );
}

#[test]
fn an_option_that_the_server_refuses_is_left_out() {
    let refusal =
        r#"{"error":{"message":"Unrecognized request argument supplied: stream_options"}}"#;
    let seen = upstream(vec![
        reply(400, "application/json", &[refusal.as_bytes()]),
        stream(&parallel_calls()),
    ]);
    OpenAi::complete(hello()).expect("an answer");
    assert!(
        !String::from_utf8_lossy(seen.borrow()[1].body.as_deref().unwrap_or_default())
            .contains("stream_options")
    );
    let seen = upstream(vec![reply(
        400,
        "application/json",
        &[b"{\"error\":\"no\"}"],
    )]);
    assert!(matches!(
        OpenAi::complete(hello()),
        Err(LlmError::BadRequest(_))
    ));
    assert_eq!(seen.borrow().len(), 1);
}
