//! A component whose author never heard of Caxton: its plain functions are tools.

use caxton_sandbox::tool_types::{Outcome, ToolError};
use caxton_sandbox::{Call, LoadError, Spec, inspect};
use serde_json::{Value, json};

use crate::support::{Recorder, With, call, guest, load, sandbox};

#[tokio::test]
async fn plain_functions_are_listed_and_called() {
    let sandbox = sandbox(Recorder::new(&[]));
    let plain = load(&sandbox, "plain", With::default());
    assert_eq!(plain.roles().names(), ["tool"]);
    let tools = plain.list_tools(Call::default()).await.unwrap().value;
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["centre", "distance", "reverse"]);
    let reverse = tools.iter().find(|tool| tool.name == "reverse").unwrap();
    let schema: Value = serde_json::from_str(&reverse.input_schema).unwrap();
    let expected = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"], "additionalProperties": false });
    assert_eq!(schema, expected);

    let told = call(&plain, "reverse", json!({ "text": "häuser" })).await;
    assert_eq!((told.text.as_str(), told.is_error), ("resuäh", false));
    let told = call(
        &plain,
        "distance",
        json!({ "a": { "x": 0, "y": 0 }, "b": { "x": 3, "y": 4.0 } }),
    )
    .await;
    assert_eq!(told.json, json!(5.0));
    let told = call(
        &plain,
        "centre",
        json!({ "points": [{ "x": 0, "y": 0 }, { "x": 2, "y": 4 }], "look": "dashed" }),
    )
    .await;
    assert_eq!(told.json, json!({ "x": 1.0, "y": 2.0 }));
    assert!(told.receipt.fuel > 0 && told.receipt.digest == plain.digest());
    let told = call(&plain, "centre", json!({ "points": [] })).await;
    assert_eq!(
        (told.text.as_str(), told.is_error),
        ("there is no point", true)
    );
}

#[tokio::test]
async fn calls_that_do_not_fit_are_refused_before_the_component_runs() {
    let sandbox = sandbox(Recorder::new(&[]));
    let plain = load(&sandbox, "plain", With::default());
    let called = plain
        .call_tool(
            Call::default(),
            "distance",
            r#"{"a": {"x": 1}, "b": {"x": 1, "y": 1}}"#,
        )
        .await
        .unwrap();
    assert_eq!(
        called.value,
        Err(ToolError::InvalidArguments("`$.a.y` is missing".to_owned()))
    );
    assert_eq!(called.receipt.fuel, 0);
    let called = plain
        .call_tool(Call::default(), "none", "{}")
        .await
        .unwrap();
    assert!(
        matches!(called.value, Err(ToolError::NotFound(_))),
        "{:?}",
        called.value
    );
}

#[tokio::test]
async fn structured_results_fit_their_schemas() {
    let sandbox = sandbox(Recorder::new(&[]));
    let plain = load(&sandbox, "plain", With::default());
    let called = plain
        .call_tool(Call::default(), "reverse", r#"{"text": "ab"}"#)
        .await
        .unwrap();
    let Ok(Outcome::Complete(result)) = called.value else {
        panic!("{:?}", called.value)
    };
    assert_eq!(result.structured.as_deref(), Some(r#"{"result":"ba"}"#));
}

#[test]
fn inspection_tells_kind_tools_and_grants_without_loading() {
    let plain = inspect("plain", &guest("plain")).unwrap();
    assert_eq!(
        (plain.kinds, plain.contract, plain.problems),
        (vec!["tool"], None, Vec::new())
    );
    assert_eq!(plain.functions.len(), 3);

    let web = inspect("web", &guest("web")).unwrap();
    assert_eq!(
        (web.kinds, web.contract.as_deref()),
        (vec!["tool"], Some("0.1.0"))
    );
    let grants: Vec<&str> = web
        .grants_needed
        .iter()
        .map(|needed| needed.grant)
        .collect();
    assert!(
        grants.contains(&"http") && grants.contains(&"state"),
        "{grants:?}"
    );
    assert!(
        web.producers
            .get("processed-by")
            .is_some_and(|tools| tools.iter().any(|tool| tool.starts_with("wit-component"))),
        "{:?}",
        web.producers
    );
    assert_eq!(web.digest.len(), 64);
}

#[test]
fn what_is_no_component_is_refused_by_name() {
    let sandbox = sandbox(Recorder::new(&[]));
    let whole = guest("plain");
    let core_module = b"\0asm\x01\0\0\0";
    let empty_component = b"\0asm\x0d\0\x01\0";
    for (bytes, says) in [
        (&b""[..], "is empty"),
        (b"hello", "starts with `hello`"),
        (core_module, "core WebAssembly module"),
        (&whole[..whole.len() / 2], "is broken"),
    ] {
        let loaded = sandbox
            .load(
                Spec {
                    name: "bad".to_owned(),
                    ..Spec::default()
                },
                bytes,
            )
            .map(|_| ())
            .unwrap_err();
        let inspected = inspect("bad", bytes).map(|_| ()).unwrap_err();
        for error in [loaded, inspected] {
            assert!(
                error.to_string().contains(says) && error.to_string().contains("`bad`"),
                "{error}"
            );
        }
    }
    let error = sandbox
        .load(
            Spec {
                name: "bad".to_owned(),
                ..Spec::default()
            },
            empty_component,
        )
        .map(|_| ())
        .unwrap_err();
    assert!(matches!(error, LoadError::NoRole { .. }), "{error}");
    assert_eq!(inspect("bad", empty_component).unwrap().problems.len(), 1);
}
