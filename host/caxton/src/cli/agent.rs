//! `caxton agent`: looks at agents, restarts and removes them.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::Output;
use super::output::{self, Style, duration};
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
        tools_max,
        model,
        fallback,
        temperature: _,
        parameters,
        context,
        memory,
        limits,
        budget,
        state,
        failure,
        paused_ms: _,
        last_active_ms: _,
        counters,
    } = agent;
    output::line(format_args!("{} {version}", style.bold(name)))?;
    output::line(description)?;
    output::line(format_args!(
        "state         {}",
        failure
            .as_ref()
            .map_or_else(|| state.clone(), |why| format!("{state}: {why}"))
    ))?;
    let models = std::iter::once(model).chain(fallback);
    let models: Vec<&str> = models.map(String::as_str).collect();
    output::line(format_args!("model         {}", models.join(", then ")))?;
    let names: Vec<_> = capabilities
        .iter()
        .map(|capability| format!("{} {}", capability.name, capability.version))
        .collect();
    output::line(format_args!("capabilities  {}", listed(&names)))?;
    let most = match tools.as_slice() {
        [] => String::new(),
        _ => format!("; at most {tools_max} in a request, the rest found"),
    };
    output::line(format_args!("tools         {}{most}", listed(tools)))?;
    let named = |(name, parameter): (&String, &wire::Parameter)| match &parameter.default {
        Some(default) => format!("{name} (\"{default}\")"),
        None => format!("{name} (required)"),
    };
    let named: Vec<_> = parameters.iter().map(named).collect();
    output::line(format_args!("parameters    {}", listed(&named)))?;
    let wire::AgentContext {
        window_tokens,
        overflow,
        scope,
    } = context;
    let window = window_tokens.unwrap_or(limits.tokens / 2);
    output::line(format_args!(
        "context       {window} tokens of earlier messages, {scope}, overflow {overflow}"
    ))?;
    if memory.enabled {
        let wire::AgentMemory {
            scope,
            auto_store,
            count,
            similarity_min,
            tokens,
            ..
        } = memory;
        let keeps = match auto_store {
            true => ", keeps what users tell it",
            false => "",
        };
        output::line(format_args!(
            "memory        scope {scope}{keeps}, told of up to {count} entities of similarity {similarity_min} within {tokens} tokens"
        ))?;
    }
    let wire::TurnLimits {
        tool_rounds,
        time_ms,
        tokens,
        max_tokens,
        cost_usd,
    } = limits;
    let time = duration(time_ms.saturating_mul(1000));
    let cost = cost_usd.map_or_else(String::new, |usd| format!(", ${usd}"));
    output::line(format_args!(
        "a turn        at most {tool_rounds} tool rounds, {time}, {tokens} tokens ({max_tokens} in one answer){cost}"
    ))?;
    let cost = budget.cost_usd_per_day.map(|usd| format!("${usd}"));
    let tokens = budget
        .tokens_per_day
        .map(|tokens| format!("{tokens} tokens"));
    let most: Vec<_> = cost.into_iter().chain(tokens).collect();
    if !most.is_empty() {
        output::line(format_args!("a day         at most {}", most.join(", ")))?;
    }
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
