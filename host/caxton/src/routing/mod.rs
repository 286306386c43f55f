//! Which agent gets a message: the one that is named, one with the capability that is named, or the one that a router
//! component finds by meaning. `ask` speaks with routers; decisions are remembered by the workspace.

mod ask;
mod error;

use std::sync::Arc;

use crate::workspace::event::Kind;
use crate::workspace::tool::nearest;
use crate::workspace::{Agent, Ranking, State, Workspace};

pub use error::Error;

/// By what an agent is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Its name.
    Agent(&'a str),
    /// A capability that it offers. Where several do, `content` decides among them.
    Capability {
        /// The capability.
        name: &'a str,
        /// The message.
        content: &'a str,
        /// Agents that are not meant, whatever they offer.
        except: &'a [String],
    },
    /// The meaning of a message.
    Content(&'a str),
}

/// Who gets a message, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Route {
    /// The agent.
    pub agent: String,
    /// How well it fits, from 0 to 1.
    pub score: f32,
    /// One sentence on why.
    pub reason: String,
    /// All agents that fit, best first.
    pub ranked: Vec<(String, f32)>,
    /// The decision was made earlier, for the same message.
    pub cached: bool,
    /// The router component that decided; nothing where there was no choice.
    pub router: Option<String>,
}

impl Route {
    /// A route that needed no decision.
    fn certain(agent: &str, reason: String) -> Self {
        Self {
            agent: agent.to_owned(),
            score: 1.0,
            reason,
            ranked: vec![(agent.to_owned(), 1.0)],
            cached: false,
            router: None,
        }
    }

    fn ranked(ranking: Ranking, cached: bool) -> Option<Self> {
        let Ranking {
            ranked,
            reason,
            router,
        } = ranking;
        let (agent, score) = ranked.first().cloned()?;
        Some(Self {
            agent,
            score,
            reason,
            ranked,
            cached,
            router: Some(router),
        })
    }

    /// The same, with the best agent that does not rest in place of one that does.
    fn without_resting(mut self, state: &State) -> Self {
        let rests = |name: &str| {
            state
                .agents
                .get(name)
                .is_some_and(|agent| !agent.takes_messages())
        };
        if !rests(&self.agent) {
            return self;
        }
        let next = self.ranked.iter().find(|(name, _)| !rests(name)).cloned();
        if let Some((agent, score)) = next {
            let resting = std::mem::replace(&mut self.agent, agent);
            self.score = score;
            self.reason = format!(
                "{}; `{resting}` fits better, but rests after failing",
                self.reason
            );
        }
        self
    }

    /// The same as an event.
    pub(crate) fn event(&self) -> Kind {
        Kind::Route {
            agent: self.agent.clone(),
            score: self.score,
            router: self.router.clone(),
            cached: self.cached,
            reason: self.reason.clone(),
        }
    }
}

/// Finds the agent for a message. Nothing is sent to it. One that rests because it keeps failing is passed over where another
/// one fits.
///
/// # Errors
/// [`Error::NoAgents`], [`Error::NoAgent`], [`Error::NoCapability`], [`Error::NoneFits`], [`Error::Routers`].
pub async fn route(workspace: &Workspace, target: Target<'_>) -> Result<Route, Error> {
    let state = workspace.state();
    let found = find(workspace, &state, target).await?;
    Ok(match target {
        Target::Agent(_) => found,
        Target::Capability { .. } | Target::Content(_) => found.without_resting(&state),
    })
}

async fn find(workspace: &Workspace, state: &State, target: Target<'_>) -> Result<Route, Error> {
    if state.agents.is_empty() {
        return Err(Error::NoAgents);
    }
    match target {
        Target::Agent(name) => match state.agents.get(name) {
            Some(_) => Ok(Route::certain(name, "it was asked for by name".to_owned())),
            None => Err(Error::NoAgent {
                name: name.to_owned(),
                nearest: state.agents_near(name),
            }),
        },
        Target::Capability {
            name,
            content,
            except,
        } => {
            let offering = offering(state, name)?;
            let mut offering: Vec<_> = offering
                .into_iter()
                .filter(|agent| !except.contains(&agent.config.name))
                .collect();
            if offering.iter().any(|agent| agent.takes_messages()) {
                offering.retain(|agent| agent.takes_messages());
            }
            among(workspace, state, content, &offering, Some(name)).await
        }
        Target::Content(content) => {
            let all: Vec<_> = state.agents.values().collect();
            among(workspace, state, content, &all, None).await
        }
    }
}

/// The agents that offer a capability.
fn offering<'s>(state: &'s State, capability: &str) -> Result<Vec<&'s Arc<Agent>>, Error> {
    let mut offered = state.capabilities();
    offered.remove(capability).ok_or_else(|| {
        let near = nearest(capability, offered.keys().copied());
        Error::NoCapability {
            name: capability.to_owned(),
            nearest: near,
            offered: offered.keys().map(|name| (*name).to_owned()).collect(),
        }
    })
}

/// Chooses one of `candidates` by the meaning of `content`.
async fn among(
    workspace: &Workspace,
    state: &State,
    content: &str,
    candidates: &[&Arc<Agent>],
    capability: Option<&str>,
) -> Result<Route, Error> {
    match (candidates, capability) {
        ([], Some(capability)) => {
            return Err(Error::OnlySelf {
                capability: capability.to_owned(),
            });
        }
        ([], None) => return Err(Error::NoAgents),
        ([only], Some(capability)) => {
            return Ok(Route::certain(
                &only.config.name,
                format!("it is the only agent that offers `{capability}`"),
            ));
        }
        ([only], None) => {
            return Ok(Route::certain(
                &only.config.name,
                "it is the only agent".to_owned(),
            ));
        }
        _ => {}
    }
    // Who may be chosen is part of the question, so it is part of what is remembered.
    let key = match capability {
        None => content.to_owned(),
        Some(capability) => {
            let names: Vec<&str> = candidates
                .iter()
                .map(|agent| agent.config.name.as_str())
                .collect();
            format!("{capability}\n{}\n{content}", names.join(" "))
        }
    };
    if let Some(route) = workspace
        .rankings()
        .get(state.version, &key)
        .and_then(|ranking| Route::ranked(ranking, true))
    {
        return Ok(route);
    }
    let answer = ask::routers(workspace, state, content, candidates).await;
    let default = state.config.router.default.as_deref();
    let ranking = match (answer, capability) {
        (Ok(ranking), _) => ranking,
        // Not remembered: asking again costs little, and a router that failed may be there by then.
        (Err(Error::NoneFits { .. } | Error::Routers { .. }), None) if default.is_some() => {
            let agent = default.unwrap_or_default().to_owned();
            let reason = "no agent fits by its meaning, and this one is the default".to_owned();
            return Ok(Route {
                ranked: vec![(agent.clone(), 0.0)],
                agent,
                score: 0.0,
                reason,
                cached: false,
                router: None,
            });
        }
        // Each of them offers what is asked for, so that no router prefers one is no reason to refuse.
        (Err(Error::NoneFits { .. } | Error::Routers { .. }), Some(capability)) => {
            let agent = &candidates[0].config.name;
            let others = candidates.len() - 1;
            return Ok(Route::certain(
                agent,
                format!(
                    "it offers `{capability}`, as do {others} others, and no router prefers one of them"
                ),
            ));
        }
        (Err(e), _) => return Err(e),
    };
    workspace.rankings().put(state.version, &key, &ranking);
    Route::ranked(ranking, false).ok_or_else(|| ask::none_fits(candidates, String::new()))
}
