//! Capabilities and their versions.

use caxton_tests::{ModelServer, Say, caxton};
use serde_json::{Value, json};

use super::{charting, desk, text};

/// An agent whose `charting` has this version.
fn version(name: &str, version: &str) -> (String, String) {
    let offered = format!("capabilities = [{{ name = \"charting\", version = \"{version}\" }}]\n");
    charting(name, &offered)
}

fn desk_of_versions(upstream: &ModelServer) -> caxton_tests::Server {
    let agents = [
        version("new", "1.3.1"),
        version("old", "1.0"),
        version("odd", "3.0"),
    ];
    desk(upstream, "", &agents)
}

#[tokio::test]
async fn a_capability_is_asked_for_by_version() {
    let upstream = ModelServer::start();
    let server = desk_of_versions(&upstream);
    for (asked, expected) in [
        ("charting@^1.2", &["new"][..]),
        ("charting@<1.2", &["old"]),
        ("charting@1", &["new", "old"]),
        ("charting@>=1.3, <4", &["new", "odd"]),
        ("charting @ =3.0.0", &["odd"]),
        ("charting@*", &["new", "odd", "old"]),
        ("charting", &["new", "odd", "old"]),
    ] {
        let body = json!({ "content": "A pie, please", "capability": asked });
        let route = server.post("~/route", &body).await.ok();
        let ranked = route["ranked"].as_array().expect("a list");
        let mut agents: Vec<&str> = ranked.iter().map(|one| text(&one["agent"])).collect();
        agents.sort_unstable();
        assert_eq!(agents, expected, "{asked}: {route}");
    }
    for (asked, status, code, told) in [
        (
            "charting@^2",
            404,
            "capability-version-not-found",
            "1.3.1 by `new`",
        ),
        ("charting@", 422, "bad-requirement", "charting@^1.2"),
        ("charting@newest", 422, "bad-requirement", "newest"),
        ("chartin@^1", 404, "capability-not-found", "charting"),
    ] {
        let body = json!({ "content": "A pie, please", "capability": asked });
        for path in ["~/route", "~/messages"] {
            let problem = server.post(path, &body).await.problem(status, code);
            assert!(text(&problem["detail"]).contains(told), "{problem}");
        }
    }
    let near = json!({ "content": "x", "capability": "chartin" });
    let problem = server.post("~/messages", &near).await;
    let problem = problem.problem(404, "capability-not-found");
    assert_eq!(problem["nearest"], json!([{ "capability": "charting" }]));
}

#[tokio::test]
async fn the_command_line_asks_by_version() {
    let upstream = ModelServer::answering(|_| Some(Say::text(&["a pie"])));
    let server = desk_of_versions(&upstream);
    let send = |capability: &str| {
        let args = [
            "send",
            "--server",
            &server.url,
            "--capability",
            capability,
            "--json",
            "A pie",
        ];
        caxton(server.dir(), &args, "")
    };
    let answer: Value = serde_json::from_str(&send("charting@^1.2").ok()).expect("JSON");
    assert_eq!(answer["agent"], "new", "{answer}");
    let refused = send("charting@^2");
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("in a version that ^2 allows")
            && refused.err.contains("3.0.0 by `odd`"),
        "{}",
        refused.err
    );
}

#[tokio::test]
async fn an_agent_asks_others_within_the_versions_that_it_names() {
    let upstream = ModelServer::answering(|request| match request["model"].as_str() {
        Some("chief") if request["messages"].as_array()?.len() == 2 => Some(Say::calls(&[
            (
                "a",
                "ask_agent",
                json!({ "capability": "charting", "message": "A pie" }),
            ),
            (
                "b",
                "ask_agent",
                json!({ "capability": "charting@<1.1", "message": "A pie" }),
            ),
        ])),
        Some("chief") => Some(Say::text(&["asked"])),
        Some(other) => Some(Say::text(&[format!("by {other}")])),
        None => None,
    });
    let chief = charting("chief", "delegates = [\"charting@^1.2\"]\n");
    let server = desk(
        &upstream,
        "",
        &[chief, version("new", "1.3.1"), version("old", "1.0")],
    );
    let body = json!({ "to": "chief", "content": "Draw" });
    let answer = server.post("~/messages", &body).await.ok();
    let calls = answer["tool_calls"].as_array().expect("calls");
    let told: Vec<&str> = calls.iter().map(|call| text(&call["text"])).collect();
    assert_eq!(told.len(), 2, "{answer}");
    assert_eq!(told[0], "by new");
    assert!(told[1].contains("^1.2, <1.1"), "{told:?}");
}
