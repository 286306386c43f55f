//! What is remembered: by people, over HTTP and from the command line, and by agents.

mod agents;
mod cli;
mod http;
mod tools;

use caxton_tests::{Answer, ModelServer, Server, answered, write};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A server over a workspace without agents.
fn bare() -> Server {
    Server::with_workspace(&[("caxton.toml", "name = \"desk\"\n")], &[])
}

/// A server with these agents, each its name and the end of its file, and this upstream as their model.
fn desk(upstream: &ModelServer, more: &str, agents: &[(&str, &str)]) -> Server {
    let dir = TempDir::new().expect("a directory");
    let component = upstream.component();
    let settings = format!("name = \"desk\"\n[model]\ndefault = \"openai/m\"\n{component}{more}");
    write(dir.path(), &[("caxton.toml", &settings)]);
    for (name, end) in agents {
        let file = format!("name = \"{name}\"\ndescription = \"Helps.\"\n{end}");
        write(dir.path(), &[(&format!("agents/{name}.toml"), &file)]);
    }
    Server::start(dir, &[])
}

/// Adds an entity, and gives it.
async fn add(server: &Server, entity: Value) -> Value {
    server.post("~/memory/entities", &entity).await.ok()
}

/// Asks an agent, and gives the answer.
async fn ask(server: &Server, agent: &str, content: &str) -> Value {
    let message = json!({ "to": agent, "content": content });
    server.post("~/messages", &message).await.ok()
}

async fn send(server: &Server, method: &str, path: &str, body: Option<&Value>) -> Answer {
    let request = server.request(method, path);
    answered(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

/// The names of entities in a list, or below a key of its members.
fn names(list: &Value, below: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("a list: {list}"));
    let name = |one: &Value| {
        let entity = if below.is_empty() { one } else { &one[below] };
        entity["name"].as_str().expect("a name").to_owned()
    };
    list.iter().map(name).collect()
}

/// The names of all that is remembered, sorted.
async fn remembered(server: &Server) -> Vec<String> {
    let found = server.get("~/memory/entities").await.ok();
    let mut names = names(&found["entities"], "");
    names.sort();
    names
}
