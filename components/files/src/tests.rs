//! The tools on real directories.

use std::fs;

use caxton_sdk::{Body, Outcome, Value, json};

use crate::roots::Root;

struct Desk {
    data: tempfile::TempDir,
    out: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self {
            data: tempfile::tempdir().expect("a directory"),
            out: tempfile::tempdir().expect("a directory"),
        };
        let data = desk.data.path();
        fs::create_dir_all(data.join("sub/deep")).expect("directories");
        fs::write(data.join("sales.csv"), "region,units\nNorth,3\nSouth,4\n").expect("a file");
        fs::write(data.join("sub/notes.md"), "# Notes\nthe Needle is here\n").expect("a file");
        fs::write(data.join("sub/deep/raw.bin"), b"needle\0\xff\xfe").expect("a file");
        desk
    }

    fn call(&self, name: &str, arguments: Value) -> (bool, Value, String) {
        let roots = [
            Root::new("data", self.data.path(), false),
            Root::new("out", self.out.path(), true),
        ];
        let outcome = super::answer(name, &arguments.clone().into(), &roots);
        let Ok(Outcome::Complete(result)) = outcome else {
            panic!("{name} {arguments}: {outcome:?}")
        };
        let text = result
            .content
            .iter()
            .map(|content| {
                if let Body::Text(text) = &content.body {
                    text.as_str()
                } else {
                    ""
                }
            })
            .collect();
        (
            result.is_error,
            result.structured.map_or(Value::Null, |text| {
                serde_json::from_str(&text).expect("JSON")
            }),
            text,
        )
    }

    fn paths(&self, arguments: Value) -> Vec<String> {
        let (is_error, value, text) = self.call("list", arguments);
        assert!(!is_error, "{text}");
        value["entries"]
            .as_array()
            .expect("entries")
            .iter()
            .map(|entry| entry["path"].as_str().expect("a path").to_owned())
            .collect()
    }
}

#[test]
fn directories_are_listed() {
    let desk = Desk::new();
    assert_eq!(desk.paths(json!({})), ["data", "out"]);
    assert_eq!(
        desk.paths(json!({"path": "data"})),
        ["data/sales.csv", "data/sub"]
    );
    assert_eq!(
        desk.paths(json!({"path": "data", "recursive": true})),
        [
            "data/sales.csv",
            "data/sub",
            "data/sub/deep",
            "data/sub/deep/raw.bin",
            "data/sub/notes.md"
        ]
    );
    assert_eq!(
        desk.paths(json!({"path": "data", "depth": 2})),
        [
            "data/sales.csv",
            "data/sub",
            "data/sub/deep",
            "data/sub/notes.md"
        ]
    );
    assert_eq!(
        desk.paths(json!({"path": "data", "recursive": true, "pattern": "*.{md,csv}"})),
        ["data/sales.csv", "data/sub/notes.md"]
    );
    assert_eq!(
        desk.paths(json!({"path": "/data/sub", "pattern": "**/*.bin"})),
        ["data/sub/deep/raw.bin"]
    );
    let (_, value, _) = desk.call(
        "list",
        json!({"path": "data", "recursive": true, "limit": 2}),
    );
    assert_eq!(
        (
            value["entries"].as_array().map(Vec::len),
            &value["truncated"]
        ),
        (Some(2), &json!(true))
    );
    let (_, value, _) = desk.call("list", json!({"path": "data"}));
    assert_eq!(
        value["entries"][0],
        json!({"path": "data/sales.csv", "kind": "file", "bytes": 29})
    );
}

#[test]
fn files_are_read_whole_and_in_parts() {
    let desk = Desk::new();
    let (_, value, text) = desk.call("read", json!({"path": "data/sales.csv"}));
    assert_eq!(text, "region,units\nNorth,3\nSouth,4\n");
    assert_eq!(
        (&value["count"], &value["bytes"], &value["truncated"]),
        (&json!(3), &json!(29), &json!(false))
    );
    let (_, value, text) = desk.call(
        "read",
        json!({"path": "sales.csv", "offset": 1, "limit": 1}),
    );
    assert_eq!(
        (value["text"].as_str(), &value["truncated"]),
        (Some("North,3\n"), &json!(true))
    );
    assert!(
        text.ends_with("[the file goes on; continue with offset 2]"),
        "{text}"
    );
    let (_, value, _) = desk.call("read", json!({"path": "data/sales.csv", "max_bytes": 5}));
    assert_eq!(
        (value["text"].as_str(), &value["truncated"]),
        (Some("regio"), &json!(true))
    );
    let (_, value, _) = desk.call(
        "read",
        json!({"path": "data/sub/deep/raw.bin", "encoding": "base64", "offset": 6, "limit": 2}),
    );
    assert_eq!(
        (
            value["base64"].as_str(),
            &value["count"],
            &value["truncated"]
        ),
        (Some("AP8="), &json!(2), &json!(true))
    );
    let (_, value, _) = desk.call("read", json!({"path": "data/sales.csv", "offset": 99}));
    assert_eq!(
        (value["text"].as_str(), &value["count"]),
        (Some(""), &json!(0))
    );
}

#[test]
fn text_is_found_with_its_lines() {
    let desk = Desk::new();
    let (_, value, _) = desk.call("search", json!({"query": "needle", "ignore_case": true}));
    assert_eq!(
        value,
        json!({"matches": [{"path": "data/sub/notes.md", "line": 2, "text": "the Needle is here"}], "files_searched": 3, "truncated": false})
    );
    let (_, value, _) = desk.call(
        "search",
        json!({"query": "^(North|South),\\d", "regex": true, "path": "data/sales.csv", "limit": 1}),
    );
    assert_eq!(
        (&value["matches"][0]["line"], &value["truncated"]),
        (&json!(2), &json!(true))
    );
    let (_, value, _) = desk.call("search", json!({"query": "a.b", "pattern": "*.csv"}));
    assert_eq!(
        (&value["matches"], &value["files_searched"]),
        (&json!([]), &json!(1))
    );
    fs::write(
        desk.data.path().join("long.txt"),
        format!("{}needle{}", "ä".repeat(5_000), "x".repeat(200_000)),
    )
    .expect("a file");
    let (_, value, _) = desk.call(
        "search",
        json!({"query": "needle", "path": "data/long.txt"}),
    );
    assert!(
        value["matches"][0]["text"]
            .as_str()
            .is_some_and(|text| text.contains("needle") && text.chars().count() < 310),
        "{value}"
    );
}

#[test]
fn files_are_written_only_where_that_is_granted() {
    let desk = Desk::new();
    assert!(
        !desk
            .call("write", json!({"path": "out/new/a.txt", "text": "one\n"}))
            .0
    );
    assert!(
        !desk
            .call(
                "write",
                json!({"path": "out/new/a.txt", "text": "two\n", "mode": "append"})
            )
            .0
    );
    assert_eq!(
        fs::read_to_string(desk.out.path().join("new/a.txt")).expect("a file"),
        "one\ntwo\n"
    );
    let (is_error, _, text) = desk.call("write", json!({"path": "out/new/a.txt", "text": "x"}));
    assert!(is_error && text.contains("is there already"), "{text}");
    assert!(
        !desk
            .call(
                "write",
                json!({"path": "out/new/a.txt", "base64": "AQI=", "mode": "overwrite"})
            )
            .0
    );
    assert_eq!(
        fs::read(desk.out.path().join("new/a.txt")).expect("a file"),
        [1, 2]
    );
    let (is_error, _, text) = desk.call("write", json!({"path": "data/a.txt", "text": "x"}));
    assert!(is_error && text.contains("mode = \"write\""), "{text}");
    for arguments in [
        json!({"path": "out/a"}),
        json!({"path": "out/a", "text": "a", "base64": "AA=="}),
        json!({"path": "out/a", "base64": "?"}),
    ] {
        assert!(super::answer("write", &arguments.into(), &[]).is_err());
    }
}

#[test]
fn what_cannot_be_is_told_with_a_way_out() {
    let desk = Desk::new();
    for (name, arguments, needle) in [
        (
            "read",
            json!({"path": "data/sale.csv"}),
            "there is no `data/sale.csv`; beside it are sales.csv",
        ),
        (
            "read",
            json!({"path": "../../etc/passwd"}),
            "leads out of the granted directories",
        ),
        (
            "read",
            json!({"path": "/etc/passwd"}),
            "files = [{ path = \"data\", mode = \"read\" }]",
        ),
        (
            "read",
            json!({"path": "data/sub"}),
            "is a directory; list it",
        ),
        (
            "read",
            json!({"path": "data/sub/deep/raw.bin"}),
            "not UTF-8 text (line 1); read it with encoding base64",
        ),
        (
            "list",
            json!({"path": "data/sales.csv"}),
            "is not a directory",
        ),
        (
            "list",
            json!({"path": "data", "pattern": "[a"}),
            "a [ without a ]",
        ),
        (
            "search",
            json!({"query": "(", "regex": true}),
            "not a regular expression",
        ),
        (
            "search",
            json!({"query": "((a{100}){100}){100}", "regex": true}),
            "not a regular expression that can be used",
        ),
    ] {
        let (is_error, _, text) = desk.call(name, arguments.clone());
        assert!(
            is_error && text.contains(needle),
            "{name} {arguments}: {text}"
        );
    }
    let none = super::answer("list", &json!({}).into(), &[]);
    assert!(
        format!("{none:?}").contains("no directory is granted"),
        "{none:?}"
    );
    assert!(super::answer("nothing", &json!({}).into(), &[]).is_err());
}

#[cfg(unix)]
#[test]
fn links_are_listed_but_not_followed_round_in_circles() {
    let desk = Desk::new();
    std::os::unix::fs::symlink(desk.data.path(), desk.data.path().join("sub/loop"))
        .expect("a link");
    let paths = desk.paths(json!({"path": "data", "recursive": true}));
    assert!(
        paths.contains(&"data/sub/loop".to_owned()) && paths.len() == 6,
        "{paths:?}"
    );
}
