//! `deltas`: a provider's answer while it is being written.

use crate::call::Emitted;
use crate::store::CallState;
use crate::wit::deltas::{Delta, Host};

impl Host for CallState {
    /// Unlike other messages a delta is never dropped: a listener who is slow makes the provider wait, within its time.
    async fn emit(&mut self, delta: Delta) {
        let (Delta::Text(text) | Delta::Reasoning(text) | Delta::Call(text)) = &delta;
        let bytes = text.len();
        self.paced(bytes).await;
        let within = self.meter.output(bytes);
        if let (true, Some(listener)) = (within, &self.call.listener) {
            let _ = listener.send(Emitted::Delta(delta)).await;
        }
    }
}
