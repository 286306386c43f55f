//! Agents ask agents, and messages find theirs.

use caxton::routing::{self, Target};
use caxton::turn::Message;
use serde_json::json;

use crate::support::{Place, Say, Upstream, send, story, to};

const LEAD: &str = "name = \"lead\"\ndescription = \"Leads.\"\ncapabilities = [\"leading\"]\n";
const COUNTER: &str = "name = \"counter\"\ndescription = \"Calculates with numbers.\"\n\
                       capabilities = [{ name = \"counting\", description = \"reckons numbers\" }]\ntools = [\"calc__*\"]\n";

fn ask(capability: &'static str, message: &'static str) -> Say {
    Say::Call(vec![(
        "q",
        "ask_agent",
        json!({"capability": capability, "message": message}),
    )])
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_asks_another_for_what_it_cannot_do() {
    let count = Say::Call(vec![("c", "calc__evaluate", json!({"expression": "6*7"}))]);
    let upstream = Upstream::start(vec![
        ask("counting", "How much is 6*7?"),
        count,
        Say::Text("42."),
        Say::Text("It is 42, I am told."),
    ])
    .await;
    let place = Place::new(
        &upstream.settings(),
        &[("lead", LEAD), ("counter", COUNTER)],
    );
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("lead", "How much?")).await;
    let answer = answer.expect("an answer");
    assert_eq!(
        (answer.agent.as_str(), answer.content.as_str()),
        ("lead", "It is 42, I am told.")
    );
    let expected = [
        "route lead",
        "lead calls ask_agent",
        "route counter",
        "counter calls calc__evaluate",
        "counter calc__evaluate gave",
        "counter: 42.",
        "lead ask_agent gave",
        "lead: It is 42, I am told.",
        "done",
    ];
    assert_eq!(story(&events), expected);
    let calls: Vec<_> = answer
        .tool_calls
        .iter()
        .map(|call| (call.agent.as_str(), call.name.as_str()))
        .collect();
    assert_eq!(
        calls,
        [("lead", "ask_agent"), ("counter", "calc__evaluate")]
    );
    assert_eq!(
        (
            answer.receipt.completions,
            answer.receipt.tool_calls,
            answer.receipt.input_tokens
        ),
        (4, 1, 400)
    );

    let heard = upstream.heard();
    let offered = heard[0]["tools"].as_array().map(Vec::len);
    assert_eq!(offered, Some(1), "{}", heard[0]["tools"]);
    let schema = &heard[0]["tools"][0]["function"];
    assert_eq!(
        schema["parameters"]["properties"]["capability"]["enum"],
        json!(["counting"])
    );
    assert!(
        schema["description"]
            .as_str()
            .is_some_and(|text| text.contains("counting: reckons numbers"))
    );
    // The one that was asked is not offered the one that waits for it.
    assert_eq!(
        heard[1]["tools"].as_array().map(Vec::len),
        Some(2),
        "{}",
        heard[1]["tools"]
    );
    // Its conversation is not among those of people.
    let listed = workspace
        .store()
        .conversations(10, None)
        .await
        .expect("conversations");
    assert_eq!(
        listed.iter().map(|c| c.id.as_str()).collect::<Vec<_>>(),
        [answer.conversation.as_str()]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_do_not_ask_in_circles() {
    let third = "name = \"third\"\ndescription = \"Another.\"\ncapabilities = [\"other\"]\n";
    let says = vec![
        ask("counting", "Count."),
        ask("leading", "Lead."),
        Say::Text("I can't."),
        Say::Text("No."),
    ];
    let upstream = Upstream::start(says).await;
    let place = Place::new(
        &upstream.settings(),
        &[("lead", LEAD), ("counter", COUNTER), ("third", third)],
    );
    let workspace = place.open().await.expect("it opens");
    let (answer, _) = send(&workspace, to("lead", "Go.")).await;
    let answer = answer.expect("an answer");
    let inner = &answer.tool_calls[1];
    assert_eq!((inner.agent.as_str(), inner.is_error), ("counter", true));
    assert!(
        inner
            .text
            .contains("`leading` is offered only by agents that wait for this very answer"),
        "{}",
        inner.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_fails_is_an_error_that_the_other_can_answer_to() {
    let refused = Say::Status(401, json!({"error": {"message": "bad key"}}));
    let upstream = Upstream::start(vec![
        ask("counting", "Count."),
        refused,
        Say::Text("Nobody counts today."),
    ])
    .await;
    let place = Place::new(
        &upstream.settings(),
        &[("lead", LEAD), ("counter", COUNTER)],
    );
    let workspace = place.open().await.expect("it opens");
    let (answer, events) = send(&workspace, to("lead", "Go.")).await;
    assert_eq!(answer.expect("an answer").content, "Nobody counts today.");
    assert!(story(&events).contains(&"lead ask_agent failed".to_owned()));
    assert_eq!(
        workspace
            .agent("counter")
            .expect("the agent")
            .activity
            .snapshot()
            .state
            .name(),
        "failed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_finds_its_agent_by_meaning_and_is_remembered() {
    let writer = "name = \"writer\"\ndescription = \"Writes letters and poems.\"\ncapabilities = [\"writing\"]\n";
    let settings = "name = \"test\"\n[router]\ncomponent = \"keyword\"\n";
    let place = Place::new(settings, &[("counter", COUNTER), ("writer", writer)]);
    let workspace = place.open().await.expect("it opens");
    let check = async |content: &str, agent: &str, cached: bool| {
        let route = routing::route(&workspace, Target::Content(content))
            .await
            .expect(content);
        assert_eq!(
            (route.agent.as_str(), route.cached),
            (agent, cached),
            "{route:?}"
        );
        assert_eq!(route.router.as_deref(), Some("keyword"));
        assert!(route.score > 0.0 && !route.reason.is_empty(), "{route:?}");
    };
    check("Please write a poem", "writer", false).await;
    check("Please write a poem", "writer", true).await;
    check("calculates numbers for me", "counter", false).await;
    // Another agent makes another workspace: nothing that was decided before holds.
    workspace
        .put_agent("third", "name = \"third\"\ndescription = \"Sings.\"\n")
        .await
        .expect("it is added");
    check("Please write a poem", "writer", false).await;
    let (answer, events) = send(
        &workspace,
        Message {
            content: "calculates numbers: 2+2".to_owned(),
            ..Message::default()
        },
    )
    .await;
    assert_eq!(answer.expect("an answer").agent, "counter");
    assert_eq!(story(&events)[0], "route counter");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_first_router_fails_the_fallback_decides() {
    let writer = "name = \"writer\"\ndescription = \"Writes letters and poems.\"\n";
    // The semantic router needs vectors, and there is no model for them here.
    let place = Place::new(
        "name = \"test\"\n",
        &[("counter", COUNTER), ("writer", writer)],
    );
    let workspace = place.open().await.expect("it opens");
    let route = routing::route(&workspace, Target::Content("write a poem"))
        .await
        .expect("a route");
    assert_eq!(
        (route.agent.as_str(), route.router.as_deref()),
        ("writer", Some("keyword"))
    );
    let none = routing::route(&workspace, Target::Content("zzz qqq"))
        .await
        .expect_err("nobody fits");
    assert_eq!(none.code(), "no-agent-fits");
    assert!(none.to_string().contains("counter, writer"), "{none}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fits_no_agent_goes_to_the_default() {
    let settings = "name = \"test\"\n[router]\ncomponent = \"keyword\"\ndefault = \"lead\"\n";
    let place = Place::new(settings, &[("counter", COUNTER), ("lead", LEAD)]);
    let workspace = place.open().await.expect("it opens");
    let route = routing::route(&workspace, Target::Content("zzz qqq"))
        .await
        .expect("a route");
    assert_eq!(
        (route.agent.as_str(), route.score, route.router),
        ("lead", 0.0, None)
    );
    assert!(route.reason.contains("default"), "{}", route.reason);
    let route = routing::route(&workspace, Target::Content("calculates numbers"))
        .await
        .expect("a route");
    assert_eq!(route.agent, "counter");
    assert_eq!(
        workspace
            .remove_agent("lead")
            .await
            .expect_err("it is needed")
            .code(),
        "in-use"
    );
}
