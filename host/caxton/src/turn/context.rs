//! A conversation on disk and in a request: how what was said is written into the transcript, and how much of it a model is
//! told again. What is told are whole turns, the latest, as many as fit the agent's window, so that no call is without its
//! result; of what is older it is told a summary, where its agent wants one.

use std::collections::HashSet;

use caxton_memory::{Message as Stored, NewMessage, Role, Store};
use caxton_sandbox::llm_types::{self, Part, Request, ToolChoice};
use serde_json::{Value, json};
use uuid::Uuid;

use super::event::{Exchange, Image};
use super::request::{image, message_tokens, said, text};
use super::state::{Output, Said, State, Wanted};
use crate::config::{self, ContextScope, ModelRef, Overflow};

/// How many messages are looked at. With tool rounds a turn has several.
const MESSAGES_MAX: usize = 1_000;

/// How many messages are read at first; twice as many each time that they do not fill the window. A long conversation costs
/// what its window holds, not what was ever said.
const PAGE: usize = 64;

/// The part of a turn's tokens that earlier messages may take where the agent does not say: half, for the rest is for this turn.
const SHARE: u64 = 2;

/// The most tokens of a summary.
pub(super) const SUMMARY_TOKENS_MAX: u32 = 1_024;

/// What a model is told that summarises.
const SUMMARISE: &str = "You keep the memory of a conversation between a user and an assistant. Summarise what you are given, in the language in which it is written: what the user wants and has said about themselves, what was found out and decided, names, numbers and dates, and what is still open. Write short plain sentences, at most 400 words, and nothing that is not in the text.";

/// What a model is told of earlier.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Messages, oldest first.
    pub(super) messages: Vec<llm_types::Message>,
    /// What does not fit, and is to be summarised.
    pub(super) older: Option<Older>,
}

/// What is to be summarised.
#[derive(Debug)]
pub(super) struct Older {
    /// The place of its last message.
    pub(super) seq: i64,
    /// It, as text.
    text: String,
}

/// One turn of the transcript: a user's message with all that follows it.
struct Told {
    messages: Vec<llm_types::Message>,
    /// The place of its last message.
    seq: i64,
    answered_by: Option<String>,
}

/// Gives what `agent` is told of the conversation before the message at `before`.
pub(super) async fn load(
    store: &Store,
    conversation: &str,
    before: Option<i64>,
    agent: &config::Agent,
) -> Result<Earlier, caxton_memory::Error> {
    let context = &agent.context;
    let window = context.window_tokens.unwrap_or(agent.limits.tokens / SHARE);
    let summary = match context.overflow {
        Overflow::Drop => None,
        Overflow::Summarise => store.summary(conversation, &agent.name).await?,
    };
    let since = summary.as_ref().map_or(0, |summary| summary.seq);
    let mut stored: Vec<Stored> = Vec::new();
    let mut page = PAGE;
    let turns = loop {
        let first = stored.first().map(|message| message.seq).or(before);
        let mut earlier = store.messages_before(conversation, first, page).await?;
        let all = earlier.len() < page || earlier.first().is_some_and(|first| first.seq <= since);
        earlier.retain(|message| message.seq > since);
        earlier.append(&mut stored);
        stored = earlier;
        let turns = told(&stored, agent);
        // What is to be summarised must be read; what is left out need not be.
        let full = context.overflow == Overflow::Drop && fitting(&turns, window) < turns.len();
        if all || full || stored.len() >= MESSAGES_MAX {
            break turns;
        }
        page = (page * 2).min(MESSAGES_MAX - stored.len());
    };
    let summary = summary.map(|summary| summary.text);
    Ok(fit(turns, summary, window, context.overflow))
}

/// The turns of these messages of which `agent` is told, as it is told of them.
fn told(stored: &[Stored], agent: &config::Agent) -> Vec<Told> {
    let mut turns = turns(stored);
    turns.retain(|turn| {
        // A message without an answer was never acted upon; its user has most likely sent it again.
        let own = turn.answered_by.as_deref() == Some(agent.name.as_str());
        turn.answered_by.is_some() && (own || agent.context.scope == ContextScope::Shared)
    });
    turns
        .into_iter()
        .map(|turn| turn.seen_by(&agent.name))
        .collect()
}

/// The latest turns that fit into `window` tokens, after the summary of what came before.
fn fit(turns: Vec<Told>, summary: Option<String>, window: u64, overflow: Overflow) -> Earlier {
    let summarised = summary.as_deref().map(summary_message);
    let taken = summarised.as_ref().map_or(0, message_tokens);
    let mut kept = fitting(&turns, window.saturating_sub(taken));
    let mut older = None;
    if kept < turns.len() && overflow == Overflow::Summarise {
        // Room is made for some turns at once, so that not each of them needs a new summary.
        kept = kept.min(fitting(&turns, window / 2));
        let old = &turns[..turns.len() - kept];
        older = old.last().map(|last| Older {
            seq: last.seq,
            text: transcript_text(summary.as_deref(), old),
        });
    }
    let mut messages: Vec<_> = summarised.into_iter().collect();
    let first = turns.len() - kept;
    messages.extend(turns.into_iter().skip(first).flat_map(|turn| turn.messages));
    Earlier { messages, older }
}

/// How many of the latest turns fit.
fn fitting(turns: &[Told], window: u64) -> usize {
    let mut left = window;
    turns
        .iter()
        .rev()
        .take_while(|turn| {
            let tokens: u64 = turn.messages.iter().map(message_tokens).sum();
            let fits = left.checked_sub(tokens);
            left = fits.unwrap_or(0);
            fits.is_some()
        })
        .count()
}

/// Takes messages together to turns.
fn turns(stored: &[Stored]) -> Vec<Told> {
    let mut turns: Vec<Told> = Vec::new();
    for message in stored {
        if message.role == Role::User {
            turns.push(Told {
                messages: Vec::new(),
                seq: message.seq,
                answered_by: None,
            });
        }
        // What stands before the first message of a user is the end of a turn that began earlier.
        let Some(turn) = turns.last_mut() else {
            continue;
        };
        turn.seq = message.seq;
        if message.role == Role::Assistant {
            turn.answered_by = message.agent.clone().or(turn.answered_by.take());
        }
        turn.messages.extend(read(message));
    }
    turns.iter_mut().for_each(Told::close);
    turns
}

impl Told {
    /// Leaves out calls at its end: they were a client's to make, and their results came in another turn.
    fn close(&mut self) {
        if let Some(last) = self.messages.last_mut() {
            last.parts.retain(|part| !matches!(part, Part::Call(_)));
            if last.parts.is_empty() {
                self.messages.pop();
            }
        }
    }

    /// The turn as another agent is told: what was asked, and what was answered, without the calls of tools that it does not
    /// have.
    fn seen_by(mut self, agent: &str) -> Self {
        let Some(by) = self.answered_by.as_deref().filter(|by| *by != agent) else {
            return self;
        };
        let plain = |message: &llm_types::Message| -> String {
            let texts = message.parts.iter().filter_map(|part| match part {
                Part::Text(text) => Some(text.as_str()),
                _ => None,
            });
            texts.collect::<Vec<_>>().join("\n")
        };
        let answer = self
            .messages
            .iter()
            .rev()
            .map(plain)
            .find(|text| !text.is_empty());
        self.messages.truncate(1);
        if let Some(answer) = answer {
            let answer = format!("[answered by {by}]\n{answer}");
            self.messages
                .push(text(llm_types::Role::Assistant, &answer));
        }
        self
    }
}

pub(super) fn summary_message(summary: &str) -> llm_types::Message {
    let told = format!("[summary of the earlier conversation]\n{summary}");
    text(llm_types::Role::User, &told)
}

fn transcript_text(summary: Option<&str>, turns: &[Told]) -> String {
    let mut all = String::new();
    if let Some(summary) = summary {
        all.push_str(&format!("Summary so far: {summary}\n\n"));
    }
    for message in turns.iter().flat_map(|turn| &turn.messages) {
        for part in &message.parts {
            let line = match (part, message.role) {
                (Part::Text(text), llm_types::Role::Assistant) => format!("Assistant: {text}\n"),
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

impl Older {
    /// What a model is asked that summarises.
    pub(super) fn request(&self, model: &ModelRef) -> Request {
        Request {
            model: model.model.clone(),
            messages: vec![
                text(llm_types::Role::System, SUMMARISE),
                text(llm_types::Role::User, &self.text),
            ],
            tools: Vec::new(),
            tool_choice: ToolChoice::None,
            max_tokens: None,
            temperature: None,
            stop: Vec::new(),
            response_schema: None,
        }
    }
}

/// What the client says was said before. Where it goes on with calls that an agent of this server asked for, what the agent's own
/// tools did before them, which the client has not seen, is put in again, once however often the client repeats those calls.
pub(super) async fn exchanged(
    store: &Store,
    exchange: &Exchange,
    model: &str,
) -> Result<Vec<llm_types::Message>, caxton_memory::Error> {
    let mut messages = Vec::with_capacity(exchange.messages.len() + 1);
    messages.extend(
        exchange
            .instructions
            .as_deref()
            .map(|told| text(llm_types::Role::System, told)),
    );
    let mut met = HashSet::new();
    for message in &exchange.messages {
        let known = match minted(message) {
            Some(turn) if met.insert(turn.clone()) => store.turn(&turn).await?,
            _ => None,
        };
        let state: Option<State> = known.and_then(|turn| serde_json::from_value(turn.state).ok());
        match state {
            Some(state) => messages.extend(state.said.iter().map(|words| said(words, model))),
            None => messages.push(message.clone()),
        }
    }
    Ok(messages)
}

/// The turn that made the calls of a message, by their ids.
fn minted(message: &llm_types::Message) -> Option<String> {
    message.parts.iter().find_map(|part| match part {
        Part::Call(call) => {
            let (turn, _) = call.id.strip_prefix("call_")?.rsplit_once('_')?;
            Uuid::try_parse(turn).ok().map(|turn| turn.to_string())
        }
        _ => None,
    })
}

/// The user's message as it is written down.
pub(super) fn user(content: &str, images: &[Image]) -> NewMessage {
    let mut parts = Vec::with_capacity(images.len() + 1);
    if !content.is_empty() {
        parts.push(json!({ "type": "text", "text": content }));
    }
    let image = |image: &Image| {
        let mut part = json!(image);
        part["type"] = json!("image");
        part
    };
    parts.extend(images.iter().map(image));
    NewMessage::new(Role::User, Value::Array(parts))
}

/// A user's message as it was written down: its text and its pictures.
pub(super) fn asked(message: &Stored) -> (String, Vec<Image>) {
    let images = parts(message).iter().filter(|part| part["type"] == "image");
    let images = images.filter_map(|part| serde_json::from_value(part.clone()).ok());
    (plain(message), images.collect())
}

/// The parts of a stored message.
fn parts(message: &Stored) -> &[Value] {
    message
        .content
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// The text of a stored message.
fn plain(message: &Stored) -> String {
    let texts = parts(message)
        .iter()
        .filter(|part| part["type"] == "text")
        .filter_map(|part| part["text"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// All that was said in a turn, as it is written down. The last message carries the receipt.
pub(super) fn transcript(state: &State) -> Vec<NewMessage> {
    let mut messages: Vec<NewMessage> =
        state.said.iter().map(|said| written(state, said)).collect();
    if let Some(last) = messages.last_mut() {
        last.receipt = serde_json::to_value(&state.receipt).ok();
    }
    messages
}

fn written(state: &State, said: &Said) -> NewMessage {
    match said {
        Said::Model { text, calls, .. } => {
            let content = if text.is_empty() {
                json!([])
            } else {
                json!([{ "type": "text", "text": text }])
            };
            let calls: Vec<Value> = calls
                .iter()
                .map(
                    |call| json!({ "id": call.id, "name": call.name, "arguments": call.arguments }),
                )
                .collect();
            let tool_calls = (!calls.is_empty()).then_some(Value::Array(calls));
            NewMessage {
                agent: Some(state.agent.clone()),
                tool_calls,
                ..NewMessage::new(Role::Assistant, content)
            }
        }
        Said::Tools(outputs) => {
            let result = |output: &Output| {
                let call = state
                    .calls
                    .iter()
                    .find(|call| call.id == output.id && call.agent == state.agent);
                json!({
                    "type": "tool_result",
                    "id": output.id,
                    "name": call.map(|call| &call.name),
                    "text": output.text,
                    "is_error": output.is_error,
                    "attachments": call.map_or_else(|| json!([]), |call| json!(call.attachments)),
                })
            };
            NewMessage::new(Role::Tool, outputs.iter().map(result).collect())
        }
    }
}

/// A message of the transcript as providers are told; nothing where there is nothing in it to tell.
fn read(message: &Stored) -> Option<llm_types::Message> {
    let of = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
    match message.role {
        Role::System => None,
        Role::User => {
            let (content, images) = asked(message);
            let mut told = text(llm_types::Role::User, &content);
            told.parts.extend(images.iter().map(image));
            Some(told)
        }
        Role::Assistant => {
            let calls = message
                .tool_calls
                .as_ref()
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let wanted = |call: &Value| Wanted {
                id: of(call, "id"),
                name: of(call, "name"),
                arguments: of(call, "arguments"),
            };
            let model = Said::Model {
                model: String::new(),
                text: plain(message),
                calls: calls.iter().map(wanted).collect(),
                opaque: Vec::new(),
            };
            Some(said(&model, "")).filter(|message| !message.parts.is_empty())
        }
        Role::Tool => {
            let results = parts(message)
                .iter()
                .filter(|part| part["type"] == "tool_result");
            let output = |part: &Value| Output {
                id: of(part, "id"),
                text: of(part, "text"),
                is_error: part["is_error"] == true,
            };
            Some(said(&Said::Tools(results.map(output).collect()), ""))
                .filter(|message| !message.parts.is_empty())
        }
    }
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
