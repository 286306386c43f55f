//! What a turn may still use: its limits of tokens and money, less what it used and what is put aside for requests under way.
//! An agent that is asked by another uses up that one's allowance as well as its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::fault::Fault;
use super::receipt::Receipt;
use super::spent::Spent;
use super::state::Limits;

/// What a turn may still use. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    /// Used, and put aside: both count.
    taken: Mutex<Taken>,
    /// What was dropped before its turn knew what it cost.
    lost: Mutex<Spent>,
    parent: Option<Allowance>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    tokens: u64,
    cost_pusd: u64,
}

/// What is put aside for one request. Dropping it gives it back.
#[derive(Debug)]
pub(super) struct Share {
    allowance: Allowance,
    taken: Taken,
}

impl Allowance {
    /// The allowance of a turn that has used `used` so far, within that of the turn that waits for it.
    pub(super) fn new(limits: Limits, used: &Receipt, parent: Option<&Self>) -> Self {
        let taken = Taken {
            tokens: used.tokens(),
            cost_pusd: used.cost_pusd.unwrap_or_default(),
        };
        Self {
            inner: Arc::new(Inner {
                limits,
                taken: Mutex::new(taken),
                lost: Mutex::default(),
                parent: parent.cloned(),
            }),
        }
    }

    /// Counts what was used before, by a turn below this one, here and above.
    pub(super) fn count(&self, used: &Receipt) {
        for allowance in self.line() {
            let mut taken = allowance.taken();
            taken.tokens = taken.tokens.saturating_add(used.tokens());
            let cost_pusd = used.cost_pusd.unwrap_or_default();
            taken.cost_pusd = taken.cost_pusd.saturating_add(cost_pusd);
        }
    }

    /// Whether money is limited, here or above.
    pub(super) fn limits_money(&self) -> bool {
        self.line().any(|a| a.inner.limits.cost_pusd.is_some())
    }

    /// What is left, here and above: tokens, and money where it is limited.
    pub(super) fn left(&self) -> (u64, Option<u64>) {
        let (mut tokens, mut money) = (u64::MAX, None::<u64>);
        for allowance in self.line() {
            let taken = *allowance.taken();
            let limits = allowance.inner.limits;
            tokens = tokens.min(limits.tokens.saturating_sub(taken.tokens));
            if let Some(limit) = limits.cost_pusd {
                let left = limit.saturating_sub(taken.cost_pusd);
                money = Some(money.map_or(left, |money| money.min(left)));
            }
        }
        (tokens, money)
    }

    /// Puts tokens and money aside for a request, here and above.
    ///
    /// # Errors
    /// [`Fault::Tokens`], [`Fault::Cost`] where there is not so much left; nothing is put aside then.
    pub(super) fn take(&self, tokens: u64, cost_pusd: u64) -> Result<Share, Fault> {
        let more = Taken { tokens, cost_pusd };
        for (place, allowance) in self.line().enumerate() {
            if let Err(fault) = allowance.take_here(more) {
                self.line()
                    .take(place)
                    .for_each(|below| below.give_here(more));
                return Err(fault);
            }
        }
        Ok(Share {
            allowance: self.clone(),
            taken: more,
        })
    }

    fn take_here(&self, more: Taken) -> Result<(), Fault> {
        let limits = self.inner.limits;
        let mut taken = self.taken();
        let tokens = taken.tokens.saturating_add(more.tokens);
        if tokens > limits.tokens {
            return Err(Fault::Tokens {
                used: taken.tokens,
                limit: limits.tokens,
            });
        }
        let cost_pusd = taken.cost_pusd.saturating_add(more.cost_pusd);
        if let Some(limit_pusd) = limits.cost_pusd.filter(|limit| cost_pusd > *limit) {
            return Err(Fault::Cost {
                used_pusd: taken.cost_pusd,
                limit_pusd,
            });
        }
        *taken = Taken { tokens, cost_pusd };
        Ok(())
    }

    fn give_here(&self, back: Taken) {
        let mut taken = self.taken();
        taken.tokens = taken.tokens.saturating_sub(back.tokens);
        taken.cost_pusd = taken.cost_pusd.saturating_sub(back.cost_pusd);
    }

    /// The allowance within which this one is.
    pub(super) fn above(&self) -> Option<&Self> {
        self.inner.parent.as_ref()
    }

    /// Keeps what something cost that is dropped before its turn knew, until the turn counts it. It is taken already.
    pub(super) fn lose(&self, spent: Spent) {
        self.lost().add(spent);
    }

    /// What was lost since this was asked last.
    pub(super) fn take_lost(&self) -> Spent {
        std::mem::take(&mut *self.lost())
    }

    fn lost(&self) -> MutexGuard<'_, Spent> {
        // Additions can't panic half way.
        self.inner
            .lost
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// This allowance, and those within which it is.
    fn line(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |allowance| allowance.inner.parent.as_ref())
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Additions can't panic half way.
        self.inner
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Counts what was used in place of what was put aside. A provider may use more than it was given; that counts too.
    pub(super) fn settle(self, tokens: u64, cost_pusd: u64) {
        for allowance in self.allowance.line() {
            let mut taken = allowance.taken();
            taken.tokens = taken.tokens.saturating_add(tokens);
            taken.cost_pusd = taken.cost_pusd.saturating_add(cost_pusd);
        }
        // What was put aside goes back when this is dropped.
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        for allowance in self.allowance.line() {
            allowance.give_here(self.taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(tokens: u64, cost_pusd: Option<u64>) -> Limits {
        Limits {
            tool_rounds: 8,
            tokens,
            max_tokens: 100,
            cost_pusd,
        }
    }

    #[test]
    fn what_a_delegate_uses_is_its_askers_too() {
        let asker = Allowance::new(limits(100, None), &Receipt::default(), None);
        let delegate = Allowance::new(limits(80, Some(50)), &Receipt::default(), Some(&asker));
        assert_eq!(delegate.left(), (80, Some(50)));
        let share = delegate.take(60, 10).expect("enough");
        assert_eq!(
            (asker.left(), delegate.left()),
            ((40, None), (20, Some(40)))
        );
        let too_much = asker.take(41, 0).expect_err("it is put aside");
        assert_eq!(
            too_much,
            Fault::Tokens {
                used: 60,
                limit: 100
            }
        );
        share.settle(70, 20);
        assert_eq!(
            (asker.left(), delegate.left()),
            ((30, None), (10, Some(30)))
        );
        let money = delegate.take(1, 31).expect_err("money");
        assert_eq!(
            money,
            Fault::Cost {
                used_pusd: 20,
                limit_pusd: 50
            }
        );
        // What was used before counts above, too.
        let used = Receipt {
            input_tokens: 2,
            output_tokens: 3,
            cost_pusd: Some(7),
            ..Receipt::default()
        };
        delegate.count(&used);
        assert_eq!((asker.left(), delegate.left()), ((25, None), (5, Some(23))));
        // A refusal above puts nothing aside below.
        let wide = Allowance::new(limits(1000, None), &Receipt::default(), Some(&asker));
        assert!(wide.take(26, 0).is_err());
        assert_eq!(wide.left().0, 25);
    }
}
