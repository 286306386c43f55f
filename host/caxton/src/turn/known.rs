//! The turns that a server knows without its disk: those that run, for a while those that have ended, and the keys of their
//! messages.

use std::collections::{HashMap, VecDeque};

use super::error::Error;
use super::key::{Key, same};
use super::live::Live;

/// How many turns may run at once. Each holds some hundred KiB while it waits for its model.
const RUNNING_MAX: usize = 8192;

/// How many turns that ended are kept for those who come back to them, and how many events of theirs in all; others are read
/// from the disk.
const ENDED_MAX: usize = 256;
const ENDED_EVENTS_MAX: usize = 100_000;

/// The turns that are known.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those that run, and the last ones that ended.
    pub(super) turns: HashMap<String, Live>,
    ended: VecDeque<Ended>,
    /// The events of those.
    ended_events: usize,
    /// The keys of their messages, each with that message's digest.
    pub(super) keys: HashMap<String, (String, Live)>,
}

/// A turn that has ended.
#[derive(Debug)]
struct Ended {
    id: String,
    key: Option<String>,
    events: usize,
}

impl Known {
    /// Makes a turn known. Where another one came first under the same key, that one is given.
    pub(super) fn add(&mut self, live: &Live, key: Option<&Key>) -> Result<Option<Live>, Error> {
        if self.turns.len() - self.ended.len() >= RUNNING_MAX {
            return Err(Error::Busy { limit: RUNNING_MAX });
        }
        if let Some(key) = key {
            if let Some((digest, other)) = self.keys.get(&key.key) {
                return same(key, digest).map(|()| Some(other.clone()));
            }
            self.keys
                .insert(key.key.clone(), (key.digest.clone(), live.clone()));
        }
        self.turns.insert(live.id().to_owned(), live.clone());
        Ok(None)
    }

    /// A turn has ended: it is known for a while, and so is its key, for whoever looked for that one on disk just before it was
    /// there. Where the turn was never begun, its key is free.
    pub(super) fn retire(&mut self, live: &Live, mut key: Option<String>, begun: bool) {
        let (id, events) = (live.id().to_owned(), live.events());
        if let Some(key) = key.take_if(|_| !begun) {
            self.free(&key, &id);
        }
        self.ended_events += events;
        self.ended.push_back(Ended { id, key, events });
        while self.ended.len() > ENDED_MAX || self.ended_events > ENDED_EVENTS_MAX {
            let Some(oldest) = self.ended.pop_front() else {
                break;
            };
            self.ended_events -= oldest.events;
            self.turns.remove(&oldest.id);
            if let Some(key) = oldest.key {
                self.free(&key, &oldest.id);
            }
        }
    }

    /// Frees a key, where it is still this turn's.
    pub(super) fn free(&mut self, key: &str, turn: &str) {
        if self
            .keys
            .get(key)
            .is_some_and(|(_, live)| live.id() == turn)
        {
            self.keys.remove(key);
        }
    }
}
