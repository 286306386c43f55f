//! What one turn of an agent may use, and how limits are written. The limits of a component's call are the sandbox's own types.

use std::time::Duration;

use super::units::{bytes_shown, duration_shown};

/// What one turn of an agent may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnLimits {
    /// How often the model may call tools before it must answer.
    pub tool_rounds: u32,
    /// Wall-clock time from message to answer.
    pub time: Duration,
    /// Tokens read and written by the model, all rounds together.
    pub tokens: u64,
}

/// The ceilings of turns in a workspace. Absent: none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TurnCeilings {
    /// Highest `tool_rounds`.
    pub tool_rounds: Option<u32>,
    /// Longest `time`.
    pub time: Option<Duration>,
    /// Most `tokens`.
    pub tokens: Option<u64>,
}

impl Default for TurnLimits {
    /// Enough for a question that takes a handful of tool calls with a slow model, little enough that a confused agent stops
    /// within a minute.
    fn default() -> Self {
        Self {
            tool_rounds: 8,
            time: Duration::from_secs(60),
            tokens: 50_000,
        }
    }
}

impl TurnLimits {
    /// The defaults, lowered to the ceilings.
    pub fn default_under(ceilings: &TurnCeilings) -> Self {
        let limits = Self::default();
        Self {
            tool_rounds: ceilings
                .tool_rounds
                .map_or(limits.tool_rounds, |c| c.min(limits.tool_rounds)),
            time: ceilings.time.map_or(limits.time, |c| c.min(limits.time)),
            tokens: ceilings
                .tokens
                .map_or(limits.tokens, |c| c.min(limits.tokens)),
        }
    }
}

/// In which unit a limit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Bytes,
    Time,
}

impl Unit {
    /// Writes `value` (a count, bytes or milliseconds) as it would stand in TOML.
    pub(crate) fn toml(self, value: u64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Bytes => format!("\"{}\"", bytes_shown(value)),
            Self::Time => format!("\"{}\"", duration_shown(Duration::from_millis(value))),
        }
    }
}

/// A limit's key, unit, and the least and greatest value that makes sense.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub key: &'static str,
    pub unit: Unit,
    pub min: u64,
    pub max: u64,
}

const fn field(key: &'static str, unit: Unit, max: u64) -> Field {
    Field {
        key,
        unit,
        min: 1,
        max,
    }
}

const GIB: u64 = 1 << 30;
const HOUR_MS: u64 = 3_600_000;

pub(crate) const FUEL: Field = field("fuel", Unit::Count, i64::MAX as u64);
// A 32-bit component addresses 4 GiB and takes memory in pages of 64 KiB.
pub(crate) const MEMORY: Field = Field {
    min: 64 << 10,
    ..field("memory", Unit::Bytes, 4 * GIB)
};
pub(crate) const TIME: Field = field("time", Unit::Time, 24 * HOUR_MS);
pub(crate) const OUTPUT: Field = field("output", Unit::Bytes, GIB);
pub(crate) const HTTP_REQUESTS: Field = field("http_requests", Unit::Count, 1_000_000);
pub(crate) const HTTP_BYTES: Field = field("http_bytes", Unit::Bytes, 1024 * GIB);
pub(crate) const LOG_BYTES: Field = field("log_bytes", Unit::Bytes, GIB);
// Every level of nesting is a sandbox within a sandbox, and a stack frame of the host.
pub(crate) const DEPTH: Field = field("depth", Unit::Count, 64);
// An agent without tool rounds is one that only talks.
pub(crate) const TOOL_ROUNDS: Field = Field {
    min: 0,
    ..field("tool_rounds", Unit::Count, 1_000)
};
pub(crate) const TOKENS: Field = field("tokens", Unit::Count, 1_000_000_000);
