//! Calling a router.

use crate::call::{Call, Called, Failed, call, refused};
use crate::component::Component;
use crate::wit::routing::{Candidate, Decision};

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
            |_| 0
        )?;
        refused(self, called, |reason| reason)
    }
}
