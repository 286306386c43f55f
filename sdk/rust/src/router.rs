//! Choosing the agent that a message is for.

use crate::bindings::routing::exports::caxton::plugin::routing::Guest;
pub use crate::bindings::routing::exports::caxton::plugin::routing::{
    Candidate, Capability, Decision, Score,
};

/// A router.
pub trait Router {
    /// Ranks `candidates` for `message`, best first; an empty ranking means that none fits.
    ///
    /// # Errors
    /// A sentence on why it can't decide; the host then asks the fallback router.
    fn route(message: &str, candidates: &[Candidate]) -> Result<Decision, String>;
}

impl<T: Router> Guest for T {
    fn route(message: String, candidates: Vec<Candidate>) -> Result<Decision, String> {
        crate::panic::log_panics();
        let decision = <T as Router>::route(&message, &candidates);
        // The instance goes after this call, and all of its memory with it: to give back thousands of texts one by one before
        // would take as long as ranking them.
        std::mem::forget(candidates);
        decision
    }
}
