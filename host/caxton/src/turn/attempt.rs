//! Performing a turn to its end: by the agent that was chosen, and where that one fails before it has acted, by those that can
//! do it too. What goes wrong in one agent stays in it, and counts for its health.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;

use super::begin;
use super::drive::{Driven, Turn};
use super::error::Error;
use super::event::Answer;
use super::health::{tell_failed, tell_health};
use crate::workspace::Running;

/// Performs a turn to its end. Its agent counts as busy while `running` is held.
pub(super) async fn perform(
    mut turn: Turn<'_>,
    mut running: Option<Running>,
) -> Result<Answer, Error> {
    loop {
        let (workspace, live) = (turn.workspace, turn.live);
        let above = turn.allowance.above().cloned();
        let agent = Arc::clone(&turn.agent);
        let driven = AssertUnwindSafe(turn.drive()).catch_unwind().await;
        let driven = driven.unwrap_or_else(|_| {
            let agent = agent.config.name.as_str();
            tracing::error!(turn = live.id(), agent, "a turn panicked");
            Err(Error::Gone)
        });
        let ended = match driven {
            Ok(Driven::PassedOn(passed)) => {
                tell_failed(workspace, &agent, &passed.fault);
                // Not before the next one is busy: who looks meanwhile sees that the message is being answered.
                let (next, holds) = begin::pass_on(workspace, live, *passed, above).await?;
                running = Some(holds);
                turn = next;
                continue;
            }
            Ok(Driven::Answered(answer)) => Ok(*answer),
            Err(error) => Err(error),
        };
        tell_health(workspace, &agent, &ended);
        drop(running);
        return ended;
    }
}
