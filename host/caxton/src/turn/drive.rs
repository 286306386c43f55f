//! Drives a turn: performs what the state machine asks for, writes every step down before anyone is told of it, and tells those
//! who follow.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use caxton_memory::NewTurn;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::allowance::Allowance;
use super::complete::Asking;
use super::effects::Effects;
use super::error::Error;
use super::event::{Answer, Event};
use super::health::is_of_models;
use super::live::Live;
use super::perform::{Performed, perform};
use super::record::{self, missing};
use super::replay;
use super::request::Frame;
use super::spent::{self, Spent};
use super::stand_in::{PassedOn, StandIns};
use super::state::{self, Action, Phase, Said, State};
use super::step::{may_pass_on, passed_on, resume, step};
use super::summary::{Older, summary_message};
use super::task::Task;
use super::unfinished::Unfinished;
use crate::config::ModelRef;
use crate::workspace::event::Kind;
use crate::workspace::{Agent, Workspace};

/// A turn that is to be driven.
pub(super) struct Turn<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: Arc<Agent>,
    /// Who answers where that one fails before it has acted.
    pub(super) stand_ins: StandIns,
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

/// What became of a turn.
pub(super) enum Driven {
    /// It has its answer.
    Answered(Box<Answer>),
    /// Its agent failed before it had acted, and another one takes its place.
    PassedOn(Box<PassedOn>),
}

impl Turn<'_> {
    /// Performs the turn to its end, or until it is passed on.
    pub(super) async fn drive(self) -> Result<Driven, Error> {
        let Turn {
            workspace,
            agent,
            mut stand_ins,
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
        let offer = frame.offer();
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
            offer: &offer,
            turn: &state.id.clone(),
            conversation: &conversation,
            live,
            allowance: &allowance,
        };
        let read = Arc::new(AtomicBool::new(false));
        let asking = Asking {
            workspace,
            agent: &agent.config,
            depth: task.depth,
            live,
            limits: state.limits,
            max_tokens: task.asked.max_tokens,
            allowance: &allowance,
            deadline,
            read: &read,
            quiet: false,
        };
        let mut on_disk = new.is_none();
        if !on_disk {
            // A turn that is taken up again has told so already.
            live.tell(task.routed(&conversation, &state));
            let recalled = replay::recalled(&state);
            recalled.into_iter().for_each(|event| live.tell(event));
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
                        .insert(0, summary_message(&summary));
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
            let to = match &event {
                state::Event::NotCompleted { fault, .. }
                    if is_of_models(fault) && may_pass_on(&state, read.load(Ordering::Relaxed)) =>
                {
                    stand_ins.next(workspace, &task)
                }
                _ => None,
            };
            let event = match (event, to) {
                (
                    state::Event::NotCompleted {
                        fault,
                        receipt,
                        completions,
                    },
                    Some(to),
                ) => {
                    let mut spent = Spent {
                        receipt,
                        completions,
                    };
                    spent.add(allowance.take_lost());
                    let usage = spent::usage(&state.agent, &spent.completions);
                    let found = to.found_after(&state, &task, &fault);
                    let name = &to.agent.config.name;
                    state = passed_on(state, name, found, &spent.receipt, spent.completions);
                    state.elapsed_ms = elapsed();
                    unfinished.done();
                    // From here on it is the other one's, whatever becomes of this server.
                    record::pass_on(store, &state, usage).await?;
                    return Ok(Driven::PassedOn(Box::new(PassedOn {
                        state,
                        fault,
                        to,
                        others: stand_ins,
                    })));
                }
                (event, _) => event,
            };
            let told = match &event {
                state::Event::Returned { returned, .. } => {
                    Some(Event::ToolResult(Box::new(returned.call.clone())))
                }
                state::Event::Remembered(entities) if !entities.is_empty() => {
                    Some(Event::Remember {
                        agent: state.agent.clone(),
                        entities: entities.clone(),
                    })
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
            let written = record::json(&state);
            unfinished.state(&written);
            record::write(store, &state, &written, usage).await?;
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
        let ended = replay::ended(&conversation, state);
        ended.map(|answer| Driven::Answered(Box::new(answer)))
    }
}

fn is_call(action: &Action) -> bool {
    matches!(
        action,
        Action::CallTool { .. } | Action::AskAgent { .. } | Action::FindTools { .. }
    )
}

/// Tells of the calls that were refused before they were made.
fn tell_refused(state: &State, live: &Live) {
    if let Phase::Calling(round) = &state.phase {
        let refused = round.iter().filter_map(|(_, returned)| returned.as_ref());
        refused.for_each(|returned| live.tell(Event::ToolResult(Box::new(returned.call.clone()))));
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

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
