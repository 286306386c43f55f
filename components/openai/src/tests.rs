//! The provider as a whole against a stand-in for the host's `http`, with streams as real servers send them. Here is what
//! the protocols share.

mod chat;
mod responses;

use caxton_sdk::provider::{Blob, LlmError, Part, Request, Role, ToolChoice, ToolSpec};
use caxton_sdk::testing::provider::{call, message, output, request};
use caxton_sdk::testing::{self, Reply, configure, reply, upstream};
use caxton_sdk::{Provider, http};

use super::OpenAi;

fn hello() -> Request {
    request(
        "m",
        vec![message(Role::User, vec![Part::Text("hello".into())])],
    )
}

fn stream(text: &str) -> Result<Reply, http::Error> {
    reply(200, "text/event-stream; charset=utf-8", &[text.as_bytes()])
}

/// A request with everything that both protocols know.
fn everything() -> Request {
    let mut request = request(
        "m",
        vec![
            message(Role::System, vec![Part::Text("Be brief.".into())]),
            message(
                Role::User,
                vec![
                    Part::Text("Look".into()),
                    Part::Image(Blob {
                        data: vec![1, 2],
                        mime_type: "image/png".into(),
                    }),
                ],
            ),
            message(Role::Assistant, vec![call("a", "f", "")]),
            message(
                Role::User,
                vec![Part::Text("and?".into()), output("a", "no file", true)],
            ),
        ],
    );
    request.tools = vec![ToolSpec {
        name: "f".into(),
        description: "d".into(),
        input_schema: r#"{"type":"object"}"#.into(),
    }];
    request.tool_choice = ToolChoice::Named("f".into());
    request.max_tokens = Some(7);
    request.temperature = Some(0.5);
    request.response_schema = Some(r#"{"type":"object","properties":{"x":{"type":"integer"}},"required":["x"],"additionalProperties":false}"#.into());
    request
}

#[test]
fn the_hosts_refusal_is_passed_on_in_its_words() {
    upstream(vec![Err(http::Error::Denied(
        "https://api.openai.com is not granted".into(),
    ))]);
    let Err(LlmError::Unreachable(text)) = OpenAi::complete(hello()) else {
        panic!("wrong outcome")
    };
    assert!(
        text.ends_with("https://api.openai.com is not granted"),
        "{text}"
    );
}

#[test]
fn wrong_settings_and_schemas_are_named() {
    for (key, value, needle) in [
        ("base_url", "api.openai.com", "`base_url`"),
        ("headers", r#"{"x":1}"#, "`headers`.`x`"),
        ("headers", "7", "`headers`"),
        ("api", "completions", "`api`"),
    ] {
        upstream(Vec::new());
        configure(&[(key, value)]);
        let Err(LlmError::BadRequest(text)) = OpenAi::complete(hello()) else {
            panic!("{key} = {value} was taken")
        };
        assert!(text.contains(needle), "{text}");
    }
    upstream(Vec::new());
    let mut broken = hello();
    broken.tools = vec![ToolSpec {
        name: "odd".into(),
        description: String::new(),
        input_schema: "{".into(),
    }];
    let Err(LlmError::BadRequest(text)) = OpenAi::complete(broken) else {
        panic!("a broken schema was taken")
    };
    assert!(text.contains("`odd`"), "{text}");
}

#[test]
fn health_and_models_ask_for_the_list() {
    let seen = upstream(vec![
        reply(200, "application/json", &[br#"{"data":[{"id":"gpt-5"}]}"#]),
        reply(
            401,
            "application/json",
            &[br#"{"error":{"message":"bad key"}}"#],
        ),
    ]);
    assert_eq!(OpenAi::models().expect("models")[0].id, "gpt-5");
    assert!(matches!(OpenAi::health(), Err(LlmError::Auth(_))));
    assert!(
        seen.borrow()
            .iter()
            .all(|request| request.url == "https://api.openai.com/v1/models")
    );
    upstream(vec![reply(200, "text/html", &[b"<html>"])]);
    assert!(matches!(OpenAi::health(), Err(LlmError::BadResponse(_))));
}

#[test]
fn openai_is_spoken_to_in_its_newer_protocol_and_others_in_the_older() {
    for (settings, path) in [
        (&[][..], "https://api.openai.com/v1/responses"),
        (
            &[("api", "chat")],
            "https://api.openai.com/v1/chat/completions",
        ),
        (
            &[("base_url", "http://localhost:8000/v1")],
            "http://localhost:8000/v1/chat/completions",
        ),
        (
            &[
                ("base_url", "http://localhost:8000/v1"),
                ("api", "responses"),
            ],
            "http://localhost:8000/v1/responses",
        ),
    ] {
        let seen = upstream(vec![stream("")]);
        configure(settings);
        assert!(OpenAi::complete(hello()).is_err());
        assert_eq!(seen.borrow()[0].url, path);
    }
}

#[test]
fn a_temperature_that_the_model_refuses_is_left_out_and_said() {
    for api in ["chat", "responses"] {
        let refusal = r#"{"error":{"message":"Unsupported parameter: 'temperature' is not supported with this model."}}"#;
        let seen = upstream(vec![
            reply(400, "application/json", &[refusal.as_bytes()]),
            reply(400, "application/json", &[refusal.as_bytes()]),
        ]);
        configure(&[("api", api)]);
        let request = Request {
            temperature: Some(0.2),
            ..hello()
        };
        assert!(matches!(
            OpenAi::complete(request),
            Err(LlmError::BadRequest(_))
        ));
        let has = |at: usize| {
            String::from_utf8_lossy(seen.borrow()[at].body.as_deref().unwrap_or_default())
                .contains("temperature")
        };
        assert!(has(0) && !has(1), "{api}");
        assert_eq!(testing::with(|host| host.logs.len()), 1);
    }
}
