//! How a server begins and ends.

use std::path::Path;

use caxton_tests::{Raw, Server, caxton, write};
use serde_json::json;
use tempfile::TempDir;

#[cfg(unix)]
use rustix::process::Signal;

const SLOW: &str =
    "name = \"slow\"\n[components.hostile.limits]\ntime = \"20s\"\nfuel = 1_000_000_000_000\n";

#[test]
fn where_there_is_nothing_to_serve_a_server_says_what_to_do() {
    let dir = TempDir::new().expect("a directory");
    let told = caxton(dir.path(), &["serve"], "").failed(1);
    assert!(
        told.contains("caxton init") && told.contains("--components"),
        "{told}"
    );
    let told = caxton(dir.path(), &["serve", "--workspace", "nowhere"], "").failed(1);
    assert!(told.contains("nowhere"), "{told}");
    let told = caxton(dir.path(), &["serve", "--components", "nowhere"], "").failed(1);
    assert!(told.contains("nowhere"), "{told}");
}

#[test]
fn faults_of_a_workspace_are_told_at_once_and_nothing_is_served() {
    let dir = TempDir::new().expect("a directory");
    write(
        dir.path(),
        &[
            ("caxton.toml", "name = \"\"\nrooter = 1\n"),
            ("agents/a.toml", "name = \"b\"\n"),
        ],
    );
    let told = caxton(dir.path(), &["serve", "--listen", ":0"], "").failed(1);
    for place in ["caxton.toml:1:", "caxton.toml:2:", "agents/a.toml:"] {
        assert!(told.contains(place), "{place} is not in {told}");
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::with_guests(&["echo"]);
    let told = caxton(
        server.dir(),
        &["serve", "--components", "tools", "--listen", "127.0.0.1:0"],
        "",
    )
    .failed(1);
    assert!(
        told.contains("in use by another server") && told.contains(&server.url),
        "{told}"
    );
    server.get("/health").await.ok();
    let taken = server.url.trim_start_matches("http://").to_owned();
    let told = caxton(
        server.dir(),
        &[
            "serve",
            "--components",
            "tools",
            "--data",
            "other",
            "--listen",
            &taken,
        ],
        "",
    )
    .failed(1);
    assert!(told.contains("--listen"), "{told}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_call_in_flight_is_answered_before_the_server_ends() {
    let mut server = Server::with_guests(&["echo"]);
    // Half a request is in flight when the signal comes; the other half is sent afterwards.
    let mut raw = Raw::connect(&server.url);
    raw.send("POST /api/v1/workspaces/default/tools/echo__echo/call HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 16\r\n\r\n");
    raw.until("100 Continue");
    server.signal(Signal::TERM);
    while std::net::TcpStream::connect(server.url.trim_start_matches("http://")).is_ok() {
        std::thread::yield_now();
    }
    let answer = raw.send("{\"arguments\":{}}").rest();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(server.wait().success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_call_that_does_not_end_is_cut_off_after_the_grace_period() {
    let mut server = Server::with_workspace(
        &[("caxton.toml", SLOW), ("components/hostile.wasm", "")],
        &["--grace", "200ms"],
    );
    let mut raw = Raw::connect(&server.url);
    raw.send("POST /api/v1/workspaces/default/tools/hostile__loop/call HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    raw.until("100 Continue");
    raw.send("{}");
    server.signal(Signal::INT);
    assert!(server.wait().success(), "{}", server.log());
    assert!(server.log().contains("cut off"), "{}", server.log());
}

#[cfg(unix)]
#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let mut server = Server::with_workspace(
        &[("caxton.toml", SLOW), ("components/hostile.wasm", "")],
        &["--grace", "1h"],
    );
    let mut raw = Raw::connect(&server.url);
    raw.send("POST /api/v1/workspaces/default/tools/hostile__loop/call HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n");
    raw.until("100 Continue");
    raw.send("{}");
    server.signal(Signal::INT);
    while !server.log().contains("SIGINT") {
        std::thread::yield_now();
    }
    server.signal(Signal::INT);
    assert_eq!(server.wait().code(), Some(130));
}

#[cfg(unix)]
#[tokio::test]
async fn those_who_follow_events_do_not_keep_a_server_from_ending() {
    let mut server = Server::with_guests(&["echo"]);
    let mut stream = server
        .request("GET", "~/events")
        .send()
        .await
        .expect("an answer");
    stream
        .chunk()
        .await
        .expect("it is open")
        .expect("a greeting");
    let idle = Raw::connect(&server.url);
    server.signal(Signal::TERM);
    assert!(server.wait().success());
    assert!(
        server.log().contains("every call was answered"),
        "{}",
        server.log()
    );
    drop(idle);
}

#[cfg(unix)]
#[test]
fn a_detached_server_is_found_asked_and_stopped() {
    let dir = TempDir::new().expect("a directory");
    write(
        dir.path(),
        &[
            ("caxton.toml", "name = \"desk\"\n"),
            ("components/echo.wasm", ""),
        ],
    );
    let started = caxton(dir.path(), &["serve", "--listen", ":0", "--detach"], "").ok();
    assert!(
        started.starts_with("caxton is ready at http://127.0.0.1:"),
        "{started}"
    );
    // Nothing says where it is but the directory.
    let health = caxton(dir.path(), &["health", "--json"], "").json();
    assert_eq!(
        (&health["status"], &health["ready"]["workspace"]),
        (&json!("ok"), &json!("desk"))
    );
    let stopped = caxton(dir.path(), &["stop"], "").ok();
    assert!(stopped.starts_with("stopped the server at "), "{stopped}");
    assert!(
        caxton(dir.path(), &["stop"], "")
            .failed(1)
            .contains("no server runs")
    );
    assert!(
        caxton(
            dir.path(),
            &["health", "--server", "http://127.0.0.1:1"],
            ""
        )
        .failed(1)
        .contains("caxton serve")
    );
}

#[test]
fn a_command_does_not_go_to_the_server_of_another_workspace() {
    let dir = TempDir::new().expect("a directory");
    write(
        dir.path(),
        &[
            ("desk/caxton.toml", "name = \"desk\"\n"),
            ("desk/agents/notes.txt", "a directory below"),
        ],
    );
    let desk = dir.path().join("desk");
    let below = desk.join("agents");
    let cases: [(&Path, &[&str]); 5] = [
        (&desk, &["agent", "remove", "a"]),
        (&below, &["tool", "list"]),
        (&desk, &["health"]),
        (&desk, &["tool", "list", "--workspace", "default"]),
        (dir.path(), &["send", "--workspace", "desk", "Hello"]),
    ];
    for (from, args) in cases {
        let told = caxton(from, args, "").failed(1);
        assert!(
            told.contains("desk is not running") && told.contains("`caxton serve"),
            "{told}"
        );
    }
    // Who names a server means it.
    let told = caxton(&desk, &["health", "--server", "http://127.0.0.1:1"], "").failed(1);
    assert!(
        told.contains("no server answers at http://127.0.0.1:1"),
        "{told}"
    );
}

#[tokio::test]
async fn a_conversation_survives_a_restart() {
    let dir = TempDir::new().expect("a directory");
    let agent =
        "name = \"a\"\nversion = \"1.0.0\"\ndescription = \"Talks.\"\nsystem_prompt = \"Talk.\"\n";
    let files = dir.path().join("desk");
    write(
        &files,
        &[
            ("caxton.toml", "name = \"desk\"\n"),
            ("agents/a.toml", agent),
        ],
    );
    let path = files.to_str().expect("text").to_owned();
    let first = Server::start(dir, &["--workspace", &path]);
    let answer = first
        .post("~/messages", &json!({ "content": "Hello" }))
        .await
        .ok();
    let conversation = answer["conversation"]
        .as_str()
        .expect("a conversation")
        .to_owned();
    let transcript = first
        .get(&format!("~/conversations/{conversation}"))
        .await
        .ok();
    // Killed, not asked to end.
    let dir = first.kill();
    let second = Server::start(dir, &["--workspace", &path]);
    assert_eq!(
        second
            .get(&format!("~/conversations/{conversation}"))
            .await
            .ok(),
        transcript
    );
    second
        .post(
            "~/messages",
            &json!({ "content": "Still there?", "conversation": conversation }),
        )
        .await
        .ok();
}
