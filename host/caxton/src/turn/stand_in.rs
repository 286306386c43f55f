//! Who answers a message in place of an agent that failed before it had acted.

use std::collections::VecDeque;
use std::sync::Arc;

use super::fault::Fault;
use super::state::{Found, State};
use super::task::Task;
use crate::routing::Route;
use crate::workspace::event::Kind;
use crate::workspace::{Agent, Running, Workspace};

/// The agents that can stand in, in the order in which they are asked; each with how well it fits.
#[derive(Clone, Debug, Default)]
pub(super) struct StandIns {
    left: VecDeque<(String, f32)>,
}

/// An agent that stands in, and takes the message.
#[derive(Debug)]
pub(super) struct StandIn {
    pub(super) agent: Arc<Agent>,
    pub(super) running: Running,
    score: f32,
}

/// A turn whose agent failed before it had acted.
#[derive(Debug)]
pub(super) struct PassedOn {
    /// The turn as it is on disk.
    pub(super) state: State,
    /// Why that agent failed.
    pub(super) fault: Fault,
    /// Who answers now.
    pub(super) to: StandIn,
    /// Who does where that one fails too.
    pub(super) others: StandIns,
}

impl StandIns {
    pub(super) fn of(route: &Route) -> Self {
        Self {
            left: route.stand_ins.iter().cloned().collect(),
        }
    }

    /// The next one that takes a message with this task.
    pub(super) fn next(&mut self, workspace: &Workspace, task: &Task) -> Option<StandIn> {
        while let Some((name, score)) = self.left.pop_front() {
            let Ok(agent) = workspace.agent(&name) else {
                continue;
            };
            let takes = !task.chain.contains(&name)
                && Task::check_parameters(&task.parameters, &agent.config).is_ok();
            if !takes {
                continue;
            }
            if let Ok(running) = agent.activity.begin() {
                return Some(StandIn {
                    agent,
                    running,
                    score,
                });
            }
        }
        None
    }
}

impl PassedOn {
    /// How the one that stands in was found, where `task` says how the one before was.
    pub(super) fn found(&self, task: &Task) -> Found {
        let before = self.state.routed.as_ref().unwrap_or(&task.found);
        Found {
            score: self.to.score,
            reason: format!(
                "`{}` failed before it had acted, and this one can do it too: {}",
                self.state.agent, self.fault
            ),
            router: before.router.clone(),
            cached: before.cached,
        }
    }
}

/// The same as an event of the workspace.
pub(super) fn routed(agent: &str, found: &Found) -> Kind {
    let Found {
        score,
        reason,
        router,
        cached,
    } = found.clone();
    Kind::Route {
        agent: agent.to_owned(),
        score,
        router,
        cached,
        reason,
    }
}
