//! Asking router components: the configured one, within a short time, then the fallback. What a router answers is checked,
//! because anyone may have written it.

use std::sync::Arc;
use std::time::Duration;

use caxton_sandbox::Call;
use caxton_sandbox::routing_types::{Candidate, Capability};

use super::error::Error;
use crate::workspace::{Agent, Ranking, State, Workspace};

/// The longest that a router may take. A person is waiting, and the fallback is still to be asked.
const TIME_MAX: Duration = Duration::from_secs(3);

/// How much of a message a router sees: its meaning shows early, and vectors are made of the first few hundred words.
const CONTENT_BYTES_MAX: usize = 8 << 10;

/// Asks the routers in order until one ranks an agent.
pub(super) async fn routers(
    workspace: &Workspace,
    state: &State,
    content: &str,
    agents: &[&Arc<Agent>],
) -> Result<Ranking, Error> {
    let candidates: Vec<Candidate> = agents.iter().map(|agent| candidate(agent)).collect();
    let content = head(content);
    let router = &state.config.router;
    let mut failures = Vec::new();
    let mut none = None;
    for name in std::iter::once(&router.component).chain(&router.fallback) {
        match ask(workspace, name, content, &candidates).await {
            Ok(ranking) if ranking.ranked.is_empty() => none = none.or(Some(ranking.reason)),
            Ok(ranking) => return Ok(ranking),
            Err(reason) => {
                tracing::warn!(router = name, reason, "a router could not decide");
                failures.push(reason);
            }
        }
    }
    match none {
        Some(reason) => Err(none_fits(agents, reason)),
        None => Err(Error::Routers {
            reasons: failures,
            agents: names(agents),
        }),
    }
}

/// The answer where routers know none that fits.
pub(super) fn none_fits(agents: &[&Arc<Agent>], reason: String) -> Error {
    Error::NoneFits {
        reason,
        agents: names(agents),
    }
}

async fn ask(
    workspace: &Workspace,
    name: &str,
    content: &str,
    candidates: &[Candidate],
) -> Result<Ranking, String> {
    let loaded = workspace.component(name).await.map_err(|e| e.to_string())?;
    let call = Call {
        time: Some(TIME_MAX),
        ..Call::default()
    };
    let called = loaded
        .component
        .route(call, content, candidates)
        .await
        .map_err(|failed| failed.error.to_string())?;
    let decision = called.value;
    let mut ranked: Vec<(String, f32)> = Vec::with_capacity(candidates.len());
    for score in decision.ranked {
        let known = candidates
            .iter()
            .any(|candidate| candidate.agent == score.agent);
        let new = !ranked.iter().any(|(agent, _)| *agent == score.agent);
        if known && new && score.score.is_finite() {
            ranked.push((score.agent, score.score.clamp(0.0, 1.0)));
        }
    }
    // The order is the router's promise; a stable sort keeps it where scores are equal.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(Ranking {
        ranked,
        reason: decision.reason,
        router: name.to_owned(),
    })
}

fn candidate(agent: &Agent) -> Candidate {
    let capability = |c: &crate::config::Capability| Capability {
        name: c.name.clone(),
        description: c.description.clone(),
    };
    Candidate {
        agent: agent.config.name.clone(),
        description: agent.config.description.clone(),
        capabilities: agent.config.capabilities.iter().map(capability).collect(),
    }
}

fn names(agents: &[&Arc<Agent>]) -> Vec<String> {
    agents
        .iter()
        .map(|agent| agent.config.name.clone())
        .collect()
}

/// The beginning of a message, cut between characters.
fn head(content: &str) -> &str {
    &content[..content.floor_char_boundary(CONTENT_BYTES_MAX)]
}
