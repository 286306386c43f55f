//! `caxton tool`: looks at tools and calls them.

use std::io::IsTerminal;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use serde_json::Map;

use super::Output;
use super::arguments::Arguments;
use super::output::{self, Style, duration, size};
use super::target::Target;
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton tool list
  caxton tool show calc__evaluate
  caxton tool call calc__evaluate expression='2 * 21'
  caxton tool call csv__describe --json '{\"path\": \"data/sales.csv\"}'";

/// Look at tools and call them.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List the tools.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Show what a tool does and takes.
    Show {
        /// The tool, COMPONENT__TOOL.
        name: String,
        #[command(flatten)]
        output: Output,
    },
    /// Call a tool.
    Call {
        /// The tool, COMPONENT__TOOL.
        name: String,
        #[command(flatten)]
        arguments: Arguments,
        #[command(flatten)]
        shape: Shape,
    },
}

/// How the result of a call is printed.
#[derive(Debug, clap::Args)]
pub struct Shape {
    /// How the result is printed [default: text on a terminal, else json].
    #[arg(long, value_enum, value_name = "FORMAT")]
    output: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// What the tool says.
    Text,
    /// Everything, with what the call cost.
    Json,
}

/// Does it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let client = target.client()?;
    match args.command {
        Command::List { output } => {
            let found: wire::Tools = client.get(&["tools"]).await?;
            if output.json {
                output::json(&found.tools)?
            } else {
                list(&found.tools)?
            }
        }
        Command::Show { name, output } => {
            let tool: wire::Tool = client.get(&["tools", &name]).await?;
            if output.json {
                output::json(&tool)?
            } else {
                show(&tool)?
            }
        }
        Command::Call {
            name,
            arguments,
            shape,
        } => {
            let schema = match arguments.need_schema() {
                true => {
                    client
                        .get::<wire::Tool>(&["tools", &name])
                        .await?
                        .input_schema
                }
                false => Map::new(),
            };
            let request = wire::ToolRequest {
                arguments: Some(arguments.read(&schema)?),
                responses: None,
                state: None,
            };
            let answer: wire::ToolAnswer = client.post(&["tools", &name, "call"], &request).await?;
            return shape.print(&answer);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(tools: &[wire::Tool]) -> Result<()> {
    let rows: Vec<_> = tools
        .iter()
        .map(|tool| [tool.name.clone(), tool.description.clone()])
        .collect();
    output::table(
        ["NAME", "DESCRIPTION"],
        &rows,
        "There are no tools; put components into the workspace's `components` directory, or name built-in ones in an agent's `tools`.",
    )
}

fn show(tool: &wire::Tool) -> Result<()> {
    let style = Style::of_stdout();
    output::line(style.bold(&tool.name))?;
    output::line(&tool.description)?;
    output::line(format_args!(
        "\n{}\n{}",
        style.bold("arguments"),
        serde_json::to_string_pretty(&tool.input_schema)?
    ))?;
    if let Some(schema) = &tool.output_schema {
        output::line(format_args!(
            "\n{}\n{}",
            style.bold("result"),
            serde_json::to_string_pretty(schema)?
        ))?;
    }
    Ok(())
}

impl Shape {
    /// Prints what a call gave. The exit code says whether the tool could do what was asked.
    ///
    /// # Errors
    /// Where standard output is closed.
    pub fn print(&self, answer: &wire::ToolAnswer) -> Result<ExitCode> {
        let default = if std::io::stdout().is_terminal() {
            Format::Text
        } else {
            Format::Json
        };
        match self.output.unwrap_or(default) {
            Format::Json => output::json(answer)?,
            Format::Text => text(answer)?,
        }
        Ok(if answer.is_error {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

fn text(answer: &wire::ToolAnswer) -> Result<()> {
    for content in &answer.content {
        match content {
            wire::Content::Text { text, .. } => output::line(text)?,
            wire::Content::Image {
                data, mime_type, ..
            }
            | wire::Content::Audio {
                data, mime_type, ..
            } => {
                output::line(format_args!(
                    "[{mime_type}, {}; --output json has it in base64]",
                    size(data.len() as u64 * 3 / 4)
                ))?;
            }
            wire::Content::Resource { resource, .. } => {
                output::line(resource.text.as_deref().unwrap_or(&resource.uri))?
            }
            wire::Content::ResourceLink { uri, name, .. } => {
                output::line(format_args!("{name}: {uri}"))?
            }
        }
    }
    if answer.content.is_empty()
        && let Some(structured) = &answer.structured
    {
        output::line(serde_json::to_string_pretty(structured)?)?;
    }
    if let Some(input) = &answer.input_required {
        for question in &input.questions {
            output::line(format_args!(
                "it asks {}: {}",
                question.key,
                question.message.as_deref().unwrap_or(&question.kind)
            ))?;
        }
        output::remark("Answering is for MCP clients and the HTTP API: see --output json.");
    }
    let receipt = &answer.receipt;
    let style = Style::of_stderr();
    output::remark(style.dim(format_args!(
        "{}, {} units of fuel, {}",
        duration(receipt.duration_us),
        receipt.fuel,
        size(receipt.memory_bytes_peak)
    )));
    Ok(())
}
