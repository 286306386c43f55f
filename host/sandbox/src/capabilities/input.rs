//! `input`: answers to what an earlier call asked, and the types of what can be asked.

use crate::store::CallState;
use crate::wit::input::{Host, Resumption};

impl Host for CallState {
    async fn get_resumption(&mut self) -> Option<Resumption> {
        let bytes = self.call.resumption.as_ref().map_or(0, bytes);
        self.paced(bytes).await;
        self.call.resumption.clone()
    }
}

fn bytes(resumption: &Resumption) -> usize {
    let responses = resumption.responses.iter();
    let responses = responses.map(|response| response.key.len() + response.value.len());
    responses.sum::<usize>() + resumption.state.as_ref().map_or(0, |state| state.len())
}
