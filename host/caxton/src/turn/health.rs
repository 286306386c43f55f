//! An agent's health, as its turns tell of it: how one that has ended counts, and why an agent is not asked.

use super::error::Error;
use super::event::Answer;
use super::fault::Fault;
use crate::routing;
use crate::workspace::event::{Change, Kind};
use crate::workspace::{self, Agent, Outcome, Turned, Workspace};

/// Notes how a turn of `agent` went, and tells what that changes.
pub(super) fn tell_health(workspace: &Workspace, agent: &Agent, ended: &Result<Answer, Error>) {
    let turned = agent.activity.end(outcome(ended), &agent.config.breaker);
    let change = match turned {
        None => return,
        Some(Turned::Failed) => Change::Failed,
        Some(Turned::Paused) => Change::Paused,
        Some(Turned::Recovered) => Change::Recovered,
    };
    workspace.events().tell(Kind::Agent {
        name: agent.config.name.clone(),
        change,
        reason: ended.as_ref().err().map(ToString::to_string),
    });
}

/// What the end of a turn says of its agent's health.
fn outcome(ended: &Result<Answer, Error>) -> Outcome {
    match ended {
        Ok(_) => Outcome::Answered,
        Err(Error::Stopped { fault, .. }) => match &**fault {
            Fault::Provider { code, .. }
                if matches!(
                    code.as_str(),
                    "content-filtered" | "context-too-long" | "provider-refused"
                ) =>
            {
                // What was asked is at fault, by whoever asked it: one client must not make an agent rest for all.
                Outcome::Neither
            }
            Fault::Provider { .. }
            | Fault::Time { .. }
            | Fault::Empty { .. }
            | Fault::ToolRounds { .. } => Outcome::Failed(fault.to_string()),
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
