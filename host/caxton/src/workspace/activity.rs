//! What an agent has done since the server started: counters that turns add to without waiting for each other, and whether
//! its last turn failed.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// An agent's counters.
#[derive(Debug, Default)]
pub struct Activity {
    messages: AtomicU64,
    failures: AtomicU64,
    tool_calls: AtomicU64,
    tokens: AtomicU64,
    running: AtomicU64,
    last_ms: AtomicU64,
    failed: Mutex<Option<String>>,
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
}

impl AgentState {
    /// The name that JSON uses.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Busy { .. } => "busy",
            Self::Failed { .. } => "failed",
        }
    }
}

/// A turn that is under way; it counts as running until this is dropped.
#[derive(Debug)]
pub struct Running<'a>(&'a Activity);

impl Activity {
    /// A turn begins.
    pub fn begin(&self) -> Running<'_> {
        self.messages.fetch_add(1, Relaxed);
        self.running.fetch_add(1, Relaxed);
        self.touch();
        Running(self)
    }

    /// Counts calls and tokens.
    pub fn used(&self, tool_calls: u64, tokens: u64) {
        self.tool_calls.fetch_add(tool_calls, Relaxed);
        self.tokens.fetch_add(tokens, Relaxed);
    }

    /// A turn ended well, or with the reason why it did not. Returns whether that is a change.
    pub fn end(&self, failure: Option<String>) -> bool {
        if failure.is_some() {
            self.failures.fetch_add(1, Relaxed);
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let change = failed.is_some() != failure.is_some();
        *failed = failure;
        change
    }

    /// The counters now.
    pub fn snapshot(&self) -> Snapshot {
        let failed = self
            .failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let state = match (self.running.load(Relaxed), failed) {
            (0, None) => AgentState::Ready,
            (0, Some(reason)) => AgentState::Failed { reason },
            (turns, _) => AgentState::Busy { turns },
        };
        Snapshot {
            state,
            messages: self.messages.load(Relaxed),
            failures: self.failures.load(Relaxed),
            tool_calls: self.tool_calls.load(Relaxed),
            tokens: self.tokens.load(Relaxed),
            last_ms: Some(self.last_ms.load(Relaxed)).filter(|ms| *ms > 0),
        }
    }

    fn touch(&self) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        self.last_ms
            .store(u64::try_from(now.as_millis()).unwrap_or(u64::MAX), Relaxed);
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Relaxed);
        self.0.touch();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_is_busy_while_it_answers_and_failed_until_a_turn_works() {
        let activity = Activity::default();
        assert_eq!(activity.snapshot().state, AgentState::Ready);
        let running = activity.begin();
        assert_eq!(activity.snapshot().state, AgentState::Busy { turns: 1 });
        assert!(activity.end(Some("no key".to_owned())));
        drop(running);
        assert_eq!(
            activity.snapshot().state,
            AgentState::Failed {
                reason: "no key".to_owned()
            }
        );
        drop(activity.begin());
        assert!(activity.end(None));
        let now = activity.snapshot();
        assert_eq!(
            (now.state, now.messages, now.failures),
            (AgentState::Ready, 2, 1)
        );
    }
}
