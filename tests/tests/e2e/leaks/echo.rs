//! An upstream that repeats every header that it gets, in every spelling, place and kind of answer; a model among others.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use caxton_tests::{Received, reply};
use serde_json::{Value, json};

/// A key that every encoding writes differently.
pub(super) const TOKEN: &str = r#"sk-Caxton/9f"8\7+e&d<c>b=a?~zyx"#;
/// A plain one.
pub(super) const KEY: &str = "0a1b2c3d-4e5f-plain-key";

/// How a text may be written.
pub(super) fn spellings(text: &str) -> Vec<String> {
    let json = Value::from(text).to_string();
    let percent = |lower: bool| -> String {
        let encode = |byte: u8| match char::from(byte) {
            c if c.is_ascii_alphanumeric() || "-._~".contains(c) => c.to_string(),
            _ if lower => format!("%{byte:02x}"),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(encode).collect()
    };
    vec![
        text.to_owned(),
        json[1..json.len() - 1].to_owned(),
        percent(true),
        percent(false),
        STANDARD_NO_PAD.encode(text),
        URL_SAFE_NO_PAD.encode(text),
    ]
}

/// The header `authorization` and every other, in every spelling.
pub(super) fn echo(request: &Received) -> String {
    let mut lines = vec!["you sent".to_owned()];
    for (name, value) in request.headers() {
        lines.push(format!("{name}: {value}"));
        lines.extend(spellings(value));
        lines.extend(value.split(' ').flat_map(spellings));
    }
    lines.join("\n")
}

fn chunked(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// The stream of a model that says `delta`.
fn completion(delta: &Value, reason: &str) -> Vec<Vec<u8>> {
    let chunk = |delta: &Value, reason: Value| {
        let chunk = json!({ "id": "1", "object": "chat.completion.chunk", "created": 1, "model": "echo",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": reason }] });
        format!("data: {chunk}\n\n")
    };
    let body = chunk(delta, Value::Null) + &chunk(&json!({}), reason.into()) + "data: [DONE]\n\n";
    reply("200 OK", &[("content-type", "text/event-stream")], &body)
}

/// What the upstream answers; `other` is where it sends people away to.
pub(super) fn answer(request: &Received, other: &str) -> Vec<Vec<u8>> {
    let key = request.all("authorization").concat();
    let denied = json!({ "error": { "message": format!("Incorrect API key provided: {key}"), "code": key } });
    match request.target() {
        "/echo" => {
            let cookie = format!("key={}", request.all("x-api-key").concat());
            let headers = [("x-echo", key.as_str()), ("set-cookie", cookie.as_str())];
            reply("200 OK", &headers, &echo(request))
        }
        "/denied" => reply("401 Unauthorized", &[], &denied.to_string()),
        "/away" => {
            let leak = &spellings(&key)[3];
            let location = format!("{other}/?key={leak}");
            reply("307 Temporary Redirect", &[("location", &location)], "")
        }
        "/broken" => {
            let mut pieces = vec![
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec(),
                chunked(&echo(request)),
            ];
            // Broken off in the middle of a chunk, and of the secret.
            pieces.push(format!("ffff\r\n{}", &key[..key.len() - 1]).into_bytes());
            pieces
        }
        "/v1/chat/completions" if request.body.contains("refuse") => reply(
            "401 Unauthorized",
            &[("content-type", "application/json")],
            &denied.to_string(),
        ),
        "/v1/chat/completions" if !request.body.contains("\"tool\"") => {
            let origin = format!("http://{}", request.all("host").concat());
            let arguments = prying(&format!("{origin}/echo"), false).to_string();
            let call = json!({ "index": 0, "id": "call_1", "type": "function",
                "function": { "name": "web__pry", "arguments": arguments } });
            completion(
                &json!({ "role": "assistant", "tool_calls": [call] }),
                "tool_calls",
            )
        }
        "/v1/chat/completions" => completion(
            &json!({ "role": "assistant", "content": echo(request) }),
            "stop",
        ),
        _ => reply("404 Not Found", &[], &echo(request)),
    }
}

/// What `web__pry` is asked: to fetch `url` and to search for both secrets, and for a text that it surely has.
pub(super) fn prying(url: &str, wasi: bool) -> Value {
    let shifted = |text: &str| {
        text.bytes()
            .map(|byte| char::from(byte + 1))
            .collect::<String>()
    };
    json!({ "url": url, "wasi": wasi, "shifted": [shifted(TOKEN), shifted(KEY), shifted("you sent")] })
}
