//! What a component's author relies on, with the stand-in for the host.

use std::io::{BufRead, BufReader};

use caxton_sdk::http::{self, Request};
use caxton_sdk::input::{InputRequired, InputResponse, Reply, Resumption};
use caxton_sdk::testing::{self, Reply as Response};
use caxton_sdk::{
    Answer, Arguments, Audience, Body, Content, Outcome, Tool, ToolError, ToolResult, Value,
    config, deltas, embed, json, log, progress, serde_json, state,
};
use serde::Deserialize;

#[derive(Debug, Deserialize, PartialEq)]
struct Greet {
    name: String,
}

#[test]
fn arguments_become_a_type_or_say_which_field_is_wrong() {
    let parse = |json: Value| Arguments::from(json).parse::<Greet>();
    assert_eq!(
        parse(json!({ "name": "Ada" })),
        Ok(Greet { name: "Ada".into() })
    );
    let Err(ToolError::InvalidArguments(error)) = parse(json!({})) else {
        panic!("no error")
    };
    assert!(error.contains("missing field `name`"), "{error}");
    let Err(ToolError::InvalidArguments(error)) = Arguments::from_json("{").parse::<Greet>() else {
        panic!("no error")
    };
    assert!(error.contains("EOF"), "{error}");
}

#[test]
fn a_tool_says_only_what_was_said_of_it() {
    let tool = Tool::new("greet", "Greets.");
    assert_eq!(
        serde_json::from_str::<Value>(&tool.input_schema).unwrap()["type"],
        "object"
    );
    assert_eq!(
        (
            tool.output_schema,
            tool.annotations.read_only,
            tool.annotations.open_world
        ),
        (None, None, None)
    );
    let tool = Tool::new("greet", "Greets.")
        .title("Greet")
        .read_only()
        .open_world(false);
    assert_eq!(
        (tool.title.as_deref(), tool.annotations.read_only),
        (Some("Greet"), Some(true))
    );
}

#[test]
fn results_carry_content_and_structure() {
    let result = ToolResult::structured(&json!({ "n": 1 }));
    assert_eq!(result.structured.as_deref(), Some(r#"{"n":1}"#));
    assert_eq!(result.content[0].body, Body::Text(r#"{"n":1}"#.into()));

    let picture = Content::image(*b"PNG", "image/png")
        .for_audience(Audience::User)
        .priority(0.5);
    let result = ToolResult::text("a picture")
        .and(picture)
        .with_structured(&json!({}));
    assert_eq!(
        (
            result.content.len(),
            result.structured.as_deref(),
            result.is_error
        ),
        (2, Some("{}"), false)
    );

    let answer: Answer = ToolResult::error("no").into();
    assert!(matches!(answer, Ok(Outcome::Complete(result)) if result.is_error));
}

#[test]
fn questions_are_asked_and_answered() {
    let question = InputRequired::new()
        .elicit("who", "Who are you?", json!({ "type": "object" }))
        .state("step 2");
    let answer: Answer = question.into();
    let Ok(Outcome::InputRequired(question)) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(
        (question.requests[0].key.as_str(), question.state.as_deref()),
        ("who", Some("step 2"))
    );

    let value = |value: Value| {
        let responses = vec![InputResponse {
            key: "who".into(),
            value: value.to_string(),
        }];
        Resumption {
            responses,
            state: None,
        }
        .elicited::<Greet>("who")
    };
    let accepted = value(json!({ "action": "accept", "content": { "name": "Ada" } }));
    assert_eq!(
        accepted,
        Ok(Some(Reply::Accepted(Greet { name: "Ada".into() })))
    );
    assert_eq!(
        value(json!({ "action": "decline" })),
        Ok(Some(Reply::Declined))
    );
    assert!(
        value(json!({ "action": "accept", "content": {} }))
            .unwrap_err()
            .contains("missing field `name`")
    );
    assert!(
        value(json!({ "action": "shrug" }))
            .unwrap_err()
            .contains("no action")
    );
    let none = Resumption {
        responses: Vec::new(),
        state: None,
    };
    assert_eq!(none.elicited::<Greet>("who"), Ok(None));
}

#[test]
fn settings_are_read_as_types() {
    testing::with(|host| {
        host.config = [("n", "3"), ("s", "3 apples"), ("list", "[1,2]")]
            .map(|(k, v)| (k.into(), v.into()))
            .into();
    });
    assert_eq!(config::parse::<u32>("n"), Ok(Some(3)));
    assert_eq!(config::parse::<String>("n"), Ok(Some("3".into())));
    assert_eq!(config::parse::<String>("s"), Ok(Some("3 apples".into())));
    assert_eq!(config::parse::<Vec<u32>>("list"), Ok(Some(vec![1, 2])));
    assert_eq!(config::parse::<u32>("absent"), Ok(None));
    assert!(
        config::parse::<u32>("s")
            .unwrap_err()
            .starts_with("The setting `s` is \"3 apples\"")
    );
}

#[test]
fn state_is_kept_and_listed() {
    state::set("a/1", b"x").unwrap();
    state::set_json("a/2", &json!([1])).unwrap();
    assert_eq!(state::list_keys("a/"), Ok(vec!["a/1".into(), "a/2".into()]));
    assert_eq!(state::get_json::<Vec<u32>>("a/2"), Ok(Some(vec![1])));
    assert!(matches!(
        state::get_json::<u32>("a/1"),
        Err(state::Error::Failed(_))
    ));
    state::delete("a/1").unwrap();
    assert_eq!(state::get("a/1"), Ok(None));
}

#[test]
fn responses_are_read_whole_or_piece_by_piece() {
    assert!(matches!(
        Request::get("https://example.com").send(),
        Err(http::Error::Denied(_))
    ));
    testing::with(|host| {
        host.http = Some(Box::new(|request| {
            log::info(&request.url);
            Ok(Response {
                status: if request.method == "GET" { 200 } else { 404 },
                headers: vec![("content-type".into(), "text/plain".into())],
                body: vec![b"one\ntw".to_vec(), Vec::new(), b"o\n".to_vec()],
            })
        }));
    });
    let get = || {
        Request::get("https://example.com")
            .header("accept", "*/*")
            .send()
            .unwrap()
    };
    let response = get();
    assert_eq!(
        (response.status(), response.header("Content-Type")),
        (200, Some("text/plain"))
    );
    let lines: Vec<String> = BufReader::new(response)
        .lines()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(get().text(100).as_deref(), Ok("one\ntwo\n"));
    assert!(matches!(get().text(7), Err(http::Error::Limit(_))));
    assert!(matches!(
        get().json::<Value>(100),
        Err(http::Error::Invalid(_))
    ));
    let post = Request::post("https://example.com")
        .json(&json!({ "a": 1 }))
        .unwrap();
    assert_eq!(post.body.as_deref(), Some(br#"{"a":1}"#.as_slice()));
    assert!(!post.send().unwrap().is_success());
    assert_eq!(testing::with(|host| host.logs.len()), 5);
}

#[test]
fn what_is_told_to_the_host_is_seen_by_the_test() {
    progress::report(1.0, Some(2.0), Some("half"));
    deltas::text("Hel");
    deltas::reasoning("why");
    assert!(matches!(
        embed::vectors(&["a".into()]),
        Err(embed::Error::Unavailable(_))
    ));
    testing::with(|host| {
        assert_eq!(host.progress, [(1.0, Some(2.0), Some("half".into()))]);
        assert_eq!(
            host.deltas,
            [
                deltas::Delta::Text("Hel".into()),
                deltas::Delta::Reasoning("why".into())
            ]
        );
        host.embed = Some(Box::new(|text| {
            if text == "a" {
                vec![1.0, 0.0]
            } else {
                vec![0.6, 0.8]
            }
        }));
    });
    assert_eq!(
        embed::similarities("a", &["a".into(), "b".into()]),
        Ok(vec![1.0, 0.6])
    );
    testing::reset();
    assert!(testing::with(|host| host.deltas.is_empty()));
}
