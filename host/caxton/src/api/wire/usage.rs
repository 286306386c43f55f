//! What was used, and the budgets that it is held against.

use caxton_memory as memory;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config;

/// What a workspace used in some days.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Usage {
    /// The first day, `YYYY-MM-DD`, UTC.
    pub from: String,
    /// The last day.
    pub to: String,
    /// All of it.
    pub total: Used,
    /// By day, agent and model, in this order.
    pub entries: Vec<UsageEntry>,
    /// The budget for each day: the workspace's, or that of the agent that was asked for.
    pub budget: Budget,
    /// What is left of it today, until midnight UTC.
    pub left_today: BudgetLeft,
}

/// What one agent used of one model on one day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UsageEntry {
    /// The day, `YYYY-MM-DD`, UTC.
    pub day: String,
    /// The agent.
    pub agent: String,
    /// The model, as `provider/model`.
    pub model: String,
    /// How much.
    #[serde(flatten)]
    pub used: Used,
}

/// How much was used.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Used {
    /// Requests to models.
    pub completions: u64,
    /// Tokens that models read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that a provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
    /// What they cost, in US dollars, as far as prices are known.
    pub cost_usd: f64,
    /// Requests whose price is not known; they add nothing to the cost.
    pub unpriced: u64,
}

/// What may be used in a day.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Budget {
    /// US dollars; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd_per_day: Option<f64>,
    /// Tokens read and written; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_day: Option<u64>,
}

/// What may still be used today.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct BudgetLeft {
    /// US dollars; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
    /// Tokens read and written; absent where there is no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
}

impl BudgetLeft {
    /// What is left of `budget` after what was used.
    pub fn of(budget: &config::Budget, usage: &[memory::Usage]) -> Self {
        let tokens = usage
            .iter()
            .map(|used| used.input_tokens + used.output_tokens);
        let (tokens, cost) = (
            tokens.sum::<u64>(),
            usage
                .iter()
                .fold(0, |sum: u64, used| sum.saturating_add(used.cost_pusd)),
        );
        let cost_left = budget
            .cost_pusd_per_day
            .map(|most| most.saturating_sub(cost));
        Self {
            cost_usd: cost_left.map(super::usd),
            tokens: budget
                .tokens_per_day
                .map(|most| most.saturating_sub(tokens)),
        }
    }
}

impl Usage {
    /// What was used from one day to another, given as days since 1970.
    pub fn new(
        from: u32,
        to: u32,
        usage: Vec<memory::Usage>,
        budget: &config::Budget,
        left_today: BudgetLeft,
    ) -> Self {
        // Money is added up before it is written as a decimal number, so that the sum is exact.
        let mut total = memory::Usage {
            day: to,
            agent: String::new(),
            model: String::new(),
            completions: 0,
            input_tokens: 0,
            cached_input_tokens: 0,
            output_tokens: 0,
            cost_pusd: 0,
            unpriced: 0,
        };
        for entry in &usage {
            total.completions += entry.completions;
            total.input_tokens += entry.input_tokens;
            total.cached_input_tokens += entry.cached_input_tokens;
            total.output_tokens += entry.output_tokens;
            total.cost_pusd = total.cost_pusd.saturating_add(entry.cost_pusd);
            total.unpriced += entry.unpriced;
        }
        Self {
            from: day_shown(from),
            to: day_shown(to),
            total: Used::from(&total),
            entries: usage.into_iter().map(UsageEntry::from).collect(),
            budget: budget.into(),
            left_today,
        }
    }
}

impl From<memory::Usage> for UsageEntry {
    fn from(usage: memory::Usage) -> Self {
        Self {
            day: day_shown(usage.day),
            used: Used::from(&usage),
            agent: usage.agent,
            model: usage.model,
        }
    }
}

impl From<&memory::Usage> for Used {
    fn from(usage: &memory::Usage) -> Self {
        Self {
            completions: usage.completions,
            input_tokens: usage.input_tokens,
            cached_input_tokens: usage.cached_input_tokens,
            output_tokens: usage.output_tokens,
            cost_usd: super::usd(usage.cost_pusd),
            unpriced: usage.unpriced,
        }
    }
}

impl From<&config::Budget> for Budget {
    fn from(budget: &config::Budget) -> Self {
        Self {
            cost_usd_per_day: budget.cost_pusd_per_day.map(super::usd),
            tokens_per_day: budget.tokens_per_day,
        }
    }
}

/// A day since 1970 as `YYYY-MM-DD` (ISO 8601).
pub fn day_shown(day: u32) -> String {
    // Days are counted from 1 March of the year 0, so that a leap day is the last of its year (Howard Hinnant,
    // "chrono-Compatible Low-Level Date Algorithms").
    let days = u64::from(day) + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    format!("{:04}-{month:02}-{date:02}", year + era * 400 + carry)
}

/// Reads a day as [`day_shown`] writes it.
pub fn day_read(text: &str) -> Option<u32> {
    let mut parts = text.splitn(3, '-').map(|part| {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u64>().ok()).flatten()
    });
    let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (shifted / 400, shifted % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + date.checked_sub(1)?;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let day = u32::try_from(days.checked_sub(719_468)?).ok()?;
    // A date that does not exist is another one's day.
    (day_shown(day) == text).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_and_written() {
        for (day, shown) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (11_017, "2000-03-01"),
            (20_778, "2026-11-21"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(day_shown(day), shown);
            assert_eq!(day_read(shown), Some(day), "{shown}");
        }
        for wrong in [
            "",
            "2026",
            "2026-02-29",
            "2026-13-01",
            "2026-1-1",
            "1969-12-31",
            "2026-00-10",
            "2026-01-00",
            "+2026-01-01",
            "2026-01-01x",
        ] {
            assert_eq!(day_read(wrong), None, "{wrong}");
        }
    }
}
