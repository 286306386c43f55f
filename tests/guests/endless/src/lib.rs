//! A router that never comes to a decision.

use std::hint::black_box;

use caxton_sdk::Router;
use caxton_sdk::router::{Candidate, Decision};

struct Endless;

impl Router for Endless {
    fn route(_: &str, _: &[Candidate]) -> Result<Decision, String> {
        let mut n = 0_u64;
        loop {
            n = black_box(n).wrapping_add(1);
        }
    }
}

caxton_sdk::export_router!(Endless);
