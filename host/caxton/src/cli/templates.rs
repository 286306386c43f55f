//! `caxton templates`: what `caxton init` can write. The files lie under `templates/` in the repository and are part of the
//! program.

use std::io::Write;
use std::process::ExitCode;

use serde_json::json;

/// Lists the templates for `caxton init`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// A workspace that `caxton init DIR --template NAME` writes.
#[derive(Debug)]
pub struct WorkspaceTemplate {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// A first message that its agents can answer without a key.
    pub question: &'static str,
    /// Its files.
    pub files: &'static [File],
}

/// An agent that `caxton init --agent NAME --template NAME` writes.
#[derive(Debug)]
pub struct AgentTemplate {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub description: &'static str,
    /// Its TOML.
    pub text: &'static str,
    /// What its tools need in `caxton.toml`; empty where they need nothing.
    pub grants: &'static str,
}

/// A file of a template.
#[derive(Debug)]
pub struct File {
    /// Where it goes, relative to the workspace.
    pub path: &'static str,
    /// What is in it.
    pub text: &'static str,
}

macro_rules! text {
    ($path:expr) => {
        include_str!(concat!("../../../../templates/", $path))
    };
}

macro_rules! files {
    ($template:literal: $($path:literal),* $(,)?) => {
        &[
            // Named without its dot in the repository, where it would hide files of ours.
            File { path: ".gitignore", text: text!("gitignore") },
            $(File { path: $path, text: text!(concat!($template, "/", $path)) },)*
        ]
    };
}

/// The workspaces. The first is the default: it does something real without a key.
pub const WORKSPACES: &[WorkspaceTemplate] = &[
    WorkspaceTemplate {
        name: "data-analyst",
        description: "two agents that answer questions about CSV files and draw charts; works without a key",
        question: "Which region has the highest total revenue in data/sales.csv? Draw a bar chart of revenue by region.",
        files: files!("data-analyst": "caxton.toml", "README.md", "agents/analyst.toml", "agents/illustrator.toml", "data/sales.csv"),
    },
    WorkspaceTemplate {
        name: "data-fetcher",
        description: "an agent that reads pages and JSON from the hosts that it is granted",
        question: "Fetch https://api.github.com/repos/rust-lang/rust and show its description.",
        files: files!("data-fetcher": "caxton.toml", "README.md", "agents/fetcher.toml"),
    },
    WorkspaceTemplate {
        name: "chatbot",
        description: "an agent that talks, with a calculator and a clock; best with a model of your own",
        question: "What is 17.5 % of 1240?",
        files: files!("chatbot": "caxton.toml", "README.md", "agents/assistant.toml"),
    },
];

/// The agents. The first is the default: it needs nothing.
pub const AGENTS: &[AgentTemplate] = &[
    AgentTemplate {
        name: "assistant",
        description: "talks, with a calculator and a clock",
        text: text!("chatbot/agents/assistant.toml"),
        grants: "",
    },
    AgentTemplate {
        name: "analyst",
        description: "answers questions about CSV files",
        text: text!("data-analyst/agents/analyst.toml"),
        grants: "[components.csv.grants]\nfiles = [{ path = \"data\", mode = \"read\" }]\n\n[components.files.grants]\nfiles = [{ path = \"data\", mode = \"read\" }]\n",
    },
    AgentTemplate {
        name: "illustrator",
        description: "draws charts from numbers that it is given",
        text: text!("data-analyst/agents/illustrator.toml"),
        grants: "",
    },
    AgentTemplate {
        name: "fetcher",
        description: "reads pages and JSON from the web",
        text: text!("data-fetcher/agents/fetcher.toml"),
        grants: "[components.http-fetch.grants]\nhttp = [\"https://api.github.com\"]\n",
    },
];

/// Prints the templates.
///
/// # Errors
/// Where standard output is closed.
pub fn run(_args: Args, json: bool) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    if json {
        let workspaces = WORKSPACES
            .iter()
            .map(|t| json!({"kind": "workspace", "name": t.name, "description": t.description}));
        let agents = AGENTS
            .iter()
            .map(|t| json!({"kind": "agent", "name": t.name, "description": t.description}));
        writeln!(
            out,
            "{}",
            serde_json::to_string_pretty(&workspaces.chain(agents).collect::<Vec<_>>())?
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "Workspaces, for `caxton init DIR --template NAME`:")?;
    for WorkspaceTemplate {
        name, description, ..
    } in WORKSPACES
    {
        writeln!(out, "  {name:<14}{description}")?;
    }
    writeln!(
        out,
        "\nAgents, for `caxton init --agent NAME --template NAME`:"
    )?;
    for AgentTemplate {
        name, description, ..
    } in AGENTS
    {
        writeln!(out, "  {name:<14}{description}")?;
    }
    Ok(ExitCode::SUCCESS)
}
