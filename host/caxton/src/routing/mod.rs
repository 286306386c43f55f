//! Which agent gets a message: the one that is named, one with the capability that is named, or the one that a router
//! component finds by meaning. `ask` speaks with routers, `combine` weighs what they say; decisions are remembered by the
//! workspace. `capability` knows versions, `balance` shares work out between equals, `near` says what comes
//! nearest where nobody fits.

mod ask;
mod balance;
mod capability;
pub mod combine;
mod error;
mod near;

use std::sync::Arc;

pub use crate::workspace::Opinion;
use crate::workspace::event::Kind;
use crate::workspace::{Agent, Question, Ranking, State, Workspace};

use balance::{are_twins, least_loaded};
use capability::offering;
pub use error::Error;
pub use near::Near;

/// By what an agent is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// Its name.
    Agent(&'a str),
    /// A capability that it offers. Where several do, `content` decides among them, and where that makes no difference, their
    /// work.
    Capability {
        /// The capability: its name, or `NAME@REQUIREMENT` such as `charting@^1.2`.
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
    /// The router component that decided, both joined by `+` where they were weighed; nothing where there was no choice.
    pub router: Option<String>,
    /// What each router that was asked thinks.
    pub opinions: Vec<Opinion>,
    /// Who gets the message where the agent fails before it has acted, first of all the first; each with how well it fits.
    pub stand_ins: Vec<(String, f32)>,
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
            opinions: Vec::new(),
            stand_ins: Vec::new(),
        }
    }

    /// A route to the first of several agents that all fit.
    fn one_of(agents: &[&Arc<Agent>], reason: String) -> Self {
        let names = agents.iter().map(|agent| agent.config.name.as_str());
        Self {
            ranked: names.clone().map(|name| (name.to_owned(), 1.0)).collect(),
            ..Self::certain(names.clone().next().unwrap_or_default(), reason)
        }
    }

    fn ranked(ranking: &Ranking, cached: bool) -> Option<Self> {
        let (agent, score) = ranking.ranked.first().cloned()?;
        Some(Self {
            agent,
            score,
            reason: ranking.reason.clone(),
            ranked: ranking.ranked.clone(),
            cached,
            router: Some(ranking.router.clone()),
            opinions: ranking.opinions.clone(),
            stand_ins: Vec::new(),
        })
    }

    /// How far the best agent is before the second.
    pub fn margin(&self) -> f32 {
        combine::margin(&self.ranked)
    }

    /// Whether two routers were weighed.
    pub fn is_combined(&self) -> bool {
        self.opinions.len() > 1
    }

    /// The same, with the one that has the least to do among those that fit as well: those that say the same of themselves, and
    /// where a capability was asked for, which all of them offer, those that are hardly behind.
    fn balanced(mut self, state: &State, for_capability: bool) -> Self {
        let least = state.config.router.margin;
        let is_equal = |name: &str, score: f32| {
            (for_capability && self.score - score <= least) || are_twins(state, &self.agent, name)
        };
        let load = |name: &str| state.agents.get(name).map(|agent| agent.activity.load());
        let found = least_loaded(&self.ranked, &self.agent, is_equal, load).cloned();
        if let Some((agent, score)) = found.filter(|(agent, _)| *agent != self.agent) {
            self.reason = format!("{}; `{agent}` fits as well and has less to do", self.reason);
            self.agent = agent;
            self.score = score;
        }
        self
    }

    /// The same, with those that can stand in for the agent: all that offer the capability that was asked for, else those of
    /// which a router would be sure.
    fn with_stand_ins(mut self, state: &State, for_capability: bool) -> Self {
        let sure = state.config.router.threshold;
        let stands_in = |name: &str, score: f32| {
            for_capability || score >= sure || are_twins(state, &self.agent, name)
        };
        let others = self.ranked.iter().filter(|(name, _)| *name != self.agent);
        self.stand_ins = others
            .filter(|(name, score)| stands_in(name, *score))
            .cloned()
            .collect();
        self
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
/// [`Error::NoAgents`], [`Error::NoAgent`], [`Error::NoCapability`], [`Error::Requirement`], [`Error::NoVersion`],
/// [`Error::OnlySelf`], [`Error::NoneFits`], [`Error::Routers`].
pub async fn route(workspace: &Workspace, target: Target<'_>) -> Result<Route, Error> {
    let state = workspace.state();
    let found = find(workspace, &state, target).await?;
    Ok(match target {
        Target::Agent(_) => found,
        Target::Capability { .. } | Target::Content(_) => {
            let for_capability = matches!(target, Target::Capability { .. });
            found
                .without_resting(&state)
                .balanced(&state, for_capability)
                .with_stand_ins(&state, for_capability)
        }
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

/// The same ranking, with the candidates at its end that a router left out: they can do what is asked for too.
fn with_all(mut ranking: Ranking, candidates: &[&Arc<Agent>]) -> Ranking {
    for agent in candidates {
        let name = &agent.config.name;
        if ranking.ranked.iter().all(|(known, _)| known != name) {
            ranking.ranked.push((name.clone(), 0.0));
        }
    }
    ranking
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
        ([first, others @ ..], Some(capability))
            if others
                .iter()
                .all(|other| are_twins(state, &first.config.name, &other.config.name)) =>
        {
            let others = others.len();
            let reason = format!(
                "it offers `{capability}`, as do {others} others that say the same of themselves"
            );
            return Ok(Route::one_of(candidates, reason));
        }
        _ => {}
    }
    // Who may be chosen is part of the question.
    let names = || candidates.iter().map(|agent| agent.config.name.clone());
    let question = Question {
        among: capability.map(|capability| (capability.to_owned(), names().collect())),
        content: content.to_owned(),
    };
    let known = workspace.rankings().get(state.version, &question);
    if let Some(route) = known.and_then(|ranking| Route::ranked(&ranking, true)) {
        return Ok(route);
    }
    // Boxed, for calls of components are deep, and so would be all that waits for a route.
    let answer = Box::pin(ask::routers(workspace, state, content, candidates)).await;
    let default = state.config.router.default.as_deref();
    let ranking = match (answer, capability) {
        (Ok(ranking), None) => ranking,
        (Ok(ranking), Some(_)) => with_all(ranking, candidates),
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
                opinions: Vec::new(),
                stand_ins: Vec::new(),
            });
        }
        // Each of them offers what is asked for, so that no router prefers one is no reason to refuse.
        (Err(Error::NoneFits { .. } | Error::Routers { .. }), Some(capability)) => {
            let others = candidates.len() - 1;
            let reason = format!(
                "it offers `{capability}`, as do {others} others, and no router prefers one of them"
            );
            return Ok(Route::one_of(candidates, reason));
        }
        (Err(Error::NoneFits { reason, agents, .. }), None) => {
            return Err(Error::NoneFits {
                reason,
                agents,
                nearest: near::capabilities(workspace, content, candidates).await,
            });
        }
        (Err(e), _) => return Err(e),
    };
    let ranking = Arc::new(ranking);
    let route = Route::ranked(&ranking, false);
    workspace.rankings().put(state.version, question, ranking);
    route.ok_or_else(|| ask::none_fits(candidates, String::new()))
}
