//! What was said and what it cost, from the command line; and answers whose connection breaks.

use caxton_tests::{Server, Upstream, caxton, reply};
use serde_json::{Value, json};

const AGENT: &str = "\
name = \"talker\"
description = \"Talks.\"
system_prompt = \"Speak {{tone}}.\"

[parameters]
tone = \"kindly\"

[limits]
cost_usd = 0.25

[budget]
tokens_per_day = 100_000
";

fn server() -> Server {
    let settings = "name = \"desk\"\n[budget]\ncost_usd_per_day = 20\n";
    Server::with_workspace(
        &[("caxton.toml", settings), ("agents/talker.toml", AGENT)],
        &[],
    )
}

#[test]
fn conversations_are_listed_shown_forked_and_removed() {
    let server = server();
    let run = |args: &[&str]| caxton(server.dir(), args, "");
    assert!(
        run(&["conversation", "list"])
            .ok()
            .contains("no conversations")
    );
    let answer = run(&["send", "--json", "Hello"]).json();
    let id = answer["conversation"].as_str().expect("an id");
    run(&["send", "--conversation", id, "Again"]).ok();

    let listed = run(&["conversation", "list"]).ok();
    assert!(
        listed.contains(id) && listed.contains("just now"),
        "{listed}"
    );
    let shown = run(&["conversation", "show", id]).ok();
    assert!(
        shown.starts_with("1 user\nHello\n") && shown.contains("2 talker\n"),
        "{shown}"
    );
    let fork = run(&["conversation", "fork", id, "--through", "2"]).ok();
    let messages = |id: &str| {
        let shown = run(&["conversation", "show", id, "--json"]).json();
        shown["messages"].as_array().map(Vec::len)
    };
    assert_eq!((messages(fork.trim()), messages(id)), (Some(2), Some(4)));
    let page = run(&["conversation", "list", "--limit", "1", "--json"]).json();
    let next = page["next"].as_str().expect("another page");
    let rest = run(&["conversation", "list", "--before", next, "--json"]).json();
    assert_eq!(rest["conversations"].as_array().map(Vec::len), Some(1));

    run(&["conversation", "clear", id]).ok();
    assert_eq!(messages(id), Some(0));
    assert_eq!(
        run(&["conversation", "remove", id, "--json"]).json()["id"],
        id
    );
    let told = run(&["conversation", "show", id]).failed(1);
    assert!(told.contains("conversation-not-found"), "{told}");
}

#[test]
fn usage_is_held_against_the_budgets() {
    let server = server();
    let run = |args: &[&str]| caxton(server.dir(), args, "");
    let nothing = run(&["usage"]).ok();
    assert!(
        nothing.contains("Nothing was used on ")
            && nothing.contains("budget: $20 of $20 left today"),
        "{nothing}"
    );
    run(&["send", "Hello"]).ok();
    let used = run(&["usage", "--agent", "talker", "--json"]).json();
    let total = &used["total"];
    let tokens = total["input_tokens"]
        .as_u64()
        .zip(total["output_tokens"].as_u64());
    let tokens = tokens.map(|(read, written)| read + written);
    assert_eq!(
        used["left_today"],
        json!({ "tokens": 100_000 - tokens.expect("numbers") })
    );
    assert_eq!(used["budget"], json!({ "tokens_per_day": 100_000 }));
    let shown = run(&["usage", "--from", "2026-01-02", "--to", "2026-01-03"]).ok();
    assert!(
        shown.contains("Nothing was used from 2026-01-02 to 2026-01-03"),
        "{shown}"
    );
    let shown = run(&["usage"]).ok();
    assert!(
        shown.starts_with("DAY ")
            && shown.contains("talker  offline/demo")
            && shown.contains("total"),
        "{shown}"
    );
    let told = run(&["usage", "--from", "2026-02-29"]).failed(2);
    assert!(told.contains("write a day such as"), "{told}");
    let told = run(&["usage", "--from", "2026-01-03", "--to", "2026-01-02"]).failed(1);
    assert!(told.contains("invalid-query"), "{told}");
}

#[test]
fn an_agent_shows_what_it_may_use() {
    let server = server();
    let agent = caxton(server.dir(), &["agent", "show", "talker", "--json"], "").json();
    assert_eq!(agent["limits"]["cost_usd"], 0.25);
    assert_eq!(agent["budget"], json!({ "tokens_per_day": 100_000 }));
    assert_eq!(agent["parameters"]["tone"]["default"], "kindly");
    assert_eq!(
        agent["context"],
        json!({ "overflow": "drop", "scope": "shared" })
    );
    let shown = caxton(server.dir(), &["agent", "show", "talker"], "").ok();
    assert!(
        shown.contains("tone (\"kindly\")")
            && shown.contains("$0.25")
            && shown.contains("100000 tokens"),
        "{shown}"
    );
}

#[test]
fn an_answer_can_be_had_later() {
    let server = server();
    let run = |args: &[&str]| caxton(server.dir(), args, "");
    let id = run(&["send", "--async", "Hello"]).ok();
    let id = id.trim();
    let followed = run(&["turn", "follow", id]).ok();
    let shown = run(&["turn", "show", id]).ok();
    assert!(
        shown.contains(" done\n") && shown.contains(followed.trim()),
        "{shown}"
    );
    let again = run(&["turn", "follow", id, "--json"]).json();
    assert_eq!(again["id"], id);
    assert!(run(&["turn", "cancel", id]).ok().contains("is done"));
    for command in ["show", "follow", "cancel"] {
        let told = run(&["turn", command, "nothing"]).failed(1);
        assert!(told.contains("turn-not-found"), "{told}");
    }
}

/// An answer to a message whose words are `text`.
fn done(text: &str) -> Value {
    json!({ "id": "t", "conversation": "c", "agent": "a", "model": "p/m", "content": text, "stop_reason": "end-turn",
        "tool_calls": [], "receipt": { "duration_ms": 1, "completions": 1, "tool_calls": 0, "input_tokens": 1,
            "cached_input_tokens": 0, "output_tokens": 1, "cost_usd": null, "fuel": 1, "memory_bytes_peak": 1,
            "component_us": 1, "output_bytes": 1, "http_requests": 0, "http_bytes": 0, "denied": 0 } })
}

/// Asks a server that answers with these streams of events, and returns what was printed, and which event each connection but
/// the first began after.
fn ask(streams: &[&[(&str, &str, Value)]]) -> (String, String, Vec<String>) {
    let stream = |events: &&[(&str, &str, Value)]| {
        let event = |(id, name, data): &(&str, &str, Value)| {
            let id = match *id {
                "" => String::new(),
                id => format!("id: {id}\n"),
            };
            format!("event: {name}\n{id}data: {data}\n\n")
        };
        let body: String = events.iter().map(event).collect();
        let headers = [
            ("content-type", "text/event-stream"),
            ("location", "/api/v1/workspaces/default/turns/t"),
        ];
        reply("200 OK", &headers, &body)
    };
    let server = Upstream::scripted(streams.iter().map(stream));
    let dir = tempfile::TempDir::new().expect("a directory");
    let ran = caxton(dir.path(), &["send", "--server", &server.url, "Hello"], "");
    let received = server.received();
    let (first, later) = received.split_first().expect("it was asked");
    assert!(
        first
            .head
            .starts_with("POST /api/v1/workspaces/default/messages ")
    );
    let after = later.iter().map(|request| {
        assert!(
            request
                .head
                .starts_with("GET /api/v1/workspaces/default/turns/t/events "),
            "{request:?}"
        );
        request.all("last-event-id").concat()
    });
    let after = after.collect();
    assert_eq!(ran.code, 0, "{}", ran.err);
    (ran.out, ran.err, after)
}

#[test]
fn a_broken_connection_is_made_again_and_goes_on_where_it_was() {
    let route = json!({ "turn": "t", "conversation": "c", "agent": "a", "score": 1.0, "reason": "only one", "router": null, "cached": false, "depth": 0 });
    let delta = |text: &str| json!({ "agent": "a", "text": text });
    let (out, err, after) = ask(&[
        &[
            ("1-1", "route", route.clone()),
            ("1-2", "delta", delta("one ")),
        ],
        &[("1-3", "delta", delta("two "))],
        &[
            ("1-4", "delta", delta("three")),
            ("1-5", "done", done("one two three")),
        ],
    ]);
    assert_eq!(
        (out.as_str(), after),
        ("one two three\n", vec!["1-2".to_owned(), "1-3".to_owned()])
    );
    assert!(err.contains("the connection broke"), "{err}");

    // A server that was started anew begins again.
    let (out, err, after) = ask(&[
        &[
            ("1-1", "route", route.clone()),
            ("1-2", "delta", delta("on")),
        ],
        &[
            ("", "reset", json!({})),
            ("2-1", "route", route),
            ("2-2", "delta", delta("one")),
            ("2-3", "done", done("one")),
        ],
    ]);
    assert_eq!((out.as_str(), after), ("on\none\n", vec!["1-2".to_owned()]));
    assert!(err.contains("the answer begins again"), "{err}");
}
