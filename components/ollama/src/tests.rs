//! The component as a whole against a stand-in for the host's `http`, with streams as Ollama sends them.

use caxton_sdk::deltas::Delta;
use caxton_sdk::http::Error;
use caxton_sdk::provider::{
    Blob, LlmError, Part, Request, Response, Role, StopReason, ToolChoice, ToolSpec,
};
use caxton_sdk::testing::provider::{body_of, call, code, cuts, message, output, request, text};
use caxton_sdk::testing::{self, Reply, configure, reply, upstream};
use caxton_sdk::{Provider, Value, json};

use super::Ollama;

mod machine;

fn hello() -> Request {
    request("qwen3:8b", vec![message(Role::User, vec![text("hello")])])
}

fn stream(text: &str) -> Result<Reply, Error> {
    reply(200, "application/x-ndjson", &[text.as_bytes()])
}

fn document(value: &Value) -> Result<Reply, Error> {
    reply(
        200,
        "application/json; charset=utf-8",
        &[value.to_string().as_bytes()],
    )
}

fn refusal(status: u16, text: &str) -> Result<Reply, Error> {
    let body = json!({"error": text}).to_string();
    reply(status, "application/json", &[body.as_bytes()])
}

fn complete(text: &str) -> Result<Response, LlmError> {
    upstream(vec![stream(text)]);
    Ollama::complete(hello())
}

/// A model that thinks, writes and calls two tools: one with an id, as newer servers give it, one without.
const CALLS: &str = concat!(
    r#"{"model":"qwen3:8b","created_at":"2026-10-26T17:21:21.196249Z","message":{"role":"assistant","content":"","thinking":"Hm, ü"},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2026-10-26T17:21:21.2Z","message":{"role":"assistant","content":"","thinking":"…"},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2026-10-26T17:21:22Z","message":{"role":"assistant","content":"Let me sée 🦀."},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2026-10-26T17:21:23Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_x1","function":{"index":0,"name":"csv__describe","arguments":{"path":"ä.csv"}}},{"function":{"name":"time__now","arguments":{}}}]},"done":false}"#,
    "\n",
    r#"{"model":"qwen3:8b","created_at":"2026-10-26T17:21:24Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","total_duration":4648158584,"load_duration":4071084,"prompt_eval_count":36,"prompt_eval_duration":439038000,"eval_count":180,"eval_duration":4196918000}"#,
    "\n",
);

#[test]
fn a_stream_is_put_together_wherever_it_is_split() {
    let whole = complete(CALLS).expect("an answer");
    assert_eq!(whole.model, "qwen3:8b");
    assert_eq!(whole.stop_reason, StopReason::ToolCalls);
    assert_eq!(whole.usage.input_tokens, 36);
    assert_eq!(whole.usage.output_tokens, 180);
    assert_eq!(
        whole.parts,
        [
            Part::Opaque(r#"{"thinking":"Hm, ü…"}"#.into()),
            Part::Text("Let me sée 🦀.".into()),
            call("call_x1", "csv__describe", r#"{"path":"ä.csv"}"#),
            call("call_1", "time__now", "{}"),
        ]
    );
    let expected = [
        Delta::Reasoning("Hm, ü".into()),
        Delta::Reasoning("…".into()),
        Delta::Text("Let me sée 🦀.".into()),
        Delta::Call("csv__describe".into()),
        Delta::Call("time__now".into()),
    ];
    let text = CALLS.replace('\n', "\r\n");
    for (at, reply) in cuts("application/x-ndjson", &text).enumerate() {
        upstream(vec![reply]);
        let answer = Ollama::complete(hello()).expect("an answer");
        assert_eq!(answer, whole, "cut {at}");
        let deltas = testing::with(|host| std::mem::take(&mut host.deltas));
        assert_eq!(deltas, expected, "cut {at}");
    }
}

#[test]
fn a_stream_that_ends_early_is_no_answer() {
    // Without its line feed the last line is still whole.
    for end in 0..CALLS.trim_end().len() {
        let bytes = &CALLS.as_bytes()[..end];
        upstream(vec![reply(200, "application/x-ndjson", &[bytes])]);
        let outcome = Ollama::complete(hello());
        assert!(
            matches!(outcome, Err(LlmError::BadResponse(_))),
            "cut at {end}: {outcome:?}"
        );
    }
}

#[test]
fn ends_are_told_apart() {
    for (end, expected) in [
        (
            r#""done":true,"done_reason":"stop""#,
            Ok(StopReason::EndTurn),
        ),
        (
            r#""done":true,"done_reason":"length""#,
            Ok(StopReason::MaxTokens),
        ),
        (r#""done":true"#, Ok(StopReason::EndTurn)),
        (
            r#""done":true,"done_reason":null,"eval_count":-5"#,
            Ok(StopReason::EndTurn),
        ),
        (r#""done":true,"done_reason":"load""#, Err("bad-response")),
        (r#""done":false"#, Err("bad-response")),
        (r#""done":"true""#, Err("bad-response")),
    ] {
        let line = format!(r#"{{"message":{{"role":"assistant","content":"Hi"}},{end}}}"#);
        let outcome = complete(&line).map(|response| response.stop_reason);
        assert_eq!(outcome.map_err(|error| code(&error)), expected, "{end}");
    }
}

#[test]
fn an_endless_line_is_refused() {
    let piece = vec![b' '; 1024 * 1024];
    let pieces: Vec<&[u8]> = (0..10).map(|_| piece.as_slice()).collect();
    upstream(vec![reply(200, "application/x-ndjson", &pieces)]);
    let Err(LlmError::BadResponse(text)) = Ollama::complete(hello()) else {
        panic!("an endless line was taken")
    };
    assert!(text.contains("longer than 8388608 bytes"), "{text}");
}

#[test]
fn a_broken_connection_says_how_far_the_answer_came() {
    upstream(vec![stream(
        "{\"message\":{\"content\":\"Hell\"},\"done\":false}\n",
    )]);
    testing::with(|host| host.body_error = Some(Error::Timeout("nothing came for 60 s".into())));
    assert_eq!(
        Ollama::complete(hello()),
        Err(LlmError::BadResponse(
            "http://localhost:11434 broke off the answer after 4 characters and 0 tool calls: nothing came for 60 s".into()
        ))
    );
}

#[test]
#[rustfmt::skip]
fn errors_name_what_to_do() {
    for (answer, expected, needle) in [
        (refusal(404, "model 'qwen3:8b' not found"), "model-not-found", "caxton tool call ollama__pull model=qwen3:8b"),
        (refusal(404, "model \"qwen3:8b\" not found, try pulling it first"), "model-not-found", "try pulling it first"),
        (reply(404, "text/html", &[b"<html>"]), "bad-request", "base_url"),
        (refusal(400, "registry.ollama.ai/library/gemma:2b does not support tools"), "bad-request", "does not support tools"),
        (refusal(400, "the input length exceeds the context length"), "context-too-long", "num_ctx"),
        (refusal(400, "the prompt is longer than the context length currently available to the model"), "context-too-long", "num_ctx"),
        (refusal(500, "model requires more system memory (8.3 GiB) than is available (4.1 GiB)"), "bad-request", "smaller model"),
        (refusal(500, "llama runner process has terminated: exit status 2"), "overloaded", "terminated"),
        (refusal(503, "server busy, please try again.  maximum pending requests exceeded"), "overloaded", "server busy"),
        (refusal(429, "too many requests"), "rate-limited", "too many"),
        (refusal(401, "unauthorized"), "auth", "ollama signin"),
        (Err(Error::Connection("connection refused".into())), "unreachable", "`ollama serve`"),
        (Err(Error::Denied("http://localhost:11434 is not granted".into())), "unreachable", "is not granted"),
        (stream("{\"error\":\"an error was encountered while running the model\"}\n"), "bad-response", "after 0 characters"),
        (stream("{\"message\":{\"content\":\"Hi\"}}\n{\"error\":\"CUDA error: out of memory\"}\n"), "bad-request", "after 2 characters"),
        (stream("{\"message\":{\"tool_calls\":[{\"function\":{\"arguments\":{}}}]},\"done\":true}\n"), "bad-response", "without a name"),
        (stream("<html>\n"), "bad-response", "not JSON"),
    ] {
        upstream(vec![answer]);
        let error = Ollama::complete(hello()).expect_err(needle);
        assert_eq!(code(&error), expected, "{error:?}");
        let text = crate::failure::told(error);
        assert!(text.contains(needle), "{text} lacks {needle}");
    }
}

#[test]
fn only_a_server_that_is_down_is_to_be_started() {
    upstream(vec![Err(Error::Denied("not granted".into()))]);
    let text = crate::failure::told(Ollama::health().expect_err("denied"));
    assert!(!text.contains("ollama serve"), "{text}");
}

#[test]
fn the_request_says_everything_in_the_apis_words() {
    let seen = upstream(vec![stream(CALLS)]);
    configure(&[
        ("base_url", "http://127.0.0.1:11434/"),
        ("num_ctx", "8192"),
        ("options", r#"{"top_k":20,"temperature":1}"#),
        ("keep_alive", "10m"),
        ("think", "low"),
        ("extra_body", r#"{"shift":false}"#),
    ]);
    let mut request = request(
        "qwen3:8b",
        vec![
            message(Role::System, vec![Part::Text("Be brief.".into())]),
            message(
                Role::User,
                vec![
                    Part::Text("Look".into()),
                    Part::Image(Blob {
                        data: vec![1, 2],
                        mime_type: "image/png".into(),
                    }),
                ],
            ),
            message(
                Role::Assistant,
                vec![
                    Part::Opaque(r#"{"thinking":"Hm."}"#.into()),
                    call("a", "f", r#"{"x":1}"#),
                    call("b", "g", "not JSON"),
                ],
            ),
            message(
                Role::User,
                vec![
                    output("a", "no file", true),
                    output("b", "7", false),
                    Part::Text("and?".into()),
                ],
            ),
        ],
    );
    request.tools = vec![ToolSpec {
        name: "f".into(),
        description: "d".into(),
        input_schema: r#"{"type":"object"}"#.into(),
    }];
    request.max_tokens = Some(7);
    request.temperature = Some(0.5);
    request.stop = vec!["END".into()];
    request.response_schema = Some(r#"{"type":"object"}"#.into());
    Ollama::complete(request).expect("an answer");
    let seen = seen.borrow();
    assert_eq!(seen[0].url, "http://127.0.0.1:11434/api/chat");
    assert_eq!(
        body_of(&seen[0]),
        json!({
            "model": "qwen3:8b",
            "stream": true,
            "truncate": false,
            "shift": false,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Look", "images": ["AQI="]},
                {"role": "assistant", "content": "", "thinking": "Hm.", "tool_calls": [
                    {"id": "a", "function": {"name": "f", "arguments": {"x": 1}}},
                    {"id": "b", "function": {"name": "g", "arguments": {}}},
                ]},
                {"role": "tool", "tool_name": "f", "tool_call_id": "a", "content": "Error: no file"},
                {"role": "tool", "tool_name": "g", "tool_call_id": "b", "content": "7"},
                {"role": "user", "content": "and?"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "f", "description": "d", "parameters": {"type": "object", "properties": {}},
            }}],
            "format": {"type": "object"},
            "options": {"top_k": 20, "num_ctx": 8192, "num_predict": 7, "temperature": 0.5, "stop": ["END"]},
            "keep_alive": "10m",
            "think": "low",
        })
    );
}

#[test]
fn a_choice_of_tools_decides_what_is_offered() {
    for (choice, expected) in [
        (ToolChoice::Auto, vec!["f", "g"]),
        (ToolChoice::Required, vec!["f", "g"]),
        (ToolChoice::Named("g".into()), vec!["g"]),
        (ToolChoice::None, vec![]),
    ] {
        let seen = upstream(vec![stream(CALLS)]);
        let mut request = hello();
        request.tools = ["f", "g"]
            .map(|name| ToolSpec {
                name: name.into(),
                description: String::new(),
                input_schema: "{}".into(),
            })
            .into();
        request.tool_choice = choice;
        Ollama::complete(request).expect("an answer");
        let body = body_of(&seen.borrow()[0]);
        let names: Vec<&str> = body["tools"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|tool| tool["function"]["name"].as_str())
            .collect();
        assert_eq!(names, expected);
    }
}

#[test]
fn wrong_settings_and_schemas_are_named() {
    for (key, value) in [
        ("base_url", "localhost:11434"),
        ("num_ctx", "many"),
        ("options", "7"),
        ("pull", "maybe"),
    ] {
        upstream(Vec::new());
        configure(&[(key, value)]);
        let Err(LlmError::BadRequest(text)) = Ollama::complete(hello()) else {
            panic!("{key} = {value} was taken")
        };
        assert!(text.contains(&format!("`{key}`")), "{text}");
    }
    upstream(Vec::new());
    let mut broken = hello();
    broken.response_schema = Some("{".into());
    assert!(matches!(
        Ollama::complete(broken),
        Err(LlmError::BadRequest(_))
    ));
}

#[test]
fn a_model_that_cannot_think_is_asked_without() {
    let seen = upstream(vec![
        refusal(400, "\"gemma3\" does not support thinking"),
        stream(CALLS),
    ]);
    configure(&[("think", "true")]);
    Ollama::complete(hello()).expect("an answer");
    let seen = seen.borrow();
    assert_eq!(body_of(&seen[0])["think"], true);
    assert_eq!(body_of(&seen[1]).get("think"), None);
}
