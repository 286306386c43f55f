//! `caxton turn`: looks at answers that are under way, follows them, and stops them.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::answer::{self, Shape};
use super::output::{self, Style, plain};
use super::target::Target;
use super::{Output, follow};
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  id=$(caxton send --async \"Compare all years\")
  caxton turn show $id
  caxton turn follow $id
  caxton turn cancel $id";

/// Look at turns, follow and cancel them.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show how far a turn is, and its answer.
    Show {
        /// The turn.
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// See the answer of a turn as it comes, from its beginning.
    Follow {
        /// The turn.
        id: String,
        #[command(flatten)]
        shape: Shape,
    },
    /// Stop a turn. One that has ended stays as it is.
    Cancel {
        /// The turn.
        id: String,
        #[command(flatten)]
        output: Output,
    },
}

/// Does it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let client = target.client()?;
    match args.command {
        Command::Show { id, output } => {
            let turn: wire::Turn = client.get(&["turns", &id]).await?;
            if output.json {
                output::json(&turn)?
            } else {
                show(&turn)?
            }
        }
        Command::Follow { id, shape } => {
            return answer::print(follow::Turn::find(&client, id).await?, shape).await;
        }
        Command::Cancel { id, output } => {
            client.delete(&["turns", &id]).await?;
            let turn: wire::Turn = client.get(&["turns", &id]).await?;
            if output.json {
                output::json(&turn)?
            } else {
                output::line(format_args!("{id} is {}", turn.status))?
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(turn: &wire::Turn) -> Result<()> {
    let style = Style::of_stdout();
    let wire::Turn {
        id,
        conversation,
        agent,
        status,
        answer,
        error,
    } = turn;
    output::line(format_args!("{} {status}", style.bold(id)))?;
    output::line(format_args!("agent         {agent}"))?;
    output::line(format_args!("conversation  {conversation}"))?;
    if let Some(error) = error {
        output::line(format_args!(
            "error         {} ({})",
            error.detail, error.code
        ))?;
    }
    match answer {
        Some(answer) => output::line(format_args!("\n{}", plain(answer.content.trim_end()))),
        None => Ok(()),
    }
}
