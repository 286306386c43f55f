//! The provider as a whole against a stand-in for the host's `http`. Here are the requests that it sends; what comes back
//! is in `stream`, what is refused in `refused`.

mod refused;
mod stream;

use caxton_sdk::provider::{Blob, LlmError, Part, Request, Role, ToolChoice, ToolSpec};
use caxton_sdk::testing::provider::{body_of, call, message, output, request, text};
use caxton_sdk::testing::{Reply, configure, reply, upstream};
use caxton_sdk::{Provider, http};
use serde_json::{Value, json};

use super::Anthropic;

/// A stream in Anthropic's format.
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

/// The shortest answer.
fn hi() -> Result<Reply, http::Error> {
    let stream = events(&[
        json!({"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 1, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}}),
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}}),
        json!({"type": "message_stop"}),
    ]);
    reply(
        200,
        "text/event-stream; charset=utf-8",
        &[stream.as_bytes()],
    )
}

fn hello() -> Request {
    request("m", vec![message(Role::User, vec![text("hello")])])
}

fn with_tool(choice: ToolChoice) -> Request {
    Request {
        tools: vec![ToolSpec {
            name: "f".into(),
            description: "d".into(),
            input_schema: r#"{"type":"object"}"#.into(),
        }],
        tool_choice: choice,
        ..hello()
    }
}

/// The body of the one request that is sent.
fn sent(settings: &[(&str, &str)], request: Request) -> Value {
    let seen = upstream(vec![hi()]);
    configure(settings);
    Anthropic::complete(request).expect("an answer");
    body_of(&seen.borrow()[0])
}

#[test]
fn the_request_says_everything_in_the_protocols_words() {
    let seen = upstream(vec![hi()]);
    let mut request = request(
        "m",
        vec![
            message(Role::System, vec![text("Be brief.")]),
            message(
                Role::User,
                vec![
                    text("Look"),
                    Part::Image(Blob {
                        data: vec![1, 2],
                        mime_type: "image/png".into(),
                    }),
                ],
            ),
            message(
                Role::Assistant,
                vec![text("Hm."), call("a", "f", r#"{"x":1}"#)],
            ),
            message(Role::User, vec![text("and?"), output("a", "no file", true)]),
        ],
    );
    request.tools = with_tool(ToolChoice::Auto).tools;
    request.tool_choice = ToolChoice::Named("f".into());
    request.max_tokens = Some(7);
    request.temperature = Some(1.5);
    request.stop = vec!["END".into()];
    request.response_schema = Some(r#"{"type":"object"}"#.into());
    Anthropic::complete(request).expect("an answer");
    let sent = &seen.borrow()[0];
    assert_eq!(sent.url, "https://api.anthropic.com/v1/messages");
    assert!(
        sent.headers
            .contains(&("anthropic-version".into(), "2023-06-01".into()))
    );
    assert_eq!(
        body_of(sent),
        json!({
            "model": "m",
            "max_tokens": 7,
            "stream": true,
            "temperature": 1.0,
            "stop_sequences": ["END"],
            "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
            "messages": [
                {"role": "user", "content": [
                    {"type": "text", "text": "Look"},
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AQI="}},
                ]},
                {"role": "assistant", "content": [{"type": "text", "text": "Hm."}, {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "a", "content": "no file", "is_error": true},
                    {"type": "text", "text": "and?", "cache_control": {"type": "ephemeral"}},
                ]},
            ],
            "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object"}}],
            "tool_choice": {"type": "tool", "name": "f"},
            "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        })
    );
}

#[test]
fn messages_take_turns_and_hold_only_what_is_accepted() {
    let body = sent(
        &[("cache", "false")],
        request(
            "m",
            vec![
                message(Role::User, vec![text("one"), text("  \n")]),
                message(Role::User, vec![text("two")]),
                message(Role::Assistant, vec![text("")]),
                message(Role::User, vec![text("three")]),
                message(Role::Assistant, vec![call("functions.f:0", "f", "[1")]),
                message(Role::Assistant, vec![call("b", "f", "7")]),
                message(Role::User, vec![text("four")]),
                message(
                    Role::User,
                    vec![output("functions.f:0", "", false), output("b", "B", false)],
                ),
                message(Role::System, vec![text("late")]),
            ],
        ),
    );
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}, {"type": "text", "text": "three"}]},
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "functions_f_0", "name": "f", "input": {}},
                {"type": "tool_use", "id": "b", "name": "f", "input": {}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "functions_f_0"},
                {"type": "tool_result", "tool_use_id": "b", "content": "B"},
                {"type": "text", "text": "four"},
            ]},
        ])
    );
    assert_eq!(body["system"], json!([{"type": "text", "text": "late"}]));
    assert!(!body.to_string().contains("cache_control"));
}

#[test]
fn without_a_system_prompt_the_tools_are_cached() {
    let body = sent(&[], with_tool(ToolChoice::Auto));
    assert_eq!(body["tools"][0]["cache_control"]["type"], "ephemeral");
    assert_eq!(
        body["messages"][0]["content"][0]["cache_control"]["type"],
        "ephemeral"
    );
}

#[test]
fn tool_choices_have_their_own_words() {
    for (choice, expected) in [
        (ToolChoice::Auto, Value::Null),
        (ToolChoice::None, json!({"type": "none"})),
        (ToolChoice::Required, json!({"type": "any"})),
        (
            ToolChoice::Named("f".into()),
            json!({"type": "tool", "name": "f"}),
        ),
    ] {
        assert_eq!(
            sent(&[], with_tool(choice.clone()))["tool_choice"],
            expected
        );
        let without_tools = Request {
            tool_choice: choice,
            ..hello()
        };
        assert_eq!(sent(&[], without_tools)["tool_choice"], Value::Null);
    }
}

#[test]
fn how_much_may_be_written_is_always_said() {
    for (model, max_tokens, expected) in [
        ("m", None, 4096),
        ("claude-haiku-4-5-20251001", None, 64_000),
        ("claude-opus-5-5", None, 128_000),
        ("claude-opus-5-5", Some(9), 9),
    ] {
        let request = Request {
            model: model.into(),
            max_tokens,
            ..hello()
        };
        assert_eq!(sent(&[], request)["max_tokens"], expected, "{model}");
    }
}

#[test]
fn a_model_is_asked_to_think_in_the_way_that_it_knows() {
    let budget = |tokens: u32| json!({"type": "enabled", "budget_tokens": tokens});
    let adaptive = json!({"type": "adaptive", "display": "summarized"});
    let old = "claude-haiku-4-5";
    for (model, max_tokens, setting, expected) in [
        (old, None, "2000", budget(2000)),
        (old, Some(1500), "2000", budget(1499)),
        (old, Some(1024), "2000", Value::Null),
        ("claude-opus-5-5", None, "2000", adaptive.clone()),
        ("m", Some(10), "1024", adaptive),
    ] {
        let request = Request {
            model: model.into(),
            max_tokens,
            temperature: Some(0.5),
            ..hello()
        };
        let body = sent(&[("thinking_tokens", setting)], request);
        assert_eq!(body["thinking"], expected, "{model} {max_tokens:?}");
        assert_eq!(
            body.get("temperature").is_none(),
            expected["type"] == "enabled"
        );
    }
    let forced = Request {
        model: old.into(),
        ..with_tool(ToolChoice::Required)
    };
    let body = sent(&[("thinking_tokens", "2000")], forced);
    assert_eq!(
        (&body["thinking"], &body["tool_choice"]["type"]),
        (&Value::Null, &json!("any"))
    );
    assert_eq!(sent(&[], hello()).get("thinking"), None);
}

#[test]
fn wrong_settings_and_schemas_are_named() {
    for (key, value, needle) in [
        ("thinking_tokens", "1023", "at least 1024"),
        ("thinking_tokens", "many", "`thinking_tokens`"),
        ("cache", "7", "`cache`"),
        ("base_url", "api.anthropic.com", "`base_url`"),
    ] {
        upstream(Vec::new());
        configure(&[(key, value)]);
        let Err(LlmError::BadRequest(text)) = Anthropic::complete(hello()) else {
            panic!("{key} = {value} was taken")
        };
        assert!(text.contains(needle), "{text}");
    }
    upstream(Vec::new());
    let mut broken = with_tool(ToolChoice::Auto);
    broken.tools[0].input_schema = "{".into();
    let Err(LlmError::BadRequest(text)) = Anthropic::complete(broken) else {
        panic!("a broken schema was taken")
    };
    assert!(text.contains("`f`"), "{text}");
}

#[test]
fn models_come_in_pages_and_health_asks_for_one() {
    let page = |ids: &[&str], more: bool| {
        let data: Vec<Value> = ids
            .iter()
            .map(|id| json!({"id": id, "type": "model"}))
            .collect();
        let page = json!({"data": data, "has_more": more, "last_id": ids.last()});
        reply(200, "application/json", &[page.to_string().as_bytes()])
    };
    let seen = upstream(vec![
        page(&["c", "b"], true),
        page(&["b", "a"], false),
        page(&["a"], true),
    ]);
    let ids: Vec<String> = Anthropic::models()
        .expect("models")
        .into_iter()
        .map(|model| model.id)
        .collect();
    assert_eq!(ids, ["a", "b", "c"]);
    Anthropic::health().expect("health");
    let urls: Vec<String> = seen
        .borrow()
        .iter()
        .map(|request| request.url.clone())
        .collect();
    assert_eq!(
        urls,
        [
            "https://api.anthropic.com/v1/models?limit=1000",
            "https://api.anthropic.com/v1/models?limit=1000&after_id=b",
            "https://api.anthropic.com/v1/models?limit=1",
        ]
    );
    // A list without an end is given up.
    let seen = upstream((0..20).map(|_| page(&["a"], true)).collect());
    assert_eq!(Anthropic::models().expect("models").len(), 1);
    assert_eq!(seen.borrow().len(), 10);
    upstream(vec![reply(200, "application/json", &[b"{}"])]);
    assert!(matches!(Anthropic::models(), Err(LlmError::BadResponse(_))));
}
