//! `caxton send`: asks an agent.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::{self, Shape};
use super::follow::Turn;
use super::target::Target;
use super::{Usage, output};
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton send \"Which region sells most?\"                an agent is chosen by meaning
  caxton send --to analyst \"Draw that as a chart\"       this one
  caxton send --capability charting \"A pie, please\"     one that can do this
  caxton send --conversation ID \"And last year?\"        goes on
  caxton send --image plan.png \"What is this?\"         with a picture
  git log -5 | caxton send --to writer -                the message from standard input
  caxton send --async \"Compare all years\"              the answer later: caxton turn follow ID";

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
    /// What the agent must be able to do: NAME, or NAME@VERSIONS such as charting@^1.2.
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
    #[command(flatten)]
    shape: Shape,
    /// Don't wait: print the id of the turn, which runs on; `caxton turn follow` has its answer.
    #[arg(long = "async", conflicts_with = "events")]
    later: bool,
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
    if args.later {
        let turn: wire::Turn = client.begin(&["messages"], &message).await?;
        if args.shape.json {
            output::json(&turn)?;
        } else {
            output::line(&turn.id)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let response = client.stream(&["messages"], &message).await?;
    answer::print(Turn::begun(&client, response), args.shape).await
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
