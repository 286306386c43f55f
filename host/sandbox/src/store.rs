//! What the host keeps while one call runs: who is called, for whom, and what it has used so far.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Result};

use crate::call::{Call, Emitted};
use crate::capabilities::http::Used;
use crate::capabilities::wasi::Wasi;
use crate::component::Inner;
use crate::limits::Limits;

/// After so much work for a guest, in bytes read for it, the host lets others run: some 0.1 ms.
const HOST_WORK_YIELD: usize = 512 << 10;
/// What a host call costs beside what it reads, in the same measure.
const HOST_CALL_WORK: usize = 512;

/// How many denials of one call are written down.
pub(crate) const DENIALS_TOLD: u32 = 64;

/// The state behind one instance.
pub struct CallState {
    pub(crate) component: Arc<Inner>,
    pub(crate) call: Call,
    pub(crate) meter: Meter,
    pub(crate) table: ResourceTable,
    pub(crate) wasi: Option<Box<Wasi>>,
}

impl CallState {
    /// Tells whoever listens.
    pub(crate) fn tell(&self, emitted: Emitted) {
        if let Some(listener) = &self.call.listener {
            listener.tell(emitted);
        }
    }

    /// Lets others run after so much work that this call's guest has made the host do. It costs the guest no fuel, and without
    /// this a guest that does nothing else would keep its thread, and pass its deadline unseen. `bytes` are those that the
    /// host had to read.
    pub(crate) async fn paced(&mut self, bytes: usize) {
        let work = self.meter.host_work.saturating_add(bytes);
        self.meter.host_work = work.saturating_add(HOST_CALL_WORK);
        if self.meter.host_work >= HOST_WORK_YIELD {
            self.meter.host_work = 0;
            tokio::task::yield_now().await;
        }
    }

    /// Writes down that an import was used without a grant. Of a guest that goes on asking, only the first are told one by one;
    /// the receipt counts all.
    pub(crate) fn denied(&mut self, action: &str, target: &str, reason: &str) {
        self.meter.denied = self.meter.denied.saturating_add(1);
        if self.meter.denied <= DENIALS_TOLD {
            self.component.audit(action, target, reason);
        }
    }
}

/// What a call has used of its limits.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(crate) memory_bytes: u64,
    pub(crate) memory_bytes_max: u64,
    pub(crate) memory_bytes_peak: u64,
    pub(crate) memory_refused: bool,
    pub(crate) output_bytes: u64,
    pub(crate) output_bytes_max: u64,
    pub(crate) log_bytes: u64,
    pub(crate) log_dropped: u64,
    pub(crate) http: Arc<Used>,
    pub(crate) denied: u32,
    host_work: usize,
}

impl Meter {
    pub(crate) fn new(limits: &Limits, http: Arc<Used>) -> Self {
        Self {
            memory_bytes: 0,
            memory_bytes_max: limits.memory_bytes,
            memory_bytes_peak: 0,
            memory_refused: false,
            output_bytes: 0,
            output_bytes_max: limits.output_bytes,
            log_bytes: limits.log_bytes,
            log_dropped: 0,
            http,
            denied: 0,
            host_work: 0,
        }
    }

    /// Takes `bytes` from what may still be logged; false where that is used up.
    pub(crate) fn log(&mut self, bytes: usize) -> bool {
        match self.log_bytes.checked_sub(bytes as u64) {
            Some(rest) => {
                self.log_bytes = rest;
                true
            }
            None => {
                self.log_dropped += 1;
                false
            }
        }
    }

    /// Counts `bytes` of output; false where the limit is passed.
    pub(crate) fn output(&mut self, bytes: usize) -> bool {
        self.output_bytes = self.output_bytes.saturating_add(bytes as u64);
        self.output_bytes <= self.output_bytes_max
    }

    fn grow(&mut self, bytes: u64) -> bool {
        let wanted = self.memory_bytes.saturating_add(bytes);
        if wanted > self.memory_bytes_max {
            self.memory_refused = true;
            return false;
        }
        self.memory_bytes = wanted;
        self.memory_bytes_peak = self.memory_bytes_peak.max(wanted);
        true
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.grow(desired.saturating_sub(current) as u64))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> Result<bool> {
        Ok(self.grow(
            (desired.saturating_sub(current) as u64).saturating_mul(size_of::<usize>() as u64),
        ))
    }
}
