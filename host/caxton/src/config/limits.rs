//! What turns, days and providers may use, and how limits are written. The limits of a component's call are the sandbox's own types.

use std::time::Duration;

use super::money::{PUSD_PER_USD, usd_shown};
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
    /// Tokens that the model may write in one request.
    pub max_tokens: u32,
    /// Pico-US-dollars that the turn may cost, all rounds together. Absent: any.
    pub cost_pusd: Option<u64>,
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
    /// Most `max_tokens`.
    pub max_tokens: Option<u32>,
    /// Most `cost_usd`, in pico-US-dollars. An agent that sets none has this one.
    pub cost_pusd: Option<u64>,
}

/// What may be used in one day, from midnight to midnight UTC. Absent: any amount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Pico-US-dollars that models may cost.
    pub cost_pusd_per_day: Option<u64>,
    /// Tokens that models may read and write.
    pub tokens_per_day: Option<u64>,
}

/// How fast a provider is asked, all agents of the workspace together. Absent: as fast as they ask.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Requests that may begin within a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens that may be read and written within a minute.
    pub tokens_per_minute: Option<u64>,
    /// Requests under way at once.
    pub concurrent: Option<u32>,
}

/// When an agent that keeps failing is left alone for a while, so that a broken provider or prompt costs neither money nor the
/// time of those who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    /// After how many failed turns in a row. 0: never.
    pub failures: u32,
    /// How long, the first time. It doubles with each failure that follows.
    pub pause: Duration,
    /// How long at most; never shorter than `pause`.
    pub pause_max: Duration,
}

impl Default for Breaker {
    /// Five failures in a row are no accident; half a minute is about what a provider needs to recover from a hiccup, and after
    /// ten minutes whoever mended the cause should not have to wait longer.
    fn default() -> Self {
        Self {
            failures: 5,
            pause: Duration::from_secs(30),
            pause_max: Duration::from_secs(600),
        }
    }
}

impl Default for TurnLimits {
    /// Enough for a question that takes a handful of tool calls with a slow model, little enough that a confused agent stops
    /// within a minute. A request may write some six thousand words, which is more than anyone reads and less than what a model
    /// caught in a loop would write. Costs have no limit because not every model has a price.
    fn default() -> Self {
        Self {
            tool_rounds: 8,
            time: Duration::from_secs(60),
            tokens: 50_000,
            max_tokens: 8_192,
            cost_pusd: None,
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
            max_tokens: ceilings
                .max_tokens
                .map_or(limits.max_tokens, |c| c.min(limits.max_tokens)),
            cost_pusd: ceilings.cost_pusd,
        }
    }
}

/// In which unit a limit is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Count,
    Bytes,
    Time,
    Usd,
}

impl Unit {
    /// Writes `value` (a count, bytes, milliseconds or pico-US-dollars) as it would stand in TOML.
    pub(crate) fn toml(self, value: u64) -> String {
        match self {
            Self::Count => value.to_string(),
            Self::Bytes => format!("\"{}\"", bytes_shown(value)),
            Self::Time => format!("\"{}\"", duration_shown(Duration::from_millis(value))),
            Self::Usd => usd_shown(value),
        }
    }
}

/// A limit's key, unit, the least and greatest value that makes sense, and a value as an example.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub key: &'static str,
    pub unit: Unit,
    pub min: u64,
    pub max: u64,
    pub example: &'static str,
}

impl Field {
    const fn count(key: &'static str, example: &'static str, max: u64) -> Self {
        Self {
            key,
            unit: Unit::Count,
            min: 1,
            max,
            example,
        }
    }

    const fn bytes(key: &'static str, max: u64) -> Self {
        Self {
            unit: Unit::Bytes,
            ..Self::count(key, "\"64 MiB\"", max)
        }
    }

    const fn time(key: &'static str, example: &'static str) -> Self {
        Self {
            unit: Unit::Time,
            ..Self::count(key, example, 24 * HOUR_MS)
        }
    }

    /// An amount of US dollars. Less than a millionth is a slip of the unit, and so is more than a million.
    const fn usd(key: &'static str, example: &'static str) -> Self {
        Self {
            unit: Unit::Usd,
            min: PUSD_PER_USD / 1_000_000,
            ..Self::count(key, example, PUSD_PER_USD * 1_000_000)
        }
    }
}

const GIB: u64 = 1 << 30;
const HOUR_MS: u64 = 3_600_000;
// More than any agent reads in a day; a larger number is a slip.
const TOKENS_MAX: u64 = 1_000_000_000;

pub(crate) const FUEL: Field = Field::count("fuel", "500_000_000", i64::MAX as u64);
// A 32-bit component addresses 4 GiB and takes memory in pages of 64 KiB.
pub(crate) const MEMORY: Field = Field {
    min: 64 << 10,
    ..Field::bytes("memory", 4 * GIB)
};
pub(crate) const TIME: Field = Field::time("time", "\"2s\"");
pub(crate) const OUTPUT: Field = Field::bytes("output", GIB);
pub(crate) const HTTP_REQUESTS: Field = Field::count("http_requests", "8", 1_000_000);
pub(crate) const HTTP_BYTES: Field = Field::bytes("http_bytes", 1024 * GIB);
pub(crate) const LOG_BYTES: Field = Field::bytes("log_bytes", GIB);
// Every level of nesting is a sandbox within a sandbox, and a stack frame of the host.
pub(crate) const DEPTH: Field = Field::count("depth", "8", 64);
// Providers take 128 tools in one request; those that a model finds later need room, too.
pub(crate) const TOOLS_MAX: Field = Field::count("tools_max", "24", 96);
// An agent without tool rounds is one that only talks.
pub(crate) const TOOL_ROUNDS: Field = Field {
    min: 0,
    ..Field::count("tool_rounds", "8", 1_000)
};
pub(crate) const TOKENS: Field = Field::count("tokens", "50_000", TOKENS_MAX);
// No model writes more in one go.
pub(crate) const MAX_TOKENS: Field = Field::count("max_tokens", "8_192", 1_000_000);
pub(crate) const COST: Field = Field::usd("cost_usd", "0.5");
pub(crate) const COST_PER_DAY: Field = Field::usd("cost_usd_per_day", "20");
// A thousand of the largest turns.
pub(crate) const TOKENS_PER_DAY: Field =
    Field::count("tokens_per_day", "5_000_000", 1_000 * TOKENS_MAX);
// An agent that is told nothing of the conversation answers each message by itself.
pub(crate) const WINDOW: Field = Field {
    min: 0,
    ..Field::count("window", "20_000", TOKENS_MAX)
};
// An agent that is told nothing of what it remembers still has its tools to look. More than a hundred no model heeds.
pub(crate) const RECALL_COUNT: Field = Field {
    min: 0,
    ..Field::count("count", "5", 100)
};
pub(crate) const KEEP_DAYS: Field = Field::count("days", "365", 36_500);
pub(crate) const KEEP_COUNT: Field = Field::count("count", "100_000", 1_000_000_000);
pub(crate) const RECALL_TOKENS: Field = Field::count("tokens", "1_000", 1_000_000);
pub(crate) const REQUESTS_PER_MINUTE: Field =
    Field::count("requests_per_minute", "60", u32::MAX as u64);
pub(crate) const TOKENS_PER_MINUTE: Field =
    Field::count("tokens_per_minute", "200_000", 1_000 * TOKENS_MAX);
pub(crate) const CONCURRENT: Field = Field::count("concurrent", "8", u32::MAX as u64);
// An agent whose failures are not counted is always there.
pub(crate) const FAILURES: Field = Field {
    min: 0,
    ..Field::count("failures", "5", 1_000)
};
pub(crate) const PAUSE: Field = Field::time("pause", "\"30s\"");
pub(crate) const PAUSE_MAX: Field = Field::time("pause_max", "\"10m\"");
// What one of a provider's models costs: nothing where it runs on one's own machine.
pub(crate) const INPUT: Field = price("input");
pub(crate) const CACHED_INPUT: Field = price("cached_input");
pub(crate) const OUTPUT_PRICE: Field = price("output");

const fn price(key: &'static str) -> Field {
    Field {
        min: 0,
        ..Field::usd(key, "0.25")
    }
}
