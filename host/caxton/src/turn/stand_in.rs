//! Who answers a message in place of an agent that takes none any more, or failed before it had acted.

use std::collections::VecDeque;
use std::sync::Arc;

use super::error::Error;
use super::fault::Fault;
use super::health::paused;
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

/// An agent that has taken a message.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) agent: Arc<Agent>,
    pub(super) running: Running,
    /// What it is asked, beside the message.
    pub(super) task: Task,
    /// Who answers where it fails.
    pub(super) stand_ins: StandIns,
}

/// A turn whose agent failed before it had acted.
#[derive(Debug)]
pub(super) struct PassedOn {
    /// The turn as it is on disk: it has not begun, and is given to who answers now.
    pub(super) state: State,
    /// Why that agent failed.
    pub(super) fault: Fault,
    /// Who answers now.
    pub(super) to: StandIn,
    /// Who does where that one fails too.
    pub(super) others: StandIns,
}

impl StandIns {
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

impl StandIn {
    /// How it was found after the agent of `state` failed.
    pub(super) fn found_after(&self, state: &State, task: &Task, fault: &Fault) -> Found {
        let before = state.routed.as_ref().unwrap_or(&task.found);
        let reason = format!(
            "`{}` failed before it had acted, and this one can do it too: {fault}",
            state.agent
        );
        self.found(before, reason)
    }

    /// How it was found, where `before` says how the one was for which it stands in.
    fn found(&self, before: &Found, reason: String) -> Found {
        Found {
            score: self.score,
            reason,
            ..before.clone()
        }
    }

    /// Tells those who watch the workspace.
    pub(super) fn tell(&self, workspace: &Workspace, found: &Found) {
        let Found {
            score,
            reason,
            router,
            cached,
        } = found.clone();
        workspace.events().tell(Kind::Route {
            agent: self.agent.config.name.clone(),
            score,
            router,
            cached,
            reason,
        });
    }
}

/// Gives a message to the agent that was chosen, or where that takes none any more, to the first one that stands in: another
/// message may have been quicker to be the one that is tried after a rest.
///
/// # Errors
/// [`Error::Paused`].
pub(super) fn take(
    workspace: &Workspace,
    agent: Arc<Agent>,
    route: &Route,
    task: Task,
) -> Result<Taken, Error> {
    let mut stand_ins = StandIns {
        left: route.stand_ins.iter().cloned().collect(),
    };
    let rest = match agent.activity.begin() {
        Ok(running) => {
            return Ok(Taken {
                agent,
                running,
                task,
                stand_ins,
            });
        }
        Err(rest) => rest,
    };
    let Some(to) = stand_ins.next(workspace, &task) else {
        return Err(paused(&agent, rest));
    };
    let reason = format!(
        "`{}` rests after failing, and this one can do it too",
        agent.config.name
    );
    let found = to.found(&task.found, reason);
    to.tell(workspace, &found);
    let task = task.for_stand_in(&to.agent.config.name);
    Ok(Taken {
        agent: to.agent,
        running: to.running,
        task: Task { found, ..task },
        stand_ins,
    })
}

#[cfg(test)]
mod tests {
    use caxton_memory::Store;
    use caxton_sandbox::{Sandbox, Settings};

    use super::*;
    use crate::routing::{Target, route};
    use crate::workspace::{Options, Outcome};

    /// A workspace whose agents say the same of themselves, and rest for no time after each failure.
    async fn twins(dir: &std::path::Path) -> Workspace {
        let agents = dir.join("agents");
        std::fs::create_dir(&agents).expect("a directory");
        std::fs::write(dir.join("caxton.toml"), "name = \"desk\"\n").expect("a file");
        for name in ["a", "b"] {
            let toml = format!(
                "name = \"{name}\"\ndescription = \"Draws.\"\ncapabilities = [\"charting\"]\n"
            );
            std::fs::write(agents.join(format!("{name}.toml")), toml).expect("a file");
        }
        let options = Options {
            dir: Some(dir.to_path_buf()),
            components_dir: None,
            data: dir.join("data"),
            sandbox: Sandbox::new(Settings::default()).expect("a sandbox"),
            store: Store::open(dir.join("caxton.db")).expect("a store"),
            embedder: None,
        };
        Workspace::open(options).await.expect("it opens")
    }

    #[tokio::test]
    async fn a_message_that_comes_second_to_a_trial_goes_to_who_stands_in() {
        let dir = tempfile::tempdir().expect("a directory");
        let workspace = twins(dir.path()).await;
        let target = Target::Capability {
            name: "charting",
            content: "A pie",
            except: &[],
        };
        let found = route(&workspace, target).await.expect("a route");
        let of = |name: &str| workspace.agent(name).expect("an agent");
        let task = || Task {
            found: Found::of(&found),
            chain: vec![found.agent.clone()],
            ..Task::default()
        };
        let taken = || take(&workspace, of(&found.agent), &found, task());
        assert_eq!(found.agent, "a");

        let fail = |name: &str| {
            let breaker = crate::config::Breaker {
                failures: 1,
                pause: std::time::Duration::ZERO,
                pause_max: std::time::Duration::ZERO,
            };
            of(name)
                .activity
                .end(Outcome::Failed("no key".to_owned()), &breaker);
        };
        fail("a");
        let tried = taken().expect("it is tried");
        assert_eq!(tried.agent.config.name, "a");
        let second = taken().expect("another one stands in");
        assert_eq!(second.agent.config.name, "b");
        assert_eq!(second.task.chain, ["b"]);
        assert!(second.task.found.reason.starts_with("`a` rests"));

        // Where nobody else takes it, the reason is that of the one that was chosen.
        fail("b");
        let _tried = of("b").activity.begin().expect("it is tried");
        let error = taken().expect_err("both are being tried");
        assert!(
            matches!(&error, Error::Paused { agent, .. } if agent == "a"),
            "{error}"
        );
    }
}
