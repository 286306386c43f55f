//! Workspaces of the benchmarks' own: a few agents, or many, and where they find their model.

use std::fmt::Write as _;
use std::path::Path;

use crate::measure::guest;
use crate::start::Server;

/// Writes a workspace with this in its `caxton.toml` and `agents` agents, `agent-0` the first.
pub fn write(dir: &Path, toml: &str, agents: usize) {
    let folder = dir.join("agents");
    std::fs::create_dir_all(&folder).expect("made");
    std::fs::write(dir.join("caxton.toml"), format!("name = \"desk\"\n{toml}")).expect("written");
    for number in 0..agents {
        let mut text = String::new();
        let _ = write!(
            text,
            "name = \"agent-{number}\"\ndescription = \"Answers questions about subject {number}.\"\n\
             capabilities = [\"subject-{number}\"]\nsystem_prompt = \"You know all about subject {number}. Be brief.\"\n"
        );
        std::fs::write(folder.join(format!("agent-{number}.toml")), text).expect("written");
    }
}

/// Starts a server with `agents` agents whose model answers at once.
pub fn instant(dir: &Path, agents: usize) -> Server {
    write(dir, "[model]\ndefault = \"instant/ok\"\n", agents);
    let components = dir.join("components");
    std::fs::create_dir_all(&components).expect("made");
    std::fs::write(components.join("instant.wasm"), guest("instant")).expect("written");
    start(dir)
}

/// Starts it again.
pub fn start(dir: &Path) -> Server {
    Server::start(dir, Some(&dir.join("components")))
}

/// The path to which messages are sent.
pub const MESSAGES: &str = "/api/v1/workspaces/default/messages";
