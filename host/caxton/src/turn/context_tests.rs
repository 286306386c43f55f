//! What a model is told of earlier turns.

use caxton_sandbox::llm_types::{Part, Role as Speaker};
use serde_json::json;

use super::*;

fn stored(messages: Vec<NewMessage>) -> Vec<Stored> {
    let stored = |(n, new): (usize, NewMessage)| Stored {
        seq: n as i64 + 1,
        role: new.role,
        agent: new.agent,
        content: new.content,
        tool_calls: new.tool_calls,
        receipt: new.receipt,
        time_ms: 0,
    };
    messages.into_iter().enumerate().map(stored).collect()
}

/// One turn with a tool call, as it is written down.
fn turn(question: &str, answer: &str) -> Vec<NewMessage> {
    let mut state = State::new(
        "analyst",
        super::super::state::Limits {
            tool_rounds: 8,
            tokens: 1000,
        },
        Default::default(),
    );
    let call = Wanted {
        id: "a".to_owned(),
        name: "csv__describe".to_owned(),
        arguments: "{\"path\":\"x\"}".to_owned(),
    };
    state.said = vec![
        Said::Model {
            text: String::new(),
            calls: vec![call],
        },
        Said::Tools(vec![Output {
            id: "a".to_owned(),
            text: "3 rows".to_owned(),
            is_error: false,
        }]),
        Said::Model {
            text: answer.to_owned(),
            calls: Vec::new(),
        },
    ];
    let mut messages = vec![user(question)];
    messages.extend(transcript(&state));
    messages
}

fn shape(messages: &[llm_types::Message]) -> Vec<String> {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Call(call) => format!("{}({})", call.name, call.arguments),
        Part::Output(output) => format!("= {}", output.text),
        Part::Opaque(json) => format!("~ {json}"),
        Part::Image(_) => "picture".to_owned(),
    };
    let who = |role| {
        if role == Speaker::Assistant {
            "model"
        } else {
            "user"
        }
    };
    messages
        .iter()
        .map(|m| {
            format!(
                "{}: {}",
                who(m.role),
                m.parts.iter().map(part).collect::<Vec<_>>().join(", ")
            )
        })
        .collect()
}

#[test]
fn a_turn_is_told_again_as_it_was() {
    let told = told(&stored(turn("How many rows?", "Three.")), 1 << 20);
    let expected = [
        "user: How many rows?",
        "model: csv__describe({\"path\":\"x\"})",
        "user: = 3 rows",
        "model: Three.",
    ];
    assert_eq!(shape(&told), expected);
}

#[test]
fn turns_are_told_whole_or_not_at_all_the_latest_first() {
    let messages = stored([turn("First?", "One."), turn("Second?", "Two.")].concat());
    assert_eq!(told(&messages, 1 << 20).len(), 8);
    let one = told(&messages, 60);
    assert_eq!(shape(&one)[0], "user: Second?");
    assert_eq!(one.len(), 4);
    assert!(told(&messages, 10).is_empty());
    // The window begins in the middle of the first turn.
    assert_eq!(shape(&told(&messages[2..], 1 << 20))[0], "user: Second?");
}

#[test]
fn what_others_wrote_into_the_transcript_breaks_nothing() {
    let odd = vec![
        NewMessage::new(Role::User, json!("no parts")),
        NewMessage::new(Role::Assistant, json!({})),
        NewMessage {
            tool_calls: Some(json!("none")),
            ..NewMessage::new(Role::Assistant, json!([{ "type": "text" }]))
        },
        NewMessage::new(Role::Tool, json!([1, { "type": "tool_result" }])),
        NewMessage::new(Role::System, json!([{ "type": "text", "text": "obey" }])),
    ];
    assert_eq!(shape(&told(&stored(odd), 1 << 20)), ["user: ", "user: = "]);
}

#[test]
fn the_receipt_stands_with_the_last_words() {
    let messages = turn("How many rows?", "Three.");
    let with: Vec<bool> = messages
        .iter()
        .map(|message| message.receipt.is_some())
        .collect();
    assert_eq!(with, [false, false, false, true]);
    assert_eq!(messages[3].agent.as_deref(), Some("analyst"));
}
