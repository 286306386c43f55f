//! `progress`: how far a long call has come.

use crate::call::Emitted;
use crate::store::CallState;
use crate::wit::progress::Host;

impl Host for CallState {
    async fn report(&mut self, done: f64, total: Option<f64>, message: Option<String>) {
        let bytes = message.as_ref().map_or(0, String::len);
        self.paced(bytes).await;
        // A message counts like a log line, so that progress can't be used to flood a listener.
        if self.meter.log(bytes.saturating_add(16)) {
            self.tell(Emitted::Progress {
                done,
                total,
                message,
            });
        }
    }
}
