//! How much a call may use. Each limit has a default, can be set for a component, and can't be set above the
//! workspace's ceiling.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Units of fuel: about one per WebAssembly instruction.
    pub fuel: u64,
    /// Linear memory and tables together, in bytes.
    pub memory_bytes: u64,
    /// Wall-clock time, waits included.
    pub time: Duration,
    /// Bytes of the result, and of what is emitted on the way.
    pub output_bytes: u64,
    /// HTTP requests, redirects included.
    pub http_requests: u32,
    /// Bytes of HTTP bodies, sent and received together.
    pub http_bytes: u64,
    /// Bytes of log messages, standard output and standard error; more is dropped and counted.
    pub log_bytes: u64,
    /// How many calls may be nested: a tool called by an agent that was asked by an agent, and so on.
    pub depth: u32,
}

impl Default for Limits {
    /// Generous for a tool that computes, tight for one that runs wild.
    fn default() -> Self {
        Self {
            fuel: 2_000_000_000,
            memory_bytes: 64 << 20,
            time: Duration::from_secs(10),
            output_bytes: 4 << 20,
            http_requests: 16,
            http_bytes: 16 << 20,
            log_bytes: 64 << 10,
            depth: 8,
        }
    }
}

impl Limits {
    /// The defaults of a provider: it waits for a model that may write for minutes.
    pub fn provider() -> Self {
        Self {
            fuel: 10_000_000_000,
            time: Duration::from_secs(300),
            ..Self::default()
        }
    }

    /// The ceilings of a workspace that sets none.
    pub fn ceiling() -> Self {
        Self {
            fuel: 1_000_000_000_000,
            memory_bytes: 1 << 30,
            time: Duration::from_secs(3600),
            output_bytes: 64 << 20,
            http_requests: 10_000,
            http_bytes: 1 << 30,
            log_bytes: 16 << 20,
            depth: 32,
        }
    }

    /// These limits with what `overrides` sets, none above `ceiling`. A default that is above the ceiling is lowered
    /// to it; a limit that was asked for is not.
    ///
    /// # Errors
    /// [`LimitError`] names the first limit that is zero or above its ceiling.
    pub fn with(&self, overrides: &Overrides, ceiling: &Self) -> Result<Self, LimitError> {
        fn pick<T: Copy + Ord + Into<u64> + Default>(
            limit: Limit,
            default: T,
            set: Option<T>,
            ceiling: T,
        ) -> Result<T, LimitError> {
            match set {
                None => Ok(default.min(ceiling)),
                Some(value) if value == T::default() => Err(LimitError {
                    limit,
                    value: 0,
                    ceiling: ceiling.into(),
                }),
                Some(value) if value > ceiling => Err(LimitError {
                    limit,
                    value: value.into(),
                    ceiling: ceiling.into(),
                }),
                Some(value) => Ok(value),
            }
        }
        let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        Ok(Self {
            fuel: pick(Limit::Fuel, self.fuel, overrides.fuel, ceiling.fuel)?,
            memory_bytes: pick(
                Limit::Memory,
                self.memory_bytes,
                overrides.memory_bytes,
                ceiling.memory_bytes,
            )?,
            time: Duration::from_millis(pick(
                Limit::Time,
                ms(self.time),
                overrides.time.map(ms),
                ms(ceiling.time),
            )?),
            output_bytes: pick(
                Limit::Output,
                self.output_bytes,
                overrides.output_bytes,
                ceiling.output_bytes,
            )?,
            http_requests: pick(
                Limit::HttpRequests,
                self.http_requests,
                overrides.http_requests,
                ceiling.http_requests,
            )?,
            http_bytes: pick(
                Limit::HttpBytes,
                self.http_bytes,
                overrides.http_bytes,
                ceiling.http_bytes,
            )?,
            log_bytes: pick(
                Limit::Log,
                self.log_bytes,
                overrides.log_bytes,
                ceiling.log_bytes,
            )?,
            depth: pick(Limit::Depth, self.depth, overrides.depth, ceiling.depth)?,
        })
    }
}

/// Limits that were set by hand; the others keep their defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are those of Limits")]
pub struct Overrides {
    pub fuel: Option<u64>,
    pub memory_bytes: Option<u64>,
    pub time: Option<Duration>,
    pub output_bytes: Option<u64>,
    pub http_requests: Option<u32>,
    pub http_bytes: Option<u64>,
    pub log_bytes: Option<u64>,
    pub depth: Option<u32>,
}

/// Which limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants are the fields of Limits")]
pub enum Limit {
    Fuel,
    Memory,
    Time,
    Output,
    HttpRequests,
    HttpBytes,
    Log,
    Depth,
}

impl Limit {
    /// Its key in `[components.NAME.limits]`.
    pub fn key(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::Memory => "memory",
            Self::Time => "time",
            Self::Output => "output",
            Self::HttpRequests => "http_requests",
            Self::HttpBytes => "http_bytes",
            Self::Log => "log_bytes",
            Self::Depth => "depth",
        }
    }

    /// What its value counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Fuel => "units",
            Self::Memory | Self::Output | Self::HttpBytes | Self::Log => "bytes",
            Self::Time => "ms",
            Self::HttpRequests => "requests",
            Self::Depth => "calls",
        }
    }
}

/// A limit that can't be used as it was set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the limit `{}` is {value} {unit}, which is not between 1 and the workspace's ceiling of {ceiling} {unit}; change it, or raise the ceiling under [limits] in caxton.toml",
    limit.key(), unit = limit.unit()
)]
pub struct LimitError {
    /// The limit.
    pub limit: Limit,
    /// What it was set to.
    pub value: u64,
    /// What it can be at most.
    pub ceiling: u64,
}
