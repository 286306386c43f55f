//! What is refused: errors by their kind, and requests that are tried again without what a model does not take.

use caxton_sdk::provider::{Backoff, LlmError, Message, Part, Request, Role, ToolChoice};
use caxton_sdk::testing::provider::{body_of, code, message, request, text};
use caxton_sdk::testing::{self, Reply, configure, reply, upstream};
use caxton_sdk::{Provider, http};
use serde_json::{Value, json};

use super::super::Anthropic;
use super::{events, hello, hi, with_tool};

fn refusal(status: u16, kind: &str, message: &str) -> Result<Reply, http::Error> {
    let body = json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"});
    reply(status, "application/json", &[body.to_string().as_bytes()])
}

#[test]
fn errors_keep_their_kind() {
    const LONG: &str = "prompt is too long: 208310 tokens > 200000 maximum";
    const LARGE: &str = "Request exceeds the maximum size";
    for (status, kind, said, expected) in [
        (401, "authentication_error", "invalid x-api-key", "auth"),
        (403, "permission_error", "no", "auth"),
        (402, "billing_error", "no credit", "auth"),
        (429, "rate_limit_error", "slow", "rate-limited"),
        (529, "overloaded_error", "Overloaded", "overloaded"),
        (500, "api_error", "Internal server error", "overloaded"),
        (400, "invalid_request_error", LONG, "context-too-long"),
        (413, "request_too_large", LARGE, "context-too-long"),
        (404, "not_found_error", "model: m", "model-not-found"),
        (
            400,
            "invalid_request_error",
            "max_tokens: too large",
            "bad-request",
        ),
    ] {
        upstream(vec![refusal(status, kind, said)]);
        let error = Anthropic::complete(hello()).expect_err(kind);
        assert_eq!(code(&error), expected, "{status} {kind}: {error:?}");
        assert!(format!("{error:?}").contains(said), "{error:?}");
    }
    for (kind, expected) in [
        ("overloaded_error", "overloaded"),
        ("rate_limit_error", "rate-limited"),
        ("odd_error", "bad-response"),
    ] {
        let stream = events(&[
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "half"}}),
            json!({"type": "error", "error": {"type": kind, "message": "no"}}),
        ]);
        upstream(vec![reply(200, "text/event-stream", &[stream.as_bytes()])]);
        let error = Anthropic::complete(hello()).expect_err(kind);
        assert_eq!(code(&error), expected, "in a stream: {kind}: {error:?}");
    }
    upstream(vec![Err(http::Error::Denied("not granted".into()))]);
    assert!(matches!(
        Anthropic::complete(hello()),
        Err(LlmError::Unreachable(_))
    ));
}

#[test]
fn a_rate_limit_says_how_long_to_wait() {
    let mut slow = refusal(429, "rate_limit_error", "slow").expect("a reply");
    slow.headers.extend([
        ("date".into(), "Wed, 21 Oct 2026 07:28:00 GMT".into()),
        (
            "anthropic-ratelimit-input-tokens-remaining".into(),
            "0".into(),
        ),
        (
            "anthropic-ratelimit-input-tokens-reset".into(),
            "2026-10-21T07:28:09Z".into(),
        ),
    ]);
    upstream(vec![Ok(slow)]);
    let Err(LlmError::RateLimited(Backoff { retry_after_ms, .. })) = Anthropic::complete(hello())
    else {
        panic!("wrong outcome")
    };
    assert_eq!(retry_after_ms, Some(9000));
}

/// The bodies that are sent where the first requests are refused in these words, and how many warnings are logged.
fn tried(settings: &[(&str, &str)], request: Request, refusals: &[&str]) -> (Vec<Value>, usize) {
    let mut replies: Vec<_> = refusals
        .iter()
        .map(|said| refusal(400, "invalid_request_error", said))
        .collect();
    replies.push(hi());
    let seen = upstream(replies);
    configure(settings);
    Anthropic::complete(request).expect("an answer");
    let bodies = seen.borrow().iter().map(body_of).collect();
    (bodies, testing::with(|host| host.logs.len()))
}

#[test]
fn what_a_model_does_not_take_is_left_out() {
    let warm = Request {
        temperature: Some(0.2),
        ..hello()
    };
    let (bodies, warnings) = tried(&[], warm, &["`temperature` is deprecated for this model."]);
    assert_eq!(bodies[1].get("temperature"), None);
    assert_eq!(warnings, 1);

    let (bodies, warnings) = tried(
        &[("thinking_tokens", "2000")],
        with_tool(ToolChoice::Required),
        &[
            "Thinking may not be enabled when tool_choice forces tool use.",
            "tool_choice: forced tool use is not supported for this model",
        ],
    );
    assert_eq!(bodies[0]["thinking"]["type"], "adaptive");
    assert_eq!(
        (bodies[1].get("thinking"), &bodies[1]["tool_choice"]["type"]),
        (None, &json!("any"))
    );
    assert_eq!(bodies[2].get("tool_choice"), None);
    assert_eq!(warnings, 1);

    let shaped = Request {
        response_schema: Some(r#"{"type":"array"}"#.into()),
        ..hello()
    };
    let (bodies, _) = tried(
        &[],
        shaped,
        &["output_config: Extra inputs are not permitted"],
    );
    assert_eq!(bodies[1].get("output_config"), None);
    let told = bodies[1]["system"][0]["text"].as_str().expect("a prompt");
    assert!(told.ends_with(r#"{"type":"array"}"#), "{told}");
}

#[test]
fn thinking_is_asked_for_in_the_other_way_and_then_not_at_all() {
    let refusal = r#""thinking.type" is not supported for this model"#;
    for (model, kinds) in [
        ("m", ["adaptive", "enabled", ""]),
        ("claude-haiku-4-5", ["enabled", "adaptive", ""]),
    ] {
        let request = Request {
            model: model.into(),
            max_tokens: Some(4000),
            ..hello()
        };
        let (bodies, warnings) =
            tried(&[("thinking_tokens", "2000")], request, &[refusal, refusal]);
        let seen: Vec<&str> = bodies
            .iter()
            .map(|body| body["thinking"]["type"].as_str().unwrap_or_default())
            .collect();
        assert_eq!(seen, kinds, "{model}");
        assert_eq!(warnings, 1);
    }
}

#[test]
fn thoughts_from_another_conversation_are_left_out() {
    let thought = Part::Opaque(
        json!({"place": 0, "item": {"type": "thinking", "thinking": "", "signature": "x"}})
            .to_string(),
    );
    let messages: Vec<Message> = vec![
        message(Role::User, vec![text("hello")]),
        message(Role::Assistant, vec![thought, text("hi")]),
        message(Role::User, vec![text("and?")]),
    ];
    let (bodies, _) = tried(
        &[("thinking_tokens", "2000")],
        request("m", messages),
        &["messages.1.content.0: Invalid `signature` in `thinking` block"],
    );
    assert_eq!(bodies[0]["messages"][1]["content"][0]["type"], "thinking");
    assert_eq!(
        bodies[1]["messages"][1]["content"],
        json!([{"type": "text", "text": "hi"}])
    );
    assert_eq!(bodies[1].get("thinking"), None);
}

#[test]
fn a_refusal_that_names_nothing_is_not_tried_again() {
    let seen = upstream(vec![
        refusal(400, "invalid_request_error", "messages: thinking is odd"),
        hi(),
    ]);
    assert!(matches!(
        Anthropic::complete(hello()),
        Err(LlmError::BadRequest(_))
    ));
    assert_eq!(seen.borrow().len(), 1);
}
