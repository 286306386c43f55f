//! Turns from outside, with a model's server that does what the tests tell it to.

mod conversations;
mod limits;
mod models;
mod restarts;
mod retries;
mod streams;
mod tools;

use caxton_tests::{Answer, ModelServer, Server, Stream, Told, answered, write};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A `caxton.toml` with this upstream as its model, and `more`.
fn settings(upstream: &ModelServer, more: &str) -> String {
    let component = upstream.component();
    format!("name = \"desk\"\n[model]\ndefault = \"openai/m\"\n{component}{more}")
}

/// A server with the agent `writer`, whose file ends with `agent`.
fn desk(upstream: &ModelServer, more: &str, agent: &str) -> Server {
    let files = [
        ("caxton.toml", settings(upstream, more)),
        (
            "agents/writer.toml",
            format!("name = \"writer\"\ndescription = \"Helps.\"\n{agent}"),
        ),
    ];
    start(&files)
}

/// A server over these files.
fn start(files: &[(&str, String)]) -> Server {
    let dir = TempDir::new().expect("a directory");
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (*name, text.as_str()))
        .collect();
    write(dir.path(), &files);
    Server::start(dir, &[])
}

/// Kills the server, and starts another one in its place.
fn again(server: Server) -> Server {
    Server::start(server.kill(), &[])
}

/// A message to `writer`.
fn hello() -> Value {
    json!({ "to": "writer", "content": "Hello" })
}

/// Sends a message and follows its turn.
async fn stream(server: &Server, message: &Value) -> Stream {
    Stream::open(server.request("POST", "~/messages").json(message)).await
}

/// Follows a turn, from its beginning or after an event.
async fn follow(server: &Server, turn: &str, after: Option<&str>) -> Stream {
    let mut request = server.request("GET", &format!("~/turns/{turn}/events"));
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    Stream::open(request).await
}

/// A turn as it is shown.
async fn turn(server: &Server, id: &str) -> Value {
    server.get(&format!("~/turns/{id}")).await.ok()
}

/// The messages of a conversation.
async fn said(server: &Server, conversation: &str) -> Vec<Value> {
    let path = format!("~/conversations/{conversation}");
    let transcript = server.get(&path).await.ok();
    list(&transcript["messages"])
}

/// The roles of messages, of a transcript or a request.
fn roles(messages: &[Value]) -> Vec<String> {
    messages
        .iter()
        .map(|message| text(&message["role"]))
        .collect()
}

/// The messages of a request, without the agent's own instructions.
fn asked(request: &Value) -> Vec<Value> {
    let messages = list(&request["messages"]);
    messages
        .into_iter()
        .filter(|message| message["role"] != "system")
        .collect()
}

async fn delete(server: &Server, path: &str) -> Answer {
    answered(server.request("DELETE", path)).await
}

/// Events in short: names, with the text of deltas.
fn story(events: &[Told]) -> Vec<String> {
    let short = |told: &Told| match told.name.as_str() {
        "delta" => format!("delta {}", text(&told.data["text"])),
        name => name.to_owned(),
    };
    events.iter().map(short).collect()
}

fn list(value: &Value) -> Vec<Value> {
    value
        .as_array()
        .unwrap_or_else(|| panic!("a list: {value}"))
        .clone()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("a text: {value}"))
        .to_owned()
}

/// An amount of US dollars in pico-dollars, in which it is a whole number.
fn pusd(value: &Value) -> u64 {
    let usd = value
        .as_f64()
        .unwrap_or_else(|| panic!("an amount: {value}"));
    // Amounts in tests are below a thousand dollars, which a float of 53 bits holds to the pico-dollar.
    (usd * 1e12).round() as u64
}
