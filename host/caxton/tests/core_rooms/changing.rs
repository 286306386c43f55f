//! A workspace changes while it runs: as a whole or not at all, and for good.

use caxton::workspace::Error;
use caxton::workspace::event::Change;
use caxton_sandbox::Call;
use serde_json::json;

use crate::support::{Place, builtin, send, to};

const AGENT: &str = "name = \"counter\"\ndescription = \"Counts.\"\ntools = [\"sums__evaluate\"]\n";

#[tokio::test(flavor = "multi_thread")]
async fn agents_come_and_go_and_are_there_after_a_restart() {
    let place = Place::new("name = \"test\"\n", &[]);
    let workspace = place.open().await.expect("it opens");
    let chatbot = "name = \"chatbot\"\ndescription = \"Talks.\"\n";
    assert_eq!(
        workspace
            .put_agent("chatbot", chatbot)
            .await
            .expect("it is added"),
        Change::Added
    );
    assert!(
        workspace.state().components.contains_key("offline"),
        "what it needs is loaded"
    );
    send(&workspace, to("chatbot", "Hello"))
        .await
        .0
        .expect("an answer");
    let changed = chatbot.replace("Talks.", "Talks a lot.");
    assert_eq!(
        workspace
            .put_agent("chatbot", &changed)
            .await
            .expect("it is replaced"),
        Change::Replaced
    );
    let agent = workspace.agent("chatbot").expect("the agent");
    assert_eq!(
        (
            agent.config.description.as_str(),
            agent.activity.snapshot().messages
        ),
        ("Talks a lot.", 1)
    );

    let refused = workspace
        .put_agent("chatbot", "name = \"chatbot\"\ntools = 7\n")
        .await
        .expect_err("faults");
    assert!(
        matches!(&refused, Error::Faults(faults) if faults.len() == 2),
        "{refused}"
    );
    let other = workspace
        .put_agent("other", chatbot)
        .await
        .expect_err("another name");
    assert!(other.to_string().contains("name-mismatch"), "{other}");
    assert_eq!(
        workspace
            .agent("chatbot")
            .expect("still there")
            .config
            .description,
        "Talks a lot."
    );

    workspace
        .restart_agent("chatbot")
        .await
        .expect("it restarts");
    assert_eq!(
        workspace
            .agent("chatbot")
            .expect("the agent")
            .activity
            .snapshot()
            .messages,
        0
    );
    drop(workspace);
    let workspace = place.open().await.expect("it opens again");
    assert_eq!(
        workspace
            .agent("chatbot")
            .expect("still there")
            .config
            .description,
        "Talks a lot."
    );
    workspace
        .remove_agent("chatbot")
        .await
        .expect("it is removed");
    assert!(matches!(
        workspace.remove_agent("chatbot").await,
        Err(Error::NoAgent { .. })
    ));
    assert!(!place.dir().join("agents/chatbot.toml").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn components_come_and_go_and_what_is_needed_stays() {
    let place = Place::new("name = \"test\"\n", &[]);
    let workspace = place.open().await.expect("it opens");
    let calc = builtin("calc").to_vec();
    assert_eq!(
        workspace
            .put_component("sums", calc.clone())
            .await
            .expect("it is added"),
        Change::Added
    );
    workspace
        .call_tool(
            "sums__evaluate",
            json!({"expression": "1+1"}),
            Call::default(),
        )
        .await
        .expect("a result");
    workspace
        .put_agent("counter", AGENT)
        .await
        .expect("it is added");

    let bad = workspace
        .put_component("sums", b"not wasm".to_vec())
        .await
        .expect_err("not wasm");
    assert_eq!(bad.code(), "not-wasm");
    let other = workspace
        .put_component("sums", builtin("keyword").to_vec())
        .await
        .expect_err("without that tool");
    assert!(other.to_string().contains("sums__evaluate"), "{other}");
    let needed = workspace
        .remove_component("sums")
        .await
        .expect_err("an agent needs it");
    assert!(
        matches!(&needed, Error::InUse { .. })
            && needed.to_string().contains("agents/counter.toml"),
        "{needed}"
    );
    workspace
        .call_tool(
            "sums__evaluate",
            json!({"expression": "1+1"}),
            Call::default(),
        )
        .await
        .expect("it is as it was");
    assert_eq!(
        workspace
            .put_component("sums", calc)
            .await
            .expect("the same again"),
        Change::Replaced
    );

    drop(workspace);
    let workspace = place.open().await.expect("it opens again");
    assert!(workspace.state().tools.get("sums__evaluate").is_some());
    workspace
        .remove_agent("counter")
        .await
        .expect("it is removed");
    workspace
        .remove_component("sums")
        .await
        .expect("it is removed");
    assert!(
        workspace.state().tools.get("sums__evaluate").is_none()
            && !place.dir().join("components/sums.wasm").exists()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_built_in_component_with_grants_is_replaced_and_comes_back() {
    let place = Place::new(
        "name = \"test\"\n[components.csv.grants]\nfiles = [\"data\"]\n",
        &[],
    );
    place.write("data/a.csv", "n\n1\n2\n");
    let granted = |workspace: &caxton::workspace::Workspace| {
        let state = workspace.state();
        state.config.components["csv"].grants.files.len()
    };
    let workspace = place.open().await.expect("it opens");
    let own = [builtin("csv"), &[0, 2, 1, b'n']].concat();
    let change = workspace.put_component("csv", own).await;
    assert_eq!(change.expect("it is replaced"), Change::Replaced);
    let call = |workspace: caxton::workspace::Workspace| async move {
        let arguments = json!({"path": "data/a.csv"});
        workspace
            .call_tool("csv__describe", arguments, Call::default())
            .await
    };
    call(workspace.clone()).await.expect("it has its grants");
    let digest = |workspace: &caxton::workspace::Workspace| {
        let state = workspace.state();
        state.components["csv"].component.digest().to_owned()
    };
    let replaced = digest(&workspace);
    drop(workspace);

    let workspace = place.open().await.expect("it opens again");
    assert_eq!((digest(&workspace), granted(&workspace)), (replaced, 1));
    workspace.remove_component("csv").await.expect("removed");
    call(workspace.clone())
        .await
        .expect("the built-in one has the grants");
    assert_eq!(granted(&workspace), 1);
    assert!(!place.dir().join("components/csv.wasm").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_files_say_is_not_overruled() {
    let place = Place::new(
        "name = \"test\"\n[components.calc]\nsource = \"builtin:calc\"\n",
        &[],
    );
    let workspace = place.open().await.expect("it opens");
    let check =
        |result: Result<(), Error>, code: &str| assert_eq!(result.expect_err(code).code(), code);
    check(
        workspace
            .put_component("calc", builtin("calc").to_vec())
            .await
            .map(drop),
        "declared-elsewhere",
    );
    check(
        workspace.remove_component("calc").await,
        "declared-elsewhere",
    );
    check(
        workspace.remove_component("nothing").await,
        "component-not-found",
    );
    check(
        workspace
            .put_component("../evil", builtin("calc").to_vec())
            .await
            .map(drop),
        "bad-name",
    );
    check(
        workspace
            .put_agent("../evil", "name = \"../evil\"\ndescription = \"x\"\n")
            .await
            .map(drop),
        "invalid-workspace",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_workspace_keeps_what_it_is_given() {
    let place = Place::new("", &[]);
    let workspace = place.open_with(None, None).await.expect("it opens");
    workspace
        .put_agent("chatbot", "name = \"chatbot\"\ndescription = \"Talks.\"\n")
        .await
        .expect("it is added");
    workspace
        .put_component("sums", builtin("calc").to_vec())
        .await
        .expect("it is added");
    drop(workspace);
    let workspace = place.open_with(None, None).await.expect("it opens again");
    assert!(
        workspace.agent("chatbot").is_ok()
            && workspace.state().tools.get("sums__evaluate").is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_while_their_component_is_replaced() {
    let place = Place::new("name = \"test\"\n", &[]);
    let workspace = place.open().await.expect("it opens");
    workspace
        .put_component("sums", builtin("calc").to_vec())
        .await
        .expect("it is added");
    let calling = tokio::spawn({
        let workspace = workspace.clone();
        async move {
            for _ in 0..200 {
                let called = workspace
                    .call_tool(
                        "sums__evaluate",
                        json!({"expression": "2^64"}),
                        Call::default(),
                    )
                    .await;
                assert!(called.is_ok(), "{called:?}");
            }
        }
    });
    for _ in 0..10 {
        workspace
            .put_component("sums", builtin("calc").to_vec())
            .await
            .expect("it is replaced");
    }
    calling.await.expect("every call was answered");
}
