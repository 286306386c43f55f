//! The provider as a host sees it.

use caxton_sdk::Provider;
use caxton_sdk::deltas::Delta;
use caxton_sdk::provider::{LlmError, Part, Request, Role, StopReason, ToolChoice, ToolSpec};
use caxton_sdk::testing::{self, provider};
use serde_json::json;

use super::Offline;

fn request(text: &str) -> Request {
    let schema = json!({"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]});
    let message = provider::message(Role::User, vec![provider::text(text)]);
    Request {
        tools: vec![ToolSpec {
            name: "calc__evaluate".into(),
            description: "Calculates an arithmetic expression.".into(),
            input_schema: schema.to_string(),
        }],
        ..provider::request("demo", vec![message])
    }
}

#[test]
fn a_call_is_announced_and_an_answer_is_streamed() {
    testing::reset();
    let response = Offline::complete(request("What is 17 * 23?")).expect("an answer");
    assert_eq!(response.stop_reason, StopReason::ToolCalls);
    let [Part::Call(call)] = response.parts.as_slice() else {
        panic!("{:?}", response.parts)
    };
    assert_eq!(
        (call.name.as_str(), call.arguments.as_str()),
        ("calc__evaluate", r#"{"expression":"17 * 23"}"#)
    );
    assert!(testing::with(|host| host
        .deltas
        .contains(&Delta::Call("calc__evaluate".into()))));

    testing::reset();
    let response = Offline::complete(request("Hello")).expect("an answer");
    let [Part::Text(text)] = response.parts.as_slice() else {
        panic!("{:?}", response.parts)
    };
    let streamed: String = testing::with(|host| std::mem::take(&mut host.deltas))
        .into_iter()
        .map(|delta| {
            if let Delta::Text(text) = delta {
                text
            } else {
                String::new()
            }
        })
        .collect();
    assert_eq!(streamed, *text);
    assert_eq!(
        response.usage.output_tokens,
        text.split_whitespace().count() as u64
    );
}

#[test]
fn choices_and_limits_are_kept() {
    let mut none = request("What is 17 * 23?");
    none.tool_choice = ToolChoice::None;
    assert_eq!(
        Offline::complete(none).expect("an answer").stop_reason,
        StopReason::EndTurn
    );
    let mut named = request("What is 17 * 23?");
    named.tool_choice = ToolChoice::Named("other".into());
    assert!(
        matches!(Offline::complete(named), Err(LlmError::BadRequest(text)) if text.contains("`other`"))
    );
    let mut short = request("Hello");
    short.max_tokens = Some(3);
    let response = Offline::complete(short).expect("an answer");
    assert_eq!(
        (response.stop_reason, response.usage.output_tokens),
        (StopReason::MaxTokens, 3)
    );
    let mut stopped = request("Hello");
    stopped.stop = vec!["offline".into()];
    let response = Offline::complete(stopped).expect("an answer");
    assert_eq!(
        (response.stop_reason, response.parts),
        (
            StopReason::StopText,
            vec![Part::Text("I am Caxton's ".into())]
        )
    );
}

#[test]
fn what_it_cannot_do_it_refuses() {
    let mut other = request("Hello");
    other.model = "gpt-5".into();
    assert!(
        matches!(Offline::complete(other), Err(LlmError::ModelNotFound(text)) if text.contains("`gpt-5`"))
    );
    let mut schema = request("Hello");
    schema.response_schema = Some("{}".into());
    assert!(matches!(
        Offline::complete(schema),
        Err(LlmError::BadRequest(_))
    ));
    let mut broken = request("Calculate 1 + 1");
    broken.tools[0].input_schema = "{".into();
    assert!(Offline::complete(broken).is_ok());
}
