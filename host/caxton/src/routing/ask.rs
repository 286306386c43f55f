//! Asking router components: the configured one and the fallback, side by side and within a short time.
//! What a router answers is checked, because anyone may have written it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use caxton_sandbox::Call;
use caxton_sandbox::routing_types::Candidate;
use tokio::time::timeout;

use super::combine::{Doubt, weigh};
use super::error::Error;
use crate::config;
use crate::workspace::{Agent, Opinion, Ranking, State, Workspace};

/// The longest that a router may take. A person is waiting.
const TIME_MAX: Duration = Duration::from_secs(3);

/// How long the first router has where there is a fallback.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// How much of a message a router sees: its meaning shows early, and vectors are made of the first few hundred words.
const CONTENT_BYTES_MAX: usize = 8 << 10;

/// Asks both routers. The first decides where it is sure, the fallback where the first can't; else both opinions are weighed.
pub(super) async fn routers(
    workspace: &Workspace,
    state: &State,
    content: &str,
    agents: &[&Arc<Agent>],
) -> Result<Ranking, Error> {
    let none = |reason| none_fits(agents, reason);
    let candidates = candidates(state, agents);
    let content = head(content);
    let router = &state.config.router;
    let (first, second) = asked(workspace, router, content, &candidates).await;
    let doubt = match &first {
        Ok(opinion) => opinion.doubt(router.threshold, router.margin),
        Err(_) => None,
    };
    if doubt.is_none()
        && let Ok(opinion) = first
    {
        return alone(opinion, None).map_err(none);
    }
    let (only, silent) = match (first, second) {
        (Ok(first), Some(Ok(second))) => return both(first, second, doubt).map_err(none),
        (Ok(only), None) => (only, None),
        (Ok(only), Some(Err(silent))) | (Err(silent), Some(Ok(only))) => (only, Some(silent)),
        (Err(silent), second) => {
            let silent = std::iter::once(silent).chain(second.and_then(Result::err));
            return Err(Error::Routers {
                reasons: silent.map(|silent| silent.reason).collect(),
                agents: names(agents),
            });
        }
    };
    alone(only, silent).map_err(none)
}

/// What a router says.
type Heard = Result<Opinion, Silent>;

/// Asks both routers side by side, for most messages need both opinions: while the first waits for a model, the fallback is
/// done. The fallback is not waited for where the first is sure.
async fn asked(
    workspace: &Workspace,
    router: &config::Router,
    content: &str,
    candidates: &[Candidate],
) -> (Heard, Option<Heard>) {
    let first = heard(workspace, &router.component, content, candidates);
    let Some(fallback) = &router.fallback else {
        return (first.await, None);
    };
    let mut first = pin!(timeout(WAIT_MAX, first));
    let mut second = pin!(heard(workspace, fallback, content, candidates));
    let mut answered = None;
    let first = loop {
        tokio::select! {
            biased;
            first = &mut first => break first,
            second = &mut second, if answered.is_none() => answered = Some(second),
        }
    };
    let first = first.unwrap_or_else(|_| {
        let reason = format!("it has not answered within {WAIT_MAX:?}");
        let router = router.component.clone();
        tracing::warn!(router, reason, "a router could not decide");
        Err(Silent { router, reason })
    });
    let is_sure = |first: &Opinion| first.doubt(router.threshold, router.margin).is_none();
    if first.as_ref().is_ok_and(is_sure) {
        return (first, None);
    }
    let second = match answered {
        Some(second) => second,
        None => second.await,
    };
    (first, Some(second))
}

/// A router that could not decide.
struct Silent {
    router: String,
    reason: String,
}

/// The ranking where one router decides: it was sure, there is no other, or the other one is silent.
///
/// # Errors
/// Why none fits.
fn alone(opinion: Opinion, silent: Option<Silent>) -> Result<Ranking, String> {
    let is_complete = silent.is_none();
    let note = silent.map_or_else(String::new, |Silent { router, reason }| {
        format!("; `{router}` could not decide: {reason}")
    });
    let reason = format!("{}{note}", opinion.reason);
    if opinion.ranked.is_empty() {
        return Err(reason);
    }
    Ok(Ranking {
        ranked: opinion.ranked.clone(),
        reason,
        router: opinion.router.clone(),
        opinions: vec![opinion],
        is_complete,
    })
}

/// The ranking by both opinions.
///
/// # Errors
/// Why none fits.
fn both(first: Opinion, second: Opinion, doubt: Option<Doubt>) -> Result<Ranking, String> {
    let ranked = weigh(&first, &second);
    let doubt = doubt.map_or_else(String::new, |doubt| doubt.to_string());
    let reason = format!(
        "`{}` is unsure ({doubt}), so it and `{}` are weighed; {}; {}",
        first.router, second.router, first.reason, second.reason
    );
    if ranked.is_empty() {
        return Err(reason);
    }
    Ok(Ranking {
        ranked,
        reason,
        router: format!("{}+{}", first.router, second.router),
        opinions: vec![first, second],
        is_complete: true,
    })
}

/// The answer where routers know none that fits.
pub(super) fn none_fits(agents: &[&Arc<Agent>], reason: String) -> Error {
    Error::NoneFits {
        reason,
        agents: names(agents),
        nearest: Vec::new(),
    }
}

/// Asks one router, and tells people where it fails.
async fn heard(
    workspace: &Workspace,
    name: &str,
    content: &str,
    candidates: &[Candidate],
) -> Heard {
    let asked = ask(workspace, name, content, candidates).await;
    asked.map_err(|reason| {
        tracing::warn!(router = name, reason, "a router could not decide");
        Silent {
            router: name.to_owned(),
            reason,
        }
    })
}

async fn ask(
    workspace: &Workspace,
    name: &str,
    content: &str,
    candidates: &[Candidate],
) -> Result<Opinion, String> {
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
    let mut known: HashSet<&str> = candidates.iter().map(|c| c.agent.as_str()).collect();
    let mut ranked: Vec<(String, f32)> = Vec::with_capacity(candidates.len());
    for score in decision.ranked {
        // Each candidate counts once, whatever the router repeats or makes up.
        if score.score.is_finite() && known.remove(score.agent.as_str()) {
            ranked.push((score.agent, score.score.clamp(0.0, 1.0)));
        }
    }
    // The order is the router's promise; a stable sort keeps it where scores are equal.
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
    Ok(Opinion {
        router: name.to_owned(),
        ranked,
        reason: decision.reason,
    })
}

/// What routers are told of `agents`. Where these are all that there are, it lies ready.
fn candidates<'s>(state: &'s State, agents: &[&Arc<Agent>]) -> Cow<'s, [Candidate]> {
    if agents.len() == state.candidates.len() {
        return Cow::Borrowed(&state.candidates);
    }
    let names: HashSet<&str> = agents.iter().map(|a| a.config.name.as_str()).collect();
    let meant = state.candidates.iter();
    let meant = meant.filter(|candidate| names.contains(candidate.agent.as_str()));
    meant.cloned().collect()
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
