//! What the agents of a workspace use in a day, held against their budgets: before a request to a model, as much as it may
//! need is put aside, and afterwards what it did need is counted. A day is one of UTC.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use caxton_memory::Usage;

use crate::config::Budget;

/// The counts of one day.
#[derive(Debug, Default)]
pub struct Ledger {
    day: Mutex<Day>,
}

#[derive(Debug, Default)]
struct Day {
    day: u32,
    workspace: Account,
    agents: HashMap<String, Account>,
}

/// What was used, and what is put aside for requests under way.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    used: Amount,
    held: Amount,
}

/// Tokens and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Tokens read and written.
    pub tokens: u64,
    /// Pico-US-dollars.
    pub cost_pusd: u64,
}

/// Why nothing could be put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The agent whose budget it is; nothing for the workspace's.
    pub agent: Option<String>,
    /// Whether it is the budget of money, rather than of tokens.
    pub money: bool,
    /// What was used and put aside on this day: tokens, or pico-US-dollars.
    pub used: u64,
    /// The budget.
    pub limit: u64,
}

/// What is put aside for one request. Dropping it gives it back.
#[derive(Debug)]
pub struct Held {
    ledger: Arc<Ledger>,
    agent: String,
    day: u32,
    amount: Amount,
}

impl Ledger {
    /// Continues with what was counted on the day `day` before the server started.
    pub fn new(day: u32, usage: &[Usage]) -> Self {
        let mut counts = Day {
            day,
            ..Day::default()
        };
        for usage in usage.iter().filter(|usage| usage.day == day) {
            let amount = Amount {
                tokens: usage.input_tokens.saturating_add(usage.output_tokens),
                cost_pusd: usage.cost_pusd,
            };
            counts.workspace.used.add(amount);
            let agent = counts.agents.entry(usage.agent.clone()).or_default();
            agent.used.add(amount);
        }
        Self {
            day: Mutex::new(counts),
        }
    }

    /// Puts `amount` aside for a request of `agent`, where both budgets have that much left.
    ///
    /// # Errors
    /// [`Exceeded`] names the budget that has not; nothing is put aside then.
    pub fn hold(
        self: &Arc<Self>,
        day: u32,
        agent: &str,
        own: &Budget,
        workspace: &Budget,
        amount: Amount,
    ) -> Result<Held, Exceeded> {
        let mut counts = self.counts();
        counts.turn_to(day);
        // Whoever looked at the clock before another one turned the day holds from the new one, so that it is given back there.
        let day = counts.day;
        counts
            .workspace
            .has_left(workspace, amount)
            .map_err(|(money, used, limit)| Exceeded {
                agent: None,
                money,
                used,
                limit,
            })?;
        if !counts.agents.contains_key(agent) {
            counts.agents.insert(agent.to_owned(), Account::default());
        }
        if let Some(account) = counts.agents.get_mut(agent) {
            account
                .has_left(own, amount)
                .map_err(|(money, used, limit)| Exceeded {
                    agent: Some(agent.to_owned()),
                    money,
                    used,
                    limit,
                })?;
            account.held.add(amount);
        }
        counts.workspace.held.add(amount);
        Ok(Held {
            ledger: Arc::clone(self),
            agent: agent.to_owned(),
            day,
            amount,
        })
    }

    fn counts(&self) -> MutexGuard<'_, Day> {
        // Additions can't panic half way.
        self.day.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The day from whose budget it is.
    pub fn day(&self) -> u32 {
        self.day
    }

    /// Counts what was used in place of what was put aside.
    pub fn settle(self, used: Amount) {
        let mut counts = self.ledger.counts();
        if counts.day == self.day {
            counts.workspace.used.add(used);
            if let Some(account) = counts.agents.get_mut(&self.agent) {
                account.used.add(used);
            }
        }
        // What was put aside goes back when this is dropped.
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.ledger.counts();
        // A request over midnight belongs to the day on which it began, which is not counted any more.
        if counts.day == self.day {
            counts.workspace.held.take(self.amount);
            if let Some(account) = counts.agents.get_mut(&self.agent) {
                account.held.take(self.amount);
            }
        }
    }
}

impl Day {
    fn turn_to(&mut self, day: u32) {
        if day > self.day {
            *self = Self {
                day,
                ..Self::default()
            };
        }
    }
}

impl Account {
    /// Whether the budget has `amount` left; else which of the two it is, what was used, and the limit.
    fn has_left(&self, budget: &Budget, amount: Amount) -> Result<(), (bool, u64, u64)> {
        let fits = |used: u64, held: u64, more: u64, limit: Option<u64>| match limit {
            Some(limit) if used.saturating_add(held).saturating_add(more) > limit => {
                Err((used.saturating_add(held), limit))
            }
            _ => Ok(()),
        };
        let tokens = budget.tokens_per_day;
        fits(self.used.tokens, self.held.tokens, amount.tokens, tokens)
            .map_err(|(used, limit)| (false, used, limit))?;
        let money = budget.cost_pusd_per_day;
        fits(
            self.used.cost_pusd,
            self.held.cost_pusd,
            amount.cost_pusd,
            money,
        )
        .map_err(|(used, limit)| (true, used, limit))
    }
}

impl Amount {
    fn add(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_add(other.tokens);
        self.cost_pusd = self.cost_pusd.saturating_add(other.cost_pusd);
    }

    fn take(&mut self, other: Self) {
        self.tokens = self.tokens.saturating_sub(other.tokens);
        self.cost_pusd = self.cost_pusd.saturating_sub(other.cost_pusd);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(tokens: u64) -> Amount {
        Amount {
            tokens,
            cost_pusd: tokens * 10,
        }
    }

    #[test]
    fn what_is_put_aside_counts_until_it_is_settled_or_given_back() {
        let ledger = Arc::new(Ledger::new(7, &[]));
        let own = Budget {
            tokens_per_day: Some(100),
            ..Budget::default()
        };
        let workspace = Budget {
            cost_pusd_per_day: Some(1500),
            ..Budget::default()
        };
        let hold = |day, agent: &str, amount| ledger.hold(day, agent, &own, &workspace, amount);
        let first = hold(7, "a", tokens(60)).expect("there is enough");
        let refused = hold(7, "a", tokens(41)).expect_err("not for both");
        assert_eq!(
            (
                refused.agent.as_deref(),
                refused.money,
                refused.used,
                refused.limit
            ),
            (Some("a"), false, 60, 100)
        );
        first.settle(tokens(10));
        let second = hold(7, "a", tokens(90)).expect("the rest was given back");
        let refused = hold(7, "b", tokens(60)).expect_err("the workspace's money");
        assert_eq!(
            (refused.agent, refused.money, refused.used),
            (None, true, 1000)
        );
        drop(second);
        hold(7, "b", tokens(60))
            .expect("given back")
            .settle(tokens(60));
        let tomorrow = hold(8, "a", tokens(100)).expect("a new day");
        assert_eq!(tomorrow.day(), 8);
        drop(tomorrow);
        // Looked at the clock before midnight, and came after another one.
        let late = hold(7, "a", tokens(100)).expect("it is of the new day");
        assert_eq!(late.day(), 8);
        drop(late);
        assert!(hold(8, "a", tokens(100)).is_ok(), "it was given back");
    }

    #[test]
    fn what_was_used_before_the_server_started_counts() {
        let usage = Usage {
            day: 7,
            agent: "a".to_owned(),
            model: "m/m".to_owned(),
            completions: 1,
            input_tokens: 90,
            cached_input_tokens: 0,
            output_tokens: 5,
            cost_pusd: 0,
            unpriced: 0,
        };
        let ledger = Arc::new(Ledger::new(7, &[usage]));
        let own = Budget {
            tokens_per_day: Some(100),
            ..Budget::default()
        };
        let none = Budget::default();
        assert!(ledger.hold(7, "a", &own, &none, tokens(6)).is_err());
        assert!(ledger.hold(7, "a", &own, &none, tokens(5)).is_ok());
    }
}
