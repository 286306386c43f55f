//! An agent and its memory, in one turn: what it may see and change of it (`Reach`), what it is told before it answers
//! (`recall`), what of a message is worth keeping (`worth`, by the words in `lists`) and is kept after the answer, and the tools by which it remembers
//! on purpose (`tools`, as they are described in `specs`). What fails here fails no turn.

mod lists;
mod recall;
mod specs;
mod tools;
mod worth;

use std::time::Duration;

use caxton_memory::{Error, Outcome, Scope, View};
use serde_json::{Map, json};
use tokio::time::{Instant, timeout_at};

pub(super) use recall::{recall, shown};
pub(super) use specs::specs;
pub(super) use tools::FORGET;

use super::event::Remembered;
use super::task::Task;
use crate::config;
use crate::workspace::{Kept, State, Workspace};

/// How long a turn that has its answer waits until what was said is kept.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// How an agent reaches its memory in a turn.
#[derive(Clone, Copy)]
pub(super) struct Reach<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: &'a config::Agent,
    /// The conversation of the person who asked, also where agents ask agents about it.
    pub(super) conversation: &'a str,
    pub(super) turn: &'a str,
}

impl Reach<'_> {
    /// Where it keeps things.
    fn home(&self) -> Scope {
        match self.agent.memory.scope {
            config::Scope::Conversation => Scope::Conversation(self.conversation.to_owned()),
            config::Scope::Agent => Scope::Agent(self.agent.name.clone()),
            config::Scope::Workspace => Scope::Workspace,
            config::Scope::Global => Scope::Global,
        }
    }

    /// Where it may keep and change things, the narrowest first: what is shared no wider than its file says.
    fn changeable(&self) -> Vec<Scope> {
        let all = [
            Scope::Conversation(self.conversation.to_owned()),
            Scope::Agent(self.agent.name.clone()),
            Scope::Workspace,
            Scope::Global,
        ];
        let home = self.home();
        let widest = all.iter().position(|scope| *scope == home);
        let count = widest.map_or(0, |place| place + 1);
        all.into_iter().take(count).collect()
    }

    /// What it may change.
    fn own(&self) -> Result<View, Error> {
        View::of(format!("agent {}", self.agent.name), self.changeable())
    }

    /// What it may see: what is shared with it as well.
    fn seen(&self) -> View {
        View::agent(&self.agent.name, Some(self.conversation))
    }

    /// Keeps facts, as far as they are new, and tells what became of them.
    pub(super) async fn remember(&self, facts: Vec<String>) -> Vec<Remembered> {
        let agent = self.agent.name.as_str();
        let mut remembered = Vec::new();
        // What an agent that was removed meanwhile keeps for itself, nobody would ever see or forget.
        if self.workspace.agent(agent).is_err() {
            return remembered;
        }
        let memories = match self.own() {
            Ok(view) => self.workspace.memories(view),
            Err(error) => {
                tracing::warn!(agent, %error, "an agent has no view of its memory");
                return remembered;
            }
        };
        let mut metadata = Map::new();
        metadata.insert("agent".to_owned(), json!(agent));
        metadata.insert("conversation".to_owned(), json!(self.conversation));
        metadata.insert("turn".to_owned(), json!(self.turn));
        let scope = self.home();
        let until = Instant::now() + WAIT_MAX;
        for fact in facts {
            let keeping = memories.keep(&scope, &fact, metadata.clone());
            match timeout_at(until, keeping).await {
                Ok(Ok(kept)) => remembered.push(told(kept, &scope)),
                Ok(Err(error)) => {
                    tracing::warn!(agent, %error, "what was said can't be remembered");
                    break;
                }
                Err(_) => {
                    tracing::warn!(agent, wait = ?WAIT_MAX, "what was said is not remembered: it takes too long");
                    break;
                }
            }
        }
        remembered
    }
}

fn told(kept: Kept, scope: &Scope) -> Remembered {
    Remembered {
        id: kept.id,
        scope: scope.to_string(),
        name: kept.name,
        outcome: outcome_name(kept.outcome).to_owned(),
    }
}

fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Created => "created",
        Outcome::Merged => "merged",
        Outcome::Unchanged => "unchanged",
    }
}

/// What of a message its agent is to remember. Only what people say is: what an agent says may be another one's error, or what
/// a page told it to say, and would be found as a fact ever after.
pub(super) fn facts(now: &State, agent: &config::Agent, task: &Task, message: &str) -> Vec<String> {
    if !agent.memory.enabled || !agent.memory.auto_store || task.depth > 0 {
        return Vec::new();
    }
    let mut facts = worth::facts(message);
    facts.retain(|fact| now.masked(fact.clone()) == *fact);
    facts
}
