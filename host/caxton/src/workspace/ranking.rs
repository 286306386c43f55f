//! Routers' decisions, remembered: the same message in the same workspace goes to the same agent without asking again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How many decisions are remembered. A decision is a few hundred bytes.
const KEPT_MAX: usize = 1024;

/// Messages above this many bytes are routed anew each time: they are seldom sent twice.
const CONTENT_BYTES_MAX: usize = 4 << 10;

/// What one router thinks of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// The router component.
    pub router: String,
    /// Agents and how well they fit, from 0 to 1; best first. Empty: none fits.
    pub ranked: Vec<(String, f32)>,
    /// One sentence on why.
    pub reason: String,
}

/// What routers decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// Agents and how well they fit, from 0 to 1; best first, never empty.
    pub ranked: Vec<(String, f32)>,
    /// One sentence on why.
    pub reason: String,
    /// The router component that decided; both, joined by `+`, where their opinions were weighed.
    pub router: String,
    /// What each router that answered thinks, in the order in which they were asked.
    pub opinions: Vec<Opinion>,
}

/// The decisions of one workspace; the ones that were not used for the longest time are forgotten first.
#[derive(Debug, Default)]
pub struct Rankings {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The version of the workspace that all entries are of: with another one nothing in here holds.
    version: u64,
    clock: u64,
    entries: HashMap<String, (u64, Ranking)>,
}

impl Rankings {
    /// What was decided for `content` when the workspace had this version.
    pub fn get(&self, version: u64, content: &str) -> Option<Ranking> {
        let mut kept = self.kept();
        if kept.version != version {
            return None;
        }
        kept.clock += 1;
        let now = kept.clock;
        let (used, ranking) = kept.entries.get_mut(content)?;
        *used = now;
        Some(ranking.clone())
    }

    /// Remembers a decision.
    pub fn put(&self, version: u64, content: &str, ranking: &Ranking) {
        if content.len() > CONTENT_BYTES_MAX {
            return;
        }
        let mut kept = self.kept();
        if version < kept.version {
            return;
        }
        if version > kept.version {
            kept.entries.clear();
            kept.version = version;
        }
        if kept.entries.len() >= KEPT_MAX && !kept.entries.contains_key(content) {
            kept.forget_oldest();
        }
        kept.clock += 1;
        let now = kept.clock;
        kept.entries
            .insert(content.to_owned(), (now, ranking.clone()));
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change is a single one, so a poisoned lock says nothing about what it guards.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Forgets the older half at once, so that looking for the oldest is seldom done.
    fn forget_oldest(&mut self) {
        let mut used: Vec<u64> = self.entries.values().map(|(used, _)| *used).collect();
        used.sort_unstable();
        let middle = used.get(used.len() / 2).copied().unwrap_or_default();
        self.entries.retain(|_, (used, _)| *used >= middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(agent: &str) -> Ranking {
        Ranking {
            ranked: vec![(agent.to_owned(), 1.0)],
            reason: String::new(),
            router: "keyword".to_owned(),
            opinions: Vec::new(),
        }
    }

    #[test]
    fn a_decision_holds_for_one_version_of_the_workspace() {
        let rankings = Rankings::default();
        rankings.put(1, "hello", &to("a"));
        assert_eq!(rankings.get(1, "hello"), Some(to("a")));
        assert_eq!(rankings.get(2, "hello"), None);
        rankings.put(2, "other", &to("b"));
        assert_eq!(rankings.get(2, "hello"), None);
        rankings.put(1, "late", &to("a"));
        assert_eq!(rankings.get(2, "other"), Some(to("b")));
    }

    #[test]
    fn what_is_used_is_kept_and_the_rest_is_forgotten() {
        let rankings = Rankings::default();
        rankings.put(1, "used", &to("a"));
        for n in 0..KEPT_MAX * 2 {
            rankings.put(1, &n.to_string(), &to("b"));
            assert!(rankings.get(1, "used").is_some());
        }
        assert_eq!(rankings.get(1, "0"), None);
        assert!(rankings.kept().entries.len() <= KEPT_MAX);
        rankings.put(1, &"x".repeat(CONTENT_BYTES_MAX + 1), &to("a"));
        assert_eq!(rankings.get(1, &"x".repeat(CONTENT_BYTES_MAX + 1)), None);
    }
}
