//! What models were asked and what it cost, added up by day, agent and model. Sums stop at `i64::MAX`, they never wrap.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::error::{Error, Fault};
use crate::store::{Store, now_ms};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One completion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewUsage {
    /// The day that it counts for, in days since 1970, UTC: [`today`] when its cost was reserved.
    pub day: u32,
    /// The agent that asked.
    pub agent: String,
    /// The model that answered, as `provider/model`.
    pub model: String,
    /// Tokens that the model read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that the model wrote.
    pub output_tokens: u64,
    /// What they cost, in pico-US-dollars (1e-12); `None` where the price is not known.
    pub cost_pusd: Option<u64>,
}

/// What one agent used of one model on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Days since 1970, UTC.
    pub day: u32,
    /// The agent that asked.
    pub agent: String,
    /// The model that answered.
    pub model: String,
    /// How often.
    pub completions: u64,
    /// Tokens that the model read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that the provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that the model wrote.
    pub output_tokens: u64,
    /// What the completions with a known price cost, in pico-US-dollars (1e-12).
    pub cost_pusd: u64,
    /// Completions whose price is not known.
    pub unpriced: u64,
}

/// The days since 1970, UTC.
#[must_use]
pub fn today() -> u32 {
    u32::try_from(now_ms() / DAY_MS).unwrap_or(0)
}

impl Store {
    /// Adds completions to the usage: those outside of a turn, or of one that was deleted before they were written.
    /// [`Store::checkpoint_turn`] and [`Store::finish_turn`] do so for a turn's own.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn add_usage(&self, usage: Vec<NewUsage>) -> Result<(), Error> {
        self.write(move |connection| add(connection, &usage)).await
    }

    /// Gives the usage of the days from `from_day` to `to_day`, both included, sorted by day, agent and model.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn usage(&self, from_day: u32, to_day: u32) -> Result<Vec<Usage>, Error> {
        self.read(move |connection| {
            let sql = "SELECT day, agent, model, completions, input_tokens, cached_input_tokens, output_tokens, \
                       cost_pusd, unpriced FROM usage WHERE day BETWEEN ?1 AND ?2 ORDER BY day, agent, model";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([from_day, to_day], usage)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Adds completions to the usage.
pub(crate) fn add(connection: &Connection, usage: &[NewUsage]) -> Result<(), Fault> {
    // What is added is never negative, so the most that leaves room for it never overflows.
    let sql = "INSERT INTO usage (day, agent, model, completions, input_tokens, cached_input_tokens, output_tokens, \
                                  cost_pusd, unpriced) \
               VALUES (?1, ?2, ?3, 1, ?4, ?5, ?6, ?7, ?8) \
               ON CONFLICT (day, agent, model) DO UPDATE SET \
               completions = completions + 1, \
               input_tokens = min(input_tokens, ?9 - ?4) + ?4, \
               cached_input_tokens = min(cached_input_tokens, ?9 - ?5) + ?5, \
               output_tokens = min(output_tokens, ?9 - ?6) + ?6, \
               cost_pusd = min(cost_pusd, ?9 - ?7) + ?7, \
               unpriced = unpriced + ?8";
    for new in usage {
        connection.prepare_cached(sql)?.execute(params![
            new.day,
            new.agent,
            new.model,
            whole(new.input_tokens),
            whole(new.cached_input_tokens),
            whole(new.output_tokens),
            whole(new.cost_pusd.unwrap_or(0)),
            new.cost_pusd.is_none(),
            i64::MAX,
        ])?;
    }
    Ok(())
}

/// A count as SQLite can hold it.
fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn usage(row: &Row<'_>) -> rusqlite::Result<Usage> {
    let count = |column| -> rusqlite::Result<u64> { Ok(row.get::<_, i64>(column)?.unsigned_abs()) };
    Ok(Usage {
        day: row.get(0)?,
        agent: row.get(1)?,
        model: row.get(2)?,
        completions: count(3)?,
        input_tokens: count(4)?,
        cached_input_tokens: count(5)?,
        output_tokens: count(6)?,
        cost_pusd: count(7)?,
        unpriced: count(8)?,
    })
}
