//! Routers' decisions, remembered: the same message in the same workspace goes to the same agent without asking again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many decisions are remembered.
const KEPT_MAX: usize = 1024;

/// How many bytes they take together. A decision among a few agents takes some hundred bytes, and one among a hundred, with
/// two routers' opinions, 15 KB.
const BYTES_MAX: usize = 8 << 20;

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
    /// Every router that was asked has answered. Where one failed, the same question may be answered better the next time.
    pub is_complete: bool,
}

/// What a decision was about. Its parts are kept apart, so that no message can be written that looks like another question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// The capability that was asked for, and the agents that could be chosen for it; nothing where all could be.
    pub among: Option<(String, Vec<String>)>,
    /// The message.
    pub content: String,
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
    bytes: usize,
    entries: HashMap<Question, Entry>,
}

#[derive(Debug)]
struct Entry {
    used: u64,
    bytes: usize,
    ranking: Arc<Ranking>,
}

impl Rankings {
    /// What was decided when the workspace had this version.
    pub fn get(&self, version: u64, question: &Question) -> Option<Arc<Ranking>> {
        // A long one is never kept, and looking for it means reading it whole.
        if question.content.len() > CONTENT_BYTES_MAX {
            return None;
        }
        let mut kept = self.kept();
        if kept.version != version {
            return None;
        }
        kept.clock += 1;
        let now = kept.clock;
        let entry = kept.entries.get_mut(question)?;
        entry.used = now;
        Some(Arc::clone(&entry.ranking))
    }

    /// Remembers a decision, where it is complete.
    pub fn put(&self, version: u64, question: Question, ranking: Arc<Ranking>) {
        let bytes = question.bytes() + ranking.bytes();
        if !ranking.is_complete || question.content.len() > CONTENT_BYTES_MAX || bytes > BYTES_MAX {
            return;
        }
        let mut kept = self.kept();
        if version < kept.version {
            return;
        }
        if version > kept.version {
            kept.forget_all();
            kept.version = version;
        }
        kept.forget(&question);
        while kept.entries.len() >= KEPT_MAX || kept.bytes + bytes > BYTES_MAX {
            kept.forget_older();
        }
        kept.clock += 1;
        kept.bytes += bytes;
        let used = kept.clock;
        let entry = Entry {
            used,
            bytes,
            ranking,
        };
        kept.entries.insert(question, entry);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // What is done under the lock can't panic half way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn forget_all(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    fn forget(&mut self, question: &Question) {
        if let Some(entry) = self.entries.remove(question) {
            self.bytes -= entry.bytes;
        }
    }

    /// Forgets the older half at once, so that looking for the oldest is seldom done.
    fn forget_older(&mut self) {
        let mut used: Vec<u64> = self.entries.values().map(|entry| entry.used).collect();
        used.sort_unstable();
        // Of an odd number the one in the middle goes too, so that the last one can.
        let last = used.get(used.len().saturating_sub(1) / 2).copied();
        let last = last.unwrap_or_default();
        self.entries.retain(|_, entry| entry.used > last);
        self.bytes = self.entries.values().map(|entry| entry.bytes).sum();
    }
}

impl Question {
    /// About how many bytes it takes in memory.
    fn bytes(&self) -> usize {
        let among = self.among.as_ref().map_or(0, |(capability, agents)| {
            let names = agents.iter().map(|name| size_of::<String>() + name.len());
            capability.len() + names.sum::<usize>()
        });
        size_of::<Self>() + self.content.len() + among
    }
}

impl Ranking {
    /// About how many bytes it takes in memory.
    fn bytes(&self) -> usize {
        let opinions = self.opinions.iter().map(|opinion| {
            size_of::<Opinion>()
                + opinion.router.len()
                + opinion.reason.len()
                + bytes(&opinion.ranked)
        });
        let own = self.router.len() + self.reason.len() + bytes(&self.ranked);
        size_of::<Self>() + own + opinions.sum::<usize>()
    }
}

fn bytes(ranked: &[(String, f32)]) -> usize {
    let pairs = ranked.iter();
    let pairs = pairs.map(|(agent, _)| size_of::<(String, f32)>() + agent.len());
    pairs.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(agent: &str) -> Arc<Ranking> {
        Arc::new(Ranking {
            ranked: vec![(agent.to_owned(), 1.0)],
            reason: String::new(),
            router: "keyword".to_owned(),
            opinions: Vec::new(),
            is_complete: true,
        })
    }

    fn said(content: &str) -> Question {
        Question {
            among: None,
            content: content.to_owned(),
        }
    }

    #[test]
    fn a_decision_holds_for_one_version_of_the_workspace() {
        let rankings = Rankings::default();
        rankings.put(1, said("hello"), to("a"));
        assert_eq!(rankings.get(1, &said("hello")), Some(to("a")));
        assert_eq!(rankings.get(2, &said("hello")), None);
        rankings.put(2, said("other"), to("b"));
        assert_eq!(rankings.get(2, &said("hello")), None);
        rankings.put(1, said("late"), to("a"));
        assert_eq!(rankings.get(2, &said("other")), Some(to("b")));
    }

    #[test]
    fn what_a_message_says_decides_nothing_about_a_capability() {
        let rankings = Rankings::default();
        let among = |capability: &str, agents: &[&str], content: &str| Question {
            among: Some((
                capability.to_owned(),
                agents.iter().map(|name| (*name).to_owned()).collect(),
            )),
            content: content.to_owned(),
        };
        rankings.put(1, said("charting\na b\nA pie"), to("a"));
        rankings.put(1, among("charting", &["a", "b"], "A\nbar"), to("b"));
        for other in [
            among("charting", &["a", "b"], "A pie"),
            among("charting", &["a b"], "A\nbar"),
            among("charting\na b\nA", &[], "bar"),
            said("A\nbar"),
        ] {
            assert_eq!(rankings.get(1, &other), None, "{other:?}");
        }
    }

    #[test]
    fn what_is_used_is_kept_and_the_rest_is_forgotten() {
        let rankings = Rankings::default();
        rankings.put(1, said("used"), to("a"));
        for n in 0..KEPT_MAX * 2 {
            rankings.put(1, said(&n.to_string()), to("b"));
            assert!(rankings.get(1, &said("used")).is_some());
        }
        assert_eq!(rankings.get(1, &said("0")), None);
        assert!(rankings.kept().entries.len() <= KEPT_MAX);
        let long = said(&"x".repeat(CONTENT_BYTES_MAX + 1));
        rankings.put(1, long.clone(), to("a"));
        assert_eq!(rankings.get(1, &long), None);
        let failed = Ranking {
            is_complete: false,
            ..(*to("a")).clone()
        };
        rankings.put(1, said("failed"), Arc::new(failed));
        assert_eq!(rankings.get(1, &said("failed")), None);
    }

    #[test]
    fn decisions_take_no_more_than_so_many_bytes() {
        let rankings = Rankings::default();
        let large = |bytes: usize| {
            Arc::new(Ranking {
                reason: "x".repeat(bytes),
                ..(*to("a")).clone()
            })
        };
        for n in 0..9 {
            let question = said(&n.to_string());
            rankings.put(1, question.clone(), large(BYTES_MAX / 4));
            assert!(rankings.get(1, &question).is_some());
            let kept = rankings.kept();
            let held = kept.entries.values().map(|entry| entry.bytes);
            assert_eq!(held.sum::<usize>(), kept.bytes);
            assert!(kept.bytes <= BYTES_MAX, "{}", kept.bytes);
        }
        rankings.put(1, said("again"), large(BYTES_MAX - 1024));
        rankings.put(1, said("again"), large(BYTES_MAX - 1024));
        assert_eq!(rankings.kept().entries.len(), 1);
        rankings.put(1, said("too large"), large(BYTES_MAX));
        assert!(rankings.get(1, &said("again")).is_some());
    }
}
