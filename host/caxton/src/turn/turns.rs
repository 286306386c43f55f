//! The turns of a workspace: starting them, finding those that run and those that have ended, and taking up again what a server
//! that was killed left unfinished.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use caxton_memory::{TurnStatus, new_id};
use futures_util::FutureExt as _;

use super::begin::{self, Beginning};
use super::drive::{self, outcome};
use super::error::Error;
use super::event::{Answer, Message};
use super::fault::Fault;
use super::live::{Keep, Live};
use super::replay;
use super::state::{ASK_AGENT, State};
use super::task::{Found, Task};
use crate::routing::{self, Route, Target};
use crate::workspace::event::{Change, Kind};
use crate::workspace::{self, Agent, Turned, Workspace};

/// The longest message, in bytes.
const CONTENT_BYTES_MAX: usize = 1 << 20;

/// How many turns may run at once. Each holds some hundred KiB while it waits for its model.
const RUNNING_MAX: usize = 8192;

/// How many turns that ended are kept for those who come back to them, and how many events of theirs in all; others are read
/// from the disk.
const ENDED_MAX: usize = 256;
const ENDED_EVENTS_MAX: usize = 100_000;

/// How often a turn is taken up again. One during which the server ends each time may be why.
const GENERATIONS_MAX: u32 = 3;

/// How long after a turn has ended it is looked again at what it left on disk: those that it waited for have then written down
/// by themselves that they were stopped, and a database that could not be written to may be well again.
const CLOSE_AGAIN: Duration = Duration::from_secs(3);

/// Why a turn does not go on that another one waited for.
const UNWANTED: &str = "the turn that waited for it has ended";

/// The turns of a workspace. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    workspace: Workspace,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Those that run, and the last ones that ended.
    turns: HashMap<String, Live>,
    ended: VecDeque<Ended>,
    /// The events of those.
    ended_events: usize,
    /// The keys of their messages.
    keys: HashMap<String, (String, Live)>,
}

/// A turn that has ended.
#[derive(Debug)]
struct Ended {
    id: String,
    key: Option<String>,
    events: usize,
}

/// How a turn is started.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The key under which the client may send the message again, and the digest of the message.
    pub key: Option<Key>,
    /// What becomes of it when nobody follows.
    pub keep: Keep,
}

/// A client's name for one message (the draft standard header `Idempotency-Key`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub key: String,
    /// A digest of the message, by which another one under the same name is found out.
    pub digest: String,
}

impl Turns {
    /// The turns of `workspace`.
    pub fn new(workspace: Workspace) -> Self {
        Self {
            inner: Arc::new(Inner {
                workspace,
                known: Mutex::default(),
            }),
        }
    }

    /// The workspace.
    pub fn workspace(&self) -> &Workspace {
        &self.inner.workspace
    }

    /// The turn that was started so already; nothing without a key.
    ///
    /// # Errors
    /// [`Error::KeyReused`]; [`Error::Store`].
    pub async fn begun(&self, start: &Start) -> Result<Option<Live>, Error> {
        match &start.key {
            Some(key) => self.under(key).await,
            None => Ok(None),
        }
    }

    /// Starts a turn that answers `message`, or finds the one that does so already under its key. What happens in it is seen
    /// by following it; its first event comes when the message is on disk.
    ///
    /// # Errors
    /// Every [`Error`] that is known before a model is asked: nothing was begun then.
    pub async fn start(&self, message: Message, start: Start) -> Result<Live, Error> {
        check(&message)?;
        let workspace = self.workspace();
        if let Some(live) = self.begun(&start).await? {
            return Ok(live);
        }
        let conversation = match &message.conversation {
            Some(id) => Some(
                workspace
                    .store()
                    .conversation(id)
                    .await?
                    .ok_or_else(|| Error::NoConversation { id: id.clone() })?,
            ),
            None => None,
        };
        let with = conversation.as_ref().map(|c| c.agent.as_str());
        let route = find(workspace, &message, with).await?;
        workspace.events().tell(route.event());
        let agent = workspace.agent(&route.agent);
        let agent = agent.map_err(|e| gone(&route.agent, &e))?;
        Task::check_parameters(&message.parameters, &agent.config)?;
        agent
            .activity
            .takes_messages()
            .map_err(|p| paused(&agent, p))?;

        let is_new = conversation.is_none();
        let conversation = conversation.map_or_else(new_id, |c| c.id);
        let live = Live::new(new_id(), conversation, route.agent.clone(), 1);
        if start.keep == Keep::ToTheEnd {
            live.keep();
        }
        if let Some(other) = self.add(&live, start.key.as_ref())? {
            return Ok(other);
        }
        let task = Task {
            found: Found::of(&route),
            chain: vec![route.agent],
            parameters: message.parameters,
            asked: message.asked,
            exchange: message.exchange,
            keep: start.keep == Keep::ToTheEnd,
            ..Task::default()
        };
        let beginning = Beginning {
            content: message.content,
            images: message.images,
            conversation_is_new: is_new,
            parent: None,
            key: start.key.clone(),
        };
        let (turns, running) = (self.clone(), live.clone());
        tokio::spawn(async move {
            let workspace = turns.workspace();
            let work = async {
                // Two messages to one conversation at once are answered one after the other, the one that begins it included:
                // its client knows the conversation before it has the answer.
                let _line = tokio::select! {
                    line = workspace.lines().wait(running.conversation()) => line,
                    () = running.cancelled() => return Err(stopped(&running, Fault::Cancelled)),
                };
                begin::begin(workspace, &agent, &running, task, beginning).await
            };
            let key = start.key.map(|key| key.key);
            turns.run(&running, &agent, key, work).await;
        });
        Ok(live)
    }

    /// Finds a turn: one that runs, or one that has ended. Of one that another turn waits for, while it runs, that other one
    /// is given.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn find(&self, id: &str) -> Result<Option<Live>, Error> {
        let known = self.known().turns.get(id).cloned();
        if let Some(live) = known.filter(|live| live.ended().is_none()) {
            return Ok(Some(live));
        }
        // What is still known of a turn that has ended is forgotten with its conversation.
        let Some(turn) = self.workspace().store().turn(id).await? else {
            return Ok(None);
        };
        // It may have been taken up meanwhile.
        if let Some(live) = self.known().turns.get(id) {
            return Ok(Some(live.clone()));
        }
        // Who follows a turn that another one waits for follows that one.
        if turn.status == TurnStatus::Running
            && let Some(parent) = &turn.parent
            && let Some(live) = Box::pin(self.find(parent)).await?
            && live.ended().is_none()
        {
            return Ok(Some(live));
        }
        let task = Task::read(&turn.task);
        let live = Live::new(turn.id, turn.conversation, turn.agent, 0);
        match serde_json::from_value::<State>(turn.state) {
            Ok(state) => {
                for event in replay::events(&task, live.conversation(), &state) {
                    live.tell(event);
                }
                live.end(replay::ended(live.conversation(), state));
            }
            Err(_) => live.end(Err(Error::Gone)),
        }
        Ok(Some(live))
    }

    /// Stops the turns that run in a conversation, and waits for their ends.
    pub async fn stop_in(&self, conversation: &str) {
        let here = |live: &&Live| live.conversation() == conversation && live.ended().is_none();
        let running: Vec<Live> = self.known().turns.values().filter(here).cloned().collect();
        running.iter().for_each(Live::cancel);
        for live in running {
            // How it ends does not matter.
            drop(live.answer().await);
        }
    }

    /// Takes up the turns that were under way when the last server ended, and gives how many there are. They run to their end,
    /// for nobody knows whether those who asked come back. One that can't be taken up keeps no other from it.
    ///
    /// # Errors
    /// [`Error::Store`] where it can't be read which there are.
    pub async fn resume(&self) -> Result<usize, Error> {
        let left = self.workspace().store().running_turns().await?;
        let mut resumed = 0;
        for turn in left {
            let id = turn.id.clone();
            match self.resume_one(turn).await {
                Ok(is_resumed) => resumed += usize::from(is_resumed),
                Err(e) => {
                    tracing::error!(turn = id, error = %e, "a turn can't be taken up again");
                }
            }
        }
        Ok(resumed)
    }

    /// Takes up a turn, unless there is one that does so.
    async fn resume_one(&self, turn: caxton_memory::Turn) -> Result<bool, Error> {
        // One that another waits for is taken up by that one; where that has ended, nobody wants it.
        if let Some(parent) = &turn.parent {
            let parent = self.workspace().store().turn(parent).await?;
            if parent.is_some_and(|parent| parent.status == TurnStatus::Running) {
                return Ok(false);
            }
        }
        self.take_up(turn).await?;
        Ok(true)
    }

    async fn take_up(&self, turn: caxton_memory::Turn) -> Result<(), Error> {
        let workspace = self.workspace();
        let agent = workspace.agent(&turn.agent).ok();
        let state = serde_json::from_value::<State>(turn.state.clone()).ok();
        let lost = match (&agent, &state) {
            (None, _) => Some(format!("the agent `{}` is not there any more", turn.agent)),
            (_, None) => Some("another version of the server began it".to_owned()),
            (_, Some(_)) if turn.parent.is_some() => Some(UNWANTED.to_owned()),
            (_, Some(state)) if state.generation >= GENERATIONS_MAX => Some(format!(
                "the server ended {GENERATIONS_MAX} times during it"
            )),
            _ => None,
        };
        let (Some(agent), Some(mut state), None) = (agent, state, &lost) else {
            let reason = lost.unwrap_or_default();
            tracing::warn!(
                turn = turn.id,
                agent = turn.agent,
                reason,
                "a turn is not taken up again"
            );
            return begin::interrupt(workspace.store(), turn, reason).await;
        };
        state.generation += 1;
        let live = Live::new(
            turn.id.clone(),
            turn.conversation.clone(),
            turn.agent.clone(),
            state.generation,
        );
        live.keep();
        drop(self.add(&live, None)?);
        // Written down before anything is done: a turn that ends the server each time must not do so for ever.
        let written = drive::json(&state);
        let store = workspace.store();
        let begun = store.checkpoint_turn(&turn.id, &written, Vec::new(), Vec::new());
        if let Err(e) = begun.await {
            let error = drive::missing(e);
            live.end(Err(error.clone()));
            self.retire(&live, None, true);
            return Err(error);
        }
        tracing::info!(
            turn = turn.id,
            agent = turn.agent,
            "a turn that the last server began is taken up again"
        );
        let turns = self.clone();
        tokio::spawn(async move {
            let workspace = turns.workspace();
            let work = async {
                let _line = workspace.lines().wait(live.conversation()).await;
                begin::take_up(workspace, &agent, &live, turn, state, None).await
            };
            turns.run(&live, &agent, None, work).await;
        });
        Ok(())
    }

    /// Runs a turn, and tells how it ended. What goes wrong in it stays in it.
    async fn run(
        &self,
        live: &Live,
        agent: &Agent,
        key: Option<String>,
        work: impl Future<Output = Result<Answer, Error>>,
    ) {
        let workspace = self.workspace();
        let running = agent.activity.begin();
        let ended = match &running {
            Ok(_) => AssertUnwindSafe(work)
                .catch_unwind()
                .await
                .unwrap_or_else(|_| {
                    tracing::error!(turn = live.id(), agent = live.agent(), "a turn panicked");
                    Err(Error::Gone)
                }),
            Err(rest) => Err(paused(agent, rest.clone())),
        };
        if running.is_ok() {
            tell_health(workspace, agent, &ended);
        }
        drop(running);
        let begun = live.is_shown();
        self.close(live.id(), &ended).await;
        live.end(ended);
        self.retire(live, key, begun);
    }

    /// Sees to what a turn leaves on disk: neither it nor one that it waited for is to be taken up by the next server.
    async fn close(&self, id: &str, ended: &Result<Answer, Error>) {
        let (reason, has_asked) = match ended {
            Ok(answer) => {
                let mut calls = answer.tool_calls.iter();
                (None, calls.any(|call| call.name == ASK_AGENT))
            }
            // It is written down how it was stopped.
            Err(Error::Stopped { .. }) => (None, true),
            Err(error) => (Some(error.to_string()), true),
        };
        let store = self.workspace().store();
        let closed = match &reason {
            Some(reason) => self.interrupt(id, reason).await,
            None => Ok(()),
        };
        let below = match has_asked {
            true => store.running_below(id).await,
            false => Ok(Vec::new()),
        };
        if closed.is_ok() && below.is_ok_and(|below| below.is_empty()) {
            return;
        }
        let (turns, id) = (self.clone(), id.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(CLOSE_AGAIN).await;
            if let Err(e) = turns.close_again(&id, reason.as_deref()).await {
                tracing::error!(turn = id, error = %e, "it can't be written down that a turn has ended");
            }
        });
    }

    async fn close_again(&self, id: &str, reason: Option<&str>) -> Result<(), Error> {
        if let Some(reason) = reason {
            self.interrupt(id, reason).await?;
        }
        let store = self.workspace().store();
        for turn in store.running_below(id).await? {
            begin::interrupt(store, turn, UNWANTED.to_owned()).await?;
        }
        Ok(())
    }

    /// Ends a turn on disk, where it is under way there.
    async fn interrupt(&self, id: &str, reason: &str) -> Result<(), Error> {
        let store = self.workspace().store();
        match store.turn(id).await? {
            Some(turn) if turn.status == TurnStatus::Running => {
                begin::interrupt(store, turn, reason.to_owned()).await
            }
            _ => Ok(()),
        }
    }

    /// The turn that answers under this key already.
    async fn under(&self, key: &Key) -> Result<Option<Live>, Error> {
        let known = self.known().keys.get(&key.key).cloned();
        if let Some((digest, live)) = known.as_ref()
            && live.ended().is_none()
        {
            return same(key, digest).map(|()| Some(live.clone()));
        }
        match self.workspace().store().turn_of_key(&key.key).await? {
            None => {
                // The turn was forgotten with its conversation, or never begun.
                if let Some((_, live)) = known {
                    self.known().free(&key.key, live.id());
                }
                Ok(None)
            }
            Some((turn, digest)) => {
                same(key, &digest)?;
                self.find(&turn).await
            }
        }
    }

    /// Makes a turn known. Where another one came first under the same key, that one is given.
    fn add(&self, live: &Live, key: Option<&Key>) -> Result<Option<Live>, Error> {
        let mut known = self.known();
        if known.turns.len() - known.ended.len() >= RUNNING_MAX {
            return Err(Error::Busy { limit: RUNNING_MAX });
        }
        if let Some(key) = key {
            if let Some((digest, other)) = known.keys.get(&key.key) {
                return same(key, digest).map(|()| Some(other.clone()));
            }
            known
                .keys
                .insert(key.key.clone(), (key.digest.clone(), live.clone()));
        }
        known.turns.insert(live.id().to_owned(), live.clone());
        Ok(None)
    }

    /// A turn has ended: it is known for a while, and so is its key, for whoever looked for that one on disk just before it was
    /// there. Where the turn was never begun, its key is free.
    fn retire(&self, live: &Live, mut key: Option<String>, begun: bool) {
        let (id, events) = (live.id().to_owned(), live.events());
        let mut known = self.known();
        if let Some(key) = key.take_if(|_| !begun) {
            known.free(&key, &id);
        }
        known.ended_events += events;
        known.ended.push_back(Ended { id, key, events });
        while known.ended.len() > ENDED_MAX || known.ended_events > ENDED_EVENTS_MAX {
            let Some(oldest) = known.ended.pop_front() else {
                break;
            };
            known.ended_events -= oldest.events;
            known.turns.remove(&oldest.id);
            if let Some(key) = oldest.key {
                known.free(&key, &oldest.id);
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that is done under the lock can panic half way.
        self.inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Frees a key, where it is still this turn's.
    fn free(&mut self, key: &str, turn: &str) {
        if self
            .keys
            .get(key)
            .is_some_and(|(_, live)| live.id() == turn)
        {
            self.keys.remove(key);
        }
    }
}

fn check(message: &Message) -> Result<(), Error> {
    if message.content.trim().is_empty() && message.images.is_empty() && message.exchange.is_none()
    {
        return Err(Error::Empty);
    }
    let bytes = message.content.len();
    if bytes > CONTENT_BYTES_MAX {
        return Err(Error::TooLong {
            bytes,
            limit: CONTENT_BYTES_MAX,
        });
    }
    Ok(())
}

fn same(key: &Key, digest: &str) -> Result<(), Error> {
    if key.digest == digest {
        return Ok(());
    }
    let key = key.key.clone();
    Err(Error::KeyReused { key })
}

/// Finds the agent: by name, by capability, the one that the conversation is with, else by meaning.
async fn find(
    workspace: &Workspace,
    message: &Message,
    with: Option<&str>,
) -> Result<Route, routing::Error> {
    let content = message.content.as_str();
    let target = match (&message.to, &message.capability, with) {
        (Some(agent), _, _) => Target::Agent(agent),
        (None, Some(name), _) => Target::Capability {
            name,
            content,
            except: &[],
        },
        (None, None, Some(agent)) if workspace.agent(agent).is_ok() => Target::Agent(agent),
        _ => Target::Content(content),
    };
    routing::route(workspace, target).await
}

/// The agent was removed between being chosen and being asked.
pub(super) fn gone(name: &str, error: &workspace::Error) -> Error {
    let nearest = match error {
        workspace::Error::NoAgent { nearest, .. } => nearest.clone(),
        _ => Vec::new(),
    };
    Error::Routing(routing::Error::NoAgent {
        name: name.to_owned(),
        nearest,
    })
}

/// The agent rests.
pub(super) fn paused(agent: &Agent, paused: workspace::Paused) -> Error {
    Error::Paused {
        agent: agent.config.name.clone(),
        reason: paused.reason,
        retry_after_ms: u64::try_from(paused.left.as_millis()).unwrap_or(u64::MAX),
    }
}

/// A turn that ended before it began.
fn stopped(live: &Live, fault: Fault) -> Error {
    Error::Stopped {
        fault: Box::new(fault),
        id: live.id().to_owned(),
        conversation: live.conversation().to_owned(),
        agent: live.agent().to_owned(),
        receipt: Box::default(),
    }
}

/// Notes how a turn of `agent` went, and tells what that changes.
pub(super) fn tell_health(workspace: &Workspace, agent: &Agent, ended: &Result<Answer, Error>) {
    let turned = agent.activity.end(outcome(ended), &agent.config.breaker);
    let change = match turned {
        None => return,
        Some(Turned::Failed) => Change::Failed,
        Some(Turned::Paused) => Change::Paused,
        Some(Turned::Recovered) => Change::Recovered,
    };
    workspace.events().tell(Kind::Agent {
        name: agent.config.name.clone(),
        change,
        reason: ended.as_ref().err().map(ToString::to_string),
    });
}
