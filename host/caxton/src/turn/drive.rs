//! Drives a turn: finds the agent, performs what the state machine asks for, tells those who wait, and writes everything
//! down. A turn that is dropped on the way stops at once and is marked as interrupted.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caxton_memory::{NewConversation, NewTurn, Store, TurnConversation, TurnEnd};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio::sync::mpsc;

use super::complete::Asking;
use super::effects::Effects;
use super::error::Error;
use super::event::{Answer, Event, Message};
use super::fault::Fault;
use super::history;
use super::offer::{DEPTH_MAX, offer};
use super::request::Frame;
use super::state::{self, Action, Limits, Phase, State};
use super::step::step;
use crate::config::ModelRef;
use crate::routing::{self, Route, Target};
use crate::workspace::event::{Change, Kind};
use crate::workspace::{self, Agent, Workspace};

/// The longest message, in bytes.
const CONTENT_BYTES_MAX: usize = 1 << 20;

/// How many characters of a first message become the title of its conversation.
const TITLE_CHARS_MAX: usize = 80;

/// Answers a message. What happens on the way goes to `events`, which ends with `Done` or `Error`; that nobody receives them
/// is no error. When this returns, the answer is on disk.
///
/// # Errors
/// [`Error`] says why there is no answer.
pub async fn run(
    workspace: &Workspace,
    message: Message,
    events: mpsc::Sender<Event>,
) -> Result<Answer, Error> {
    let answer = answer(workspace, message, None, Scope::default(), &events).await;
    let last = match &answer {
        Ok(answer) => Event::Done(Box::new(answer.clone())),
        Err(error) => Event::Error {
            code: error.code().to_owned(),
            message: error.to_string(),
            conversation: error.conversation().map(str::to_owned),
            receipt: Box::new(error.receipt()),
        },
    };
    drop(events.send(last).await);
    answer
}

/// Where a turn stands among those that wait for each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// How many agents wait for this one's answer.
    pub(super) depth: u32,
    /// The agents that wait, and the one that answers; the first is the one that the person asked.
    pub(super) chain: Vec<String>,
    /// The conversation of the first.
    pub(super) origin: Option<String>,
    /// The turn and the conversation that wait for this one.
    parent: Option<(String, String)>,
}

impl Scope {
    /// The scope of the agent that is asked in `turn`.
    ///
    /// # Errors
    /// [`Error::Delegation`] where it waits itself, or too many do.
    pub(super) fn below(&self, agent: &str, turn: &str, conversation: &str) -> Result<Self, Error> {
        let path = || format!("{} → {agent}", self.chain.join(" → "));
        if self.chain.iter().any(|waiting| waiting == agent) {
            return Err(Error::Delegation {
                reason: format!("the agents would ask each other in a circle: {}", path()),
            });
        }
        if self.depth >= DEPTH_MAX {
            return Err(Error::Delegation {
                reason: format!(
                    "at most {DEPTH_MAX} agents may wait for another one: {}",
                    path()
                ),
            });
        }
        let mut chain = self.chain.clone();
        chain.push(agent.to_owned());
        let origin = self
            .origin
            .clone()
            .or_else(|| Some(conversation.to_owned()));
        Ok(Self {
            depth: self.depth + 1,
            chain,
            origin,
            parent: Some((turn.to_owned(), conversation.to_owned())),
        })
    }
}

/// Answers a message, within a turn that waits for it or without one. `route` is given where the agent is known. Boxed,
/// because an agent that asks another one comes here again.
pub(super) fn answer<'a>(
    workspace: &'a Workspace,
    message: Message,
    route: Option<Route>,
    scope: Scope,
    events: &'a mpsc::Sender<Event>,
) -> Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'a>> {
    Box::pin(begin(workspace, message, route, scope, events))
}

async fn begin(
    workspace: &Workspace,
    message: Message,
    route: Option<Route>,
    mut scope: Scope,
    events: &mpsc::Sender<Event>,
) -> Result<Answer, Error> {
    check(&message)?;
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
    let route = match route {
        Some(route) => route,
        None => {
            find(
                workspace,
                &message,
                conversation.as_ref().map(|c| c.agent.as_str()),
            )
            .await?
        }
    };
    workspace.events().tell(route.event());
    let agent = workspace
        .agent(&route.agent)
        .map_err(|e| gone(&route.agent, &e))?;
    let Route {
        agent: name,
        score,
        reason,
        router,
        cached,
        ..
    } = route;
    if scope.chain.is_empty() {
        scope.chain.push(name.clone());
    }
    drop(
        events
            .send(Event::Route {
                agent: name,
                score,
                reason,
                router,
                cached,
                depth: scope.depth,
            })
            .await,
    );

    let started = Instant::now();
    // Two messages to one conversation at once are answered one after the other.
    let _line = match &conversation {
        Some(conversation) => Some(workspace.lines().wait(&conversation.id).await),
        None => None,
    };
    let _running = agent.activity.begin();
    let turn = Turn::start(
        workspace,
        &agent,
        message,
        conversation.map(|c| c.id),
        scope,
        events,
    )
    .await?;
    let ended = turn.drive(started).await;
    let failure = ended.as_ref().err().map(ToString::to_string);
    if agent.activity.end(failure.clone()) {
        let change = if failure.is_some() {
            Change::Failed
        } else {
            Change::Recovered
        };
        workspace.events().tell(Kind::Agent {
            name: agent.config.name.clone(),
            change,
            reason: failure,
        });
    }
    ended
}

fn check(message: &Message) -> Result<(), Error> {
    if message.content.trim().is_empty() {
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

/// The agent was removed between being chosen and being asked.
fn gone(name: &str, error: &workspace::Error) -> Error {
    let nearest = match error {
        workspace::Error::NoAgent { nearest, .. } => nearest.clone(),
        _ => Vec::new(),
    };
    Error::Routing(routing::Error::NoAgent {
        name: name.to_owned(),
        nearest,
    })
}

/// A turn that is under way.
struct Turn<'a> {
    workspace: &'a Workspace,
    agent: &'a Agent,
    scope: Scope,
    events: &'a mpsc::Sender<Event>,
    id: String,
    conversation: String,
    models: Vec<ModelRef>,
    frame: Frame,
    state: State,
    unfinished: Unfinished,
}

impl<'a> Turn<'a> {
    /// Writes the message down and begins.
    async fn start(
        workspace: &'a Workspace,
        agent: &'a Arc<Agent>,
        message: Message,
        conversation: Option<String>,
        scope: Scope,
        events: &'a mpsc::Sender<Event>,
    ) -> Result<Self, Error> {
        let config = &agent.config;
        let store = workspace.store();
        let history = match &conversation {
            Some(id) => history::load(store, id, config.limits.tokens).await?,
            None => Vec::new(),
        };
        // One view of the workspace for the whole turn: what is offered is what is there.
        let now = workspace.state();
        let offer = offer(&now, config, &scope.chain, scope.depth);
        let limits = Limits {
            tool_rounds: config.limits.tool_rounds,
            tokens: config.limits.tokens,
        };
        let offered: BTreeMap<String, String> = if limits.tool_rounds == 0 {
            BTreeMap::new()
        } else {
            offer.names.clone()
        };
        let state = State::new(&config.name, limits, offered);
        let conversation = match conversation {
            Some(id) => TurnConversation::Existing(id),
            None => TurnConversation::New(NewConversation {
                agent: config.name.clone(),
                title: Some(title(&message.content)),
                parent: scope
                    .parent
                    .as_ref()
                    .map(|(_, conversation)| conversation.clone()),
            }),
        };
        let new = NewTurn {
            conversation,
            parent: scope.parent.as_ref().map(|(turn, _)| turn.clone()),
            agent: config.name.clone(),
            state: json(&state),
            messages: vec![history::user(&message.content)],
        };
        let started = store.start_turn(new).await.map_err(missing)?;
        let frame = Frame::new(
            config,
            &now.config.name,
            &started.conversation,
            &message.content,
            history,
            offer,
        );
        let unfinished = Unfinished {
            store: store.clone(),
            id: Some(started.id.clone()),
            state: json(&state),
        };
        Ok(Self {
            workspace,
            agent,
            scope,
            events,
            id: started.id,
            conversation: started.conversation,
            models: now.models(config),
            frame,
            state,
            unfinished,
        })
    }

    /// Performs the turn to its end.
    async fn drive(mut self, started: Instant) -> Result<Answer, Error> {
        let limit = self.agent.config.limits.time;
        let effects = Effects {
            workspace: self.workspace,
            agent: &self.agent.config,
            scope: &self.scope,
            turn: &self.id,
            conversation: &self.conversation,
            events: self.events,
        };
        let asking = Asking {
            workspace: self.workspace,
            agent: &self.agent.config.name,
            depth: self.scope.depth,
            frame: &self.frame,
            events: self.events,
        };
        let store = self.workspace.store();
        let mut under_way = FuturesUnordered::new();
        let (mut state, mut actions) = step(self.state, state::Event::Begin);
        while !state.has_ended() {
            for action in actions.drain(..) {
                under_way.push(perform(
                    &asking,
                    &effects,
                    &self.models,
                    state.clone(),
                    action,
                ));
            }
            let left = limit.saturating_sub(started.elapsed());
            let event = match tokio::time::timeout(left, under_way.next()).await {
                Ok(Some(event)) => event,
                // Every state that has not ended waits for something, so there is something under way; if ever not, the
                // turn ends here instead of hanging.
                Ok(None) | Err(_) => state::Event::TimeUp {
                    limit_ms: millis(limit),
                },
            };
            (state, actions) = step(state, event);
            if !state.has_ended() {
                let written = json(&state);
                store
                    .checkpoint_turn(&self.id, &written, Vec::new())
                    .await
                    .map_err(missing)?;
                self.unfinished.state = written;
            }
        }
        // What is still under way stops here.
        drop(under_way);
        state.receipt.duration_ms = millis(started.elapsed());
        self.agent
            .activity
            .used(state.receipt.tool_calls.into(), state.receipt.tokens());
        let (end, messages) = match &state.phase {
            Phase::Done { .. } => (TurnEnd::Done, history::transcript(&state)),
            _ => (TurnEnd::Failed, Vec::new()),
        };
        store
            .finish_turn(&self.id, end, &json(&state), messages)
            .await
            .map_err(missing)?;
        self.unfinished.id = None;
        finish(self.workspace, self.id, self.conversation, state)
    }
}

/// Performs one action.
async fn perform(
    asking: &Asking<'_>,
    effects: &Effects<'_>,
    models: &[ModelRef],
    state: State,
    action: Action,
) -> state::Event {
    match action {
        Action::Complete { tools } => match asking.ask(models, &state, tools).await {
            Ok(completion) => state::Event::Completed(completion),
            Err((fault, receipt)) => state::Event::NotCompleted { fault, receipt },
        },
        Action::CallTool {
            id,
            tool,
            arguments,
        } => {
            let returned = effects.call_tool(id.clone(), tool, arguments).await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        Action::AskAgent {
            id,
            capability,
            message,
        } => {
            let returned = effects.ask_agent(id.clone(), capability, message).await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        // Both come with a state that has ended, so nothing performs them.
        Action::Finish | Action::Fail => state::Event::Begin,
    }
}

fn finish(
    workspace: &Workspace,
    id: String,
    conversation: String,
    state: State,
) -> Result<Answer, Error> {
    let State {
        agent,
        calls,
        model,
        receipt,
        phase,
        ..
    } = state;
    let tell = |code| {
        let duration_ms = receipt.duration_ms;
        workspace.events().tell(Kind::Turn {
            id: id.clone(),
            conversation: conversation.clone(),
            agent: agent.clone(),
            code,
            duration_ms,
        });
    };
    match phase {
        Phase::Done { content, stop } => {
            tell(None);
            Ok(Answer {
                id,
                conversation,
                agent,
                model,
                content,
                stop_reason: stop.name(),
                tool_calls: calls,
                receipt,
            })
        }
        Phase::Failed(fault) => {
            tell(Some(fault.code().to_owned()));
            Err(Error::Stopped {
                fault: Box::new(fault),
                id,
                conversation,
                agent,
                receipt: Box::new(receipt),
            })
        }
        Phase::New | Phase::Completing | Phase::Calling(_) => {
            let fault = Fault::Time {
                limit_ms: receipt.duration_ms,
            };
            Err(Error::Stopped {
                fault: Box::new(fault),
                id,
                conversation,
                agent,
                receipt: Box::new(receipt),
            })
        }
    }
}

/// Marks a turn as interrupted when it is dropped before its end: its caller has gone, or the server ends.
struct Unfinished {
    store: Store,
    id: Option<String>,
    state: Value,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(id) = self.id.take() else { return };
        let (store, state) = (self.store.clone(), std::mem::take(&mut self.state));
        // Without a runtime the server is gone; the next one marks the turn.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(e) = store
                    .finish_turn(&id, TurnEnd::Interrupted, &state, Vec::new())
                    .await
                {
                    tracing::warn!(turn = id, error = %e, "an interrupted turn can't be marked");
                }
            });
        }
    }
}

/// A conversation that was deleted meanwhile is one that is not there.
fn missing(error: caxton_memory::Error) -> Error {
    match error {
        caxton_memory::Error::NotFound {
            what: "conversation",
            id,
        } => Error::NoConversation { id },
        other => Error::Store(other),
    }
}

fn title(content: &str) -> String {
    let line = content
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    match line.char_indices().nth(TITLE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// The state as it is written down. Its maps have text for keys and its numbers are finite or left out, so that this can't
/// fail; a turn is not lost for a checkpoint that could not be written.
fn json(state: &State) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
