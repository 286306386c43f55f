//! The command line: what it prints, and with which exit code it ends.

use std::path::Path;

use caxton_tests::{Server, caxton, guest, write};
use serde_json::json;
use tempfile::TempDir;

fn here() -> TempDir {
    TempDir::new().expect("a directory")
}

#[test]
fn help_reads_well() {
    let dir = here();
    for command in [
        "",
        "serve",
        "stop",
        "health",
        "version",
        "agent",
        "send",
        "turn",
        "conversation",
        "conversation fork",
        "memory",
        "memory add",
        "memory search",
        "usage",
        "model",
        "tool",
        "tool call",
        "component",
        "component run",
        "component inspect",
        "secret",
        "secret set",
        "mcp",
    ] {
        let mut args: Vec<&str> = command.split_whitespace().collect();
        args.push("--help");
        let name = format!(
            "help-{}",
            if command.is_empty() {
                "caxton"
            } else {
                command
            }
            .replace(' ', "-")
        );
        insta::assert_snapshot!(name, caxton(dir.path(), &args, "").ok());
    }
}

#[test]
fn wrong_usage_ends_with_two() {
    let dir = here();
    for args in [
        &["no-such-command"][..],
        &["serve", "--listen", "nowhere"],
        &["serve", "--grace", "soon"],
        &["tool", "call"],
        &["send"],
        &["send", ""],
        &["init"],
        &["init", "desk", "--template", "nope"],
        &["init", "--agent", "a", "--template", "nope"],
        &["init", "desk", "--agent", "a", "--workspace", "other"],
        &["init", "desk", "--workspace", "other"],
        &["validate", "desk", "--workspace", "other"],
        &["tool", "call", "x", "alone"],
        &["tool", "call", "x", "--json", "{bad"],
        &["tool", "list", "--server", "ftp://x"],
        &["usage", "--from", "yesterday"],
        &["conversation", "list", "--limit", "0"],
        &["send", "--async", "--events", "x"],
        &["mcp", "--server", "http://127.0.0.1:1"],
        &[],
    ] {
        caxton(dir.path(), args, "").failed(2);
    }
    assert_eq!(dir.path().read_dir().expect("it is there").count(), 0);
}

#[test]
fn a_workspace_that_is_named_is_the_one_that_is_checked_and_changed() {
    let dir = here();
    write(
        dir.path(),
        &[
            ("caxton.toml", "name = \"here\"\n"),
            ("desk/caxton.toml", "name = \"desk\"\nrooter = 1\n"),
        ],
    );
    let run = |args: &[&str]| caxton(dir.path(), args, "");
    assert!(run(&["validate"]).ok().contains("workspace here"));
    let checked = run(&["validate", "--workspace", "desk"]);
    assert_eq!(checked.code, 1, "{}", checked.err);
    assert!(checked.out.contains("desk/caxton.toml"), "{}", checked.out);

    let made = run(&["init", "--workspace", "desk", "--agent", "helper"]).ok();
    assert!(
        made.contains("desk/agents/helper.toml") && made.contains("when it starts"),
        "{made}"
    );
    assert!(dir.path().join("desk/agents/helper.toml").is_file());
    assert!(!dir.path().join("agents").exists());
}

#[test]
fn versions_are_printed() {
    let versions = caxton(here().path(), &["version", "--json"], "").json();
    assert_eq!(
        (&versions["caxton"], &versions["mcp"]),
        (
            &json!(env!("CARGO_PKG_VERSION")),
            &json!(["2025-11-25", "2026-07-28"])
        )
    );
}

#[test]
fn without_a_server_a_command_says_how_to_start_one() {
    let told = caxton(
        here().path(),
        &["tool", "list", "--server", "http://127.0.0.1:1"],
        "",
    )
    .failed(1);
    assert!(
        told.starts_with("error: no server answers at http://127.0.0.1:1")
            && told.contains("caxton serve"),
        "{told}"
    );
    let told = caxton(here().path(), &["tool", "list", "--server", "ftp://x"], "").failed(2);
    assert!(told.contains("not the address of a server"), "{told}");
}

#[test]
fn tools_are_listed_shown_and_called() {
    let server = Server::with_guests(&["echo"]);
    let run = |args: &[&str]| caxton(server.dir(), args, "");
    let listed = run(&["tool", "list"]).ok();
    assert!(
        listed.starts_with("NAME ") && listed.contains("echo__fib"),
        "{listed}"
    );
    assert_eq!(
        run(&["tool", "list", "--json"]).json()[1]["name"],
        "echo__fib"
    );
    assert!(run(&["tool", "show", "echo__fib"]).ok().contains("maximum"));

    // What is no terminal gets JSON.
    let called = run(&["tool", "call", "echo__fib", "n=20"]).json();
    assert_eq!(
        (&called["content"][0]["text"], &called["is_error"]),
        (&json!("6765"), &json!(false))
    );
    let text = run(&[
        "tool",
        "call",
        "echo__echo",
        "--json",
        "{\"a\": [1]}",
        "b=x",
        "--output",
        "text",
    ])
    .ok();
    assert_eq!(text, "{\"a\":[1],\"b\":\"x\"}\n");
    let piped = caxton(
        server.dir(),
        &[
            "tool",
            "call",
            "echo__sum",
            "--json",
            "-",
            "--output",
            "text",
        ],
        "{\"a\": [1, 2.5]}",
    )
    .ok();
    assert_eq!(piped, "3.5\n");
    let told = run(&["tool", "call", "echo__fib", "n=-1"]).failed(1);
    assert!(told.contains("invalid-arguments"), "{told}");
    let told = run(&["tool", "call", "echo__fub"]).failed(1);
    assert!(
        told.contains("tool-not-found") && told.contains("echo__fib"),
        "{told}"
    );
    // By name, and by address before the command.
    run(&[
        "--server",
        &server.url,
        "--workspace",
        "default",
        "tool",
        "list",
    ])
    .ok();
    let told = run(&[
        "--workspace",
        "other",
        "--server",
        &server.url,
        "tool",
        "list",
    ])
    .failed(1);
    assert!(told.contains("workspace-not-found"), "{told}");
}

#[test]
fn a_component_is_inspected_and_run_without_a_server() {
    let dir = here();
    let (echo, hostile) = (guest("echo"), guest("hostile"));
    let (echo, hostile) = (
        echo.to_str().expect("text"),
        hostile.to_str().expect("text"),
    );
    let report = caxton(dir.path(), &["component", "inspect", echo, "--json"], "").json();
    assert_eq!(
        (&report["kinds"], &report["grants_needed"]),
        (&json!(["tool"]), &json!([])),
        "{report}"
    );
    let shown = caxton(dir.path(), &["component", "inspect", hostile], "").ok();
    assert!(
        shown.contains("caxton:plugin/tools@")
            && shown.contains("grants it would need")
            && shown.contains("http"),
        "{shown}"
    );

    let answer = caxton(dir.path(), &["component", "run", echo, "fib", "n=10"], "").json();
    assert_eq!(answer["content"][0]["text"], "55");
    let told = caxton(dir.path(), &["component", "run", echo, "fob"], "").failed(1);
    assert!(told.contains("it has: echo, fib, sum"), "{told}");
    let told = caxton(
        dir.path(),
        &["component", "run", hostile, "loop", "--fuel", "1000000"],
        "",
    )
    .failed(1);
    assert!(told.contains("limit `fuel`"), "{told}");

    write(
        dir.path(),
        &[("data/note.txt", "granted"), ("x.wasm", "no wasm")],
    );
    let read = |grant: &[&str]| {
        caxton(
            dir.path(),
            &[
                &[
                    "component",
                    "run",
                    hostile,
                    "read",
                    "target=data/note.txt",
                    "--output",
                    "text",
                ],
                grant,
            ]
            .concat(),
            "",
        )
    };
    read(&[]).failed(1);
    assert_eq!(read(&["--grant", "files=data"]).ok(), "granted\n");
    let told = read(&["--grant", "everything"]).failed(2);
    assert!(
        told.contains("`everything` is no grant") && told.contains("or state"),
        "{told}"
    );
    assert!(
        caxton(dir.path(), &["component", "inspect", "x.wasm"], "")
            .failed(1)
            .contains("is not WebAssembly")
    );
    assert!(
        caxton(dir.path(), &["component", "inspect", "gone.wasm"], "")
            .failed(1)
            .contains("can't read gone.wasm")
    );
}

#[test]
fn a_component_that_is_run_without_a_server_can_log_and_keep_state() {
    let dir = here();
    let (conformance, hostile) = (guest("conformance"), guest("hostile"));
    let run = |component: &Path, args: &[&str]| {
        let component = component.to_str().expect("text");
        let args = [&["component", "run", component], args].concat();
        caxton(dir.path(), &args, "")
    };
    let ran = run(&conformance, &["test_logging_tool"]);
    assert!(
        ran.err.lines().any(|line| line == "info: The tool runs"),
        "{}",
        ran.err
    );
    ran.ok();

    let store = ["store", "target=x", "--output", "text"];
    run(&hostile, &store).failed(1);
    let granted = [&store[..], &["--grant", "state"]].concat();
    assert_eq!(run(&hostile, &granted).ok(), "stored\n");
    // Nothing of it stays.
    assert_eq!(dir.path().read_dir().expect("it is there").count(), 0);
}

#[test]
fn an_agent_is_asked() {
    let agent = "name = \"talker\"\nversion = \"1.0.0\"\ndescription = \"Talks.\"\ncapabilities = [\"talking\"]\nsystem_prompt = \"Talk.\"\n";
    let server = Server::with_workspace(
        &[
            ("caxton.toml", "name = \"desk\"\n"),
            ("agents/talker.toml", agent),
        ],
        &[],
    );
    let run = |args: &[&str]| caxton(server.dir(), args, "");
    let answer = run(&["send", "--json", "Hello"]).json();
    let spoken = run(&["send", "--to", "talker", "Hello"]).ok();
    assert_eq!(
        spoken.trim_end(),
        answer["content"].as_str().expect("text").trim_end()
    );
    let events = run(&[
        "send",
        "--events",
        "--conversation",
        answer["conversation"].as_str().expect("an id"),
        "Again",
    ])
    .ok();
    let events: Vec<serde_json::Value> = events
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(
        (
            &events[0]["event"],
            &events.last().expect("events")["event"]
        ),
        (&json!("route"), &json!("done"))
    );
    let piped = caxton(server.dir(), &["send", "--agent", "talker", "-"], "Hello").ok();
    assert_eq!(piped, spoken);
    let told = run(&["send", "--to", "nobody", "Hello"]).failed(1);
    assert!(told.contains("agent-not-found"), "{told}");

    assert!(run(&["agent", "list"]).ok().contains("talker"));
    assert_eq!(
        run(&["agent", "show", "talker", "--json"]).json()["counters"]["messages"],
        4
    );
    assert!(
        run(&["agent", "show", "talker"])
            .ok()
            .contains("4 messages")
    );
    run(&["agent", "restart", "talker"]).ok();
    let removed = run(&["agent", "remove", "talker", "--json"]).json();
    assert_eq!(removed["name"], "talker");
    let told = run(&["agent", "list"]).ok();
    assert!(
        told.contains("no agents") && told.contains("--template assistant"),
        "{told}"
    );
}
