//! What a turn cost: the receipts of its calls added up, with tokens and money.

use serde::{Deserialize, Serialize};

/// What a turn used, other agents that it asked included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// Wall-clock time from message to answer, in milliseconds.
    pub duration_ms: u64,
    /// Requests to models.
    pub completions: u32,
    /// Tools called.
    pub tool_calls: u32,
    /// Tokens that models read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that a provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
    /// What the tokens cost, in pico-US-dollars (1e-12), so that sums are exact; nothing where a model's price is not known.
    pub cost_pusd: Option<u64>,
    /// Units of fuel that components used: about one per WebAssembly instruction.
    pub fuel: u64,
    /// The most memory that one component held, in bytes.
    pub memory_bytes_peak: u64,
    /// Time that components ran, waits included, in microseconds. Calls at the same time both count.
    pub component_us: u64,
    /// Bytes that components gave back.
    pub output_bytes: u64,
    /// HTTP requests that components sent.
    pub http_requests: u32,
    /// Bytes that components sent and received over HTTP.
    pub http_bytes: u64,
    /// Imports that components used without a grant.
    pub denied: u32,
}

/// What one request to a model cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletionReceipt {
    /// The model that was asked, as `provider/model`.
    pub model: String,
    /// Tokens that it read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that its provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// What they cost, in pico-US-dollars (1e-12); nothing where the price is not known.
    pub cost_pusd: Option<u64>,
    /// Wall-clock time, in milliseconds.
    pub duration_ms: u64,
    /// The day on which it was asked, in days since 1970, UTC.
    pub day: u32,
    /// The counts are an estimate, because the provider did not tell: the request broke off or was given up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

impl Default for Receipt {
    /// A turn that did nothing costs nothing, which is known.
    fn default() -> Self {
        Self {
            duration_ms: 0,
            completions: 0,
            tool_calls: 0,
            input_tokens: 0,
            cached_input_tokens: 0,
            output_tokens: 0,
            cost_pusd: Some(0),
            fuel: 0,
            memory_bytes_peak: 0,
            component_us: 0,
            output_bytes: 0,
            http_requests: 0,
            http_bytes: 0,
            denied: 0,
        }
    }
}

impl Receipt {
    /// What one call of a component cost.
    pub fn of_call(call: &caxton_sandbox::Receipt) -> Self {
        Self {
            fuel: call.fuel,
            memory_bytes_peak: call.memory_bytes_peak,
            component_us: call.duration_us,
            output_bytes: call.output_bytes,
            http_requests: call.http_requests,
            http_bytes: call.http_bytes,
            denied: call.denied,
            ..Self::default()
        }
    }

    /// Tokens read and written.
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }

    /// Adds what something else cost. Durations of a part are within the whole, so they don't add up.
    pub fn add(&mut self, other: &Self) {
        self.completions = self.completions.saturating_add(other.completions);
        self.tool_calls = self.tool_calls.saturating_add(other.tool_calls);
        self.input_tokens = self.input_tokens.saturating_add(other.input_tokens);
        self.cached_input_tokens = self
            .cached_input_tokens
            .saturating_add(other.cached_input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(other.output_tokens);
        self.cost_pusd = self
            .cost_pusd
            .zip(other.cost_pusd)
            .map(|(a, b)| a.saturating_add(b));
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.memory_bytes_peak = self.memory_bytes_peak.max(other.memory_bytes_peak);
        self.component_us = self.component_us.saturating_add(other.component_us);
        self.output_bytes = self.output_bytes.saturating_add(other.output_bytes);
        self.http_requests = self.http_requests.saturating_add(other.http_requests);
        self.http_bytes = self.http_bytes.saturating_add(other.http_bytes);
        self.denied = self.denied.saturating_add(other.denied);
    }
}
