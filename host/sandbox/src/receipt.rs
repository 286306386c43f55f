//! What a call cost: the receipt that every call leaves, whether it worked or not.

use serde::{Deserialize, Serialize};

/// What one call used, or several added up. Money and tokens are known to the provider's caller and added there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// SHA-256 of the component, in hexadecimal; empty in a sum over several components.
    pub digest: String,
    /// Units of fuel: about one per WebAssembly instruction.
    pub fuel: u64,
    /// The most linear memory and table space held at once, in bytes. A sum keeps the largest.
    pub memory_bytes_peak: u64,
    /// Wall-clock time from the call's start to its end, in microseconds.
    pub duration_us: u64,
    /// Bytes that the component gave back or emitted.
    pub output_bytes: u64,
    /// HTTP requests sent.
    pub http_requests: u32,
    /// Bytes sent and received over HTTP, bodies only.
    pub http_bytes: u64,
    /// Log messages dropped because they were over the limit.
    pub log_dropped: u64,
    /// Imports that were used without a grant.
    pub denied: u32,
}

impl Receipt {
    /// Adds another call's receipt: sums, except for the memory peak, which is the larger of both.
    pub fn add(&mut self, other: &Self) {
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.memory_bytes_peak = self.memory_bytes_peak.max(other.memory_bytes_peak);
        self.duration_us = self.duration_us.saturating_add(other.duration_us);
        self.output_bytes = self.output_bytes.saturating_add(other.output_bytes);
        self.http_requests = self.http_requests.saturating_add(other.http_requests);
        self.http_bytes = self.http_bytes.saturating_add(other.http_bytes);
        self.log_dropped = self.log_dropped.saturating_add(other.log_dropped);
        self.denied = self.denied.saturating_add(other.denied);
    }
}
