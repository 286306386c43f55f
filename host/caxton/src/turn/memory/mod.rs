//! An agent and its memory, in one turn: what it may see and change of it (`Reach`), what it is told before it answers
//! (`recall`), what of a message is worth keeping (`worth`, by the words in `lists`) and is kept after the answer unless it is known
//! (`keep`, `alike`, by their `words`), and the tools by which it remembers on purpose (`tools`, as they are described in
//! `specs`). What fails here fails no turn.

mod alike;
mod keep;
mod lists;
mod recall;
mod specs;
mod tools;
mod words;
mod worth;

use std::time::Duration;

use caxton_memory::{Error, Scope, View};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, timeout_at};

pub(super) use recall::{recall, shown};
pub(super) use specs::specs;

use super::event::Remembered;
use super::task::Task;
use crate::config;
use crate::workspace::{State, Workspace};
use keep::{Kept, keep};

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
    /// The scope that is meant here.
    fn scope(&self, scope: config::Scope) -> Scope {
        match scope {
            config::Scope::Conversation => Scope::Conversation(self.conversation.to_owned()),
            config::Scope::Agent => Scope::Agent(self.agent.name.clone()),
            config::Scope::Workspace => Scope::Workspace,
            config::Scope::Global => Scope::Global,
        }
    }

    /// Where it keeps things.
    fn home(&self) -> Scope {
        self.scope(self.agent.memory.scope)
    }

    /// Where it may keep and change things: what is shared no wider than its file says.
    fn changeable(&self) -> Vec<Scope> {
        let scopes = self.agent.memory.scope.and_narrower();
        scopes.map(|scope| self.scope(scope)).collect()
    }

    /// What it may change.
    fn own(&self) -> Result<View, Error> {
        View::of(format!("agent {}", self.agent.name), self.changeable())
    }

    /// What it may see: what is shared with it as well.
    fn seen(&self) -> View {
        View::agent(&self.agent.name, Some(self.conversation))
    }

    /// What is noted beside what it keeps.
    fn metadata(&self) -> Map<String, Value> {
        let noted = [
            ("agent", self.agent.name.as_str()),
            ("conversation", self.conversation),
            ("turn", self.turn),
        ];
        let noted = noted.map(|(key, value)| (key.to_owned(), json!(value)));
        noted.into_iter().collect()
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
        let scope = self.home();
        let until = Instant::now() + WAIT_MAX;
        for fact in facts {
            let keeping = keep(&memories, &scope, &fact, self.metadata());
            match timeout_at(until, keeping).await {
                Ok(Ok(kept)) => remembered.push(told(kept, &scope)),
                // What does not fit says nothing of what follows it.
                Ok(Err(error @ (Error::Unfit { .. } | Error::Limit { .. }))) => {
                    tracing::warn!(agent, %error, "some of what was said can't be remembered");
                }
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
        outcome: kept.outcome.name().to_owned(),
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

/// Something as a search finds it, for tests.
#[cfg(test)]
fn hit(
    id: i64,
    kind: &str,
    name: &str,
    observations: &[&str],
    similarity: Option<f32>,
) -> caxton_memory::Hit {
    let observations = observations.iter().map(ToString::to_string);
    caxton_memory::Hit {
        entity: caxton_memory::Entity {
            id,
            scope: Scope::Workspace,
            name: name.to_owned(),
            kind: kind.to_owned(),
            observations: observations.collect(),
            metadata: Map::new(),
            created_ms: 0,
            updated_ms: i64::MAX,
            version: 1,
            embedded: true,
        },
        score: 1.0,
        vector_rank: similarity.map(|_| 1),
        text_rank: Some(1),
        recency_rank: 1,
        similarity,
        bm25: Some(1.0),
    }
}
