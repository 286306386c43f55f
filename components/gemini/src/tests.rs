//! The provider as a whole against a stand-in for the host's `http`, with streams as the API sends them.

use caxton_sdk::deltas::Delta;
use caxton_sdk::http::Error;
use caxton_sdk::provider::{LlmError, Part, Request, Response, Role, StopReason};
use caxton_sdk::testing::provider::{call, code, cuts, message, request, text};
use caxton_sdk::testing::{self, Reply, reply, upstream};
use caxton_sdk::{Provider, Value, json};

use super::Gemini;

mod refusals;
mod requests;

fn hello() -> Request {
    request(
        "gemini-3.5-flash",
        vec![message(Role::User, vec![text("hello")])],
    )
}

fn stream(text: &str) -> Result<Reply, Error> {
    reply(200, "text/event-stream", &[text.as_bytes()])
}

fn document(status: u16, value: &Value) -> Result<Reply, Error> {
    let text = value.to_string();
    reply(
        status,
        "application/json; charset=UTF-8",
        &[text.as_bytes()],
    )
}

/// Events as the API writes them, with lines that end in CR LF.
fn events(events: &[Value]) -> String {
    let event = |event: &Value| format!("data: {event}\r\n\r\n");
    events.iter().map(event).collect()
}

/// An event with one part.
fn part(part: Value) -> Value {
    json!({
        "candidates": [{"content": {"parts": [part], "role": "model"}, "index": 0}],
        "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
        "modelVersion": "gemini-3.5-flash-001",
        "responseId": "x9Rn",
    })
}

/// The last event.
fn end(reason: &str) -> Value {
    json!({
        "candidates": [{"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": reason, "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 120, "toolUsePromptTokenCount": 3, "cachedContentTokenCount": 100,
            "candidatesTokenCount": 20, "thoughtsTokenCount": 30, "totalTokenCount": 173,
        },
        "modelVersion": "gemini-3.5-flash-001",
    })
}

/// A model that thinks, writes and calls two tools side by side: the first with a signature and an id, the second without.
fn calls() -> String {
    events(&[
        part(json!({"text": "**Considering** ü", "thought": true})),
        part(json!({"text": "Let me sée 🦀"})),
        part(json!({"text": "."})),
        part(json!({
            "functionCall": {"id": "q7", "name": "csv__describe", "args": {"path": "ä.csv"}},
            "thoughtSignature": "CiQB==",
        })),
        part(json!({"functionCall": {"name": "time__now"}})),
        end("STOP"),
    ])
}

fn complete(text: &str) -> Result<Response, LlmError> {
    upstream(vec![stream(text)]);
    Gemini::complete(hello())
}

#[test]
fn a_stream_is_put_together_wherever_it_is_split() {
    let text = calls();
    let whole = complete(&text).expect("an answer");
    assert_eq!(whole.model, "gemini-3.5-flash-001");
    assert_eq!(whole.stop_reason, StopReason::ToolCalls);
    assert_eq!(whole.usage.input_tokens, 123);
    assert_eq!(whole.usage.cached_input_tokens, 100);
    assert_eq!(whole.usage.output_tokens, 50);
    assert_eq!(
        whole.parts,
        [
            Part::Opaque(r#"{"call":"q7","thoughtSignature":"CiQB=="}"#.into()),
            Part::Text("Let me sée 🦀.".into()),
            call("q7", "csv__describe", r#"{"path":"ä.csv"}"#),
            call("call_1", "time__now", "{}"),
        ]
    );
    let expected = [
        Delta::Reasoning("**Considering** ü".into()),
        Delta::Text("Let me sée 🦀".into()),
        Delta::Text(".".into()),
        Delta::Call("csv__describe".into()),
        Delta::Call("time__now".into()),
    ];
    for (at, reply) in cuts("text/event-stream", &text).enumerate() {
        upstream(vec![reply]);
        let answer = Gemini::complete(hello()).expect("an answer");
        assert_eq!(answer, whole, "cut {at}");
        let deltas = testing::with(|host| std::mem::take(&mut host.deltas));
        assert_eq!(deltas, expected, "cut {at}");
    }
}

#[test]
fn a_stream_that_ends_early_is_no_answer() {
    let text = calls();
    // Without its line feeds the last event is still whole.
    let whole = text.trim_end().len();
    for end in 0..whole {
        upstream(vec![reply(
            200,
            "text/event-stream",
            &[&text.as_bytes()[..end]],
        )]);
        let outcome = Gemini::complete(hello());
        assert!(
            matches!(outcome, Err(LlmError::BadResponse(_))),
            "cut at {end}: {outcome:?}"
        );
    }
}

#[test]
fn a_broken_connection_says_how_far_the_answer_came() {
    upstream(vec![stream(&events(&[part(json!({"text": "Hell"}))]))]);
    testing::with(|host| host.body_error = Some(Error::Timeout("nothing came for 60 s".into())));
    let Err(LlmError::BadResponse(text)) = Gemini::complete(hello()) else {
        panic!("half an answer was taken")
    };
    assert!(
        text.contains("after 4 characters and 0 tool calls"),
        "{text}"
    );
    assert!(text.contains("nothing came for 60 s"), "{text}");
}

#[test]
fn reasons_to_stop_are_told_apart() {
    for (reason, with_text, without) in [
        ("STOP", Ok(StopReason::EndTurn), Ok(StopReason::EndTurn)),
        (
            "MAX_TOKENS",
            Ok(StopReason::MaxTokens),
            Ok(StopReason::MaxTokens),
        ),
        (
            "SAFETY",
            Ok(StopReason::ContentFilter),
            Err("content-filtered"),
        ),
        (
            "RECITATION",
            Ok(StopReason::ContentFilter),
            Err("content-filtered"),
        ),
        (
            "BLOCKLIST",
            Ok(StopReason::ContentFilter),
            Err("content-filtered"),
        ),
        (
            "PROHIBITED_CONTENT",
            Ok(StopReason::ContentFilter),
            Err("content-filtered"),
        ),
        (
            "SPII",
            Ok(StopReason::ContentFilter),
            Err("content-filtered"),
        ),
        (
            "MALFORMED_FUNCTION_CALL",
            Err("bad-response"),
            Err("bad-response"),
        ),
        (
            "UNEXPECTED_TOOL_CALL",
            Err("bad-response"),
            Err("bad-response"),
        ),
        (
            "MISSING_THOUGHT_SIGNATURE",
            Err("bad-response"),
            Err("bad-response"),
        ),
        ("OTHER", Err("bad-response"), Err("bad-response")),
        ("A_NEW_ONE", Err("bad-response"), Err("bad-response")),
        (
            "FINISH_REASON_UNSPECIFIED",
            Err("bad-response"),
            Err("bad-response"),
        ),
        ("", Err("bad-response"), Err("bad-response")),
    ] {
        let text = part(json!({"text": "Hi"}));
        for (stream, expected) in [
            (vec![text, end(reason)], with_text),
            (vec![end(reason)], without),
        ] {
            let outcome = complete(&events(&stream)).map(|response| response.stop_reason);
            assert_eq!(outcome.map_err(|error| code(&error)), expected, "{reason}");
        }
    }
    let mut malformed = end("MALFORMED_FUNCTION_CALL");
    malformed["candidates"][0]["finishMessage"] = json!("Malformed function call: f(");
    let Err(LlmError::BadResponse(text)) = complete(&events(&[malformed])) else {
        panic!("a malformed call was taken")
    };
    assert!(
        text.ends_with("MALFORMED_FUNCTION_CALL: Malformed function call: f("),
        "{text}"
    );
}

#[test]
fn a_filter_leaves_no_calls() {
    let stream = [
        part(json!({"text": "Well"})),
        part(json!({"functionCall": {"name": "f", "args": {}}})),
        end("SAFETY"),
    ];
    let answer = complete(&events(&stream)).expect("an answer");
    assert_eq!(answer.parts, [Part::Text("Well".into())]);
}

#[test]
fn a_refused_request_is_filtered() {
    let event = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 7}});
    assert_eq!(
        complete(&events(&[event])),
        Err(LlmError::ContentFiltered(
            "https://generativelanguage.googleapis.com refused the request: PROHIBITED_CONTENT"
                .into()
        ))
    );
}

#[test]
fn odd_events_are_understood_or_refused() {
    for (stream, expected) in [
        // A signature behind the text, in a part of its own.
        (
            events(&[part(json!({"text": "Hi"})), {
                let mut last = end("STOP");
                last["candidates"][0]["content"]["parts"] =
                    json!([{"text": "", "thoughtSignature": "Sg=="}]);
                last
            }]),
            Ok(vec![
                Part::Opaque(r#"{"thoughtSignature":"Sg=="}"#.into()),
                Part::Text("Hi".into()),
            ]),
        ),
        // Another candidate, and fields of wrong types.
        (
            events(&[
                json!({"candidates": [{"index": 1, "content": {"parts": [{"text": "no"}]}, "finishReason": "STOP"}]}),
                json!({"candidates": {}, "usageMetadata": [], "modelVersion": 7}),
                json!({"candidates": [{"content": {"parts": [7, {"text": null}, {"text": "Hi"}, {"executableCode": {}}]}, "finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": -1, "candidatesTokenCount": 18_446_744_073_709_551_615_u64, "thoughtsTokenCount": 5}}),
            ]),
            Ok(vec![Part::Text("Hi".into())]),
        ),
        // The same id twice.
        (
            events(&[
                part(
                    json!({"functionCall": {"id": "a", "name": "f", "args": {}}, "thoughtSignature": "x"}),
                ),
                part(json!({"functionCall": {"id": "a", "name": "f", "args": [1]}})),
                end("STOP"),
            ]),
            Ok(vec![
                Part::Opaque(r#"{"call":"a","thoughtSignature":"x"}"#.into()),
                call("a", "f", "{}"),
                call("call_1", "f", "[1]"),
            ]),
        ),
        (
            events(&[part(json!({"functionCall": {"args": {}}})), end("STOP")]),
            Err("bad-response"),
        ),
        ("data: <html>\n\n".into(), Err("bad-response")),
        (
            "data: {\"error\":{\"code\":500,\"message\":\"boom\",\"status\":\"INTERNAL\"}}\n\n"
                .into(),
            Err("overloaded"),
        ),
    ] {
        let outcome = complete(&stream).map(|response| response.parts);
        assert_eq!(outcome.map_err(|error| code(&error)), expected, "{stream}");
    }
}

#[test]
fn an_answer_that_is_one_list_is_understood() {
    let list = json!([
        part(json!({"text": "Hel"})),
        part(json!({"text": "lo"})),
        end("STOP")
    ]);
    upstream(vec![document(200, &list)]);
    let answer = Gemini::complete(hello()).expect("an answer");
    assert_eq!(answer.parts, [Part::Text("Hello".into())]);
    upstream(vec![document(200, &json!([part(json!({"text": "Hel"}))]))]);
    assert!(matches!(
        Gemini::complete(hello()),
        Err(LlmError::BadResponse(_))
    ));
}
