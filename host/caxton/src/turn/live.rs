//! A turn as those see it who wait for it: a log of its events that anyone can follow from any place, and how it ended. Where
//! nobody follows a turn any more, it is cancelled, unless it is to run to its end.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::Stream;
use tokio_util::sync::CancellationToken;

use super::error::Error;
use super::event::{Answer, Event};

/// How long a turn goes on when nobody follows it: enough to come back after a broken connection, little enough that a model
/// does not write on for a person who has gone.
const ALONE_MAX: Duration = Duration::from_secs(2);

/// The place of an event in a turn. A server that takes a turn up again begins a new generation, with places of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// How often the turn was taken up again.
    pub generation: u32,
    /// Grows from event to event, from 1.
    pub seq: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.generation, self.seq)
    }
}

impl FromStr for EventId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (generation, seq) = text.split_once('-').ok_or(())?;
        Ok(Self {
            generation: generation.parse().map_err(|_| ())?,
            seq: seq.parse().map_err(|_| ())?,
        })
    }
}

/// What becomes of a turn that nobody follows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// It is cancelled: who asked has gone.
    #[default]
    WhileFollowed,
    /// It runs to its end: who asked comes back for the answer.
    ToTheEnd,
}

/// A turn that runs, or has ended. Clones share it.
#[derive(Clone)]
pub struct Live {
    inner: Arc<Inner>,
}

struct Inner {
    id: String,
    conversation: String,
    generation: u32,
    log: Mutex<Log>,
    cancel: CancellationToken,
}

#[derive(Default)]
struct Log {
    /// Who answers, as the last event tells that said so.
    agent: String,
    events: Vec<Event>,
    /// Nothing is shown before the message is on disk.
    shown: bool,
    ended: Option<Result<Box<Answer>, Error>>,
    /// Those who wait for the next event.
    reading: Wakers,
    /// Those who wait for the end.
    waiting: Wakers,
    followers: usize,
    /// How many followers there were, by which each has a number of its own.
    numbers: u64,
    /// How often the last follower left.
    left: u64,
    keep: Keep,
}

impl Log {
    /// The events that may be seen.
    fn visible(&self) -> &[Event] {
        match self.shown {
            true => &self.events,
            false => &[],
        }
    }
}

/// Tasks to be woken, by the numbers of their followers.
#[derive(Default)]
struct Wakers(Vec<(u64, Waker)>);

impl Wakers {
    fn add(&mut self, number: u64, waker: &Waker) {
        match self.0.iter_mut().find(|(other, _)| *other == number) {
            Some((_, known)) => known.clone_from(waker),
            None => self.0.push((number, waker.clone())),
        }
    }

    fn wake(&mut self) {
        self.0.drain(..).for_each(|(_, waker)| waker.wake());
    }

    fn forget(&mut self, number: u64) {
        self.0.retain(|(other, _)| *other != number);
    }
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("id", &self.inner.id)
            .field("agent", &self.agent())
            .finish_non_exhaustive()
    }
}

impl Live {
    pub(super) fn new(id: String, conversation: String, agent: String, generation: u32) -> Self {
        Self {
            inner: Arc::new(Inner {
                id,
                conversation,
                generation,
                log: Mutex::new(Log {
                    agent,
                    ..Log::default()
                }),
                cancel: CancellationToken::new(),
            }),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.inner.id
    }

    /// Its conversation.
    pub fn conversation(&self) -> &str {
        &self.inner.conversation
    }

    /// Who answers; another one may stand in.
    pub fn agent(&self) -> String {
        self.log().agent.clone()
    }

    /// How it ended; nothing while it runs.
    pub fn ended(&self) -> Option<Result<Answer, Error>> {
        self.log()
            .ended
            .clone()
            .map(|ended| ended.map(|answer| *answer))
    }

    /// Stops it. It ends with [`Error::Stopped`] as soon as what it does can be stopped.
    pub fn cancel(&self) {
        self.inner.cancel.cancel();
    }

    /// Lets it run to its end, whoever follows.
    pub fn keep(&self) {
        self.log().keep = Keep::ToTheEnd;
    }

    /// Follows it: from its beginning, or after the event that was seen last. Where that one is of another generation, what
    /// follows begins anew; see [`Follower::begins_anew`].
    pub fn follow(&self, after: Option<EventId>) -> Follower {
        let mut log = self.log();
        log.followers += 1;
        log.numbers += 1;
        let known = after.filter(|after| {
            after.generation == self.inner.generation && after.seq <= log.events.len() as u64
        });
        Follower {
            live: self.clone(),
            number: log.numbers,
            next: known.map_or(0, |after| usize::try_from(after.seq).unwrap_or(usize::MAX)),
            anew: after.is_some() && known.is_none(),
        }
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// [`Error`] says why there is no answer.
    pub async fn answer(&self) -> Result<Answer, Error> {
        // Whoever waits for the answer follows.
        let follower = self.follow(None);
        poll_fn(|context| {
            let mut log = self.log();
            match &log.ended {
                Some(ended) => Poll::Ready(ended.clone().map(|answer| *answer)),
                None => {
                    log.waiting.add(follower.number, context.waker());
                    Poll::Pending
                }
            }
        })
        .await
    }

    /// Waits until it is to be stopped.
    pub(super) async fn cancelled(&self) {
        self.inner.cancel.cancelled().await;
    }

    /// Appends an event, unless the turn has ended.
    pub(super) fn tell(&self, event: Event) {
        let mut log = self.log();
        if log.ended.is_some() {
            return;
        }
        if let Event::Route { turn, agent, .. } = &event
            && *turn == self.inner.id
        {
            agent.clone_into(&mut log.agent);
        }
        log.events.push(event);
        if log.shown {
            log.reading.wake();
        }
    }

    /// Shows what there is: the message is on disk.
    pub(super) fn show(&self) {
        let mut log = self.log();
        log.shown = true;
        log.reading.wake();
    }

    /// Whether its message is on disk.
    pub(super) fn is_shown(&self) -> bool {
        self.log().shown
    }

    /// Says how it ended.
    pub(super) fn end(&self, ended: Result<Answer, Error>) {
        let mut log = self.log();
        if log.ended.is_some() {
            return;
        }
        log.events.push(match &ended {
            Ok(answer) => Event::Done(Box::new(answer.clone())),
            Err(error) => Event::Error(Box::new(error.clone())),
        });
        log.ended = Some(ended.map(Box::new));
        log.shown = true;
        log.reading.wake();
        log.waiting.wake();
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Nothing that is done under the lock can panic half way.
        self.inner
            .log
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How many events are kept for those who follow.
    pub(super) fn events(&self) -> usize {
        self.log().events.len()
    }

    /// One follower less. The last one to go cancels the turn, in a moment.
    fn left(&self, number: u64) {
        let mut log = self.log();
        log.followers -= 1;
        log.reading.forget(number);
        log.waiting.forget(number);
        if !self.is_alone(&log) {
            return;
        }
        log.left += 1;
        let times = log.left;
        drop(log);
        let live = self.clone();
        // Without a runtime the server is gone.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep(ALONE_MAX).await;
                let log = live.log();
                // Whoever came back and left again has the whole time once more.
                if live.is_alone(&log) && log.left == times {
                    live.cancel();
                }
            });
        }
    }

    fn is_alone(&self, log: &Log) -> bool {
        log.followers == 0 && log.ended.is_none() && log.keep == Keep::WhileFollowed
    }
}

/// Somebody who follows a turn: a stream of its events, which ends after `Done` or `Error`.
#[derive(Debug)]
pub struct Follower {
    live: Live,
    number: u64,
    next: usize,
    anew: bool,
}

impl Follower {
    /// Whether what was seen before is void, because it can't be told where in the turn that was: the events begin with the
    /// turn's first.
    pub fn begins_anew(&self) -> bool {
        self.anew
    }

    /// The next event; nothing after the last, which is `Done` or `Error`.
    pub async fn next(&mut self) -> Option<(EventId, Event)> {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &Context<'_>) -> Poll<Option<(EventId, Event)>> {
        let mut log = self.live.log();
        let Some(event) = log.visible().get(self.next).cloned() else {
            if log.ended.is_some() {
                return Poll::Ready(None);
            }
            log.reading.add(self.number, context.waker());
            return Poll::Pending;
        };
        drop(log);
        self.next += 1;
        let id = EventId {
            generation: self.live.inner.generation,
            seq: self.next as u64,
        };
        Poll::Ready(Some((id, event)))
    }
}

impl Stream for Follower {
    type Item = (EventId, Event);

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.live.left(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(text: &str) -> Event {
        Event::Delta {
            agent: "a".to_owned(),
            text: text.to_owned(),
        }
    }

    fn live() -> Live {
        Live::new("t".to_owned(), "c".to_owned(), "a".to_owned(), 1)
    }

    async fn texts(follower: &mut Follower) -> Vec<String> {
        let mut texts = Vec::new();
        while let Some((id, event)) = follower.next().await {
            match event {
                Event::Delta { text, .. } => texts.push(format!("{id} {text}")),
                _ => texts.push(id.to_string()),
            }
        }
        texts
    }

    #[tokio::test]
    async fn a_follower_who_comes_back_goes_on_where_it_was() {
        let live = live();
        live.keep();
        live.tell(delta("one"));
        live.show();
        let mut first = live.follow(None);
        let (seen, _) = first.next().await.expect("an event");
        drop(first);
        live.tell(delta("two"));
        live.tell(delta("three"));
        live.end(Err(Error::Empty));
        live.tell(delta("late"));
        let mut back = live.follow(Some(seen));
        assert!(!back.begins_anew());
        assert_eq!(texts(&mut back).await, ["1-2 two", "1-3 three", "1-4"]);
        let other = EventId {
            generation: 0,
            ..seen
        };
        let mut anew = live.follow(Some(other));
        assert!(anew.begins_anew());
        assert_eq!(texts(&mut anew).await.len(), 4);
    }

    #[tokio::test]
    async fn nothing_is_shown_before_the_message_is_on_disk() {
        let live = live();
        let mut follower = live.follow(None);
        live.tell(delta("one"));
        assert!(futures_util::FutureExt::now_or_never(follower.next()).is_none());
        live.show();
        assert!(follower.next().await.is_some());
    }

    #[tokio::test]
    async fn a_turn_that_nobody_follows_is_cancelled_unless_it_is_kept() {
        let left = live();
        drop(left.follow(None));
        left.cancelled().await;
        let kept = live();
        kept.keep();
        drop(kept.follow(None));
        assert!(!kept.is_alone(&kept.log()));
        let followed = live();
        let _other = followed.follow(None);
        drop(followed.follow(None));
        assert!(!followed.is_alone(&followed.log()));
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = EventId {
            generation: 2,
            seq: 17,
        };
        assert_eq!(id.to_string().parse(), Ok(id));
        for wrong in ["", "1", "1-", "-1", "a-b", "1-2-3", "99999999999-1"] {
            assert_eq!(wrong.parse::<EventId>(), Err(()), "{wrong}");
        }
    }
}
