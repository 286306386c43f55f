//! The steps of a response.

use serde_json::{Value, json};

use super::super::empty;
use super::*;

const TURN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

fn answer(content: &str, stop_reason: &'static str, calls: &[&str]) -> Event {
    let calls = calls.iter().map(|id| Wanted {
        id: (*id).to_owned(),
        name: "look".to_owned(),
        arguments: "{\"x\":1}".to_owned(),
    });
    Event::Done(Box::new(Answer {
        id: TURN.to_owned(),
        conversation: "c".to_owned(),
        agent: "writer".to_owned(),
        model: "offline/demo".to_owned(),
        fallback_from: None,
        content: content.to_owned(),
        stop_reason,
        recalled: Vec::new(),
        remembered: Vec::new(),
        tool_calls: Vec::new(),
        calls: calls.collect(),
        completions: Vec::new(),
        receipt: Receipt::default(),
    }))
}

fn delta(agent: &str, text: &str) -> Event {
    Event::Delta {
        agent: agent.to_owned(),
        text: text.to_owned(),
    }
}

fn tool_call(agent: &str) -> Event {
    Event::ToolCall {
        agent: agent.to_owned(),
        id: "1".to_owned(),
        name: "csv__read".to_owned(),
        arguments: json!({}),
    }
}

fn retry() -> Event {
    Event::Retry {
        agent: "writer".to_owned(),
        model: "b/b".to_owned(),
        reason: "x".to_owned(),
    }
}

/// The steps that events make, in words; checks that they are numbered.
fn told(events: Vec<Event>) -> (Vec<String>, Vec<Value>) {
    let mut steps = Steps::new(empty("writer".to_owned()), TURN, "writer");
    let mut all: Vec<Value> = Vec::new();
    let mut push = |pieces: Vec<wire::ResponseEvent>| {
        all.extend(
            pieces
                .iter()
                .map(|piece| serde_json::to_value(piece).expect("JSON")),
        );
    };
    push(steps.first());
    let mut void = false;
    for event in events {
        match steps.event(event) {
            Made::More(pieces) | Made::Last(pieces) => push(pieces),
            Made::Void => void = true,
        }
    }
    for (place, step) in all.iter().enumerate() {
        assert_eq!(step["sequence_number"], place, "{step}");
    }
    let short = |step: &Value| {
        let name = step["type"]
            .as_str()
            .expect("a type")
            .trim_start_matches("response.");
        let index = step["output_index"].as_u64();
        index.map_or_else(|| name.to_owned(), |index| format!("{index} {name}"))
    };
    let mut names: Vec<String> = all.iter().map(short).collect();
    if void {
        names.push("void".to_owned());
    }
    (names, all)
}

#[test]
fn an_answer_is_one_message() {
    let events = vec![
        delta("writer", "Hel"),
        delta("helper", "not this"),
        delta("writer", "lo"),
        answer("Hello", "end-turn", &[]),
    ];
    let (names, all) = told(events);
    assert_eq!(
        names,
        [
            "created",
            "in_progress",
            "0 output_item.added",
            "0 content_part.added",
            "0 output_text.delta",
            "0 output_text.delta",
            "0 output_text.done",
            "0 content_part.done",
            "0 output_item.done",
            "completed",
        ]
    );
    let response = &all.last().expect("a step")["response"];
    assert_eq!(response["status"], "completed");
    assert_eq!(response["output"][0]["content"][0]["text"], "Hello");
    assert_eq!(response["output"][0]["phase"], "final_answer");
    assert_eq!(response["caxton"]["agent"], "writer");
    assert_eq!(all[4]["item_id"], response["output"][0]["id"]);
}

#[test]
fn what_is_said_before_tools_is_a_message_of_its_own() {
    let events = vec![
        delta("writer", "Let me see."),
        tool_call("writer"),
        tool_call("helper"),
        retry(),
        delta("writer", "It is 7."),
        answer("It is 7.", "end-turn", &[]),
    ];
    let (names, all) = told(events);
    assert_eq!(
        names
            .iter()
            .filter(|name| name.ends_with("output_item.done"))
            .count(),
        2
    );
    let output = &all.last().expect("a step")["response"]["output"];
    assert_eq!(
        (&output[0]["phase"], &output[1]["phase"]),
        (&json!("commentary"), &json!("final_answer"))
    );
}

#[test]
fn calls_are_items_after_the_text() {
    let (names, all) = told(vec![
        delta("writer", "I look."),
        answer("I look.", "tool-calls", &["call_a", "call_b"]),
    ]);
    assert_eq!(
        names[names.len() - 5..],
        [
            "2 output_item.added",
            "2 function_call_arguments.delta",
            "2 function_call_arguments.done",
            "2 output_item.done",
            "completed",
        ]
    );
    let output = &all.last().expect("a step")["response"]["output"];
    assert_eq!(output[1]["type"], "function_call");
    assert_eq!(output[2]["call_id"], "call_b");
    assert_eq!(output[2]["arguments"], "{\"x\":1}");
    let (names, _) = told(vec![answer("", "tool-calls", &["call_a"])]);
    assert_eq!(names[2], "0 output_item.added");
    assert_eq!(names[3], "0 function_call_arguments.delta");
}

#[test]
fn what_was_not_streamed_comes_in_the_end() {
    let (names, all) = told(vec![answer("All at once", "max-tokens", &[])]);
    assert!(
        names.contains(&"0 output_text.delta".to_owned()),
        "{names:?}"
    );
    let response = &all.last().expect("a step")["response"];
    assert_eq!(all.last().expect("a step")["type"], "response.incomplete");
    assert_eq!(
        response["incomplete_details"]["reason"],
        "max_output_tokens"
    );
    assert_eq!(response["output"][0]["status"], "incomplete");
}

#[test]
fn text_that_was_sent_can_not_be_taken_back() {
    assert_eq!(
        told(vec![delta("writer", "Hel"), retry()])
            .0
            .last()
            .map(String::as_str),
        Some("void")
    );
    assert_ne!(
        told(vec![retry()]).0.last().map(String::as_str),
        Some("void")
    );
}

#[test]
fn a_response_at_once_has_the_items_of_a_streamed_one() {
    let Event::Done(done) = answer("Hello", "tool-calls", &["call_a"]) else {
        panic!("it is an answer");
    };
    let (_, all) = told(vec![delta("writer", "Hello"), Event::Done(done.clone())]);
    let response = serde_json::to_value(whole(empty("writer".to_owned()), &done)).expect("JSON");
    assert_eq!(&response, &all.last().expect("a step")["response"]);
}
