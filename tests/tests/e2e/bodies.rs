//! Bodies that are huge, slow, broken or of the wrong kind: each is refused by name, and others are answered meanwhile.

use caxton_tests::{Answer, Raw, Server, answered};
use serde_json::json;

async fn send(server: &Server, body: impl Into<reqwest::Body>) -> Answer {
    answered(
        server
            .request("POST", "~/tools/echo__echo/call")
            .header("content-type", "application/json")
            .body(body),
    )
    .await
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_with_their_place() {
    let server = Server::with_guests(&["echo"]);
    let problem = send(&server, "{\"arguments\": {},\n oops}")
        .await
        .problem(400, "invalid-json");
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&2.into(), &2.into())
    );
    send(&server, "").await.problem(400, "invalid-json");
    send(&server, "{\"arguments\": {}")
        .await
        .problem(400, "invalid-json");
    send(&server, "[".repeat(100_000))
        .await
        .problem(400, "invalid-json");
    let problem = send(&server, b"{\"arguments\": {\"a\": \"\xc3\x28\"}}".to_vec())
        .await
        .problem(400, "invalid-utf8");
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&1.into(), &22.into())
    );
    server.call("echo__echo", json!({})).await.ok();
}

#[tokio::test]
async fn json_of_the_wrong_type_is_refused_by_field() {
    let server = Server::with_guests(&["echo"]);
    let check = |problem: serde_json::Value, pointer: &str| {
        assert_eq!(problem["pointer"], pointer, "{problem}")
    };
    check(
        send(&server, "{\"arguments\": [1]}")
            .await
            .problem(422, "invalid-body"),
        "/arguments",
    );
    check(
        send(&server, "{\"arguments\": {}, \"state\": 7}")
            .await
            .problem(422, "invalid-body"),
        "/state",
    );
    let unknown = send(&server, "{\"argument\": {}}")
        .await
        .problem(422, "invalid-body");
    assert!(
        unknown["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("`argument`")),
        "{unknown}"
    );
    let message = server
        .post("~/messages", &json!({ "content": 7 }))
        .await
        .problem(422, "invalid-body");
    check(message, "/content");
    server
        .post("~/messages", &json!({ "to": "x" }))
        .await
        .problem(422, "invalid-body");
    server
        .post("~/route", &json!({ "content": null }))
        .await
        .problem(422, "invalid-body");
}

#[tokio::test]
async fn bodies_of_another_kind_are_refused() {
    let server = Server::with_guests(&["echo"]);
    let post = |kind: &'static str| {
        server
            .request("POST", "~/tools/echo__echo/call")
            .header("content-type", kind)
            .body("{}")
    };
    answered(post("text/plain"))
        .await
        .problem(415, "wrong-content-type");
    answered(post("application/x-www-form-urlencoded"))
        .await
        .problem(415, "wrong-content-type");
    answered(server.request("POST", "~/tools/echo__echo/call"))
        .await
        .problem(415, "wrong-content-type");
    answered(post("application/json; charset=utf-8")).await.ok();
    answered(
        server
            .request("PUT", "~/components/x")
            .header("content-type", "application/json")
            .body("{}"),
    )
    .await
    .problem(415, "wrong-content-type");
}

#[tokio::test]
async fn a_huge_body_is_refused_before_it_is_read() {
    let server = Server::with_guests(&["echo"]);
    let head = "POST /api/v1/workspaces/default/tools/echo__echo/call HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    let told = Raw::connect(&server.url)
        .send(format!("{head}content-length: 5000000000\r\n\r\n"))
        .rest();
    assert!(
        told.starts_with("HTTP/1.1 413 ") && told.contains("\"body-too-large\""),
        "{told}"
    );

    // One that does not say how large it is, is read up to the limit.
    let mut raw = Raw::connect(&server.url);
    raw.send(format!("{head}transfer-encoding: chunked\r\n\r\n"));
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    for _ in 0..17 {
        raw.send(&chunk);
    }
    let counted = raw.rest();
    assert!(
        counted.starts_with("HTTP/1.1 413 ") && counted.contains("\"body-too-large\""),
        "{counted}"
    );
    server.call("echo__echo", json!({})).await.ok();
}

#[tokio::test]
async fn a_slow_body_is_given_up() {
    let server = Server::with_workspace(
        &[
            ("caxton.toml", "name = \"slow\"\n"),
            ("components/echo.wasm", ""),
        ],
        &["--body-timeout", "300ms"],
    );
    let mut raw = Raw::connect(&server.url);
    raw.send("POST /api/v1/workspaces/slow/tools/echo__echo/call HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"argum");
    server.call("echo__echo", json!({})).await.ok();
    let answer = raw.rest();
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"body-timeout\""),
        "{answer}"
    );
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let server = Server::with_guests(&["echo"]);
    let check = |bytes: &str, status: &str| {
        let answer = Raw::connect(&server.url).send(bytes).rest();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{bytes:.40}: {answer}"
        );
    };
    check("hello\r\n\r\n", "400");
    check("GET / HTTP/9.9\r\n\r\n", "400");
    check(
        &format!(
            "GET /health HTTP/1.1\r\nhost: localhost\r\nx: {}\r\n\r\n",
            "y".repeat(1 << 20)
        ),
        "431",
    );
    server.get("/health").await.ok();
}
