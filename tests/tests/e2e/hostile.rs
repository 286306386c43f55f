//! Components that mean harm, served over HTTP: each is ended by name, with a receipt, and meanwhile others are answered.

use caxton_tests::Server;
use futures_util::future::join_all;
use serde_json::json;

const WORKSPACE: &str = r#"
name = "hostile"

[components.hostile.limits]
time = "1s"
memory = "32 MiB"
output = "1 MiB"
fuel = 100_000_000_000
"#;

fn server() -> Server {
    Server::with_workspace(
        &[
            ("caxton.toml", WORKSPACE),
            ("components/hostile.wasm", ""),
            ("components/echo.wasm", ""),
        ],
        &[],
    )
}

#[tokio::test]
async fn each_way_to_misbehave_ends_with_its_own_problem() {
    let server = server();
    let ended = async |tool: &str, status: u16, code: &str| {
        let problem = server
            .call(&format!("hostile__{tool}"), json!({}))
            .await
            .problem(status, code);
        assert!(
            problem["receipt"]["duration_us"].as_u64().is_some(),
            "{problem}"
        );
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("`hostile")),
            "{problem}"
        );
    };
    ended("loop", 504, "deadline-exceeded").await;
    ended("sleep", 504, "deadline-exceeded").await;
    ended("allocate", 502, "memory-exceeded").await;
    ended("recurse", 502, "stack-overflow").await;
    ended("panic", 502, "component-trapped").await;
    ended("trap", 502, "component-trapped").await;
    ended("exit", 502, "component-exited").await;
    server.call("echo__echo", json!({})).await.ok();
}

#[tokio::test]
async fn what_is_not_granted_is_out_of_reach() {
    let server = server();
    for (tool, target) in [
        ("read", "/etc/passwd"),
        ("socket", "127.0.0.1:22"),
        ("fetch", "http://169.254.169.254/latest/meta-data"),
    ] {
        let answer = server
            .call(&format!("hostile__{tool}"), json!({ "target": target }))
            .await
            .ok();
        assert_eq!(answer["is_error"], true, "{tool}: {answer}");
        assert!(!answer.to_string().contains("root:"), "{answer}");
    }
    let seen = server.call("hostile__environment", json!({})).await.ok();
    assert_eq!(
        seen["content"][0]["text"]
            .as_str()
            .map(|text| text.contains("PATH")),
        Some(false),
        "{seen}"
    );
}

#[tokio::test]
async fn others_are_answered_meanwhile() {
    let server = server();
    let bad = [
        "loop", "loop", "loop", "loop", "sleep", "allocate", "recurse", "panic", "flood", "exit",
    ];
    let bad = join_all(bad.map(async |tool| {
        (
            tool,
            server.call(&format!("hostile__{tool}"), json!({})).await,
        )
    }));
    let good = async {
        let mut answers = Vec::new();
        for i in 0..100 {
            answers.push(server.call("echo__echo", json!({ "i": i })).await);
            answers.push(server.get("/health").await);
        }
        answers
    };
    let (bad, good) = tokio::join!(bad, good);
    assert!(good.iter().all(|answer| answer.status == 200));
    for (tool, answer) in bad {
        assert!(
            answer.status == 502 || answer.status == 504,
            "{tool}: {}",
            answer.text
        );
    }
}
