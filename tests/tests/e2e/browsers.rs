//! Pages of other sites can't use a visitor's browser against a server on their machine.

use caxton_tests::{Raw, Server, answered};

#[tokio::test]
async fn a_page_of_another_origin_can_not_change_anything() {
    let server = Server::with_workspace(
        &[
            ("caxton.toml", "name = \"w\"\n"),
            ("components/echo.wasm", ""),
        ],
        &["--allow-origin", "https://app.example.com"],
    );
    let call = |origin: String| {
        server
            .request("POST", "~/tools/echo__echo/call")
            .header("origin", origin)
            .json(&serde_json::json!({}))
    };
    answered(call("https://evil.example".to_owned()))
        .await
        .problem(403, "origin-not-allowed");
    answered(call("null".to_owned()))
        .await
        .problem(403, "origin-not-allowed");
    answered(call(server.url.clone())).await.ok();
    answered(call("https://app.example.com".to_owned()))
        .await
        .ok();
    answered(
        server
            .request("DELETE", "~/components/echo")
            .header("origin", "https://evil.example"),
    )
    .await
    .problem(403, "origin-not-allowed");
    server.get("~/components/echo").await.ok();
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_refused() {
    let server = Server::with_guests(&["echo"]);
    let ask = |host: &str| {
        Raw::connect(&server.url).send(format!("GET /api/v1/workspaces/default/tools HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n")).rest()
    };
    let refused = ask("evil.example");
    assert!(
        refused.starts_with("HTTP/1.1 403 ") && refused.contains("host-not-allowed"),
        "{refused}"
    );
    assert!(ask("localhost:1").starts_with("HTTP/1.1 200 "));
}
