//! Sends whatever HTTP request it is told to, through our own import or through `wasi:http`, and tells what came of it.

mod prying;
mod standard;

use caxton_sdk::{
    Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, embed, http, json, state,
};
use serde::Deserialize;

struct Web;

/// The most bytes of a body that are read.
const BODY_BYTES_MAX: usize = 64 << 20;

#[derive(Deserialize)]
struct Request {
    #[serde(default = "get")]
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    body: Option<String>,
    timeout_ms: Option<u32>,
    /// How many pieces of the body to read; all where absent.
    pieces: Option<usize>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Texts {
    texts: Vec<String>,
}

fn get() -> String {
    "GET".to_owned()
}

impl Tools for Web {
    fn list() -> Result<Vec<Tool>, String> {
        let any = json!({ "type": "object" });
        Ok(vec![
            Tool::new("caxton", "Sends a request through caxton:plugin/http.").input(any.clone()),
            Tool::new("wasi", "Sends a request through wasi:http.").input(any.clone()),
            Tool::new(
                "state",
                "Reads or sets a key of its state, and lists all keys.",
            )
            .input(any.clone()),
            Tool::new(
                "pry",
                "Sends a request, puts what came of it everywhere, and searches its own memory.",
            )
            .input(any.clone()),
            Tool::new("embed", "Gives the number of vectors of texts.").input(any),
        ])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        let told = match name {
            "caxton" => ours(arguments.parse()?),
            "wasi" => standard::send(arguments.parse()?),
            "state" => keep(arguments.parse()?),
            "pry" => prying::pry(arguments.parse()?),
            "embed" => {
                let Texts { texts } = arguments.parse()?;
                embed::vectors(&texts)
                    .map(|vectors| json!({ "vectors": vectors.len() }))
                    .map_err(|error| json!({ "error": format!("{error:?}") }))
            }
            other => return Err(ToolError::not_found(other)),
        };
        match told {
            Ok(told) => ToolResult::text(told.to_string()).into(),
            Err(told) => ToolResult::error(told.to_string()).into(),
        }
    }
}

fn ours(request: Request) -> Result<Value, Value> {
    let Request {
        method,
        url,
        headers,
        body,
        timeout_ms,
        pieces,
    } = request;
    let mut outgoing = http::Request::new(method, url);
    outgoing.headers = headers;
    outgoing.body = body.map(String::into_bytes);
    outgoing.timeout_ms = timeout_ms;
    let mut response = outgoing.send().map_err(failed)?;
    let mut body = Vec::new();
    let mut read = 0;
    while pieces.is_none_or(|pieces| read < pieces) && body.len() < BODY_BYTES_MAX {
        let Some(piece) = response.chunk().map_err(failed)? else {
            break;
        };
        body.extend(piece);
        read += 1;
    }
    let (status, url, headers) = (response.status(), response.url(), response.headers());
    Ok(
        json!({ "status": status, "url": url, "headers": headers, "body": String::from_utf8_lossy(&body) }),
    )
}

fn failed(error: http::Error) -> Value {
    let (kind, text) = match error {
        http::Error::Denied(text) => ("denied", text),
        http::Error::Invalid(text) => ("invalid", text),
        http::Error::Limit(text) => ("limit", text),
        http::Error::Timeout(text) => ("timeout", text),
        http::Error::Connection(text) => ("connection", text),
    };
    json!({ "error": kind, "text": text })
}

fn keep(Key { key, value }: Key) -> Result<Value, Value> {
    let wrong = |error: state::Error| json!({ "error": format!("{error:?}") });
    if let Some(value) = value {
        state::set(&key, value.as_bytes()).map_err(wrong)?;
    }
    let value = state::get(&key).map_err(wrong)?;
    let keys = state::list_keys("").map_err(wrong)?;
    Ok(
        json!({ "value": value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()), "keys": keys }),
    )
}

caxton_sdk::export_tools!(Web);
