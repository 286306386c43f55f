//! `caxton conversation`: looks at what was said, and takes it up elsewhere or forgets it.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use super::Output;
use super::output::{self, Style, ago, plain};
use super::target::Target;
use crate::api::wire;

const EXAMPLES: &str = "\
Examples:
  caxton conversation list
  caxton conversation show ID
  caxton conversation fork ID --through 4      the first four messages, to go on differently
  caxton send --conversation ID \"And last year?\"";

/// Look at conversations, fork and remove them.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List conversations, the one with the latest message first.
    List {
        /// How many.
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
        /// Go on after a list: the `next` that it ended with.
        #[arg(long, value_name = "NEXT")]
        before: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Show what was said in one.
    Show {
        /// The conversation.
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Copy one, to go on differently.
    Fork {
        /// The conversation.
        id: String,
        /// The last message that the copy has, by its number in `show` [default: all].
        #[arg(long, value_name = "SEQ")]
        through: Option<i64>,
        #[command(flatten)]
        output: Output,
    },
    /// Remove the messages of one; its id stays.
    Clear {
        /// The conversation.
        id: String,
        #[command(flatten)]
        output: Output,
    },
    /// Remove one, and those that its agents had with others about it.
    Remove {
        /// The conversation.
        id: String,
        #[command(flatten)]
        output: Output,
    },
}

/// Does it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let client = target.client()?;
    match args.command {
        Command::List {
            limit,
            before,
            output,
        } => {
            let limit = limit.to_string();
            let mut query = vec![("limit", limit.as_str())];
            query.extend(before.as_deref().map(|before| ("before", before)));
            let found: wire::Conversations = client.find(&["conversations"], &query).await?;
            if output.json {
                output::json(&found)?
            } else {
                list(&found)?
            }
        }
        Command::Show { id, output } => {
            let found: wire::Transcript = client.get(&["conversations", &id]).await?;
            if output.json {
                output::json(&found)?
            } else {
                show(&found)?
            }
        }
        Command::Fork {
            id,
            through,
            output,
        } => {
            let request = wire::ForkRequest { through };
            let fork: wire::Conversation = client
                .post(&["conversations", &id, "fork"], &request)
                .await?;
            if output.json {
                output::json(&fork)?
            } else {
                output::line(&fork.id)?
            }
        }
        Command::Clear { id, output } => {
            client.delete(&["conversations", &id, "messages"]).await?;
            if output.json {
                output::json(
                    &client
                        .get::<wire::Transcript>(&["conversations", &id])
                        .await?,
                )?
            } else {
                output::line(format_args!("cleared {id}"))?
            }
        }
        Command::Remove { id, output } => {
            // What is printed is the conversation as it was.
            let was: wire::Transcript = client.get(&["conversations", &id]).await?;
            client.delete(&["conversations", &id]).await?;
            if output.json {
                output::json(&was)?
            } else {
                output::line(format_args!("removed {id}"))?
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(found: &wire::Conversations) -> Result<()> {
    let row = |conversation: &wire::Conversation| {
        let title = conversation.title.clone().unwrap_or_default();
        let origin = match (&conversation.parent, &conversation.forked_from) {
            (Some(parent), _) => format!("asked from {parent}"),
            (None, Some(from)) => format!("fork of {from}"),
            (None, None) => String::new(),
        };
        [
            conversation.id.clone(),
            conversation.agent.clone(),
            ago(conversation.updated_ms),
            [title, origin].join(" "),
        ]
    };
    let rows: Vec<_> = found.conversations.iter().map(row).collect();
    output::table(
        ["ID", "AGENT", "LAST MESSAGE", ""],
        &rows,
        "There are no conversations; begin one with `caxton send TEXT`.",
    )?;
    if let Some(next) = &found.next {
        output::remark(format_args!("There are more: --before {next}"));
    }
    Ok(())
}

fn show(found: &wire::Transcript) -> Result<()> {
    let style = Style::of_stdout();
    if found.messages.is_empty() {
        return output::line("Nothing was said.");
    }
    for message in &found.messages {
        let who = message.agent.as_ref().unwrap_or(&message.role);
        let head = format!("{} {who}", message.seq);
        output::line(style.bold(head))?;
        for line in said(&message.content) {
            output::line(plain(&line))?;
        }
        let calls = message.tool_calls.as_ref().and_then(Value::as_array);
        for call in calls.into_iter().flatten() {
            let name = call["name"].as_str().unwrap_or_default();
            let call = format!("→ {name} {}", call["arguments"]);
            output::line(style.dim(plain(&call)))?;
        }
    }
    Ok(())
}

/// What is said in a message: its text, and words for what is none.
fn said(content: &Value) -> Vec<String> {
    let part = |part: &Value| {
        let text = |key: &str| part[key].as_str().unwrap_or_default();
        match text("type") {
            "text" => text("text").to_owned(),
            "tool_result" => format!("← {} {}", text("name"), text("text")),
            "image" => format!("[{}]", text("mime_type")),
            _ => part.to_string(),
        }
    };
    match content {
        Value::String(text) => vec![text.clone()],
        Value::Array(parts) => parts.iter().map(part).collect(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_said_is_text() {
        let check = |content: Value, expected: &[&str]| assert_eq!(said(&content), expected);
        check(json!("plain"), &["plain"]);
        check(json!([]), &[]);
        check(
            json!([{ "type": "text", "text": "Look:" }, { "type": "image", "mime_type": "image/png", "data": "" }]),
            &["Look:", "[image/png]"],
        );
        check(
            json!([{ "type": "tool_result", "name": "csv__query", "text": "3 rows" }]),
            &["← csv__query 3 rows"],
        );
        check(json!([{ "type": "new" }]), &["{\"type\":\"new\"}"]);
    }
}
