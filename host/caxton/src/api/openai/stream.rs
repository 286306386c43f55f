//! A turn's events as a stream of what a client expects. The first words are waited for, so that a request that fails before
//! them gets a status of its own, by which clients know whether to try again; after that, errors are part of the stream.

use std::collections::VecDeque;

use axum::response::Response;
use futures_util::stream;

use super::super::error::Problem;
use super::super::sse::{self, Event as Sent};
use super::error::Refusal;
use crate::turn::{Event, Follower, Live};

/// Makes what is sent from a turn's events.
pub(super) trait Encode: Send + 'static {
    /// What is sent.
    type Piece;

    /// What is sent before the turn has said anything.
    fn first(&mut self) -> Vec<Self::Piece>;

    /// What an event makes. It is none of an error.
    fn event(&mut self, event: Event) -> Made<Self::Piece>;

    /// What is sent where there is no answer.
    fn failed(&mut self, problem: &Problem) -> Vec<Sent>;

    /// How it is sent.
    fn sent(piece: Self::Piece) -> Sent;

    /// What says that nothing more comes.
    fn end() -> Option<Sent>;
}

/// What an event makes of a stream.
#[derive(Debug, PartialEq)]
pub(super) enum Made<P> {
    /// More of it.
    More(Vec<P>),
    /// The last of it.
    Last(Vec<P>),
    /// Text that was sent is void.
    Void,
}

/// Streams a turn. Where the client goes away, nobody follows the turn any more, which cancels it.
pub(super) async fn response(live: Live, mut encoder: impl Encode) -> Result<Response, Refusal> {
    let mut follower = live.follow(None);
    let ended = live.ended();
    // The follower holds the turn.
    drop(live);
    // Of a turn that has ended, its end is told, whatever was void on the way there.
    if let Some(ended) = ended {
        let answer = ended?;
        return Ok(begun(follower, encoder, Event::Done(Box::new(answer))));
    }
    // Who answers and what the model thinks is not part of the stream, so nothing is lost by waiting for words.
    let first = loop {
        match follower.next().await {
            Some((_, Event::Error(error))) => return Err((*error).into()),
            Some((_, event @ Event::Route { .. })) => drop(encoder.event(event)),
            Some((_, Event::Recall { .. } | Event::Reasoning { .. } | Event::Retry { .. })) => {}
            Some((_, event)) => break event,
            None => return Err(ended_early().into()),
        }
    };
    Ok(begun(follower, encoder, first))
}

/// A stream that begins with what is sent before anything else, and an event.
fn begun<E: Encode>(follower: Follower, mut encoder: E, event: Event) -> Response {
    let waiting = encoder.first().into_iter().map(E::sent).collect();
    let mut streaming = Streaming {
        follower,
        encoder,
        waiting,
        has_ended: false,
    };
    streaming.take(event);
    sse::response(stream::unfold(streaming, Streaming::next))
}

fn ended_early() -> Problem {
    Problem::internal(&"a turn's events ended before the turn did")
}

struct Streaming<E> {
    follower: Follower,
    encoder: E,
    waiting: VecDeque<Sent>,
    has_ended: bool,
}

impl<E: Encode> Streaming<E> {
    async fn next(mut self) -> Option<(Sent, Self)> {
        loop {
            if let Some(sent) = self.waiting.pop_front() {
                return Some((sent, self));
            }
            if self.has_ended {
                return None;
            }
            match self.follower.next().await {
                Some((_, event)) => self.take(event),
                None => self.fail(&ended_early()),
            }
        }
    }

    fn take(&mut self, event: Event) {
        if let Event::Error(error) = event {
            return self.fail(&(*error).into());
        }
        match self.encoder.event(event) {
            Made::More(pieces) => self.waiting.extend(pieces.into_iter().map(E::sent)),
            Made::Last(pieces) => {
                self.waiting.extend(pieces.into_iter().map(E::sent));
                self.waiting.extend(E::end());
                self.has_ended = true;
            }
            Made::Void => self.fail(&Problem::text_void()),
        }
    }

    fn fail(&mut self, problem: &Problem) {
        self.waiting.extend(self.encoder.failed(problem));
        self.has_ended = true;
    }
}
