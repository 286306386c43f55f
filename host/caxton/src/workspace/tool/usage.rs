//! How often a tool was called since it was loaded, how often that failed, and how long it took.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A tool's counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    calls: AtomicU64,
    failures: AtomicU64,
    duration_us: AtomicU64,
}

/// A tool's counters at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Calls that ended.
    pub calls: u64,
    /// Of these, the ones that gave no result, or one that says it failed.
    pub failures: u64,
    /// How long they took together, in microseconds.
    pub duration_us: u64,
}

impl Counters {
    /// A call ended.
    pub(super) fn ended(&self, failed: bool, duration_us: u64) {
        self.calls.fetch_add(1, Relaxed);
        self.failures.fetch_add(u64::from(failed), Relaxed);
        self.duration_us.fetch_add(duration_us, Relaxed);
    }

    /// The counters now. A call that ends at this very moment may show in some of them only.
    pub(super) fn now(&self) -> Usage {
        let failures = self.failures.load(Relaxed);
        Usage {
            calls: self.calls.load(Relaxed).max(failures),
            failures,
            duration_us: self.duration_us.load(Relaxed),
        }
    }
}
