//! Calling a router.

use crate::call::{Call, Called, Failed, call, refused};
use crate::component::Component;
use crate::wit::routing::{Candidate, Decision};

/// How many bytes a decision has.
fn weight(decision: &Result<Decision, String>) -> usize {
    match decision {
        Ok(decision) => {
            let ranked = decision.ranked.iter();
            let ranked = ranked.map(|score| score.agent.len() + size_of_val(&score.score));
            decision.reason.len() + ranked.sum::<usize>()
        }
        Err(reason) => reason.len(),
    }
}

impl Component {
    /// Ranks `candidates` for `message`.
    ///
    /// # Errors
    /// [`Failed`] where the component is no router, fails, or passes a limit.
    pub async fn route(
        &self,
        call: Call,
        message: &str,
        candidates: &[Candidate],
    ) -> Result<Called<Decision>, Failed> {
        let called = call!(
            self,
            call,
            routing,
            "router",
            |guest, store| guest.call_route(store, message, candidates),
            weight
        )?;
        refused(self, called, |reason| reason)
    }
}
