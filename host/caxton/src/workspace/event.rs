//! What happens in a workspace, for those who watch: a bounded log of numbered events that can be followed, and picked up
//! again after a broken connection. Nothing here is kept on disk.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast;

/// How many events are kept for those who come back. At one event per tool call this bridges a short break of a busy server.
const KEPT_MAX: usize = 4096;

/// How far a watcher may be behind before it is told that it has missed some.
const BEHIND_MAX: usize = 1024;

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Grows from event to event, also over restarts of the server.
    pub id: u64,
    /// Milliseconds since 1970, UTC.
    pub time_ms: u64,
    /// What happened.
    pub kind: Kind,
}

/// What can happen.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// An agent is new, different, gone, or in another state.
    Agent {
        /// Its name.
        name: String,
        /// What became of it.
        change: Change,
        /// Why, where it failed.
        reason: Option<String>,
    },
    /// A component is new, different or gone.
    Component {
        /// Its name.
        name: String,
        /// SHA-256 of its bytes, in hexadecimal.
        digest: String,
        /// What became of it.
        change: Change,
    },
    /// A message was given to an agent.
    Route {
        /// The agent.
        agent: String,
        /// How well it fits, from 0 to 1.
        score: f32,
        /// The router that chose; nothing where no choice was needed.
        router: Option<String>,
        /// The decision was taken from the cache.
        cached: bool,
        /// One sentence on why.
        reason: String,
    },
    /// A tool was called.
    Tool {
        /// Its full name.
        name: String,
        /// The component that has it.
        component: String,
        /// Why it failed, as a code; nothing where it worked.
        code: Option<&'static str>,
        /// How long it took, in microseconds.
        duration_us: u64,
    },
    /// A turn ended.
    Turn {
        /// Its id.
        id: String,
        /// Its conversation.
        conversation: String,
        /// The agent that answered.
        agent: String,
        /// Why it failed, as a code; nothing where it worked.
        code: Option<String>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
}

/// What became of an agent or a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// It was replaced.
    Replaced,
    /// It is gone.
    Removed,
    /// It starts afresh.
    Restarted,
    /// Its last turn failed.
    Failed,
    /// Too many of its turns failed in a row, and it takes no messages for a while.
    Paused,
    /// It works again.
    Recovered,
}

impl Change {
    /// The name that events and JSON use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::Restarted => "restarted",
            Self::Failed => "failed",
            Self::Paused => "paused",
            Self::Recovered => "recovered",
        }
    }
}

/// The log of a workspace's events.
#[derive(Debug)]
pub struct Events {
    kept: Mutex<Kept>,
    live: broadcast::Sender<Arc<Event>>,
}

#[derive(Debug)]
struct Kept {
    last_id: u64,
    events: VecDeque<Arc<Event>>,
}

/// A watcher's view: what it missed, and what happens from here on, without a gap between the two.
#[derive(Debug)]
pub struct Subscription {
    /// Events after the one that the watcher saw last.
    pub missed: Vec<Arc<Event>>,
    /// Whether older ones were forgotten, so that `missed` is not all of it.
    pub gap: bool,
    /// What happens from here on.
    pub live: broadcast::Receiver<Arc<Event>>,
}

impl Default for Events {
    fn default() -> Self {
        let (live, _) = broadcast::channel(BEHIND_MAX);
        Self {
            kept: Mutex::new(Kept {
                last_id: 0,
                events: VecDeque::new(),
            }),
            live,
        }
    }
}

impl Events {
    /// Writes down that something happened.
    pub fn tell(&self, kind: Kind) {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let mut kept = self.kept();
        // The clock makes ids grow over restarts; counting on makes them grow where the clock stands still.
        let id = micros(now).max(kept.last_id + 1);
        kept.last_id = id;
        let event = Arc::new(Event {
            id,
            time_ms: id / 1000,
            kind,
        });
        if kept.events.len() == KEPT_MAX {
            kept.events.pop_front();
        }
        kept.events.push_back(Arc::clone(&event));
        // Sent under the lock, so that watchers get events in the order of their ids. Nobody watching is no error.
        if self.live.receiver_count() > 0 {
            drop(self.live.send(event));
        }
    }

    /// Begins to watch: after the event `after`, or from now on.
    pub fn subscribe(&self, after: Option<u64>) -> Subscription {
        let kept = self.kept();
        let live = self.live.subscribe();
        let Some(after) = after else {
            return Subscription {
                missed: Vec::new(),
                gap: false,
                live,
            };
        };
        let missed: Vec<_> = kept
            .events
            .iter()
            .filter(|event| event.id > after)
            .cloned()
            .collect();
        let gap = kept.events.front().is_none_or(|oldest| oldest.id > after);
        Subscription { missed, gap, live }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing in here can panic half way.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn removed(name: &str) -> Kind {
        Kind::Agent {
            name: name.to_owned(),
            change: Change::Removed,
            reason: None,
        }
    }

    #[test]
    fn a_watcher_who_comes_back_gets_what_it_missed_and_then_what_happens() {
        let events = Events::default();
        let mut first = events.subscribe(None);
        events.tell(removed("a"));
        let seen = first
            .live
            .try_recv()
            .map(|event| event.id)
            .unwrap_or_default();
        events.tell(removed("b"));
        events.tell(removed("c"));
        let mut back = events.subscribe(Some(seen));
        let missed: Vec<_> = back.missed.iter().map(|event| event.kind.clone()).collect();
        assert_eq!(missed, [removed("b"), removed("c")]);
        assert!(!back.gap);
        events.tell(removed("d"));
        assert_eq!(
            back.live.try_recv().map(|event| event.kind.clone()),
            Ok(removed("d"))
        );
    }

    #[test]
    fn ids_grow_and_a_forgotten_past_is_admitted() {
        let events = Events::default();
        for _ in 0..KEPT_MAX + 1 {
            events.tell(removed("x"));
        }
        let all = events.subscribe(Some(1));
        assert!(all.gap);
        assert_eq!(all.missed.len(), KEPT_MAX);
        assert!(all.missed.windows(2).all(|pair| pair[0].id < pair[1].id));
    }
}
