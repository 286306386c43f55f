//! Providers: how they are, and which models they have.

use caxton_tests::{Server, Upstream, caxton, reply};
use serde_json::{Value, json};

const AGENT: &str = "name = \"writer\"\ndescription = \"Writes.\"\nmodel = \"local/secret\"\n";

/// A server with three providers: `local` answers, `locked` refuses its key, and nobody answers for `gone`.
fn server() -> Server {
    let list = json!({ "data": [
        { "id": "large", "context_length": 32_000, "pricing": { "prompt": "0.000001", "completion": "0.000002" } },
        { "id": "small" },
    ] });
    let headers = [("content-type", "application/json")];
    let local = Upstream::scripted([reply("200 OK", &headers, &list.to_string())]);
    let refusal = json!({ "error": { "message": "wrong key", "code": "invalid_api_key" } });
    let locked = Upstream::scripted([reply("401 Unauthorized", &headers, &refusal.to_string())]);
    // A port that was free a moment ago.
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let gone = format!("http://{}", gone.local_addr().expect("an address"));
    let provider = |name: &str, url: &str| {
        format!(
            "[components.{name}]\nsource = \"builtin:openai\"\nconfig = {{ base_url = \"{url}/v1\" }}\n[components.{name}.grants]\nhttp = [\"{url}\"]\n"
        )
    };
    let settings = [
        "name = \"desk\"\n".to_owned(),
        provider("local", &local.url),
        "[components.local.prices]\nsmall = { input = 0.25, cached_input = 0.025, output = 2 }\n"
            .to_owned(),
        provider("locked", &locked.url),
        provider("gone", &gone),
    ];
    let files = [
        ("caxton.toml", settings.concat()),
        ("agents/writer.toml", AGENT.to_owned()),
        ("components/echo.wasm", String::new()),
    ];
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    Server::with_workspace(&files, &[])
}

#[tokio::test]
async fn providers_are_asked_how_they_are() {
    let server = server();
    let listed = server.get("~/components").await.ok();
    let health: Vec<_> = listed["components"]
        .as_array()
        .expect("components")
        .iter()
        .map(|component| (component["name"].as_str(), component["health"].as_str()))
        .collect();
    for (name, expected) in [
        ("echo", "ok"),
        ("gone", "unreachable"),
        ("local", "ok"),
        ("locked", "auth"),
    ] {
        assert!(
            health.contains(&(Some(name), Some(expected))),
            "{name}: {health:?}"
        );
    }
    let locked = server.get("~/components/locked").await.ok();
    let reason = locked["health_reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("the key is missing or not accepted"),
        "{reason}"
    );
    let local = server.get("~/components/local").await.ok();
    assert!(local.get("health_reason").is_none(), "{local}");
    // Nobody's upstream makes the server unready.
    assert_eq!(server.get("/ready").await.ok()["status"], "ready");

    let shown = caxton(server.dir(), &["component", "list"], "");
    assert!(
        shown.err.contains("locked can't answer (auth): the key"),
        "{}",
        shown.err
    );
    assert!(shown.ok().contains("unreachable"));
}

#[tokio::test]
async fn models_of_all_providers_are_listed() {
    let server = server();
    let found = server.get("~/models").await.ok();
    let model = |id: &str| -> Value {
        let models = found["models"].as_array().expect("models");
        models
            .iter()
            .find(|model| model["id"] == id)
            .unwrap_or_else(|| panic!("{id} is not in {found}"))
            .clone()
    };
    assert_eq!(
        model("local/large"),
        json!({ "id": "local/large", "name": "large", "provider": "local", "tools": true, "vision": false,
            "context_window": 32_000, "max_output": null, "listed": true,
            "price": { "input_usd_per_million": 1.0, "cached_input_usd_per_million": 1.0, "output_usd_per_million": 2.0 } })
    );
    // What the workspace says of a price holds, and a model that an agent names is there even if it is not listed.
    assert_eq!(
        model("local/small")["price"],
        json!({ "input_usd_per_million": 0.25, "cached_input_usd_per_million": 0.025, "output_usd_per_million": 2.0 })
    );
    let secret = model("local/secret");
    assert_eq!(
        (&secret["listed"], &secret["tools"], &secret["price"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    let unavailable: Vec<_> = found["unavailable"]
        .as_array()
        .expect("providers")
        .iter()
        .map(|one| (one["provider"].as_str(), one["code"].as_str()))
        .collect();
    assert_eq!(
        unavailable,
        [
            (Some("gone"), Some("unreachable")),
            (Some("locked"), Some("auth"))
        ]
    );

    let run = |args: &[&str]| caxton(server.dir(), args, "");
    let shown = run(&["model", "list"]);
    assert!(
        shown.err.contains("locked does not list its models (auth)"),
        "{}",
        shown.err
    );
    let shown = shown.ok();
    assert!(
        shown.starts_with("MODEL ") && shown.contains("not listed by its provider"),
        "{shown}"
    );
    let small = shown.lines().find(|line| line.starts_with("local/small"));
    let cells: Vec<&str> = small.expect("a line").split_whitespace().collect();
    assert_eq!(cells, ["local/small", "yes", "no", "?", "0.25", "2"]);
    let one = run(&["model", "list", "--provider", "locked", "--json"]).json();
    assert_eq!(
        (&one["models"], one["unavailable"].as_array().map(Vec::len)),
        (&json!([]), Some(1))
    );
    let told = run(&["model", "list", "--provider", "locket"]).failed(1);
    assert!(
        told.contains("component-not-found") && told.contains("locked"),
        "{told}"
    );
}
