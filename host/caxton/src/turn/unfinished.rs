//! A turn that is dropped before its end.

use caxton_memory::{Store, TurnEnd};
use serde_json::Value;

use super::allowance::Allowance;
use super::fault::Fault;
use super::record::json;
use super::spent::{Spent, add_usage, usage};
use super::state::{Phase, State};

/// Sees to a turn that is dropped before its end: what it used is counted, and one that another one waits for is marked as
/// cancelled, for that one has stopped it. A turn of its own is stopped by name; where it just ends, the server has ended, and
/// the next one takes it up again.
pub(super) struct Unfinished {
    store: Store,
    allowance: Allowance,
    agent: String,
    /// That of a turn that another one waits for.
    id: Option<String>,
    state: Value,
    done: bool,
}

impl Unfinished {
    pub(super) fn new(store: &Store, state: &State, own: bool, allowance: &Allowance) -> Self {
        Self {
            store: store.clone(),
            allowance: allowance.clone(),
            agent: state.agent.clone(),
            id: (!own).then(|| state.id.clone()),
            state: if own { Value::Null } else { json(state) },
            done: false,
        }
    }

    /// Notes the turn's last state.
    pub(super) fn state(&mut self, written: &Value) {
        if self.id.is_some() {
            self.state = written.clone();
        }
    }

    /// It has ended as it should.
    pub(super) fn done(&mut self) {
        self.done = true;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let lost = self.allowance.take_lost();
        let usage = usage(&self.agent, &lost.completions);
        // Without a runtime the server is gone; the next one takes the turn up again.
        let runtime = tokio::runtime::Handle::try_current();
        let store = self.store.clone();
        let Some(id) = self.id.take() else {
            if let (Ok(runtime), false) = (runtime, usage.is_empty()) {
                runtime.spawn(async move { add_usage(&store, usage).await });
            }
            return;
        };
        let mut state = std::mem::take(&mut self.state);
        if let Ok(mut stopped) = serde_json::from_value::<State>(state.clone()) {
            stopped.phase = Phase::Failed(Fault::Cancelled);
            stopped.receipt.add(&lost.receipt);
            stopped.completions.extend(lost.completions);
            state = json(&stopped);
            if let Some(above) = self.allowance.above() {
                above.lose(Spent {
                    receipt: stopped.receipt,
                    completions: Vec::new(),
                });
            }
        }
        if let Ok(runtime) = runtime {
            runtime.spawn(async move {
                let end = TurnEnd::Cancelled;
                let ended = store.finish_turn(&id, end, &state, Vec::new(), usage.clone());
                let Err(e) = ended.await else { return };
                add_usage(&store, usage).await;
                // It may have been stopped before it was written down.
                if !matches!(e, caxton_memory::Error::NotFound { .. }) {
                    tracing::warn!(turn = id, error = %e, "a turn can't be marked as cancelled");
                }
            });
        }
    }
}
