//! Printing an answer as it comes: its words to standard output, what happens on the way to standard error, where a person
//! looks.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Result;
use serde_json::Value;

use super::client::problem_shown;
use super::follow::Turn;
use super::output::{self, Style, duration, plain};
use super::stream::Event;
use crate::api::wire;

/// How much of a tool's arguments is shown.
const ARGUMENTS_CHARS: usize = 100;

/// How an answer is printed.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Shape {
    /// Print the finished answer as JSON, with its tool calls and what it cost.
    #[arg(long, conflicts_with = "events")]
    pub json: bool,
    /// Print every event as a line of JSON.
    #[arg(long)]
    pub events: bool,
}

/// Follows a turn to its end and prints it.
///
/// # Errors
/// Where there is no answer, or it can't be had.
pub async fn print(mut turn: Turn<'_>, shape: Shape) -> Result<ExitCode> {
    let mut shown = Shown::default();
    loop {
        let event = turn.next().await?;
        let last = if shape.events {
            let data: Value = serde_json::from_str(&event.data)?;
            output::json_line(&serde_json::json!({ "event": event.name, "data": data }))?;
            match event.name.as_str() {
                "error" => return Ok(ExitCode::FAILURE),
                name => name == "done",
            }
        } else if shape.json {
            match event.name.as_str() {
                "error" => return Err(problem_shown(&serde_json::from_str(&event.data)?)),
                "done" => {
                    output::json(&serde_json::from_str::<wire::MessageAnswer>(&event.data)?)?;
                    true
                }
                _ => false,
            }
        } else {
            shown.event(&event)?
        };
        if last {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

/// What has been shown of an answer so far.
#[derive(Debug)]
pub struct Shown {
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
    ///
    /// # Errors
    /// Where it says that there is no answer; or where standard output is closed.
    pub fn event(&mut self, event: &Event) -> Result<bool> {
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
            "recall" => {
                let told: Value = serde_json::from_str(data)?;
                for entity in told["recalled"].as_array().into_iter().flatten() {
                    let text = entity["text"].as_str().unwrap_or_default();
                    self.aside(format_args!("recalled #{}: {text}", entity["id"]))?;
                }
            }
            "remember" => {
                let told: Value = serde_json::from_str(data)?;
                for entity in told["remembered"].as_array().into_iter().flatten() {
                    let text = |key: &str| entity[key].as_str().unwrap_or_default();
                    self.aside(format_args!(
                        "remembered #{} ({}): {}",
                        entity["id"],
                        text("outcome"),
                        text("name")
                    ))?;
                }
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
            "reset" => self.anew()?,
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
        // A program gets what was said, and a person's terminal what can be shown of it.
        let shown = match out.is_terminal() {
            true => plain(text),
            false => text.into(),
        };
        out.write_all(shown.as_bytes())?;
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

    /// What was printed is void: the server was started anew, and took the turn up again.
    fn anew(&mut self) -> Result<()> {
        self.line_end()?;
        output::remark("the server was started anew; the answer begins again");
        self.agent.clear();
        self.written.clear();
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
