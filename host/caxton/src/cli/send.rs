//! `caxton send`: asks an agent. The answer goes to standard output as it comes; what happens on the way to standard error,
//! where a person looks.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::Usage;
use super::client::problem_shown;
use super::output::{self, Style, duration};
use super::stream::{Event, Events};
use super::target::Target;
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton send \"Which region sells most?\"                an agent is chosen by meaning
  caxton send --to analyst \"Draw that as a chart\"       this one
  caxton send --capability charting \"A pie, please\"     one that can do this
  caxton send --conversation ID \"And last year?\"        goes on
  caxton send --image plan.png \"What is this?\"         with a picture
  git log -5 | caxton send --to writer -                the message from standard input";

/// How much of a tool's arguments is shown.
const ARGUMENTS_CHARS: usize = 100;

/// Ask an agent, and see the answer as it comes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The agent to ask.
    #[arg(
        long,
        alias = "agent",
        value_name = "AGENT",
        conflicts_with = "capability"
    )]
    to: Option<String>,
    /// What the agent must be able to do.
    #[arg(long)]
    capability: Option<String>,
    /// The conversation to go on with.
    #[arg(long, value_name = "ID")]
    conversation: Option<String>,
    /// A value for a parameter of the agent's prompts.
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// A picture that belongs to the message: a PNG, JPEG, GIF or WebP file.
    #[arg(long = "image", value_name = "FILE")]
    images: Vec<PathBuf>,
    /// Print the finished answer as JSON, with its tool calls and what it cost.
    #[arg(long, conflicts_with = "events")]
    json: bool,
    /// Print every event as a line of JSON.
    #[arg(long)]
    events: bool,
    /// What to say; `-` reads it from standard input.
    #[arg(required = true, value_name = "TEXT")]
    text: Vec<String>,
}

/// Asks.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let content = content(&args.text)?;
    if content.trim().is_empty() && args.images.is_empty() {
        return Err(Usage("the message is empty; say what you want".to_owned()).into());
    }
    let message = wire::Message {
        to: args.to,
        capability: args.capability,
        content,
        conversation: args.conversation,
        parameters: args.parameters.into_iter().collect(),
        images: args
            .images
            .iter()
            .map(|file| image(file))
            .collect::<Result<_>>()?,
        ..wire::Message::default()
    };
    let client = target.client()?;
    if args.json {
        let answer: wire::MessageAnswer = client.post(&["messages"], &message).await?;
        output::json(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut events = Events::new(client.stream(&["messages"], &message).await?);
    let mut shown = Shown::default();
    while let Some(event) = events.next().await? {
        if args.events {
            let data: Value = serde_json::from_str(&event.data)?;
            output::json_line(&serde_json::json!({ "event": event.name, "data": data }))?;
            match event.name.as_str() {
                "done" => return Ok(ExitCode::SUCCESS),
                "error" => return Ok(ExitCode::FAILURE),
                _ => continue,
            }
        }
        if shown.event(&event)? {
            return Ok(ExitCode::SUCCESS);
        }
    }
    bail!("the answer broke off before its end; the server may have been stopped")
}

/// Reads `NAME=VALUE`.
fn parameter(text: &str) -> Result<(String, String), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or("write NAME=VALUE, such as language=German")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads a picture. What kind it is, its first bytes tell.
fn image(file: &Path) -> Result<wire::Image> {
    let bytes = std::fs::read(file)
        .with_context(|| format!("can't read the picture {}", file.display()))?;
    let mime_type = match bytes.as_slice() {
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ => bail!(Usage(format!(
            "{} is no PNG, JPEG, GIF or WebP picture",
            file.display()
        ))),
    };
    Ok(wire::Image {
        mime_type: mime_type.to_owned(),
        data: STANDARD.encode(bytes),
    })
}

fn content(text: &[String]) -> Result<String> {
    if text.len() > 1 || text.first().is_some_and(|text| text != "-") {
        return Ok(text.join(" "));
    }
    let mut content = String::new();
    std::io::stdin()
        .read_to_string(&mut content)
        .context("standard input can't be read as text")?;
    Ok(content)
}

/// What has been shown of an answer so far.
struct Shown {
    /// The agent whose words are the answer; those of agents that it asks are not shown.
    agent: String,
    /// The cursor is within a line.
    open: bool,
    /// The answer, as far as it was printed.
    written: String,
    watched: bool,
    style: Style,
}

impl Default for Shown {
    fn default() -> Self {
        Self {
            agent: String::new(),
            open: false,
            written: String::new(),
            watched: std::io::stderr().is_terminal(),
            style: Style::of_stderr(),
        }
    }
}

impl Shown {
    /// Shows an event. Returns whether it was the last one.
    fn event(&mut self, event: &Event) -> Result<bool> {
        let data = event.data.as_str();
        match event.name.as_str() {
            "route" => {
                let route: Value = serde_json::from_str(data)?;
                let text = |key: &str| route[key].as_str().unwrap_or_default().to_owned();
                if self.agent.is_empty() {
                    self.agent = text("agent");
                }
                self.aside(format_args!("{}: {}", text("agent"), text("reason")))?;
            }
            "delta" => {
                let delta: Value = serde_json::from_str(data)?;
                if delta["agent"].as_str() == Some(&self.agent) {
                    self.text(delta["text"].as_str().unwrap_or_default())?;
                }
            }
            "retry" => {
                let retry: Value = serde_json::from_str(data)?;
                let text = |key: &str| retry[key].as_str().unwrap_or_default().to_owned();
                self.aside(format_args!(
                    "{}; asking {} again",
                    text("reason"),
                    text("model")
                ))?;
            }
            "tool_call" => {
                let call: Value = serde_json::from_str(data)?;
                let arguments: String = call["arguments"]
                    .to_string()
                    .chars()
                    .take(ARGUMENTS_CHARS)
                    .collect();
                self.aside(format_args!(
                    "→ {} {arguments}",
                    call["name"].as_str().unwrap_or_default()
                ))?;
            }
            "tool_result" => {
                let call: wire::ToolCall = serde_json::from_str(data)?;
                let took = call
                    .receipt
                    .as_ref()
                    .map(|receipt| format!(" in {}", duration(receipt.duration_us)))
                    .unwrap_or_default();
                let outcome = if call.is_error {
                    format!("failed: {}", call.text)
                } else {
                    "done".to_owned()
                };
                self.aside(format_args!("← {} {outcome}{took}", call.name))?;
            }
            "done" => {
                let answer: wire::MessageAnswer = serde_json::from_str(data)?;
                self.done(&answer)?;
                return Ok(true);
            }
            "error" => {
                self.line_end()?;
                return Err(problem_shown(&serde_json::from_str(data)?));
            }
            _ => {}
        }
        Ok(false)
    }

    fn text(&mut self, text: &str) -> Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        if let Some(last) = text.chars().last() {
            self.open = last != '\n';
            self.written.push_str(text);
        }
        Ok(())
    }

    fn line_end(&mut self) -> Result<()> {
        if std::mem::take(&mut self.open) {
            writeln!(std::io::stdout().lock())?;
        }
        Ok(())
    }

    /// Says on standard error what happens, where somebody looks.
    fn aside(&mut self, text: impl std::fmt::Display) -> Result<()> {
        // Words before a tool call and words after it are not one line.
        self.line_end()?;
        if self.watched {
            output::remark(self.style.dim(text));
        }
        Ok(())
    }

    fn done(&mut self, answer: &wire::MessageAnswer) -> Result<()> {
        // A provider that does not stream has said nothing until now.
        if self.written.is_empty() {
            self.text(&answer.content)?;
        }
        self.line_end()?;
        let files = answer.tool_calls.iter().flat_map(|call| &call.attachments);
        // An answer that names its files itself need not be told twice.
        for attachment in files.filter(|file| !self.written.contains(&file.path)) {
            output::remark(format_args!(
                "file: {} ({}, {})",
                attachment.path,
                attachment.mime_type,
                output::size(attachment.bytes)
            ));
        }
        if self.watched {
            let receipt = &answer.receipt;
            let cost = receipt
                .cost_usd
                .filter(|cost| *cost > 0.0)
                .map(|cost| format!(", ${cost:.4}"))
                .unwrap_or_default();
            let tokens = receipt.input_tokens + receipt.output_tokens;
            output::remark(self.style.dim(format_args!(
                "{} with {}: {}, {} tool calls, {tokens} tokens{cost}; go on with --conversation {}",
                answer.agent,
                answer.model,
                duration(receipt.duration_ms.saturating_mul(1000)),
                receipt.tool_calls,
                answer.conversation
            )));
        }
        Ok(())
    }
}
