//! `deltas`: a provider's answer while it is being written.

use crate::call::Emitted;
use crate::store::CallState;
use crate::wit::deltas::{Delta, Host};

/// What a delta counts for beside its text, so that empty ones are not free: each is kept for those who follow.
const DELTA_BYTES: usize = 16;

impl Host for CallState {
    async fn emit(&mut self, delta: Delta) {
        let (Delta::Text(text) | Delta::Reasoning(text) | Delta::Call(text)) = &delta;
        let bytes = text.len();
        self.paced(bytes).await;
        if self.meter.output(bytes.saturating_add(DELTA_BYTES)) {
            self.tell(Emitted::Delta(delta));
        }
    }
}
