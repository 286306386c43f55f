//! An agent's health, as its turns tell of it: how one that has ended counts, and why an agent is not asked.

use super::error::Error;
use super::event::Answer;
use super::fault::Fault;
use crate::routing;
use crate::workspace::event::{Change, Kind};
use crate::workspace::{self, Agent, Outcome, Turned, Workspace};

/// Notes how a turn of `agent` went, and tells what that changes.
pub(super) fn tell_health(workspace: &Workspace, agent: &Agent, ended: &Result<Answer, Error>) {
    let reason = ended.as_ref().err().map(ToString::to_string);
    tell(workspace, agent, outcome(ended), reason);
}

/// Notes that `agent` failed, and passed its message on.
pub(super) fn tell_failed(workspace: &Workspace, agent: &Agent, fault: &Fault) {
    let reason = fault.to_string();
    tell(
        workspace,
        agent,
        Outcome::Failed(reason.clone()),
        Some(reason),
    );
}

fn tell(workspace: &Workspace, agent: &Agent, outcome: Outcome, reason: Option<String>) {
    let turned = agent.activity.end(outcome, &agent.config.breaker);
    let change = match turned {
        None => return,
        Some(Turned::Failed) => Change::Failed,
        Some(Turned::Paused) => Change::Paused,
        Some(Turned::Recovered) => Change::Recovered,
    };
    workspace.events().tell(Kind::Agent {
        name: agent.config.name.clone(),
        change,
        reason,
    });
}

/// Whether the models that an agent thinks with are at fault, rather than what was asked: another agent may do better.
pub(super) fn is_of_models(fault: &Fault) -> bool {
    matches!(fault, Fault::Provider { code, .. } if !matches!(
        code.as_str(),
        "content-filtered" | "context-too-long" | "provider-refused"
    ))
}

/// What the end of a turn says of its agent's health.
fn outcome(ended: &Result<Answer, Error>) -> Outcome {
    match ended {
        Ok(_) => Outcome::Answered,
        Err(Error::Stopped { fault, .. }) => match &**fault {
            fault if is_of_models(fault) => Outcome::Failed(fault.to_string()),
            Fault::Time { .. } | Fault::Empty { .. } | Fault::ToolRounds { .. } => {
                Outcome::Failed(fault.to_string())
            }
            // Where what was asked is at fault, by whoever asked it, one client must not make an agent rest for all.
            _ => Outcome::Neither,
        },
        Err(Error::Gone) => Outcome::Failed(Error::Gone.to_string()),
        Err(_) => Outcome::Neither,
    }
}

/// The agent was removed between being chosen and being asked.
pub(super) fn gone(name: &str, error: &workspace::Error) -> Error {
    let nearest = match error {
        workspace::Error::NoAgent { nearest, .. } => nearest.clone(),
        _ => Vec::new(),
    };
    Error::Routing(routing::Error::NoAgent {
        name: name.to_owned(),
        nearest,
    })
}

/// The agent rests.
pub(super) fn paused(agent: &Agent, paused: workspace::Paused) -> Error {
    Error::Paused {
        agent: agent.config.name.clone(),
        reason: paused.reason,
        retry_after_ms: u64::try_from(paused.left.as_millis()).unwrap_or(u64::MAX),
    }
}
