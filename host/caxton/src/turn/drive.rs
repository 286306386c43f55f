//! Drives a turn: performs what the state machine asks for, writes every step down before anyone is told of it, and tells those
//! who follow.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use caxton_memory::{NewTurn, TurnEnd};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::allowance::Allowance;
use super::complete::{Asking, NotCompleted};
use super::context::{self, Older, SUMMARY_TOKENS_MAX};
use super::effects::Effects;
use super::error::Error;
use super::event::{Answer, Event};
use super::fault::Fault;
use super::live::Live;
use super::replay;
use super::request::Frame;
use super::spent::{self, Spent};
use super::state::{self, Action, Phase, Said, State};
use super::step::{resume, step};
use super::task::Task;
use super::unfinished::Unfinished;
use crate::config::ModelRef;
use crate::workspace::event::Kind;
use crate::workspace::{Agent, Workspace};

/// A turn that is to be driven.
pub(super) struct Turn<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: &'a Arc<Agent>,
    /// Those who follow; of a turn that another one waits for, those who follow that one.
    pub(super) live: &'a Live,
    pub(super) conversation: String,
    pub(super) task: Task,
    pub(super) models: Vec<ModelRef>,
    pub(super) frame: Frame,
    /// Earlier turns that are to be summarised first.
    pub(super) older: Option<Older>,
    pub(super) state: State,
    pub(super) allowance: Allowance,
    /// What is to be written down first; nothing where that was done before the server ended.
    pub(super) new: Option<NewTurn>,
}

/// What was performed.
enum Performed {
    Event(state::Event),
    /// There is a summary up to this place.
    Summary(state::Event, i64, String),
}

impl Turn<'_> {
    /// Performs the turn to its end.
    pub(super) async fn drive(self) -> Result<Answer, Error> {
        let Turn {
            workspace,
            agent,
            live,
            conversation,
            task,
            models,
            frame,
            older,
            state,
            allowance,
            new,
        } = self;
        let mut frame = Arc::new(frame);
        let store = workspace.store();
        let own = task.depth == 0;
        let mut unfinished = Unfinished::new(store, &state, own, &allowance);
        let limit = agent.config.limits.time;
        let begun = Instant::now();
        let before = Duration::from_millis(state.elapsed_ms);
        let deadline = begun + limit.saturating_sub(before);
        let elapsed = || millis(before + begun.elapsed());
        let effects = Effects {
            workspace,
            agent: &agent.config,
            task: &task,
            turn: &state.id.clone(),
            conversation: &conversation,
            live,
            allowance: &allowance,
        };
        let asking = Asking {
            workspace,
            agent: &agent.config,
            depth: task.depth,
            live,
            limits: state.limits,
            max_tokens: task.asked.max_tokens,
            allowance: &allowance,
            deadline,
            quiet: false,
        };
        let mut on_disk = new.is_none();
        if !on_disk {
            // A turn that is taken up again has told so already.
            live.tell(task.routed(&state.id, &conversation, &state.agent));
        }
        // The first request to the model does not wait for the disk; what it answers does.
        let start = async {
            match new {
                Some(new) => store.start_turn(new).await.map(drop).map_err(missing),
                None => Ok(()),
            }
        };
        let mut start = pin!(start);
        let mut under_way = FuturesUnordered::new();
        let (mut state, mut actions) = match state.phase {
            Phase::New => step(
                state,
                state::Event::Begin {
                    summarise: older.is_some(),
                },
            ),
            _ => {
                let actions = resume(&state);
                (state, actions)
            }
        };
        while !state.has_ended() {
            for action in actions.drain(..) {
                let asked = match &action {
                    Action::Complete { .. } => Some((state.clone(), Arc::clone(&frame))),
                    _ => None,
                };
                let older = older.as_ref();
                under_way.push(perform(&asking, &effects, &models, asked, older, action));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let performed = tokio::select! {
                biased;
                started = &mut start, if !on_disk => {
                    started?;
                    on_disk = true;
                    live.show();
                    continue;
                }
                () = live.cancelled() => Performed::Event(state::Event::Cancelled),
                performed = tokio::time::timeout(left, under_way.next()) => match performed {
                    Ok(Some(performed)) => performed,
                    // Every state that has not ended waits for something, so there is something under way; if ever not, the
                    // turn ends here instead of hanging.
                    Ok(None) | Err(_) => Performed::Event(state::Event::TimeUp { limit_ms: millis(limit) }),
                },
            };
            let event = match performed {
                Performed::Event(event) => event,
                Performed::Summary(event, seq, summary) => {
                    let kept = store.set_summary(&conversation, &agent.config.name, seq, &summary);
                    if let Err(e) = kept.await {
                        allowance.lose(Spent::told_by(event));
                        return Err(missing(e));
                    }
                    Arc::make_mut(&mut frame)
                        .history
                        .insert(0, context::summary_message(&summary));
                    event
                }
            };
            if !on_disk {
                if let Err(e) = (&mut start).await {
                    allowance.lose(Spent::told_by(event));
                    return Err(e);
                }
                on_disk = true;
                live.show();
            }
            let told = match &event {
                state::Event::Returned { returned, .. } => {
                    Some(Event::ToolResult(Box::new(returned.call.clone())))
                }
                _ => None,
            };
            let settled = state.completions.len();
            (state, actions) = step(state, event);
            if state.has_ended() {
                // What is still under way stops here, before its turn is said to have ended.
                under_way.clear();
                state.receipt.duration_ms = elapsed();
            }
            let lost = allowance.take_lost();
            state.receipt.add(&lost.receipt);
            state.completions.extend(lost.completions);
            state.elapsed_ms = elapsed();
            let usage = spent::usage(&state.agent, state.completions.iter().skip(settled));
            let written = json(&state);
            unfinished.state(&written);
            let kept = if state.has_ended() {
                let (end, messages) = end(&state);
                store
                    .finish_turn(&state.id, end, &written, messages, usage.clone())
                    .await
            } else {
                store
                    .checkpoint_turn(&state.id, &written, Vec::new(), usage.clone())
                    .await
            };
            if let Err(e) = kept {
                spent::add_usage(store, usage).await;
                return Err(missing(e));
            }
            if state.has_ended() {
                unfinished.done();
            }
            told.into_iter().for_each(|event| live.tell(event));
            if actions.iter().any(is_call)
                && let Some(Said::Model { calls, .. }) = state.said.last()
            {
                calls
                    .iter()
                    .for_each(|wanted| live.tell(replay::asked(&state, wanted)));
                tell_refused(&state, live);
            }
        }
        let used = &state.receipt;
        agent.activity.used(used.tool_calls.into(), used.tokens());
        tell_workspace(workspace, &conversation, &state);
        replay::ended(&conversation, state)
    }
}

/// Performs one action.
async fn perform(
    asking: &Asking<'_>,
    effects: &Effects<'_>,
    models: &[ModelRef],
    asked: Option<(State, Arc<Frame>)>,
    older: Option<&Older>,
    action: Action,
) -> Performed {
    let event = match (action, asked, older) {
        (Action::Complete { tools }, Some((state, frame)), _) => {
            let request = |model: &ModelRef| frame.request(&state, model, tools);
            match asking.ask(models, &state.model, request).await {
                Ok(completion) => state::Event::Completed(completion),
                Err(NotCompleted {
                    fault,
                    receipt,
                    completions,
                }) => state::Event::NotCompleted {
                    fault,
                    receipt,
                    completions,
                },
            }
        }
        (Action::Summarise, _, Some(older)) => return summarise(asking, models, older).await,
        (
            Action::CallTool {
                id,
                tool,
                arguments,
                again,
            },
            ..,
        ) => {
            let returned = effects.call_tool(id.clone(), tool, arguments, again).await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        (
            Action::AskAgent {
                id,
                capability,
                message,
                again,
            },
            ..,
        ) => {
            let returned = effects
                .ask_agent(id.clone(), capability, message, again)
                .await;
            state::Event::Returned {
                id,
                returned: Box::new(returned),
            }
        }
        // There is nothing to summarise any more: the conversation was cleared meanwhile.
        (Action::Summarise, ..) => state::Event::Summarised {
            receipt: super::Receipt::default(),
            completions: Vec::new(),
        },
        // The last two come with a state that has ended, and a request always with its state, so nothing performs these.
        (Action::Complete { .. } | Action::Finish | Action::Fail, ..) => state::Event::Cancelled,
    };
    Performed::Event(event)
}

/// Asks for a summary. Without one the turn goes on all the same.
async fn summarise(asking: &Asking<'_>, models: &[ModelRef], older: &Older) -> Performed {
    let asking = Asking {
        quiet: true,
        max_tokens: Some(SUMMARY_TOKENS_MAX),
        ..*asking
    };
    match asking.ask(models, "", |model| older.request(model)).await {
        Ok(completion) => {
            let event = state::Event::Summarised {
                receipt: completion.receipt,
                completions: completion.completions,
            };
            match completion.text.trim() {
                "" => Performed::Event(event),
                summary => Performed::Summary(event, older.seq, summary.to_owned()),
            }
        }
        Err(not) => {
            tracing::warn!(agent = asking.agent.name, reason = %not.fault, "a conversation can't be summarised; its oldest turns are left out");
            Performed::Event(state::Event::Summarised {
                receipt: not.receipt,
                completions: not.completions,
            })
        }
    }
}

fn is_call(action: &Action) -> bool {
    matches!(action, Action::CallTool { .. } | Action::AskAgent { .. })
}

/// Tells of the calls that were refused before they were made.
fn tell_refused(state: &State, live: &Live) {
    if let Phase::Calling(round) = &state.phase {
        let refused = round.iter().filter_map(|(_, returned)| returned.as_ref());
        refused.for_each(|returned| live.tell(Event::ToolResult(Box::new(returned.call.clone()))));
    }
}

fn end(state: &State) -> (TurnEnd, Vec<caxton_memory::NewMessage>) {
    match &state.phase {
        Phase::Done { .. } => (TurnEnd::Done, context::transcript(state)),
        Phase::Failed(Fault::Cancelled) => (TurnEnd::Cancelled, Vec::new()),
        Phase::Failed(Fault::Interrupted { .. }) => (TurnEnd::Interrupted, Vec::new()),
        _ => (TurnEnd::Failed, Vec::new()),
    }
}

fn tell_workspace(workspace: &Workspace, conversation: &str, state: &State) {
    let code = match &state.phase {
        Phase::Failed(fault) => Some(fault.code().to_owned()),
        _ => None,
    };
    workspace.events().tell(Kind::Turn {
        id: state.id.clone(),
        conversation: conversation.to_owned(),
        agent: state.agent.clone(),
        code,
        duration_ms: state.receipt.duration_ms,
    });
}

/// A conversation that was deleted meanwhile is one that is not there.
pub(super) fn missing(error: caxton_memory::Error) -> Error {
    match error {
        caxton_memory::Error::NotFound {
            what: "conversation",
            id,
        } => Error::NoConversation { id },
        caxton_memory::Error::KeyUsed { key, .. } => Error::KeyReused { key },
        other => Error::Store(other),
    }
}

/// The state as it is written down. Its maps have text for keys and its numbers are finite or left out, so that this can't
/// fail; a turn is not lost for a checkpoint that could not be written.
pub(super) fn json(state: &State) -> Value {
    serde_json::to_value(state).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
