//! Taking up again what a server that was killed left unfinished.

use caxton_memory::TurnStatus;

use super::begin;
use super::close::{UNWANTED, interrupt};
use super::error::Error;
use super::health::paused;
use super::live::Live;
use super::record::{json, missing};
use super::state::State;
use super::turns::Turns;

/// How often a turn is taken up again. One during which the server ends each time may be why.
const GENERATIONS_MAX: u32 = 3;

impl Turns {
    /// Takes up the turns that were under way when the last server ended, and gives how many there are. They run to their end,
    /// for nobody knows whether those who asked come back. One that can't be taken up keeps no other from it.
    ///
    /// # Errors
    /// [`Error::Store`] where it can't be read which there are.
    pub async fn resume(&self) -> Result<usize, Error> {
        let left = self.workspace().store().running_turns().await?;
        let mut resumed = 0;
        for turn in left {
            let id = turn.id.clone();
            match self.resume_one(turn).await {
                Ok(is_resumed) => resumed += usize::from(is_resumed),
                Err(e) => {
                    tracing::error!(turn = id, error = %e, "a turn can't be taken up again");
                }
            }
        }
        Ok(resumed)
    }

    /// Takes up a turn, unless there is one that does so.
    async fn resume_one(&self, turn: caxton_memory::Turn) -> Result<bool, Error> {
        // One that another waits for is taken up by that one; where that has ended, nobody wants it.
        if let Some(parent) = &turn.parent {
            let parent = self.workspace().store().turn(parent).await?;
            if parent.is_some_and(|parent| parent.status == TurnStatus::Running) {
                return Ok(false);
            }
        }
        self.take_up(turn).await?;
        Ok(true)
    }

    async fn take_up(&self, turn: caxton_memory::Turn) -> Result<(), Error> {
        let workspace = self.workspace();
        let state = serde_json::from_value::<State>(turn.state.clone()).ok();
        // Another one may stand in for the agent that it was given to.
        let name = state.as_ref().map_or(&turn.agent, |state| &state.agent);
        let agent = workspace.agent(name).ok();
        let lost = match (&agent, &state) {
            (_, None) => Some("another version of the server began it".to_owned()),
            (None, Some(state)) => {
                Some(format!("the agent `{}` is not there any more", state.agent))
            }
            (_, Some(_)) if turn.parent.is_some() => Some(UNWANTED.to_owned()),
            (_, Some(state)) if state.generation >= GENERATIONS_MAX => Some(format!(
                "the server ended {GENERATIONS_MAX} times during it"
            )),
            _ => None,
        };
        let (Some(agent), Some(mut state), None) = (agent, state, &lost) else {
            let reason = lost.unwrap_or_default();
            tracing::warn!(
                turn = turn.id,
                agent = turn.agent,
                reason,
                "a turn is not taken up again"
            );
            return interrupt(workspace.store(), turn, reason).await;
        };
        state.generation += 1;
        let live = Live::new(
            turn.id.clone(),
            turn.conversation.clone(),
            turn.agent.clone(),
            state.generation,
        );
        live.keep();
        drop(self.known().add(&live, None)?);
        // Written down before anything is done: a turn that ends the server each time must not do so for ever.
        let written = json(&state);
        let store = workspace.store();
        let begun = store.checkpoint_turn(&turn.id, &written, Vec::new(), Vec::new());
        if let Err(e) = begun.await {
            let error = missing(e);
            live.end(Err(error.clone()));
            self.known().retire(&live, None, true);
            return Err(error);
        }
        tracing::info!(
            turn = turn.id,
            agent = turn.agent,
            "a turn that the last server began is taken up again"
        );
        let turns = self.clone();
        tokio::spawn(async move {
            let workspace = turns.workspace();
            let work = async {
                let _line = workspace.lines().wait(live.conversation()).await;
                let running = agent.activity.begin();
                let running = Some(running.map_err(|rest| paused(&agent, rest))?);
                begin::take_up(workspace, &agent, &live, turn, state, None, running).await
            };
            turns.run(&live, None, work).await;
        });
        Ok(())
    }
}
