//! What an agent has done since the server started, and how it is. One that fails again and again is given a rest (a circuit
//! breaker): messages to it are refused at once, and after a pause one of them is tried.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::config::Breaker;

/// An agent's counters.
#[derive(Debug, Default)]
pub struct Activity {
    messages: AtomicU64,
    failures: AtomicU64,
    tool_calls: AtomicU64,
    tokens: AtomicU64,
    running: AtomicU64,
    last_ms: AtomicU64,
    health: Mutex<Health>,
}

/// How its last turns went.
#[derive(Debug, Default)]
struct Health {
    /// Why the last one failed.
    reason: Option<String>,
    /// Turns that failed in a row.
    in_a_row: u32,
    /// Until when the last failure speaks against giving it more work.
    doubted: Option<Instant>,
    /// Until when it rests, and for how long in all.
    rest: Option<(Instant, Duration)>,
    /// After the rest, the one turn that is tried is under way.
    trying: bool,
}

/// An agent's counters at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// In which state it is.
    pub state: AgentState,
    /// Messages that it was given.
    pub messages: u64,
    /// Turns that failed.
    pub failures: u64,
    /// Tools that it called.
    pub tool_calls: u64,
    /// Tokens that its models read and wrote.
    pub tokens: u64,
    /// When it last began or ended a turn, in milliseconds since 1970, UTC.
    pub last_ms: Option<u64>,
}

/// In which state an agent is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AgentState {
    /// It waits for a message.
    Ready,
    /// It answers.
    Busy {
        /// How many messages at once.
        turns: u64,
    },
    /// Its last turn failed. It still takes messages.
    Failed {
        /// Why.
        reason: String,
    },
    /// Too many turns failed in a row. It takes no messages for a while.
    Paused {
        /// Why the last one failed.
        reason: String,
        /// How long it still rests, in milliseconds.
        left_ms: u64,
    },
}

impl AgentState {
    /// The name that JSON uses.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Busy { .. } => "busy",
            Self::Failed { .. } => "failed",
            Self::Paused { .. } => "paused",
        }
    }
}

/// Why an agent takes no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paused {
    /// Why its last turn failed.
    pub reason: String,
    /// How long it still rests.
    pub left: Duration,
}

/// How a turn went, as far as the agent's health is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It gave an answer.
    Answered,
    /// It failed, for a reason that the next turn may meet as well.
    Failed(String),
    /// It ended for a reason that says nothing about the agent: its client went away, or asked for too much.
    Neither,
}

/// What became of an agent's health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turned {
    /// It failed, and worked before.
    Failed,
    /// It rests now.
    Paused,
    /// It works, and failed before.
    Recovered,
}

/// What speaks against giving an agent more work: that it rests, that a turn failed a moment ago, and how many turns it has
/// under way. Less is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Load {
    /// It takes no messages.
    pub rests: bool,
    /// Its last turn failed, and not yet the breaker's pause has passed since.
    pub failed: bool,
    /// Turns under way.
    pub turns: u64,
}

/// A turn that is under way; it counts as running until this is dropped.
#[derive(Debug)]
pub struct Running {
    activity: Arc<Activity>,
    trial: bool,
}

impl Activity {
    /// A turn begins, unless the agent rests.
    ///
    /// # Errors
    /// [`Paused`] while it rests, and while the one turn is tried that decides whether it goes on doing so.
    pub fn begin(self: &Arc<Self>) -> Result<Running, Paused> {
        let trial = self.admit()?;
        self.messages.fetch_add(1, Relaxed);
        self.running.fetch_add(1, Relaxed);
        self.touch();
        Ok(Running {
            activity: Arc::clone(self),
            trial,
        })
    }

    /// What speaks against giving it more work now.
    pub fn load(&self) -> Load {
        self.load_at(Instant::now())
    }

    /// What spoke against it for ever would never be disproved: an agent that gets no turns can't answer one.
    fn load_at(&self, now: Instant) -> Load {
        let health = self.health();
        Load {
            rests: health.rests(now).is_err(),
            failed: health.doubted.is_some_and(|until| now < until),
            turns: self.running.load(Relaxed),
        }
    }

    /// Whether it would take a message now.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn takes_messages(&self) -> Result<(), Paused> {
        self.health().rests(Instant::now())
    }

    fn admit(&self) -> Result<bool, Paused> {
        let mut health = self.health();
        health.rests(Instant::now())?;
        health.trying = health.rest.is_some();
        Ok(health.trying)
    }

    /// Counts calls and tokens.
    pub fn used(&self, tool_calls: u64, tokens: u64) {
        self.tool_calls.fetch_add(tool_calls, Relaxed);
        self.tokens.fetch_add(tokens, Relaxed);
    }

    /// A turn ended. Returns what that changed.
    pub fn end(&self, outcome: Outcome, breaker: &Breaker) -> Option<Turned> {
        let reason = match outcome {
            Outcome::Neither => return None,
            Outcome::Answered => {
                let mut health = self.health();
                let recovered = health.reason.is_some();
                *health = Health::default();
                return recovered.then_some(Turned::Recovered);
            }
            Outcome::Failed(reason) => reason,
        };
        self.failures.fetch_add(1, Relaxed);
        let mut health = self.health();
        let first = health.reason.replace(reason).is_none();
        health.in_a_row = health.in_a_row.saturating_add(1);
        let due = breaker.failures > 0 && health.in_a_row >= breaker.failures;
        let now = Instant::now();
        health.doubted = Some(now + breaker.pause);
        // Turns that began before the rest, and fail during it, do not make it longer.
        let resting = health.rest.is_some_and(|(until, _)| now < until);
        if due && !resting {
            let pause = health.rest.map_or(breaker.pause, |(_, before)| {
                before.saturating_mul(2).min(breaker.pause_max)
            });
            health.rest = Some((now + pause, pause));
            return Some(Turned::Paused);
        }
        first.then_some(Turned::Failed)
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        let health = self.health();
        let paused = health.rests(Instant::now()).err();
        let state = match (self.running.load(Relaxed), paused, &health.reason) {
            (_, Some(Paused { reason, left }), _) => AgentState::Paused {
                reason,
                left_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
            },
            (0, None, None) => AgentState::Ready,
            (0, None, Some(reason)) => AgentState::Failed {
                reason: reason.clone(),
            },
            (turns, None, _) => AgentState::Busy { turns },
        };
        drop(health);
        Snapshot {
            state,
            messages: self.messages.load(Relaxed),
            failures: self.failures.load(Relaxed),
            tool_calls: self.tool_calls.load(Relaxed),
            tokens: self.tokens.load(Relaxed),
            last_ms: Some(self.last_ms.load(Relaxed)).filter(|ms| *ms > 0),
        }
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        // What is done under the lock can't panic half way.
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn touch(&self) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.last_ms
            .store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl Health {
    fn rests(&self, now: Instant) -> Result<(), Paused> {
        let Some((until, _)) = self.rest else {
            return Ok(());
        };
        let left = until.saturating_duration_since(now);
        if left.is_zero() && !self.trying {
            return Ok(());
        }
        Err(Paused {
            reason: self.reason.clone().unwrap_or_default(),
            // Nobody knows how long the turn takes that is being tried.
            left: left.max(Duration::from_secs(1)),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.activity.running.fetch_sub(1, Relaxed);
        if self.trial {
            self.activity.health().trying = false;
        }
        self.activity.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKER: Breaker = Breaker {
        failures: 2,
        pause: Duration::from_secs(3600),
        pause_max: Duration::from_secs(7200),
    };

    fn failed() -> Outcome {
        Outcome::Failed("no key".to_owned())
    }

    #[test]
    fn an_agent_is_busy_while_it_answers_and_failed_until_a_turn_works() {
        let activity = Arc::new(Activity::default());
        assert_eq!(activity.snapshot().state, AgentState::Ready);
        let running = activity.begin().expect("it takes messages");
        assert_eq!(activity.snapshot().state, AgentState::Busy { turns: 1 });
        assert_eq!(activity.end(failed(), &BREAKER), Some(Turned::Failed));
        let load = Load {
            rests: false,
            failed: true,
            turns: 1,
        };
        assert_eq!(activity.load(), load);
        drop(running);
        let reason = "no key".to_owned();
        assert_eq!(activity.snapshot().state, AgentState::Failed { reason });
        drop(activity.begin());
        assert_eq!(activity.end(Outcome::Neither, &BREAKER), None);
        assert_eq!(
            activity.end(Outcome::Answered, &BREAKER),
            Some(Turned::Recovered)
        );
        let now = activity.snapshot();
        assert_eq!(
            (now.state, now.messages, now.failures),
            (AgentState::Ready, 2, 1)
        );
    }

    #[test]
    fn a_failure_speaks_against_an_agent_for_as_long_as_a_pause() {
        let breaker = Breaker {
            failures: 0,
            ..BREAKER
        };
        let failed_at = |activity: &Activity, now| activity.load_at(now).failed;
        let activity = Activity::default();
        let before = Instant::now();
        assert!(!failed_at(&activity, before));
        activity.end(failed(), &breaker);
        let after = Instant::now();
        for (now, expected) in [
            (before, true),
            (after, true),
            (before + BREAKER.pause - Duration::from_secs(1), true),
            (after + BREAKER.pause, false),
        ] {
            assert_eq!(failed_at(&activity, now), expected, "{:?}", now - before);
        }
        activity.end(Outcome::Answered, &breaker);
        assert!(!failed_at(&activity, after));
    }

    #[test]
    fn an_agent_that_keeps_failing_rests_and_is_tried_once_at_a_time() {
        let activity = Arc::new(Activity::default());
        activity.end(failed(), &BREAKER);
        assert_eq!(activity.end(failed(), &BREAKER), Some(Turned::Paused));
        let refused = activity.begin().expect_err("it rests");
        assert!(refused.left > Duration::from_secs(3000), "{refused:?}");
        assert_eq!(activity.snapshot().state.name(), "paused");
        // A turn that began before and fails now does not prolong the rest.
        assert_eq!(activity.end(failed(), &BREAKER), None);

        let over = |activity: &Activity| {
            let mut health = activity.health();
            health.rest = health.rest.map(|(_, pause)| (Instant::now(), pause));
        };
        over(&activity);
        let trial = activity.begin().expect("one is tried");
        assert!(activity.begin().is_err(), "and no other");
        assert_eq!(activity.end(failed(), &BREAKER), Some(Turned::Paused));
        drop(trial);
        let rest = activity.health().rest.map(|(_, pause)| pause);
        assert_eq!(rest, Some(BREAKER.pause_max), "the rest doubles");
        over(&activity);
        let trial = activity.begin().expect("one is tried");
        activity.end(Outcome::Answered, &BREAKER);
        drop(trial);
        assert!(activity.begin().is_ok() && activity.begin().is_ok());
    }
}
