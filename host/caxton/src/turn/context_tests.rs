//! What a model is told of earlier turns.

use caxton_memory::NewMessage;
use caxton_sandbox::llm_types::{Role as Speaker, ToolChoice};
use serde_json::{Value, json};

use super::super::event::{Exchange, Image};
use super::super::exchange::exchanged;
use super::super::request::said;
use super::super::state::{Limits, Output, Said, State, Wanted};
use super::super::transcript::{asked, transcript, user};
use super::*;

fn stored(messages: Vec<NewMessage>) -> Vec<Stored> {
    let stored = |(n, new): (usize, NewMessage)| Stored {
        seq: n as i64 + 1,
        turn: None,
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
    turn_of("analyst", question, answer)
}

fn turn_of(agent: &str, question: &str, answer: &str) -> Vec<NewMessage> {
    let limits = Limits {
        tool_rounds: 8,
        tokens: 1000,
        max_tokens: 100,
        cost_pusd: None,
    };
    let mut state = State::new("t", agent, limits, Default::default(), Default::default());
    let call = Wanted {
        id: "a".to_owned(),
        name: "csv__describe".to_owned(),
        arguments: "{\"path\":\"x\"}".to_owned(),
    };
    let model = |text: &str, calls| Said::Model {
        model: "m/m".to_owned(),
        text: text.to_owned(),
        calls,
        opaque: Vec::new(),
    };
    state.said = vec![
        model("", vec![call]),
        Said::Tools(vec![Output {
            id: "a".to_owned(),
            text: "3 rows".to_owned(),
            is_error: false,
        }]),
        model(answer, Vec::new()),
    ];
    let mut messages = vec![user(question, &[])];
    messages.extend(transcript(&state));
    messages
}

/// What `analyst` is told of these messages.
fn seen(messages: &[Stored], window: u64) -> Vec<llm_types::Message> {
    let answered = turns(messages)
        .into_iter()
        .filter(|turn| turn.answered_by.is_some());
    let seen = answered.map(|turn| turn.seen_by("analyst")).collect();
    fit(seen, None, window, Overflow::Drop).messages
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
    let told = seen(&stored(turn("How many rows?", "Three.")), 1 << 20);
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
    assert_eq!(seen(&messages, 1 << 20).len(), 8);
    let one = seen(&messages, 40);
    assert_eq!(shape(&one)[0], "user: Second?");
    assert_eq!(one.len(), 4);
    assert!(seen(&messages, 10).is_empty());
    // The window begins in the middle of the first turn.
    assert_eq!(shape(&seen(&messages[2..], 1 << 20))[0], "user: Second?");
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
    assert_eq!(shape(&seen(&stored(odd), 1 << 20)), Vec::<String>::new());
}

#[test]
fn calls_that_a_client_was_to_make_are_not_told_again() {
    let mut asked = turn("How many rows?", "I look.");
    if let Some(last) = asked.last_mut() {
        last.tool_calls = Some(json!([{ "id": "b", "name": "look_up", "arguments": "{}" }]));
    }
    let told = seen(&stored(asked), 1 << 20);
    assert_eq!(shape(&told)[3..], ["model: I look."]);
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

#[test]
fn of_other_agents_turns_only_question_and_answer_are_told() {
    let messages = [
        turn_of("writer", "A poem?", "Roses."),
        turn("Rows?", "Three."),
    ]
    .concat();
    let shape = shape(&seen(&stored(messages), 1 << 20));
    assert_eq!(
        shape[..3],
        [
            "user: A poem?",
            "model: [answered by writer]\nRoses.",
            "user: Rows?"
        ]
    );
}

#[test]
fn a_message_without_an_answer_is_not_told_again() {
    let messages = [vec![user("Hello?", &[])], turn("Hello?", "Yes.")].concat();
    assert_eq!(shape(&seen(&stored(messages), 1 << 20)).len(), 4);
}

#[test]
fn what_does_not_fit_is_summarised_with_the_summary_before_it() {
    let messages = stored(
        [
            turn("First?", "One."),
            turn("Second?", "Two."),
            turn("Third?", "Three."),
        ]
        .concat(),
    );
    let summary = || Some("The user counts.".to_owned());
    let fits = fit(turns(&messages), summary(), 1 << 20, Overflow::Summarise);
    assert!(fits.older.is_none());
    assert_eq!(
        shape(&fits.messages)[0],
        "user: [summary of the earlier conversation]\nThe user counts."
    );
    let over = fit(turns(&messages), summary(), 90, Overflow::Summarise);
    let older = over.older.expect("it does not fit");
    assert_eq!(older.seq, 8);
    assert!(
        older.text.starts_with(
            "Summary so far: The user counts.\n\nUser: First?\nAssistant calls csv__describe"
        ),
        "{}",
        older.text
    );
    assert!(older.text.ends_with("Assistant: Two.\n"), "{}", older.text);
    assert_eq!(shape(&over.messages)[1], "user: Third?");
}

#[test]
fn pictures_are_kept_with_their_message() {
    let picture = Image {
        mime_type: "image/png".to_owned(),
        data: vec![1, 2, 3],
    };
    let messages = stored(vec![user("What is this?", std::slice::from_ref(&picture))]);
    assert_eq!(
        asked(&messages[0]),
        ("What is this?".to_owned(), vec![picture])
    );
}

#[tokio::test]
async fn a_turn_is_put_in_once_however_often_its_calls_are_repeated() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Store::open(dir.path().join("caxton.db")).expect("a store");
    let id = caxton_memory::new_id();
    let limits = Limits {
        tool_rounds: 8,
        tokens: 1000,
        max_tokens: 100,
        cost_pusd: None,
    };
    let mut state = State::new(
        &id,
        "analyst",
        limits,
        Default::default(),
        Default::default(),
    );
    let call = |place: usize| Wanted {
        id: format!("call_{}_{place}", id.replace('-', "")),
        name: "look_up".to_owned(),
        arguments: "{}".to_owned(),
    };
    let model = |text: &str, place| Said::Model {
        model: "m/m".to_owned(),
        text: text.to_owned(),
        calls: vec![call(place)],
        opaque: Vec::new(),
    };
    state.said = vec![model("before", 7), model("I look.", 0)];
    let new = caxton_memory::NewTurn {
        id: Some(id.clone()),
        conversation: caxton_memory::TurnConversation::New(Default::default()),
        parent: None,
        call: None,
        agent: "analyst".to_owned(),
        task: Value::Null,
        state: serde_json::to_value(&state).expect("JSON"),
        messages: vec![user("Look!", &[])],
        key: None,
    };
    store.start_turn(new).await.expect("it starts");
    let exchange = Exchange {
        messages: (0..3).map(|place| said(&model("", place), "")).collect(),
        tools: Vec::new(),
        tool_choice: ToolChoice::Auto,
        parallel_calls: true,
        instructions: None,
    };
    let messages = exchanged(&store, &exchange, "m/m").await.expect("messages");
    let expected = [
        "model: before, look_up({})",
        "model: I look., look_up({})",
        "model: look_up({})",
        "model: look_up({})",
    ];
    assert_eq!(shape(&messages), expected);
}
