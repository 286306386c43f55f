//! Who gets a message, from outside: by capability and version, by meaning, by who has less to do, and who answers where the
//! first one fails.

mod accuracy;
mod equals;
mod failover;
mod overlap;
mod versions;

use caxton_tests::{ModelServer, Server, model, write};
use serde_json::Value;
use tempfile::TempDir;

/// An agent that offers `charting`, with a model of its own name; `more` ends its file.
fn charting(name: &str, more: &str) -> (String, String) {
    let text = format!(
        "name = \"{name}\"\ndescription = \"Draws charts.\"\nmodel = \"openai/{name}\"\n{more}"
    );
    (format!("agents/{name}.toml"), text)
}

/// A server with these agents, whose models this upstream has.
fn desk(upstream: &ModelServer, settings: &str, agents: &[(String, String)]) -> Server {
    let settings = format!("name = \"desk\"\n{settings}{}", upstream.component());
    let mut files = vec![("caxton.toml", settings.as_str())];
    files.extend(
        agents
            .iter()
            .map(|(file, text)| (file.as_str(), text.as_str())),
    );
    Server::start(dir(&files), &[])
}

/// A directory with these files.
fn dir(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().expect("a directory");
    write(dir.path(), files);
    dir
}

/// A server over these files that routes by meaning.
fn by_meaning(files: &[(&str, &str)]) -> Server {
    let model = model().display().to_string();
    Server::start_with(dir(files), &[], &[("CAXTON_MODEL", &model)])
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a text: {value}"))
}
