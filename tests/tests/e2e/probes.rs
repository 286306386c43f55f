//! Health, readiness, numbers, the description of the API, and paths that are not there.

use caxton_tests::{Server, answered};

#[tokio::test]
async fn a_server_says_how_it_is() {
    let server = Server::with_guests(&["echo"]);
    let health = server.get("/health").await.ok();
    assert_eq!(
        (&health["status"], &health["version"]),
        (&"ok".into(), &env!("CARGO_PKG_VERSION").into())
    );
    let ready = server.get("/ready").await.ok();
    assert_eq!(
        (&ready["status"], &ready["workspace"], &ready["components"]),
        (&"ready".into(), &"default".into(), &1.into())
    );
    assert_eq!(ready["tools"], 3);
    server.call("echo__echo", serde_json::json!({})).await.ok();
    let metrics = server.get("/metrics").await;
    assert!(
        metrics
            .content_type
            .starts_with("text/plain; version=0.0.4"),
        "{}",
        metrics.content_type
    );
    for line in [
        r#"caxton_tool_calls_total{tool="echo__echo",component="echo",outcome="ok"} 1"#,
        r#"caxton_tool_call_duration_seconds_count{tool="echo__echo",component="echo"} 1"#,
        "caxton_components 1",
    ] {
        assert!(
            metrics.text.lines().any(|l| l == line),
            "{line} is not in\n{}",
            metrics.text
        );
    }
    let sample = |line: &&str| !line.starts_with('#');
    for line in metrics.text.lines().filter(sample) {
        let name = line.split(['{', ' ']).next().expect("a name");
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        for head in ["HELP", "TYPE"] {
            assert!(
                metrics.text.contains(&format!("# {head} {family} ")),
                "{line} has no {head}"
            );
        }
    }
}

#[tokio::test]
async fn the_api_describes_itself() {
    let server = Server::with_guests(&["echo"]);
    let mut openapi = server.get("/openapi.json").await.ok();
    openapi["info"]["version"] = "(version)".into();
    insta::assert_json_snapshot!("openapi", openapi);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem() {
    let server = Server::with_guests(&["echo"]);
    server.get("/nothing").await.problem(404, "path-not-found");
    server.get("~/nothing").await.problem(404, "path-not-found");
    server
        .get("/api/v1/workspaces/other/tools")
        .await
        .problem(404, "workspace-not-found");
    server
        .get("~/agents/nobody")
        .await
        .problem(404, "agent-not-found");
    server
        .get("~/components/nothing")
        .await
        .problem(404, "component-not-found");
    server
        .get("~/conversations/nothing")
        .await
        .problem(404, "conversation-not-found");
    let nearest = server
        .get("~/tools/echo__ecko")
        .await
        .problem(404, "tool-not-found");
    assert!(
        nearest["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("echo__echo")),
        "{nearest}"
    );
    let refused = answered(server.request("PATCH", "~/tools")).await;
    refused.problem(405, "method-not-allowed");
    assert!(
        refused.headers["allow"]
            .to_str()
            .is_ok_and(|allow| allow.contains("GET")),
        "{:?}",
        refused.headers
    );
}
