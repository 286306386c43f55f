//! The summary of what a model is not told any more: how it is asked for, and how it is told.

use caxton_sandbox::llm_types::{Message, Part, Request, Role, ToolChoice};

use super::request::text;
use crate::config::ModelRef;

/// The most tokens of a summary.
pub(super) const SUMMARY_TOKENS_MAX: u32 = 1_024;

/// What a model is told that summarises.
const SUMMARISE: &str = "You keep the memory of a conversation between a user and an assistant. Summarise what you are given, in the language in which it is written: what the user wants and has said about themselves, what was found out and decided, names, numbers and dates, and what is still open. Write short plain sentences, at most 400 words, and nothing that is not in the text.";

/// What is to be summarised.
#[derive(Debug)]
pub(super) struct Older {
    /// The place of its last message.
    pub(super) seq: i64,
    /// It, as text.
    pub(super) text: String,
}

impl Older {
    /// What `messages` say, of which the last stands at `seq`, and what `summary` says of those before them.
    pub(super) fn new<'a>(
        seq: i64,
        summary: Option<&str>,
        messages: impl Iterator<Item = &'a Message>,
    ) -> Self {
        Self {
            seq,
            text: transcript_text(summary, messages),
        }
    }

    /// What a model is asked that summarises.
    pub(super) fn request(&self, model: &ModelRef) -> Request {
        Request {
            model: model.model.clone(),
            messages: vec![text(Role::System, SUMMARISE), text(Role::User, &self.text)],
            tools: Vec::new(),
            tool_choice: ToolChoice::None,
            max_tokens: None,
            temperature: None,
            stop: Vec::new(),
            response_schema: None,
        }
    }
}

/// A summary as a model is told of it.
pub(super) fn summary_message(summary: &str) -> Message {
    let told = format!("[summary of the earlier conversation]\n{summary}");
    text(Role::User, &told)
}

fn transcript_text<'a>(
    summary: Option<&str>,
    messages: impl Iterator<Item = &'a Message>,
) -> String {
    let mut all = String::new();
    if let Some(summary) = summary {
        all.push_str(&format!("Summary so far: {summary}\n\n"));
    }
    for message in messages {
        for part in &message.parts {
            let line = match (part, message.role) {
                (Part::Text(text), Role::Assistant) => format!("Assistant: {text}\n"),
                (Part::Text(text), _) => format!("User: {text}\n"),
                (Part::Image(blob), _) => format!("User: [{}]\n", blob.mime_type),
                (Part::Call(call), _) => {
                    format!("Assistant calls {}: {}\n", call.name, call.arguments)
                }
                (Part::Output(output), _) => format!("Result: {}\n", output.text),
                (Part::Opaque(_), _) => continue,
            };
            all.push_str(&line);
        }
    }
    all
}
