//! The turn's decisions, without I/O.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::super::event::Remembered;
use super::super::state::{Limits, Stop};
use super::*;

fn state(tool_rounds: u32) -> State {
    let tools = ["csv__describe", "chart__render", ASK_AGENT]
        .map(|name| (name.to_owned(), name.to_owned()));
    State::new(
        "t",
        "analyst",
        limits(tool_rounds),
        BTreeMap::from(tools),
        BTreeSet::new(),
    )
}

fn limits(tool_rounds: u32) -> Limits {
    Limits {
        tool_rounds,
        tokens: 1000,
        max_tokens: 100,
        cost_pusd: None,
    }
}

const BEGIN: Event = Event::Begin { summarise: false };

fn says(text: &str, calls: &[(&str, &str, &str)]) -> Event {
    spends(10, text, calls)
}

fn spends(tokens: u64, text: &str, calls: &[(&str, &str, &str)]) -> Event {
    let calls = calls.iter().map(|(id, name, arguments)| Wanted {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        arguments: (*arguments).to_owned(),
    });
    Event::Completed(Completion {
        model: "offline/demo".to_owned(),
        text: text.to_owned(),
        calls: calls.collect(),
        stop: Stop::EndTurn,
        opaque: Vec::new(),
        receipt: Receipt {
            output_tokens: tokens,
            ..Receipt::default()
        },
        completions: Vec::new(),
    })
}

fn gives(id: &str, text: &str) -> Event {
    let call = ToolCall {
        id: id.to_owned(),
        agent: "analyst".to_owned(),
        name: "csv__describe".to_owned(),
        arguments: json!({}),
        is_error: false,
        text: text.to_owned(),
        structured: None,
        attachments: Vec::new(),
        receipt: None,
    };
    Event::Returned {
        id: id.to_owned(),
        returned: Box::new(Returned {
            call,
            inner: Vec::new(),
            found: Vec::new(),
            receipt: Receipt {
                fuel: 5,
                ..Receipt::default()
            },
        }),
    }
}

/// Takes all steps and gives the last actions. Each state goes through JSON on the way, as one that is restored would.
fn play(mut state: State, events: Vec<Event>) -> (State, Vec<Action>) {
    let mut actions = Vec::new();
    for event in events {
        (state, actions) = step(state, event);
        let text = serde_json::to_string(&state).expect("a state serialises");
        let restored: State = serde_json::from_str(&text).expect("a state deserialises");
        assert_eq!(restored, state);
    }
    (state, actions)
}

fn outputs(state: &State) -> Vec<(&str, bool, &str)> {
    let Some(Said::Tools(outputs)) = state
        .said
        .iter()
        .rfind(|said| matches!(said, Said::Tools(_)))
    else {
        return Vec::new();
    };
    outputs
        .iter()
        .map(|output| (output.id.as_str(), output.is_error, output.text.as_str()))
        .collect()
}

#[test]
fn an_answer_without_tools_ends_the_turn() {
    let (_, actions) = play(state(8), vec![BEGIN]);
    assert_eq!(actions, [Action::Complete { tools: true }]);
    let (state, actions) = play(state(8), vec![BEGIN, says("Hello.", &[])]);
    assert_eq!(actions, [Action::Finish]);
    assert_eq!(
        state.phase,
        Phase::Done {
            content: "Hello.".to_owned(),
            stop: Stop::EndTurn,
            calls: Vec::new(),
        }
    );
    assert_eq!(
        (state.model.as_str(), state.receipt.output_tokens),
        ("offline/demo", 10)
    );
}

#[test]
fn calls_of_a_round_are_made_at_once_and_told_in_their_order() {
    let two = says(
        "",
        &[
            ("a", "csv__describe", "{\"path\":\"x\"}"),
            ("b", "chart__render", ""),
        ],
    );
    let (now, actions) = play(state(8), vec![BEGIN, two]);
    let call = |id: &str, tool: &str, arguments| Action::CallTool {
        id: id.to_owned(),
        tool: tool.to_owned(),
        arguments,
        again: false,
    };
    assert_eq!(
        actions,
        [
            call("a", "csv__describe", json!({"path": "x"})),
            call("b", "chart__render", json!({}))
        ]
    );
    let (now, actions) = play(now, vec![gives("b", "second")]);
    assert_eq!(actions, []);
    let (now, actions) = play(now, vec![gives("a", "first")]);
    assert_eq!(actions, [Action::Complete { tools: true }]);
    assert_eq!(
        outputs(&now),
        [("a", false, "first"), ("b", false, "second")]
    );
    assert_eq!((now.rounds, now.receipt.fuel), (1, 10));
    let (now, actions) = play(now, vec![says("Done.", &[])]);
    assert_eq!(actions, [Action::Finish]);
    assert_eq!(now.calls.len(), 2);
}

#[test]
fn what_a_model_gets_wrong_is_told_to_it_and_nothing_is_called() {
    let check = |name: &str, arguments: &str, told: &str| {
        let (now, actions) = play(state(8), vec![BEGIN, says("", &[("a", name, arguments)])]);
        assert_eq!(
            actions,
            [Action::Complete { tools: true }],
            "{name} {arguments}"
        );
        let outputs = outputs(&now);
        assert!(
            matches!(outputs[..], [("a", true, text)] if text.contains(told)),
            "{name} {arguments}: {outputs:?}"
        );
    };
    check(
        "files__delete",
        "{}",
        "there is no tool `files__delete` that you may call; there are: ask_agent, chart__render, csv__describe",
    );
    check("csv__describe", "{\"path\":", "not valid JSON");
    check("csv__describe", "[1]", "not a JSON object");
    check(
        ASK_AGENT,
        "{\"capability\":\"charting\"}",
        "`message` is missing",
    );
    check(
        ASK_AGENT,
        "{\"capability\":\" \",\"message\":\"x\"}",
        "`capability` is missing",
    );
    check(
        ASK_AGENT,
        "{\"capability\":1,\"message\":\"x\"}",
        "`capability` is missing",
    );
}

#[test]
fn good_and_bad_calls_of_one_round_do_not_wait_for_each_other() {
    let mixed = says("", &[("a", "nothing", "{}"), ("b", "csv__describe", "{}")]);
    let (now, actions) = play(state(8), vec![BEGIN, mixed]);
    assert!(
        matches!(&actions[..], [Action::CallTool { id, .. }] if id == "b"),
        "{actions:?}"
    );
    let (now, _) = play(now, vec![gives("b", "fine")]);
    assert!(matches!(
        outputs(&now)[..],
        [("a", true, _), ("b", false, "fine")]
    ));
}

#[test]
fn another_agent_is_asked_like_a_tool() {
    let asked = says(
        "",
        &[(
            "a",
            ASK_AGENT,
            "{\"capability\":\"charting\",\"message\":\"Draw 1, 2, 3.\"}",
        )],
    );
    let (_, actions) = play(state(8), vec![BEGIN, asked]);
    let expected = Action::AskAgent {
        id: "a".to_owned(),
        capability: "charting".to_owned(),
        message: "Draw 1, 2, 3.".to_owned(),
        again: false,
    };
    assert_eq!(actions, [expected]);
}

#[test]
fn ids_that_a_model_leaves_out_or_uses_twice_are_replaced() {
    let twice = says(
        "",
        &[
            ("a", "csv__describe", "{}"),
            ("a", "csv__describe", "{}"),
            ("", "csv__describe", "{}"),
        ],
    );
    let (now, _) = play(state(8), vec![BEGIN, twice]);
    let Phase::Calling(round) = &now.phase else {
        panic!("it waits for tools: {:?}", now.phase)
    };
    let ids: Vec<_> = round.iter().map(|(wanted, _)| wanted.id.as_str()).collect();
    assert_eq!(ids, ["a", "call_1_2", "call_1_3"]);
    let (now, _) = play(
        now,
        vec![gives("a", ""), gives("call_1_2", ""), gives("call_1_3", "")],
    );
    let (now, _) = play(now, vec![says("", &[("a", "csv__describe", "{}")])]);
    assert!(
        matches!(&now.phase, Phase::Calling(round) if round[0].0.id == "call_2_1"),
        "{:?}",
        now.phase
    );
}

#[test]
fn after_the_last_round_the_model_must_answer() {
    let call = || says("", &[("", "csv__describe", "{}")]);
    let (now, actions) = play(state(1), vec![BEGIN, call(), gives("call_1_1", "x")]);
    assert_eq!(actions, [Action::Complete { tools: false }]);
    let (done, actions) = play(now.clone(), vec![says("As far as I know: x.", &[])]);
    assert_eq!((actions, done.has_ended()), (vec![Action::Finish], true));
    let (failed, actions) = play(now, vec![call()]);
    assert_eq!(actions, [Action::Fail]);
    assert_eq!(failed.phase, Phase::Failed(Fault::ToolRounds { limit: 1 }));
}

#[test]
fn an_agent_without_rounds_or_tools_is_offered_none() {
    assert_eq!(
        play(state(0), vec![BEGIN]).1,
        [Action::Complete { tools: false }]
    );
    let none = State::new("t", "chatbot", limits(8), BTreeMap::new(), BTreeSet::new());
    assert_eq!(
        play(none, vec![BEGIN]).1,
        [Action::Complete { tools: false }]
    );
}

#[test]
fn tokens_that_are_used_up_end_the_turn_unless_there_is_an_answer() {
    let over = |text: &str, calls: &[(&str, &str, &str)]| {
        play(state(8), vec![BEGIN, spends(1001, text, calls)])
            .0
            .phase
    };
    assert_eq!(
        over("", &[("a", "csv__describe", "{}")]),
        Phase::Failed(Fault::Tokens {
            used: 1001,
            limit: 1000
        })
    );
    assert!(matches!(over("Here it is.", &[]), Phase::Done { .. }));
    // What an agent that was asked used counts, too.
    let Event::Returned { id, mut returned } = gives("a", "x") else {
        unreachable!("it is a result")
    };
    returned.receipt.input_tokens = 5000;
    let events = vec![
        BEGIN,
        says("", &[("a", "csv__describe", "{}")]),
        Event::Returned { id, returned },
    ];
    assert_eq!(
        play(state(8), events).0.phase,
        Phase::Failed(Fault::Tokens {
            used: 5010,
            limit: 1000
        })
    );
}

#[test]
fn what_is_found_is_on_offer_until_there_is_no_room() {
    let finds = |id: &str, names: &[String]| {
        let Event::Returned { id, mut returned } = gives(id, "found") else {
            unreachable!("it is a result")
        };
        let pair = |name: &String| (name.clone(), format!("full {name}"));
        returned.found = names.iter().map(pair).collect();
        Event::Returned { id, returned }
    };
    let mut state = state(8);
    state
        .tools
        .insert(FIND_TOOLS.to_owned(), FIND_TOOLS.to_owned());
    let names: Vec<String> = (0..TOOLS_MAX).map(|n| format!("tool{n}")).collect();
    let on_offer = state.tools.clone();
    let look = r#"{"purpose":"more"}"#;
    let (state, actions) = play(state, vec![BEGIN, says("", &[("a", FIND_TOOLS, look)])]);
    assert_eq!(
        actions,
        [Action::FindTools {
            id: "a".to_owned(),
            purpose: "more".to_owned(),
            on_offer,
        }]
    );
    let (state, _) = play(state, vec![finds("a", &names[..2])]);
    assert_eq!(state.found, names[..2]);
    let (state, actions) = play(state, vec![says("", &[("b", "tool1", "{}")])]);
    assert!(
        matches!(&actions[..], [Action::CallTool { tool, .. }] if tool == "full tool1"),
        "{actions:?}"
    );
    // Those that are found twice are on offer once; where there is no room for all, the latest are there.
    let events = vec![
        gives("b", "x"),
        says("", &[("c", FIND_TOOLS, look)]),
        finds("c", &names),
    ];
    let (state, _) = play(state, events);
    assert_eq!(state.tools.len(), TOOLS_MAX);
    assert_eq!(state.found, names[4..]);
    assert!(state.tools.contains_key("csv__describe") && !state.tools.contains_key("tool1"));
}

#[test]
fn faults_from_outside_end_the_turn() {
    let check = |events: Vec<Event>, code: &str| {
        let (now, actions) = play(state(8), events);
        assert_eq!(actions, [Action::Fail], "{code}");
        assert!(
            matches!(&now.phase, Phase::Failed(fault) if fault.code() == code),
            "{:?}",
            now.phase
        );
    };
    let fault = Fault::Provider {
        code: "provider-auth".to_owned(),
        reason: "no key".to_owned(),
        retry_after_ms: None,
    };
    check(
        vec![
            BEGIN,
            Event::NotCompleted {
                fault,
                receipt: Receipt::default(),
                completions: Vec::new(),
            },
        ],
        "provider-auth",
    );
    check(
        vec![BEGIN, Event::TimeUp { limit_ms: 60_000 }],
        "turn-deadline-exceeded",
    );
    check(
        vec![
            BEGIN,
            says("", &[("a", "csv__describe", "{}")]),
            Event::TimeUp { limit_ms: 60_000 },
        ],
        "turn-deadline-exceeded",
    );
    check(vec![BEGIN, says("  ", &[])], "empty-answer");
    check(vec![BEGIN, Event::Cancelled], "cancelled");
}

#[test]
fn events_that_nobody_waits_for_change_nothing() {
    let check = |events: Vec<Event>, late: Event| {
        let (before, _) = play(state(8), events);
        let (after, actions) = play(before.clone(), vec![late]);
        assert_eq!((after, actions), (before, vec![]));
    };
    check(vec![], says("early", &[]));
    check(vec![BEGIN], gives("a", "unasked"));
    check(vec![BEGIN], BEGIN);
    check(
        vec![BEGIN, says("", &[("a", "csv__describe", "{}")])],
        gives("b", "unasked"),
    );
    check(
        vec![BEGIN, says("Done.", &[])],
        Event::TimeUp { limit_ms: 1 },
    );
    check(vec![BEGIN, says("Done.", &[])], says("More.", &[]));
}

#[test]
fn a_completion_with_hundreds_of_calls_is_a_fault() {
    let check = |count: usize, ends: bool| {
        // All of them have the same id, which each must have for itself.
        let calls = vec![("a", "csv__describe", "{}"); count];
        let (begun, _) = step(state(8), BEGIN);
        let (after, _) = step(begun, says("", &calls));
        match (&after.phase, ends) {
            (Phase::Failed(fault), true) => {
                assert_eq!(fault.code(), "provider-bad-response");
                assert_eq!(after.receipt.output_tokens, 10, "it is counted");
            }
            (Phase::Calling(round), false) => {
                let ids: BTreeSet<&str> = round.iter().map(|(w, _)| w.id.as_str()).collect();
                assert_eq!(ids.len(), count);
            }
            (phase, _) => panic!("{count}: {phase:?}"),
        }
    };
    check(CALLS_MAX, false);
    check(CALLS_MAX + 1, true);
}

#[test]
fn a_flood_of_calls_is_held_back() {
    let ids: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let calls: Vec<_> = ids
        .iter()
        .map(|id| (id.as_str(), "csv__describe", "{}"))
        .collect();
    let (_, actions) = play(state(8), vec![BEGIN, says("", &calls)]);
    assert_eq!(actions.len(), CALLS_PER_ROUND_MAX);
}

#[test]
fn a_turn_that_is_taken_up_again_does_what_was_left_to_do() {
    let mut now = state(8);
    assert_eq!(resume(&now), []);
    (now, _) = play(now, vec![BEGIN]);
    assert_eq!(resume(&now), [Action::Complete { tools: true }]);
    let two = says(
        "",
        &[
            ("a", "csv__describe", "{}"),
            ("b", "chart__render", "{}"),
            ("c", "nothing", "{}"),
        ],
    );
    (now, _) = play(now, vec![two, gives("a", "done")]);
    let open = Action::CallTool {
        id: "b".to_owned(),
        tool: "chart__render".to_owned(),
        arguments: json!({}),
        again: true,
    };
    assert_eq!(resume(&now), [open]);
    let (summing_up, actions) = play(state(8), vec![Event::Begin { summarise: true }]);
    assert_eq!(
        (resume(&summing_up), actions),
        (vec![Action::Summarise], vec![Action::Summarise])
    );
}

#[test]
fn a_summary_counts_before_the_turn_goes_on() {
    let summarised = |tokens| Event::Summarised {
        receipt: Receipt {
            output_tokens: tokens,
            ..Receipt::default()
        },
        completions: Vec::new(),
    };
    let begin = || Event::Begin { summarise: true };
    let (_, actions) = play(state(8), vec![begin(), summarised(10)]);
    assert_eq!(actions, [Action::Complete { tools: true }]);
    let (_, actions) = play(state(8), vec![begin(), summarised(1000)]);
    assert_eq!(actions, [Action::Fail]);
}

#[test]
fn a_tool_of_the_client_ends_the_turn_with_its_call() {
    let mut now = state(8);
    now.client.insert("look_up".to_owned());
    let mixed = says(
        "One moment.",
        &[("a", "csv__describe", "{}"), ("b", "look_up", "{\"id\":1}")],
    );
    let (now, actions) = play(now, vec![BEGIN, mixed]);
    assert_eq!(actions, [Action::Finish]);
    let Phase::Done {
        content,
        stop,
        calls,
    } = now.phase
    else {
        panic!("it is done: {:?}", now.phase)
    };
    assert_eq!((content.as_str(), stop), ("One moment.", Stop::ToolCalls));
    let ids: Vec<_> = calls
        .iter()
        .map(|call| (call.id.as_str(), call.name.as_str()))
        .collect();
    assert_eq!(ids, [("call_t_0", "look_up")]);
}

#[test]
fn a_client_that_makes_one_call_at_a_time_is_given_the_first() {
    let mut now = state(8);
    now.id = "01a3c9d2-1111-7222-8333-444455556666".to_owned();
    now.client.insert("look_up".to_owned());
    now.one_call = true;
    let both = says("", &[("a", "look_up", "{}"), ("b", "look_up", "{}")]);
    let (now, _) = play(now, vec![BEGIN, both]);
    let Phase::Done { calls, .. } = now.phase else {
        panic!("it is done: {:?}", now.phase)
    };
    // Servers of some models refuse ids of more than 40 characters.
    let ids: Vec<_> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["call_01a3c9d2111172228333444455556666_0"]);
}

#[test]
fn money_that_is_used_up_ends_the_turn() {
    let mut now = state(8);
    now.limits.cost_pusd = Some(100);
    let Event::Completed(mut completion) = says("", &[("a", "csv__describe", "{}")]) else {
        unreachable!("it is a completion")
    };
    completion.receipt.cost_pusd = Some(100);
    let (now, _) = play(now, vec![BEGIN, Event::Completed(completion)]);
    let fault = Fault::Cost {
        used_pusd: 100,
        limit_pusd: 100,
    };
    assert_eq!(now.phase, Phase::Failed(fault));
}

#[test]
fn a_turn_is_passed_on_only_before_anything_was_done() {
    let (asking, _) = step(state(8), BEGIN);
    assert!(may_pass_on(&asking, false));
    assert!(!may_pass_on(&asking, true), "somebody has read a part");
    let spent = Receipt {
        input_tokens: 7,
        ..Receipt::default()
    };
    let passed = passed_on(asking.clone(), "b", Found::default(), &spent, Vec::new());
    assert_eq!(
        (&passed.phase, passed.receipt.input_tokens),
        (&Phase::New, 7)
    );
    assert_eq!(
        (passed.agent.as_str(), passed.routed),
        ("b", Some(Found::default()))
    );
    let (calling, _) = step(asking, says("", &[("a", "csv__describe", "{}")]));
    let (asking_again, _) = step(calling.clone(), gives("a", "3 rows"));
    for acted in [state(8), calling, asking_again] {
        assert!(!may_pass_on(&acted, false), "{:?}", acted.phase);
    }
}

#[test]
fn what_was_said_is_remembered_when_there_is_an_answer() {
    let with_facts = || {
        let mut state = state(8);
        state.facts = vec!["We ship on Fridays.".to_owned()];
        state
    };
    let remembered = || Remembered {
        id: 7,
        scope: "workspace".to_owned(),
        name: "We ship on Fridays.".to_owned(),
        outcome: "created".to_owned(),
    };
    let answered = || vec![BEGIN, says("Noted.", &[])];
    let (waiting, actions) = play(with_facts(), answered());
    let remember = Action::Remember {
        facts: vec!["We ship on Fridays.".to_owned()],
    };
    assert_eq!(actions, std::slice::from_ref(&remember));
    assert!(!waiting.has_ended());
    assert_eq!(resume(&waiting), [remember]);

    // There is an answer, whatever becomes of what was said.
    let check = |event: Event, expected: &[Remembered]| {
        let (state, actions) = play(waiting.clone(), vec![event]);
        assert_eq!(actions, [Action::Finish]);
        assert!(matches!(&state.phase, Phase::Done { content, .. } if content == "Noted."));
        assert_eq!(state.remembered, expected);
    };
    check(Event::Remembered(vec![remembered()]), &[remembered()]);
    check(Event::Remembered(Vec::new()), &[]);
    check(Event::TimeUp { limit_ms: 1 }, &[]);
    check(Event::Cancelled, &[]);

    // Without an answer nothing is remembered.
    let (failed, actions) = play(with_facts(), vec![BEGIN, Event::Cancelled]);
    assert_eq!(actions, [Action::Fail]);
    assert!(failed.has_ended());
}
