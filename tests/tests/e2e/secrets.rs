//! Secrets are kept by the command line: set, listed, removed, and shared by public keys.

use caxton_tests::{caxton_with, write};
use serde_json::json;
use tempfile::TempDir;

use super::leaks::files;

fn here() -> TempDir {
    TempDir::new().expect("a directory")
}

#[test]
fn secrets_are_set_listed_and_removed() {
    let (dir, home) = (here(), here());
    let home_path = home.path().to_str().expect("UTF-8");
    let run = |args: &[&str], input: &str| {
        caxton_with(
            dir.path(),
            args,
            input,
            &[("HOME", home_path), ("KEY", "from outside")],
        )
    };
    run(&["secret", "list"], "").failed(1);
    write(
        dir.path(),
        &[
            (
                "caxton.toml",
                files("http://a.example", "http://b.example").as_str(),
            ),
            ("components/web.wasm", ""),
        ],
    );

    // What is wanted is told before it is there, and what to do about it.
    let listed = run(&["secret", "list", "--json"], "").json();
    let web = json!(["web"]);
    assert_eq!(
        listed,
        json!([
            { "name": "KEY", "source": "environment", "in_file": false, "components": web },
            { "name": "TOKEN", "source": "missing", "in_file": false, "components": ["openai", "web"] },
        ])
    );
    let faults = run(&["validate"], "");
    assert!(
        faults.code == 1 && faults.out.contains("caxton secret set TOKEN"),
        "{faults:?}"
    );

    // The first makes a key, which nobody else can read, outside the workspace.
    let set = run(&["secret", "set", "TOKEN"], "hunter2-hunter2\n");
    assert!(
        set.err.contains("made the key") && !set.err.contains("hunter2"),
        "{set:?}"
    );
    let key = home.path().join(".config/caxton/secrets.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = key.metadata().expect("a key").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    run(&["validate"], "").ok();
    let file = dir.path().join("secrets.age");
    let text = std::fs::read_to_string(&file).expect("a file");
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----") && !text.contains("TOKEN"));

    let set = run(&["secret", "set", "KEY"], "another");
    assert!(set.err.contains("environment has KEY too"), "{set:?}");
    let set = run(&["secret", "set", "SPARE"], "spare");
    assert!(set.err.contains("no component wants it yet"), "{set:?}");
    assert!(
        run(&["secret", "set", "SPARE"], "again")
            .ok()
            .starts_with("changed")
    );
    let listed = run(&["secret", "list"], "").ok();
    let lines: Vec<Vec<&str>> = listed
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines,
        [
            vec!["KEY", "environment,", "before", "the", "file", "web"],
            vec!["SPARE", "file"],
            vec!["TOKEN", "file", "openai,", "web"],
        ]
    );
    run(&["secret", "remove", "SPARE"], "").ok();
    let gone = run(&["secret", "remove", "SPARE"], "").failed(1);
    assert!(gone.contains("secret list"), "{gone}");

    // The same key from the environment does as well; another does not, and nothing is lost by trying.
    let text = std::fs::read_to_string(&key).expect("a key");
    let secret = text.lines().last().expect("a key").to_owned();
    let with = |key: &str, args: &[&str], input: &str| {
        caxton_with(dir.path(), args, input, &[("CAXTON_SECRETS_KEY", key)])
    };
    with(&secret, &["secret", "list"], "").ok();
    let before = std::fs::read(&file).expect("a file");
    std::fs::remove_file(&key).expect("it is there");
    for (ran, says) in [
        (
            run(&["secret", "set", "TOKEN"], "lost"),
            "there is no key in",
        ),
        (
            with("nonsense", &["secret", "list"], ""),
            "CAXTON_SECRETS_KEY is not an age identity",
        ),
        (run(&["secret", "set", "NEW"], ""), "there is no key in"),
    ] {
        let told = ran.failed(1);
        assert!(
            told.contains(says) && told.contains("CAXTON_SECRETS_KEY"),
            "{told}"
        );
    }
    assert_eq!(std::fs::read(&file).expect("a file"), before);
    let told = with("nonsense", &["validate"], "");
    assert!(
        told.code == 1 && told.out.contains("unreadable-secrets"),
        "{told:?}"
    );

    // Values come from standard input alone, and are fit for a header.
    with(&secret, &["secret", "set", "A", "value"], "").failed(2);
    with(&secret, &["secret", "set", "not-a-name"], "x").failed(2);
    for bad in ["", "\n", "two\nlines", "ü", "bell\u{7}"] {
        let told = with(&secret, &["secret", "set", "A"], bad).failed(1);
        assert!(told.contains("the value of A"), "{told}");
    }
    assert_eq!(std::fs::read(&file).expect("a file"), before);
}

#[test]
fn others_can_be_let_in_by_their_public_key() {
    let (dir, mine, theirs) = (here(), here(), here());
    let home = |home: &TempDir| home.path().to_str().expect("UTF-8").to_owned();
    let run = |home: &str, args: &[&str], input: &str| {
        caxton_with(dir.path(), args, input, &[("HOME", home)])
    };
    let (mine, theirs) = (home(&mine), home(&theirs));
    let public = run(&theirs, &["secret", "key"], "").ok();
    assert_eq!(
        run(&theirs, &["secret", "key", "--json"], "").json()["recipient"],
        public.trim()
    );
    write(dir.path(), &[("caxton.toml", "name = \"desk\"\n")]);
    run(&mine, &["secret", "set", "A"], "hunter2").ok();
    let told = run(&theirs, &["secret", "list"], "").failed(1);
    assert!(
        told.contains("another key") && told.contains("recipients"),
        "{told}"
    );
    let toml = format!(
        "name = \"desk\"\n[secrets]\nrecipients = [\"{}\"]\n",
        public.trim()
    );
    write(dir.path(), &[("caxton.toml", toml.as_str())]);
    run(&mine, &["validate"], "").ok();
    run(&mine, &["secret", "set", "A"], "hunter2").ok();
    assert!(run(&theirs, &["secret", "list"], "").ok().contains('A'));
}

#[test]
fn secrets_that_are_set_at_once_are_all_kept() {
    let (dir, home) = (here(), here());
    let home = home.path().to_str().expect("UTF-8");
    let run =
        |args: &[&str], input: &str| caxton_with(dir.path(), args, input, &[("HOME", home)]).ok();
    write(dir.path(), &[("caxton.toml", "name = \"desk\"\n")]);
    run(&["secret", "set", "FIRST"], "hunter2");
    let names: Vec<String> = (0..8).map(|n| format!("NAME_{n}")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            scope.spawn(|| run(&["secret", "set", name], "hunter2"));
        }
        scope.spawn(|| run(&["secret", "remove", "FIRST"], ""));
    });
    let listed = run(&["secret", "list"], "");
    let kept: Vec<&str> = listed
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert_eq!(kept, names);
}
