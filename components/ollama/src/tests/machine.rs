//! What models the machine has: listing, describing and pulling them.

use caxton_sdk::deltas::Delta;
use caxton_sdk::http::Error;
use caxton_sdk::provider::LlmError;
use caxton_sdk::testing::provider::body_of;
use caxton_sdk::testing::{self, configure, reply, upstream};
use caxton_sdk::{Arguments, Outcome, Provider, ToolError, ToolResult, Tools, Value, json};

use super::{CALLS, Ollama, document, hello, refusal, stream};

/// What a server sends while it pulls: two layers, a part that is loaded again, and sizes that can't be.
const PULL: &str = concat!(
    r#"{"status":"pulling manifest"}"#,
    "\n",
    r#"{"status":"pulling 6a0746a1ec1a","digest":"sha256:6a07","total":4000}"#,
    "\n",
    r#"{"status":"pulling 6a0746a1ec1a","digest":"sha256:6a07","total":4000,"completed":2000}"#,
    "\n",
    r#"{"status":"pulling 6a0746a1ec1a","digest":"sha256:6a07","total":4000,"completed":1500}"#,
    "\n",
    r#"{"status":"pulling 6a0746a1ec1a","digest":"sha256:6a07","total":4000,"completed":2001}"#,
    "\n",
    r#"{"status":"pulling 6a0746a1ec1a","digest":"sha256:6a07","total":4000,"completed":9999}"#,
    "\n",
    r#"{"status":"pulling 4fa551d4f938","digest":"sha256:4fa5","total":-1,"completed":-7}"#,
    "\n",
    r#"{"status":"pulling 4fa551d4f938","digest":"sha256:4fa5","total":100,"completed":100}"#,
    "\n",
    r#"{"status":"verifying sha256 digest"}"#,
    "\n",
    r#"{"status":"success"}"#,
    "\n",
);

fn call_tool(name: &str, arguments: Value) -> ToolResult {
    let outcome = <Ollama as Tools>::call(name, Arguments::from(arguments));
    let Ok(Outcome::Complete(result)) = outcome else {
        panic!("{outcome:?}")
    };
    result
}

#[test]
fn pulling_tells_how_far_it_has_come() {
    let seen = upstream(vec![stream(PULL)]);
    let result = call_tool("pull", json!({"model": "llama3.2"}));
    assert!(!result.is_error, "{result:?}");
    assert_eq!(
        result.structured.as_deref(),
        Some(r#"{"bytes":4100,"model":"llama3.2"}"#)
    );
    let seen = seen.borrow();
    assert_eq!(seen[0].url, "http://localhost:11434/api/pull");
    assert_eq!(
        body_of(&seen[0]),
        json!({"model": "llama3.2", "stream": true})
    );
    let reports = testing::with(|host| std::mem::take(&mut host.progress));
    let expected = [
        (1.0, None, "pulling manifest"),
        (2.0, Some(4002.0), "pulling 6a0746a1ec1a"),
        (2002.0, Some(4002.0), "pulling 6a0746a1ec1a"),
        (4002.0, Some(4002.0), "pulling 6a0746a1ec1a"),
        (4003.0, Some(4003.0), "pulling 4fa551d4f938"),
        (4103.0, Some(4103.0), "pulling 4fa551d4f938"),
        (4104.0, Some(4104.0), "verifying sha256 digest"),
        (4105.0, Some(4105.0), "success"),
    ];
    let expected = expected.map(|(done, total, message)| (done, total, Some(message.to_owned())));
    assert_eq!(reports, expected);
}

#[test]
fn progress_grows_whatever_the_server_says() {
    let sizes = [
        "0",
        "1",
        "18446744073709551615",
        "-1",
        "1e30",
        "\"x\"",
        "null",
    ];
    let mut text = String::new();
    for (at, total) in sizes.iter().enumerate() {
        for completed in sizes {
            text += &format!(
                "{{\"status\":\"s{at}\",\"digest\":\"d{at}\",\"total\":{total},\"completed\":{completed}}}\n"
            );
        }
    }
    upstream(vec![stream(&(text + "{\"status\":\"success\"}\n"))]);
    assert!(!call_tool("pull", json!({"model": "m"})).is_error);
    let reports = testing::with(|host| std::mem::take(&mut host.progress));
    assert!(reports.len() > 2);
    assert!(reports.is_sorted_by(|a, b| a.0 < b.0), "{reports:?}");
    assert!(
        reports
            .iter()
            .all(|(done, total, _)| total.is_none_or(|total| *done <= total))
    );
}

#[test]
fn a_long_pull_is_told_in_a_hundred_steps() {
    let lines = (1..=10_000).map(|completed| {
        format!("{{\"status\":\"pulling\",\"digest\":\"d\",\"total\":10000,\"completed\":{completed}}}\n")
    });
    let text = lines.collect::<String>() + "{\"status\":\"success\"}\n";
    upstream(vec![stream(&text)]);
    assert!(!call_tool("pull", json!({"model": "m"})).is_error);
    let reports = testing::with(|host| host.progress.len());
    assert!((90..=110).contains(&reports), "{reports}");
}

#[test]
#[rustfmt::skip]
fn a_pull_that_fails_says_why() {
    for (answer, needle) in [
        (stream("{\"status\":\"pulling manifest\"}\n{\"error\":\"pull model manifest: file does not exist\"}\n"), "https://ollama.com/library"),
        (stream("{\"status\":\"pulling manifest\"}\n{\"error\":\"max retries exceeded\"}\n"), "max retries exceeded"),
        (stream(&PULL[..PULL.len() / 2]), "pull it again"),
        (stream(""), "after 0 bytes"),
        (refusal(400, "invalid model name"), "invalid model name"),
        (Err(Error::Connection("connection refused".into())), "`ollama serve`"),
    ] {
        upstream(vec![answer]);
        let result = call_tool("pull", json!({"model": "m"}));
        assert!(result.is_error, "{needle}");
        let text = format!("{:?}", result.content);
        assert!(text.contains(needle), "{text} lacks {needle}");
    }
}

#[test]
fn a_missing_model_is_pulled_where_that_is_set() {
    let missing = || refusal(404, "model 'qwen3:8b' not found");
    let seen = upstream(vec![missing(), stream(PULL), stream(CALLS)]);
    configure(&[("pull", "true")]);
    assert!(Ollama::complete(hello()).is_ok());
    let paths: Vec<String> = seen
        .borrow()
        .iter()
        .map(|request| request.url.clone())
        .collect();
    assert_eq!(
        paths,
        ["chat", "pull", "chat"].map(|path| format!("http://localhost:11434/api/{path}"))
    );
    let said: String = testing::with(|host| std::mem::take(&mut host.deltas))
        .into_iter()
        .filter_map(|delta| match delta {
            Delta::Reasoning(text) => Some(text),
            _ => None,
        })
        .collect();
    assert!(
        said.starts_with("Pulling qwen3:8b, which is not there yet.\npulling manifest\n"),
        "{said}"
    );
    assert!(
        said.contains("pulling 6a0746a1ec1a: 2.0 kB of 4.0 kB\n"),
        "{said}"
    );
    assert!(said.contains("qwen3:8b is there (4.1 kB).\n"), "{said}");

    upstream(vec![missing(), stream(PULL), missing()]);
    configure(&[("pull", "true")]);
    assert!(matches!(
        Ollama::complete(hello()),
        Err(LlmError::ModelNotFound(_))
    ));
}

#[test]
fn models_are_described_by_old_servers_and_new() {
    let tags = json!({"models": [
        {"name": "new:latest", "model": "new:latest", "size": 1, "capabilities": ["completion", "tools", "vision"], "details": {"context_length": 131_072}},
        {"name": "old", "model": "old", "size": 2, "details": {"family": "llama"}},
        {"name": "embeds", "model": "embeds", "size": 3},
        {"name": "", "model": ""},
        {"name": "unknown", "model": "unknown"},
        {"name": "beyond", "model": "beyond"},
    ]});
    let seen = upstream(vec![
        document(&tags),
        document(&json!({"capabilities": ["completion"], "model_info": {
            "general.architecture": "llama", "mm.context_length": 7, "llama.context_length": 8192,
        }})),
        document(&json!({"capabilities": ["embedding"]})),
        document(&json!({"model_info": {"x.context_length": -5}})),
    ]);
    configure(&[("num_ctx", "16384")]);
    let models = Ollama::models().expect("models");
    let told: Vec<_> = models
        .iter()
        .map(|model| {
            (
                model.id.as_str(),
                model.tools,
                model.vision,
                model.context_window,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("new:latest", true, true, Some(16_384)),
            ("new", true, true, Some(16_384)),
            ("old", false, false, Some(8192)),
            ("unknown", true, false, Some(16_384)),
            ("beyond", true, false, Some(16_384)),
        ]
    );
    for model in &models {
        let price = model.price.as_ref().expect("a price");
        assert_eq!((price.input, price.output), (0.0, 0.0));
    }
    // The last was asked for in vain; no model after it would be.
    assert_eq!(seen.borrow().len(), 5);
    for body in ["{}", "[]", "<html>"] {
        upstream(vec![reply(200, "application/json", &[body.as_bytes()])]);
        assert!(
            matches!(Ollama::models(), Err(LlmError::BadResponse(_))),
            "{body}"
        );
    }
}

#[test]
fn health_asks_for_the_version() {
    let seen = upstream(vec![
        document(&json!({"version": "0.24.0"})),
        document(&json!({"status": "ok"})),
    ]);
    assert_eq!(Ollama::health(), Ok(()));
    assert!(matches!(Ollama::health(), Err(LlmError::BadResponse(_))));
    assert_eq!(seen.borrow()[0].url, "http://localhost:11434/api/version");
}

#[test]
fn the_tools_are_described_and_list_the_models() {
    let tools = <Ollama as Tools>::list().expect("tools");
    let told: Vec<_> = tools
        .iter()
        .map(|tool| {
            (
                tool.name.as_str(),
                tool.annotations.read_only,
                tool.annotations.open_world,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("models", Some(true), Some(false)),
            ("pull", None, Some(true))
        ]
    );
    upstream(vec![document(&json!({"models": [
        {"name": "llama3.2:latest", "model": "llama3.2:latest", "size": 2_019_393_189_u64, "modified_at": "2026-05-04T17:37:44Z",
         "details": {"parameter_size": "3.2B", "quantization_level": "Q4_K_M"}},
        {"name": "odd", "size": -1},
    ]}))]);
    let result = call_tool("models", json!({}));
    assert_eq!(result.content, ["llama3.2:latest: 2.0 GB\nodd: 0 B".into()]);
    let structured: Value =
        serde_json::from_str(&result.structured.expect("a result")).expect("JSON");
    assert_eq!(structured["models"][0]["bytes"], 2_019_393_189_u64);
    assert_eq!(structured["models"][1]["parameters"], Value::Null);
    upstream(vec![document(&json!({"models": []}))]);
    assert!(format!("{:?}", call_tool("models", json!({})).content).contains("no models yet"));
    assert!(matches!(
        <Ollama as Tools>::call("push", Arguments::from_json("{}")),
        Err(ToolError::NotFound(_))
    ));
}
