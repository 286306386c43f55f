//! A message becomes an answer.

use caxton::turn::state::{Limits, State};
use caxton::turn::{Event, Message, Turns};
use caxton::workspace::{self, Workspace};
use caxton_memory::{NewConversation, NewMessage, NewTurn, Role, TurnConversation, TurnStatus};
use serde_json::{Value, json};

use crate::support::{Place, Say, Upstream, send, story, to};

const ANALYST: &str = "name = \"analyst\"\ndescription = \"Answers questions about numbers.\"\ntools = [\"calc__*\"]\n";

fn call(name: &'static str, arguments: Value) -> Say {
    Say::Call(vec![("c1", name, arguments)])
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_a_question_is_answered_with_a_tool_and_kept() {
    let place = Place::new("name = \"test\"\n", &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("analyst", "What is 12.5 * 4 + 1?")).await;
    let answer = answer.expect("an answer");
    assert!(answer.content.contains("51"), "{}", answer.content);
    assert_eq!(answer.model, "offline/demo");
    let story = story(&events);
    assert_eq!(
        story[..3],
        [
            "route analyst",
            "analyst calls calc__evaluate",
            "analyst calc__evaluate gave"
        ],
        "{story:?}"
    );
    assert_eq!(
        story[3..],
        [format!("analyst: {}", answer.content), "done".to_owned()]
    );
    let receipt = &answer.receipt;
    assert_eq!((receipt.tool_calls, receipt.completions), (1, 2));
    assert!(
        receipt.fuel > 0 && receipt.memory_bytes_peak > 0 && receipt.cost_pusd == Some(0),
        "{receipt:?}"
    );
    assert_eq!(
        answer.tool_calls[0]
            .receipt
            .as_ref()
            .map(|r| r.digest.len()),
        Some(64)
    );

    // The conversation is there after the server ends, and goes on.
    drop(workspace);
    let workspace = place.open().await.expect("it opens again");
    let messages = workspace
        .store()
        .messages(&answer.conversation)
        .await
        .expect("the transcript");
    let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
    assert_eq!(
        roles,
        [Role::User, Role::Assistant, Role::Tool, Role::Assistant]
    );
    let again = Message {
        conversation: Some(answer.conversation.clone()),
        content: "What is 2 + 2?".to_owned(),
        ..Message::default()
    };
    let (second, _) = send(&workspace, again).await;
    let second = second.expect("an answer");
    assert_eq!(
        (second.conversation, second.agent.as_str()),
        (answer.conversation.clone(), "analyst")
    );
    assert_eq!(
        workspace
            .store()
            .messages(&answer.conversation)
            .await
            .expect("the transcript")
            .len(),
        8
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_told_the_conversation_the_tools_and_their_results() {
    let upstream = Upstream::start(vec![
        call("calc__evaluate", json!({"expression": "6*7"})),
        Say::Text("It is 42."),
        Say::Text("You asked for 6*7."),
    ])
    .await;
    let agent = format!(
        "{ANALYST}system_prompt = \"You are {{{{agent}}}}.\"\nuser_prompt_template = \"Q: {{{{request}}}}\"\ntemperature = 0.5\n"
    );
    let place = Place::new(&upstream.settings(), &[("analyst", &agent)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("analyst", "How much is 6*7?")).await;
    let answer = answer.expect("an answer");
    assert_eq!(
        (
            answer.content.as_str(),
            answer.model.as_str(),
            answer.stop_reason
        ),
        ("It is 42.", "openai/m", "end-turn")
    );
    assert_eq!(
        (answer.receipt.input_tokens, answer.receipt.output_tokens),
        (200, 20)
    );
    assert_eq!(
        story(&events),
        [
            "route analyst",
            "analyst calls calc__evaluate",
            "analyst calc__evaluate gave",
            "analyst: It is 42.",
            "done"
        ]
    );
    let deltas = events
        .iter()
        .filter(|event| matches!(event, Event::Delta { .. }))
        .count();
    assert_eq!(deltas, 2, "the answer comes as it is written");

    let follow = Message {
        conversation: Some(answer.conversation),
        content: "What did I ask?".to_owned(),
        ..Message::default()
    };
    send(&workspace, follow).await.0.expect("an answer");
    let heard = upstream.heard();
    assert_eq!(
        heard[0]["messages"],
        json!([{"role": "system", "content": "You are analyst."}, {"role": "user", "content": "Q: How much is 6*7?"}])
    );
    assert_eq!(heard[0]["temperature"], 0.5);
    let offered: Vec<_> = heard[0]["tools"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tool| tool["function"]["name"].clone())
        .collect();
    assert_eq!(offered, ["calc__evaluate", "calc__statistics"]);
    let result = &heard[1]["messages"][3];
    assert_eq!(
        (&result["role"], &result["tool_call_id"]),
        (&json!("tool"), &json!("c1"))
    );
    assert!(
        result["content"]
            .as_str()
            .is_some_and(|text| text.contains("42")),
        "{result}"
    );
    let roles: Vec<_> = heard[2]["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|message| message["role"].clone())
        .collect();
    assert_eq!(
        roles,
        ["system", "user", "assistant", "tool", "assistant", "user"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_gets_wrong_is_told_to_it() {
    let says = vec![
        Say::Call(vec![
            ("a", "time__now", json!({})),
            ("b", "calc__evaluate", json!({"expr": 1})),
            ("c", "calc__evaluate", json!("{\"expression\":")),
            ("d", "calc__evaluate", json!({"expression": "1/0"})),
            ("e", "calc__evaluate", json!({"expression": "1+1"})),
        ]),
        Say::Text("Two."),
    ];
    let upstream = Upstream::start(says).await;
    let place = Place::new(&upstream.settings(), &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, _) = send(&workspace, to("analyst", "Try.")).await;
    let answer = answer.expect("an answer");
    let errors: Vec<(&str, bool)> = answer
        .tool_calls
        .iter()
        .map(|call| (call.id.as_str(), call.is_error))
        .collect();
    assert_eq!(
        errors,
        [
            ("a", true),
            ("b", true),
            ("c", true),
            ("d", true),
            ("e", false)
        ]
    );
    let told: Vec<&str> = answer
        .tool_calls
        .iter()
        .map(|call| call.text.as_str())
        .collect();
    assert!(
        told[0].contains("there is no tool `time__now` that you may call"),
        "{}",
        told[0]
    );
    assert!(told[1].contains("expression"), "{}", told[1]);
    assert!(told[2].contains("not valid JSON"), "{}", told[2]);
    let results = upstream.heard()[1]["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|message| message["role"] == "tool")
        .count();
    assert_eq!(results, 5, "every call has its result");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_only_calls_tools_is_stopped() {
    let again = || call("calc__evaluate", json!({"expression": "1"}));
    let upstream = Upstream::start(vec![again(), again(), again()]).await;
    let place = Place::new(
        &upstream.settings(),
        &[("analyst", &format!("{ANALYST}[limits]\ntool_rounds = 2\n"))],
    );
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("analyst", "Go on.")).await;
    let error = answer.expect_err("no answer");
    assert_eq!(error.code(), "tool-rounds-exceeded");
    assert_eq!(error.receipt().tool_calls, 2);
    assert_eq!(
        story(&events).last().map(String::as_str),
        Some("error tool-rounds-exceeded")
    );
    let choices: Vec<_> = upstream
        .heard()
        .iter()
        .map(|request| request["tool_choice"].clone())
        .collect();
    assert_eq!(
        choices.last(),
        Some(&json!("none")),
        "the last time it must answer"
    );
    let conversation = error.conversation().expect("a conversation");
    let turns = workspace.store().turns(conversation).await.expect("turns");
    assert_eq!(turns[0].status, TurnStatus::Failed);
    assert_eq!(
        workspace
            .store()
            .messages(conversation)
            .await
            .expect("messages")
            .len(),
        1,
        "what was asked is kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_are_used_up_stop_the_turn() {
    let upstream = Upstream::start(vec![call("calc__evaluate", json!({"expression": "1"}))]).await;
    let place = Place::new(
        &upstream.settings(),
        &[("analyst", &format!("{ANALYST}[limits]\ntokens = 100\n"))],
    );
    let workspace = place.open().await.expect("it opens");
    let (answer, _) = send(&workspace, to("analyst", "Go on.")).await;
    assert_eq!(answer.expect_err("no answer").code(), "tokens-exceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_never_answers_is_given_up() {
    let upstream = Upstream::start(vec![Say::Hang]).await;
    let place = Place::new(
        &upstream.settings(),
        &[("analyst", &format!("{ANALYST}[limits]\ntime = \"300ms\"\n"))],
    );
    let workspace = place.open().await.expect("it opens");
    let (answer, _) = send(&workspace, to("analyst", "Hello?")).await;
    let error = answer.expect_err("no answer");
    assert_eq!(error.code(), "turn-deadline-exceeded");
    assert!(error.to_string().contains("300 ms"), "{error}");
    let state = workspace
        .agent("analyst")
        .expect("the agent")
        .activity
        .snapshot();
    assert_eq!((state.state.name(), state.failures), ("failed", 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_model_is_asked_again() {
    let busy = || {
        Say::Status(
            503,
            json!({"error": {"message": "overloaded", "type": "server_error"}}),
        )
    };
    let upstream = Upstream::start(vec![busy(), busy(), Say::Text("Here I am.")]).await;
    let place = Place::new(&upstream.settings(), &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("analyst", "Hello?")).await;
    assert_eq!(answer.expect("an answer").content, "Here I am.");
    assert_eq!(
        story(&events)[..3],
        ["route analyst", "retry openai/m", "retry openai/m"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_model_fails_the_fallback_answers_and_says_so() {
    let upstream = Upstream::start(vec![Say::Status(
        401,
        json!({"error": {"message": "bad key", "type": "invalid_request_error"}}),
    )])
    .await;
    let settings = upstream.settings().replace(
        "default = \"openai/m\"",
        "default = \"openai/m\"\nfallback = [\"offline/demo\"]",
    );
    let place = Place::new(&settings, &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("analyst", "What is 2 * 3?")).await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.model, "offline/demo");
    assert!(
        story(&events).contains(&"retry offline/demo".to_owned()),
        "{:?}",
        story(&events)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_void_and_the_fallback_begins_anew() {
    let upstream = Upstream::start(vec![Say::Break("Half of an ")]).await;
    let settings = upstream.settings().replace(
        "default = \"openai/m\"",
        "default = \"openai/m\"\nfallback = [\"offline/demo\"]",
    );
    let place = Place::new(&settings, &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("analyst", "What is 2 * 3?")).await;
    let answer = answer.expect("an answer");
    assert!(!answer.content.contains("Half of an"), "{}", answer.content);
    let story = story(&events);
    let retry = story.iter().position(|line| line == "retry offline/demo");
    assert!(
        retry.is_some_and(|at| story[..at].contains(&"analyst: Half of an ".to_owned())),
        "{story:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_model_the_reason_is_told() {
    let refused = Say::Status(
        401,
        json!({"error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}}),
    );
    let upstream = Upstream::start(vec![refused]).await;
    let place = Place::new(&upstream.settings(), &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let (answer, _) = send(&workspace, to("analyst", "Hello?")).await;
    let error = answer.expect_err("no answer");
    assert_eq!(error.code(), "provider-auth");
    assert!(error.to_string().contains("openai/m"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_whose_caller_goes_away_stops_and_is_marked() {
    let upstream = Upstream::start(vec![Say::Hang]).await;
    let place = Place::new(&upstream.settings(), &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let asking = tokio::spawn({
        let workspace = workspace.clone();
        async move { send(&workspace, to("analyst", "Hello?")).await }
    });
    upstream.wait_for_one().await;
    asking.abort();
    assert!(asking.await.is_err_and(|e| e.is_cancelled()));
    let status = || async {
        let conversations = workspace
            .store()
            .conversations(1, None)
            .await
            .expect("conversations");
        workspace
            .store()
            .turns(&conversations[0].id)
            .await
            .expect("turns")[0]
            .status
    };
    while status().await == TurnStatus::Running {
        tokio::task::yield_now().await;
    }
    assert_eq!(status().await, TurnStatus::Cancelled);
    let agent = workspace.agent("analyst").expect("the agent");
    let state = || agent.activity.snapshot().state.name();
    // The turn is marked on disk a moment before its agent is free.
    while state() == "busy" {
        tokio::task::yield_now().await;
    }
    assert_eq!(state(), "ready");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_to_one_conversation_are_answered_in_turn() {
    let upstream = Upstream::start(vec![
        Say::Text("First."),
        Say::Text("Second."),
        Say::Text("Third."),
    ])
    .await;
    let place = Place::new(&upstream.settings(), &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let first = send(&workspace, to("analyst", "One"))
        .await
        .0
        .expect("an answer");
    let more = |content: &str| Message {
        conversation: Some(first.conversation.clone()),
        content: content.to_owned(),
        ..Message::default()
    };
    let (a, b) = tokio::join!(
        send(&workspace, more("Two")),
        send(&workspace, more("Three"))
    );
    assert!(a.0.is_ok() && b.0.is_ok());
    let messages = workspace
        .store()
        .messages(&first.conversation)
        .await
        .expect("messages");
    let roles: Vec<Role> = messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant].repeat(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_have_named_errors() {
    let place = Place::new("name = \"test\"\n", &[("analyst", ANALYST)]);
    let workspace = place.open().await.expect("it opens");
    let check = async |message: Message, code: &str, told: &str| {
        let (answer, events) = send(&workspace, message).await;
        let error = answer.expect_err(code);
        assert_eq!(error.code(), code);
        assert!(error.to_string().contains(told), "{error}");
        assert_eq!(story(&events), [format!("error {code}")]);
    };
    check(to("analyst", " \n"), "empty-message", "empty").await;
    check(
        to("analyst", &"x".repeat((1 << 20) + 1)),
        "message-too-long",
        "1048577 bytes",
    )
    .await;
    check(
        to("analist", "Hello"),
        "agent-not-found",
        "did you mean `analyst`?",
    )
    .await;
    let charting = Message {
        capability: Some("charting".to_owned()),
        content: "Hello".to_owned(),
        ..Message::default()
    };
    check(
        charting,
        "capability-not-found",
        "no agent offers `charting`",
    )
    .await;
    let gone = Message {
        conversation: Some("none".to_owned()),
        ..to("analyst", "Hello")
    };
    check(gone, "conversation-not-found", "no conversation `none`").await;
}

/// A turn as a server leaves it on disk that is killed at its beginning.
async fn left(workspace: &Workspace, agent: &str, parent: Option<&str>) -> String {
    let limits = Limits {
        tool_rounds: 8,
        tokens: 1_000,
        max_tokens: 100,
        cost_pusd: None,
    };
    let id = caxton_memory::new_id();
    let state = State::new(&id, agent, limits, Default::default(), Default::default());
    let content = json!([{ "type": "text", "text": "Hello" }]);
    let new = NewTurn {
        id: Some(id.clone()),
        conversation: TurnConversation::New(NewConversation {
            agent: agent.to_owned(),
            ..NewConversation::default()
        }),
        parent: parent.map(str::to_owned),
        call: parent.map(|_| "c".to_owned()),
        agent: agent.to_owned(),
        task: Value::Null,
        state: serde_json::to_value(state).expect("JSON"),
        messages: vec![NewMessage::new(Role::User, content)],
        key: None,
    };
    workspace.store().start_turn(new).await.expect("it starts");
    id
}

async fn ended(workspace: &Workspace, id: &str) -> TurnStatus {
    loop {
        let turn = workspace.store().turn(id).await.expect("a turn");
        match turn.expect("a turn").status {
            TurnStatus::Running => tokio::task::yield_now().await,
            status => return status,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_go_on_is_not_taken_up_for_ever() {
    let refused = Say::Status(401, json!({"error": {"message": "bad key"}}));
    let upstream = Upstream::start(vec![refused]).await;
    let resting = "name = \"resting\"\ndescription = \"Rests.\"\n[breaker]\nfailures = 1\n";
    let place = Place::new(
        &upstream.settings(),
        &[("analyst", ANALYST), ("resting", resting)],
    );
    let workspace = place.open().await.expect("it opens");
    let top = left(&workspace, "analyst", None).await;
    let below = left(&workspace, "analyst", Some(&top)).await;
    let rests = left(&workspace, "resting", None).await;
    drop(workspace);

    let workspace = place.open().await.expect("it opens again");
    let agent = workspace.agent("resting").expect("the agent");
    let failed = workspace::Outcome::Failed("so".to_owned());
    agent.activity.end(failed, &agent.config.breaker);
    let turns = Turns::new(workspace.clone());
    assert_eq!(turns.resume().await.expect("turns"), 2);
    assert_eq!(ended(&workspace, &top).await, TurnStatus::Failed);
    assert_eq!(ended(&workspace, &rests).await, TurnStatus::Interrupted);
    // Nobody asked for it again, for the one that waited for it began anew and failed.
    assert_eq!(ended(&workspace, &below).await, TurnStatus::Interrupted);
}
