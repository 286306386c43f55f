//! `progress`: how far a long call has come.

use crate::call::Emitted;
use crate::store::CallState;
use crate::wit::progress::Host;

impl Host for CallState {
    fn report(&mut self, done: f64, total: Option<f64>, message: Option<String>) {
        // A message counts like a log line, so that progress can't be used to flood a listener.
        if self.meter.log(16 + message.as_ref().map_or(0, String::len)) {
            self.tell(Emitted::Progress {
                done,
                total,
                message,
            });
        }
    }
}
