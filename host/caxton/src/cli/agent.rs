//! `caxton agent`: looks at agents, restarts and removes them.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::Output;
use super::output::{self, Style};
use super::target::Target;
use crate::api::wire;

/// Look at agents and change them.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the agents with their state and counters.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Show one agent.
    Show {
        /// The agent.
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Read an agent's file again and set its counters to zero.
    Restart {
        /// The agent.
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Remove an agent and its file.
    Remove {
        /// The agent.
        name: String,
        #[command(flatten)]
        output: Output,
    },
}

/// Does it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let client = target.client()?;
    match args.command {
        Command::List { output } => {
            let found: wire::Agents = client.get(&["agents"]).await?;
            if output.json {
                output::json(&found.agents)?
            } else {
                list(&found.agents)?
            }
        }
        Command::Show { name, output } => {
            let agent: wire::Agent = client.get(&["agents", &name]).await?;
            if output.json {
                output::json(&agent)?
            } else {
                show(&agent)?
            }
        }
        Command::Restart { name, output } => {
            let agent: wire::Agent = client.post(&["agents", &name, "restart"], &()).await?;
            if output.json {
                output::json(&agent)?
            } else {
                output::line(format_args!("restarted {name}"))?
            }
        }
        Command::Remove { name, output } => {
            // What is printed is the agent as it was.
            let agent: wire::Agent = client.get(&["agents", &name]).await?;
            client.delete(&["agents", &name]).await?;
            if output.json {
                output::json(&agent)?
            } else {
                output::line(format_args!("removed {name}"))?
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(agents: &[wire::Agent]) -> Result<()> {
    let rows: Vec<_> = agents
        .iter()
        .map(|agent| {
            [
                agent.name.clone(),
                agent.state.clone(),
                agent.counters.messages.to_string(),
                agent.model.clone(),
                agent.description.clone(),
            ]
        })
        .collect();
    output::table(
        ["NAME", "STATE", "MESSAGES", "MODEL", "DESCRIPTION"],
        &rows,
        "There are no agents; add one with `caxton init --agent NAME --template assistant`.",
    )
}

fn show(agent: &wire::Agent) -> Result<()> {
    let style = Style::of_stdout();
    let wire::Agent {
        name,
        version,
        description,
        capabilities,
        tools,
        model,
        state,
        failure,
        counters,
        ..
    } = agent;
    output::line(format_args!("{} {version}", style.bold(name)))?;
    output::line(description)?;
    output::line(format_args!(
        "state         {}",
        failure
            .as_ref()
            .map_or_else(|| state.clone(), |why| format!("{state}: {why}"))
    ))?;
    output::line(format_args!("model         {model}"))?;
    let names: Vec<_> = capabilities
        .iter()
        .map(|capability| format!("{} {}", capability.name, capability.version))
        .collect();
    output::line(format_args!("capabilities  {}", listed(&names)))?;
    output::line(format_args!("tools         {}", listed(tools)))?;
    let wire::Counters {
        messages,
        failures,
        tool_calls,
        tokens,
    } = counters;
    output::line(format_args!(
        "since start   {messages} messages, {failures} failed, {tool_calls} tool calls, {tokens} tokens"
    ))
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
