//! A router without a model: agents are ranked by the words that their capabilities and descriptions share with the
//! message. It needs nothing from the host, so it is what remains when the semantic router cannot work.

mod rank;
mod stop_words;
mod words;

pub use rank::rank;

use caxton_sdk::Router;
use caxton_sdk::router::{Candidate, Decision};

struct Keyword;

impl Router for Keyword {
    fn route(message: &str, candidates: &[Candidate]) -> Result<Decision, String> {
        Ok(rank(message, candidates))
    }
}

caxton_sdk::export_router!(Keyword);
