//! What is remembered, from the command line.

use caxton_tests::{Server, caxton};
use serde_json::json;

use super::bare;

#[test]
fn what_is_remembered_is_added_found_shown_and_forgotten() {
    let server = bare();
    let run = |args: &[&str]| caxton(server.dir(), &[&["memory"], args].concat(), "");
    assert!(run(&["list"]).ok().contains("Nothing is remembered"));
    let added = run(&[
        "add",
        "Anna Berg",
        "Leads sales.",
        "Lives in Oslo.",
        "--type",
        "person",
    ])
    .ok();
    assert_eq!(added, "Anna Berg is #1\n");
    let acme = run(&["add", "Acme", "--scope", "agent:writer", "--json"]).json();
    assert_eq!(
        (&acme["id"], &acme["scope"]),
        (&json!(2), &json!("agent:writer"))
    );
    assert_eq!(
        run(&["relate", "Anna Berg", "works-at", "#2"]).ok(),
        "now: Anna Berg works-at #2\n"
    );
    let shown = run(&["show", "Anna Berg"]).ok();
    assert!(
        shown.starts_with("#1 Anna Berg (person, workspace)\n- Leads sales.\n")
            && shown.ends_with("Anna Berg (#1) works-at Acme (#2)\n"),
        "{shown}"
    );
    let found = run(&["search", "who", "leads", "sales"]).ok();
    assert!(
        found.starts_with("ID ") && found.contains("Anna Berg: Leads sales. / Lives in Oslo."),
        "{found}"
    );
    let found = run(&["search", "sales", "--json"]).json();
    assert_eq!(found["hits"][0]["entity"]["id"], 1);
    let listed = run(&["list", "--scope", "agent:writer"]).ok();
    assert!(
        listed.contains("Acme") && !listed.contains("Anna"),
        "{listed}"
    );
    run(&["relate", "1", "works-at", "2", "--remove"]).ok();
    assert!(!run(&["show", "1"]).ok().contains("works-at"));

    run(&["add", "Acme"]).ok();
    let told = run(&["forget", "Acme"]).failed(1);
    assert!(
        told.contains("#3 in workspace, #2 in agent:writer; give its number"),
        "{told}"
    );
    assert_eq!(
        run(&["forget", "2", "Anna Berg"]).ok(),
        "forgot #2 Acme\nforgot #1 Anna Berg\n"
    );
    let told = run(&["show", "Anna Berg"]).failed(1);
    assert!(told.contains("caxton memory search"), "{told}");
    let told = run(&["forget", "!"]).failed(1);
    assert!(told.contains("nothing of the name `!`"), "{told}");
    run(&["search"]).failed(2);
    let told = run(&["add", "x", "--scope", "team"]).failed(1);
    assert!(told.contains("write \"global\""), "{told}");
}

#[test]
fn what_is_remembered_is_changed_and_forgotten_as_a_whole() {
    let server = bare();
    let run = |args: &[&str]| caxton(server.dir(), &[&["memory"], args].concat(), "");
    let escapes = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}";
    run(&["add", "Anna", escapes]).ok();
    for args in [&["show", "Anna"][..], &["list"], &["search", "Anna"]] {
        let shown = run(args).ok();
        assert!(
            shown.contains("\\u{1b}]0;owned\\u{7}\\u{1b}[2J\\u{202e}"),
            "{shown:?}"
        );
        assert!(
            !shown.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{shown:?}"
        );
    }
    let changed = [
        &["change", "Anna", "--name", "2"][..],
        &["--type", "person", "--observation", "Leads sales."],
        &[
            "--observation",
            "Lives in Oslo.",
            "--metadata",
            r#"{"level":3}"#,
        ],
    ];
    assert_eq!(run(&changed.concat()).ok(), "changed #1 2\n");
    // What is called by a number is found by it before what has that number.
    run(&["add", "Acme", "--scope", "agent:writer"]).ok();
    let shown = run(&["show", "2"]).ok();
    assert!(
        shown.starts_with(
            "#1 2 (person, workspace)\n- Leads sales.\n- Lives in Oslo.\nmetadata  {\"level\":3}\n"
        ),
        "{shown}"
    );
    let shown = run(&["show", "#2"]).ok();
    assert!(shown.starts_with("#2 Acme "), "{shown}");
    let told = run(&["change", "#1", "--metadata", "[1]"]).failed(2);
    assert!(told.contains("write a JSON object"), "{told}");
    run(&["change", "#1"]).failed(2);

    assert_eq!(
        run(&["forget", "--scope", "agent:writer"]).ok(),
        "forgot 1 entity of agent:writer\n"
    );
    run(&["forget", "Anna", "--scope", "workspace"]).failed(2);
    run(&["forget"]).failed(2);
    let listed = run(&["list", "--json"]).json();
    assert_eq!(listed["entities"][0]["id"], 1);
    assert_eq!(listed["entities"].as_array().map(Vec::len), Some(1));

    let audit = |args: &[&str]| caxton(server.dir(), &[&["audit"], args].concat(), "");
    let entries = audit(&["--by", "http", "--json"]).json();
    let entries = entries["entries"].as_array().expect("entries").iter();
    let actions: Vec<_> = entries.map(|entry| &entry["action"]).collect();
    assert_eq!(
        actions,
        [
            "memory-forget",
            "memory-remember",
            "memory-change",
            "memory-remember"
        ]
    );
    let shown = audit(&["--limit", "1"]).ok();
    assert!(
        shown.contains("agent:writer") && shown.contains("forgot 2"),
        "{shown}"
    );
}

#[test]
fn what_is_remembered_is_moved_in_files() {
    let (from, to) = (bare(), bare());
    let run = |server: &Server, args: &[&str], input: &str| {
        caxton(server.dir(), &[&["memory"], args].concat(), input)
    };
    run(&from, &["add", "Anna"], "").ok();
    let wrote = run(&from, &["export", "memory.jsonl"], "").ok();
    assert!(wrote.starts_with("wrote memory.jsonl ("), "{wrote}");
    let told = run(&from, &["export", "memory.jsonl"], "").failed(1);
    assert!(told.contains("exists already"), "{told}");
    let lines = run(&from, &["export", "--vectors"], "").ok();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    let took = run(&to, &["import", "-"], &lines).ok();
    assert_eq!(
        took,
        "1 new, 0 added to, 0 known already; 0 new relations\n"
    );
    let file = from.dir().join("memory.jsonl");
    let file = file.to_str().expect("UTF-8");
    assert_eq!(
        run(&to, &["import", file, "--json"], "").json()["unchanged"],
        1
    );
    let told = run(&to, &["import", "-"], "nothing\n").failed(1);
    assert!(told.contains("line 1"), "{told}");
    run(&to, &["import", "no-such-file"], "").failed(1);

    let backup = run(&from, &["backup", "copy.db", "--json"], "").json();
    let bytes = std::fs::metadata(from.dir().join("copy.db"))
        .expect("a file")
        .len();
    assert_eq!(backup, json!({ "file": "copy.db", "bytes": bytes }));
}
