//! `input`: answers to what an earlier call asked, and the types of what can be asked.

use crate::store::CallState;
use crate::wit::input::{Host, Resumption};

impl Host for CallState {
    fn get_resumption(&mut self) -> Option<Resumption> {
        self.call.resumption.clone()
    }
}
