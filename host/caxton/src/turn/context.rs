//! How much of a conversation a model is told again: whole turns, the latest, as many as fit the agent's window, so that no call
//! is without its result; of what is older it is told a summary, where its agent wants one.

use caxton_memory::{Message as Stored, Role, Store};
use caxton_sandbox::llm_types::{self, Part};

use super::request::{message_tokens, text};
use super::summary::{Older, summary_message};
use super::transcript::read;
use crate::config::{self, ContextScope, Overflow};

/// How many messages are looked at. With tool rounds a turn has several.
const MESSAGES_MAX: usize = 1_000;

/// How many messages are read at first; twice as many each time that they do not fill the window. A long conversation costs
/// what its window holds, not what was ever said.
const PAGE: usize = 64;

/// The part of a turn's tokens that earlier messages may take where the agent does not say: half, for the rest is for this turn.
const SHARE: u64 = 2;

/// What a model is told of earlier.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// Messages, oldest first.
    pub(super) messages: Vec<llm_types::Message>,
    /// What does not fit, and is to be summarised.
    pub(super) older: Option<Older>,
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
        older = old.last().map(|last| {
            let messages = old.iter().flat_map(|turn| &turn.messages);
            Older::new(last.seq, summary.as_deref(), messages)
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

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
