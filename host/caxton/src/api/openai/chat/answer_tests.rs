//! The chunks of a chat completion.

use serde_json::{Value, json};

use super::*;

const TURN: &str = "0190163d-8694-739b-aea5-966c26f8ad91";

fn asked(usage: bool) -> Asked {
    Asked {
        model: "auto".to_owned(),
        usage,
    }
}

fn answer(content: &str, stop_reason: &'static str, calls: &[&str]) -> Answer {
    let calls = calls.iter().map(|id| Wanted {
        id: (*id).to_owned(),
        name: "look".to_owned(),
        arguments: "{}".to_owned(),
    });
    Answer {
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
        receipt: Receipt {
            input_tokens: 5,
            cached_input_tokens: 2,
            output_tokens: 3,
            ..Receipt::default()
        },
    }
}

fn delta(agent: &str, text: &str) -> Event {
    Event::Delta {
        agent: agent.to_owned(),
        text: text.to_owned(),
    }
}

fn done(content: &str, calls: &[&str]) -> Event {
    Event::Done(Box::new(answer(content, "end-turn", calls)))
}

/// The chunks that events make; nothing where text that was sent is void.
fn chunks(usage: bool, events: Vec<Event>) -> Option<Vec<Value>> {
    let mut chunks = Chunks::new(asked(usage), TURN, "writer");
    let mut made = chunks.first();
    for event in events {
        match chunks.event(event) {
            Made::More(more) | Made::Last(more) => made.extend(more),
            Made::Void => return None,
        }
    }
    Some(
        made.iter()
            .map(|chunk| serde_json::to_value(chunk).expect("JSON"))
            .collect(),
    )
}

fn text(chunks: &[Value]) -> String {
    let text = |chunk: &Value| {
        chunk["choices"][0]["delta"]["content"]
            .as_str()
            .map(str::to_owned)
    };
    chunks.iter().filter_map(text).collect()
}

#[test]
fn an_answer_has_openai_s_shape() {
    let whole =
        serde_json::to_value(whole(&asked(false), &answer("Hi", "max-tokens", &[]))).expect("JSON");
    assert_eq!(whole["id"], format!("chatcmpl-{TURN}"));
    assert_eq!(whole["created"], 1_718_360_049);
    assert_eq!(whole["model"], "auto");
    assert_eq!(
        whole["choices"],
        json!([{ "index": 0, "logprobs": null, "finish_reason": "length",
            "message": { "role": "assistant", "content": "Hi", "refusal": null } }])
    );
    assert_eq!(
        whole["usage"],
        json!({ "prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8,
            "prompt_tokens_details": { "cached_tokens": 2 }, "completion_tokens_details": { "reasoning_tokens": 0 } })
    );
    assert_eq!(whole["caxton"]["agent"], "writer");
}

#[test]
fn reasons_to_stop_have_openai_s_names() {
    for (stop, expected) in [
        ("end-turn", "stop"),
        ("stop-text", "stop"),
        ("max-tokens", "length"),
        ("tool-calls", "tool_calls"),
        ("content-filter", "content_filter"),
    ] {
        assert_eq!(finish_reason(&answer("", stop, &[])), expected);
    }
}

#[test]
fn a_stream_begins_with_the_role_and_ends_with_the_reason() {
    let events = vec![
        delta("writer", "Hel"),
        delta("helper", "not this"),
        delta("writer", "lo"),
        done("Hello", &[]),
    ];
    let made = chunks(true, events).expect("nothing is void");
    assert_eq!(
        made[0]["choices"][0]["delta"],
        json!({ "role": "assistant", "content": "" })
    );
    assert_eq!(text(&made), "Hello");
    let [.., end, used] = made.as_slice() else {
        panic!("too few: {made:?}");
    };
    assert_eq!(end["choices"][0]["finish_reason"], "stop");
    assert_eq!(
        (&end["usage"], &end["caxton"]["conversation"]),
        (&Value::Null, &json!("c"))
    );
    assert_eq!(
        (&used["choices"], &used["usage"]["total_tokens"]),
        (&json!([]), &json!(8))
    );
    let without = chunks(false, vec![done("Hello", &[])]).expect("nothing is void");
    assert_eq!(text(&without), "Hello");
    assert!(
        without.iter().all(|chunk| chunk.get("usage").is_none()),
        "{without:?}"
    );
}

#[test]
fn calls_are_added_whole() {
    let made = chunks(false, vec![done("", &["a", "b"])]).expect("nothing is void");
    let call = |id: &str, index: usize| json!([{ "index": index, "id": id, "type": "function", "function": { "name": "look", "arguments": "{}" } }]);
    assert_eq!(made[1]["choices"][0]["delta"]["tool_calls"], call("a", 0));
    assert_eq!(made[2]["choices"][0]["delta"]["tool_calls"], call("b", 1));
}

#[test]
fn text_after_tools_is_another_paragraph_and_only_what_no_tool_followed_can_be_void() {
    let call = Event::ToolCall {
        agent: "writer".to_owned(),
        id: "1".to_owned(),
        name: "csv__read".to_owned(),
        arguments: json!({}),
    };
    let retry = Event::Retry {
        agent: "writer".to_owned(),
        model: "b/b".to_owned(),
        reason: "x".to_owned(),
    };
    let events = vec![
        delta("writer", "Let me see."),
        call,
        retry.clone(),
        delta("writer", "It is"),
        done("It is 7.", &[]),
    ];
    let made = chunks(false, events).expect("nothing is void");
    assert_eq!(text(&made), "Let me see.\n\nIt is 7.");
    assert!(chunks(false, vec![delta("writer", "Hel"), retry]).is_none());
}
