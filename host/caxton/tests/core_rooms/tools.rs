//! Tools are called, and what is wrong with a call is told.

use caxton::workspace::event::Kind;
use caxton::workspace::tool::Outcome;
use caxton_sandbox::Call;
use serde_json::{Value, json};

use crate::support::Place;

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_tool_is_there_when_it_is_called() {
    let place = Place::new("name = \"test\"\n", &[]);
    let workspace = place.open().await.expect("it opens");
    assert!(
        workspace.state().components.is_empty(),
        "nothing refers to any component"
    );
    let mut watcher = workspace.events().subscribe(None);
    let outcome = workspace
        .call_tool(
            "calc__evaluate",
            json!({"expression": "2+3"}),
            Call::default(),
        )
        .await
        .expect("a result");
    let Outcome::Complete(answer) = outcome else {
        panic!("it asks nothing")
    };
    assert!(!answer.is_error && answer.structured.is_some() && answer.component == "calc");
    assert!(answer.receipt.fuel > 0);
    assert!(
        workspace.state().tools.get("calc__evaluate").is_some(),
        "from now on it is there"
    );
    let first = watcher.live.recv().await.expect("an event");
    assert!(
        matches!(&first.kind, Kind::Component { name, .. } if name == "calc"),
        "{first:?}"
    );
    let second = watcher.live.recv().await.expect("an event");
    assert!(
        matches!(&second.kind, Kind::Tool { name, code: None, .. } if name == "calc__evaluate"),
        "{second:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_workspace_offers_what_is_built_in() {
    let place = Place::new("", &[]);
    let workspace = place.open_with(None, None).await.expect("it opens");
    let state = workspace.state();
    assert!(
        state.tools.get("calc__evaluate").is_some() && state.components.contains_key("offline")
    );
    assert!(
        state
            .tools
            .all()
            .windows(2)
            .all(|pair| pair[0].name < pair[1].name),
        "sorted by name"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_calls_have_named_errors() {
    let place = Place::new("name = \"test\"\n[components.calc]\n", &[]);
    let workspace = place.open().await.expect("it opens");
    let check = async |name: &str, arguments: Value, code: &str, told: &str| {
        let error = workspace
            .call_tool(name, arguments, Call::default())
            .await
            .expect_err(code);
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(told), "{error}");
    };
    check(
        "calc__evalute",
        json!({}),
        "tool-not-found",
        "did you mean `calc__evaluate`?",
    )
    .await;
    check(
        "nothing",
        json!({}),
        "tool-not-found",
        "there is no tool `nothing`",
    )
    .await;
    check("", json!({}), "tool-not-found", "there is no tool ``").await;
    check(
        "calc__evaluate",
        json!({}),
        "invalid-arguments",
        "\"expression\" is a required property",
    )
    .await;
    check(
        "calc__evaluate",
        Value::Null,
        "invalid-arguments",
        "required",
    )
    .await;
    check(
        "calc__evaluate",
        json!({"expression": 7}),
        "invalid-arguments",
        "/expression",
    )
    .await;
    check("calc__evaluate", json!([]), "invalid-arguments", "object").await;
    check(
        "calc__evaluate",
        json!({"expression": "1", "more": 1}),
        "invalid-arguments",
        "more",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_of_its_own_changes_what_tools_are_called() {
    let place = Place::new(
        "name = \"test\"\n[components.calc]\nprefix = \"\"\n",
        &[(
            "a",
            "name = \"a\"\ndescription = \"x\"\ntools = [\"evaluate\"]\n",
        )],
    );
    let workspace = place.open().await.expect("it opens");
    let names: Vec<String> = workspace
        .state()
        .tools
        .all()
        .iter()
        .map(|tool| tool.name.clone())
        .collect();
    assert_eq!(names, ["evaluate", "statistics"]);
    assert!(
        workspace
            .call_tool("evaluate", json!({"expression": "1"}), Call::default())
            .await
            .is_ok()
    );
}
