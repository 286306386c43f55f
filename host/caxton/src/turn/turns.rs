//! The turns of a workspace: starting and running them, and finding those that run and those that have ended.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use caxton_memory::{TurnStatus, new_id};
use futures_util::FutureExt as _;

use super::begin::{self, Beginning};
use super::close::close;
use super::error::Error;
use super::event::{Answer, Message};
use super::fault::Fault;
use super::health::gone;
use super::key::{Key, same};
use super::known::Known;
use super::live::{Keep, Live};
use super::replay;
use super::stand_in::{Taken, take};
use super::state::{Found, State};
use super::task::Task;
use crate::routing::{self, Route, Target};
use crate::workspace::Workspace;

/// The longest message, in bytes.
const CONTENT_BYTES_MAX: usize = 1 << 20;

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

/// How a turn is started.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The key under which the client may send the message again, and the digest of the message.
    pub key: Option<Key>,
    /// What becomes of it when nobody follows.
    pub keep: Keep,
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
        let task = Task {
            found: Found::of(&route),
            chain: vec![route.agent.clone()],
            parameters: message.parameters,
            asked: message.asked,
            exchange: message.exchange,
            keep: start.keep == Keep::ToTheEnd,
            ..Task::default()
        };
        let Taken {
            agent,
            running,
            task,
            stand_ins,
        } = take(workspace, agent, &route, task)?;

        let is_new = conversation.is_none();
        let conversation = conversation.map_or_else(new_id, |c| c.id);
        let live = Live::new(new_id(), conversation, agent.config.name.clone(), 1);
        if start.keep == Keep::ToTheEnd {
            live.keep();
        }
        if let Some(other) = self.known().add(&live, start.key.as_ref())? {
            return Ok(other);
        }
        let beginning = Beginning {
            content: message.content,
            images: message.images,
            conversation_is_new: is_new,
            parent: None,
            key: start.key.clone(),
            running,
            stand_ins,
        };
        let (turns, begun) = (self.clone(), live.clone());
        tokio::spawn(async move {
            let workspace = turns.workspace();
            let work = async {
                // Two messages to one conversation at once are answered one after the other, the one that begins it included:
                // its client knows the conversation before it has the answer.
                let _line = tokio::select! {
                    line = workspace.lines().wait(begun.conversation()) => line,
                    () = begun.cancelled() => return Err(stopped(&begun, Fault::Cancelled)),
                };
                begin::begin(workspace, &agent, &begun, task, beginning).await
            };
            let key = start.key.map(|key| key.key);
            turns.run(&begun, key, work).await;
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

    /// Runs a turn, and tells how it ended. What goes wrong in it stays in it.
    pub(super) async fn run(
        &self,
        live: &Live,
        key: Option<String>,
        work: impl Future<Output = Result<Answer, Error>>,
    ) {
        let ended = AssertUnwindSafe(work).catch_unwind().await;
        let ended = ended.unwrap_or_else(|_| {
            tracing::error!(turn = live.id(), agent = live.agent(), "a turn panicked");
            Err(Error::Gone)
        });
        let begun = live.is_shown();
        close(self.workspace().store(), live.id(), &ended).await;
        live.end(ended);
        self.known().retire(live, key, begun);
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

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing that is done under the lock can panic half way.
        self.inner
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
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

/// A turn that ended before it began.
fn stopped(live: &Live, fault: Fault) -> Error {
    Error::Stopped {
        fault: Box::new(fault),
        id: live.id().to_owned(),
        conversation: live.conversation().to_owned(),
        agent: live.agent(),
        receipt: Box::default(),
    }
}
