//! The turn as a state machine without I/O: [`step`] takes a state and what happened, and gives the next state and what is to
//! be done. It holds the limits, decides what a model may call, and keeps what is said in order.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::event::ToolCall;
use super::fault::Fault;
use super::receipt::{CompletionReceipt, Receipt};
use super::state::{
    ASK_AGENT, Action, Completion, Event, FIND_TOOLS, Found, Output, Phase, Returned, Said, State,
    Stop, TOOLS_MAX, Wanted,
};

/// The most calls of one round. A model that asks for more is confused, and each costs an instance.
const CALLS_PER_ROUND_MAX: usize = 32;

/// The most calls that one completion may ask for at all. Each that is not made is written down with its reason; a model that
/// asks for more than this is broken.
const CALLS_MAX: usize = 256;

/// Takes one step. An event that the turn does not wait for changes nothing.
pub fn step(mut state: State, event: Event) -> (State, Vec<Action>) {
    let actions = match (std::mem::replace(&mut state.phase, Phase::New), event) {
        (phase @ (Phase::Done { .. } | Phase::Failed(_)), _) => keep(&mut state, phase),
        (
            Phase::Remembering {
                content,
                stop,
                calls,
            },
            event @ (Event::Remembered(_) | Event::TimeUp { .. } | Event::Cancelled),
        ) => {
            // There is an answer, whatever becomes of the rest.
            if let Event::Remembered(remembered) = event {
                state.remembered = remembered;
            }
            state.phase = Phase::Done {
                content,
                stop,
                calls,
            };
            vec![Action::Finish]
        }
        (_, Event::TimeUp { limit_ms }) => fail(&mut state, Fault::Time { limit_ms }),
        (_, Event::Cancelled) => fail(&mut state, Fault::Cancelled),
        (Phase::New, Event::Begin { summarise: true }) => {
            state.phase = Phase::Summarising;
            vec![Action::Summarise]
        }
        (Phase::New, Event::Begin { summarise: false }) => complete(&mut state),
        (
            Phase::Summarising,
            Event::Summarised {
                receipt,
                completions,
            },
        ) => {
            state.receipt.add(&receipt);
            state.completions.extend(completions);
            match used_up(&state) {
                Some(fault) => fail(&mut state, fault),
                None => complete(&mut state),
            }
        }
        (Phase::Completing, Event::Completed(completion)) => completed(&mut state, completion),
        (
            Phase::Completing,
            Event::NotCompleted {
                fault,
                receipt,
                completions,
            },
        ) => {
            state.receipt.add(&receipt);
            state.completions.extend(completions);
            fail(&mut state, fault)
        }
        (Phase::Calling(round), Event::Returned { id, returned }) => {
            returned_to(&mut state, round, &id, *returned)
        }
        (phase, _) => keep(&mut state, phase),
    };
    (state, actions)
}

/// Whether a turn has done nothing yet that another agent could not begin anew: no call was made, and nobody has read a word.
/// Whether one was `read` is known to whoever asks the model.
pub fn may_pass_on(state: &State, read: bool) -> bool {
    !read && state.said.is_empty() && matches!(state.phase, Phase::Completing)
}

/// A turn whose agent failed before it had acted, as it is before `agent` begins it; with what it cost to try.
pub fn passed_on(
    mut state: State,
    agent: &str,
    routed: Found,
    spent: &Receipt,
    completions: Vec<CompletionReceipt>,
) -> State {
    agent.clone_into(&mut state.agent);
    state.routed = Some(routed);
    state.receipt.add(spent);
    state.completions.extend(completions);
    state.phase = Phase::New;
    state
}

/// What is to be done for a turn that is taken up again, in the state in which it was written down.
pub fn resume(state: &State) -> Vec<Action> {
    match &state.phase {
        Phase::New | Phase::Done { .. } | Phase::Failed(_) => Vec::new(),
        Phase::Summarising => vec![Action::Summarise],
        Phase::Completing => vec![Action::Complete {
            tools: may_call(state),
        }],
        Phase::Remembering { .. } => vec![Action::Remember {
            facts: state.facts.clone(),
        }],
        Phase::Calling(round) => {
            let open = round.iter().enumerate();
            let open = open.filter(|(_, (_, returned))| returned.is_none());
            open.filter_map(|(place, (wanted, _))| action(state, place, wanted, true).ok())
                .collect()
        }
    }
}

fn keep(state: &mut State, phase: Phase) -> Vec<Action> {
    state.phase = phase;
    Vec::new()
}

fn fail(state: &mut State, fault: Fault) -> Vec<Action> {
    state.phase = Phase::Failed(fault);
    vec![Action::Fail]
}

fn complete(state: &mut State) -> Vec<Action> {
    state.phase = Phase::Completing;
    vec![Action::Complete {
        tools: may_call(state),
    }]
}

/// Whether the model may call tools. With its last round used up, it is asked to answer with what it knows by now.
fn may_call(state: &State) -> bool {
    let own = state.rounds < state.limits.tool_rounds && !state.tools.is_empty();
    own || !state.client.is_empty()
}

fn completed(state: &mut State, completion: Completion) -> Vec<Action> {
    let Completion {
        model,
        text,
        mut calls,
        stop,
        opaque,
        receipt,
        completions,
    } = completion;
    state.receipt.add(&receipt);
    state.completions.extend(completions);
    state.model.clone_from(&model);
    if calls.is_empty() {
        if text.trim().is_empty() {
            return fail(state, Fault::Empty { model });
        }
        return done(state, model, text, Vec::new(), opaque, stop);
    }
    if calls.len() > CALLS_MAX {
        let reason = format!(
            "{model}: it asks for {} calls at once, and at most {CALLS_MAX} are taken; try again, or use another model",
            calls.len()
        );
        let fault = Fault::Provider {
            code: "provider-bad-response".to_owned(),
            reason,
            retry_after_ms: None,
        };
        return fail(state, fault);
    }
    if calls
        .iter()
        .any(|wanted| state.client.contains(&wanted.name))
    {
        // What the agent's own tools were to do in the same breath, the model asks for again when it knows the results.
        calls.retain(|wanted| state.client.contains(&wanted.name));
        if state.one_call {
            calls.truncate(1);
        }
        mint(state, &mut calls);
        return done(state, model, text, calls, opaque, Stop::ToolCalls);
    }
    if let Some(fault) = used_up(state) {
        return fail(state, fault);
    }
    if state.rounds >= state.limits.tool_rounds {
        let limit = state.limits.tool_rounds;
        return fail(state, Fault::ToolRounds { limit });
    }
    state.rounds += 1;
    make_unique(state, &mut calls);
    state.said.push(Said::Model {
        model,
        text,
        calls: calls.clone(),
        opaque,
    });
    let mut actions = Vec::new();
    let mut round = Vec::new();
    for (place, wanted) in calls.into_iter().enumerate() {
        let returned = match action(state, place, &wanted, false) {
            Ok(action) => {
                actions.push(action);
                None
            }
            Err(reason) => Some(refused(state, &wanted, reason)),
        };
        round.push((wanted, returned));
    }
    if actions.is_empty() {
        return round_ended(state, round);
    }
    state.phase = Phase::Calling(round);
    actions
}

/// Ends the turn with an answer, or with calls that the client is to make, when what was said is remembered.
fn done(
    state: &mut State,
    model: String,
    text: String,
    calls: Vec<Wanted>,
    opaque: Vec<String>,
    stop: Stop,
) -> Vec<Action> {
    state.said.push(Said::Model {
        model,
        text: text.clone(),
        calls: calls.clone(),
        opaque,
    });
    let content = text;
    if !state.facts.is_empty() {
        state.phase = Phase::Remembering {
            content,
            stop,
            calls,
        };
        let facts = state.facts.clone();
        return vec![Action::Remember { facts }];
    }
    state.phase = Phase::Done {
        content,
        stop,
        calls,
    };
    vec![Action::Finish]
}

/// What is done for a call, or why nothing is, in words for the model.
fn action(state: &State, place: usize, wanted: &Wanted, again: bool) -> Result<Action, String> {
    let Wanted {
        id,
        name,
        arguments,
    } = wanted;
    if place >= CALLS_PER_ROUND_MAX {
        return Err(format!(
            "too many calls at once: at most {CALLS_PER_ROUND_MAX} are made; call it again"
        ));
    }
    let Some(tool) = state.tools.get(name) else {
        let known: Vec<&str> = state.tools.keys().map(String::as_str).collect();
        let more = match state.tools.contains_key(FIND_TOOLS) {
            true => "; `find_tools` finds more",
            false => "",
        };
        return Err(format!(
            "there is no tool `{name}` that you may call; there are: {}{more}",
            known.join(", ")
        ));
    };
    let arguments = object(arguments)?;
    let text = |key: &str| match arguments.get(key).and_then(Value::as_str).map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!(
            "the argument `{key}` is missing: a text that is not empty"
        )),
    };
    let id = id.clone();
    Ok(match tool.as_str() {
        ASK_AGENT => Action::AskAgent {
            id,
            capability: text("capability")?,
            message: text("message")?,
            again,
        },
        FIND_TOOLS => Action::FindTools {
            id,
            purpose: text("purpose")?,
            on_offer: state.tools.clone(),
        },
        tool => Action::CallTool {
            id,
            tool: tool.to_owned(),
            arguments: Value::Object(arguments),
            again,
        },
    })
}

/// Arguments as an object. Models write nothing at all where a tool takes none.
fn object(arguments: &str) -> Result<Map<String, Value>, String> {
    if arguments.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(arguments) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => {
            Err("the arguments are not a JSON object; write them as {\"name\": value}".to_owned())
        }
        Err(e) => Err(format!(
            "the arguments are not valid JSON: {e}; write them as {{\"name\": value}}"
        )),
    }
}

fn refused(state: &State, wanted: &Wanted, text: String) -> Returned {
    let arguments = serde_json::from_str(&wanted.arguments)
        .unwrap_or_else(|_| Value::String(wanted.arguments.clone()));
    let call = ToolCall {
        id: wanted.id.clone(),
        agent: state.agent.clone(),
        name: state
            .tools
            .get(&wanted.name)
            .unwrap_or(&wanted.name)
            .clone(),
        arguments,
        is_error: true,
        text,
        structured: None,
        attachments: Vec::new(),
        receipt: None,
    };
    Returned {
        call,
        inner: Vec::new(),
        found: Vec::new(),
        receipt: Receipt::default(),
    }
}

fn returned_to(
    state: &mut State,
    mut round: Vec<(Wanted, Option<Returned>)>,
    id: &str,
    returned: Returned,
) -> Vec<Action> {
    if let Some((_, place)) = round
        .iter_mut()
        .find(|(wanted, place)| wanted.id == id && place.is_none())
    {
        state.receipt.add(&returned.receipt);
        *place = Some(returned);
    }
    if round.iter().any(|(_, returned)| returned.is_none()) {
        state.phase = Phase::Calling(round);
        return Vec::new();
    }
    round_ended(state, round)
}

fn round_ended(state: &mut State, round: Vec<(Wanted, Option<Returned>)>) -> Vec<Action> {
    let mut outputs = Vec::with_capacity(round.len());
    for returned in round.into_iter().filter_map(|(_, returned)| returned) {
        let Returned {
            call, inner, found, ..
        } = returned;
        outputs.push(Output {
            id: call.id.clone(),
            text: call.text.clone(),
            is_error: call.is_error,
        });
        state.calls.push(call);
        state.calls.extend(inner);
        found.into_iter().for_each(|tool| put_on_offer(state, tool));
    }
    state.said.push(Said::Tools(outputs));
    match used_up(state) {
        Some(fault) => fail(state, fault),
        None => complete(state),
    }
}

/// Puts a tool that was found on offer. Where a request has no room for more, the one that was found first goes.
fn put_on_offer(state: &mut State, (name, tool): (String, String)) {
    if state.tools.insert(name.clone(), tool).is_some() {
        return;
    }
    state.found.push(name);
    if state.tools.len() + state.client.len() > TOOLS_MAX {
        state.tools.remove(&state.found.remove(0));
    }
}

/// The limit that has nothing left for another request to a model. How much is left is looked at before each request; this
/// ends a turn before tools are called whose results no model would read.
fn used_up(state: &State) -> Option<Fault> {
    let (used, limit) = (state.receipt.tokens(), state.limits.tokens);
    if used >= limit {
        return Some(Fault::Tokens { used, limit });
    }
    let limit_pusd = state.limits.cost_pusd?;
    let used_pusd = state.receipt.cost_pusd.unwrap_or_default();
    (used_pusd >= limit_pusd).then_some(Fault::Cost {
        used_pusd,
        limit_pusd,
    })
}

/// Gives the client's calls ids by which the turn is found again when the client comes back with their results. Some models'
/// servers take no longer id than 40 characters, so the turn's own comes without its dashes.
fn mint(state: &State, calls: &mut [Wanted]) {
    let turn = state.id.replace('-', "");
    for (place, wanted) in calls.iter_mut().enumerate() {
        wanted.id = format!("call_{turn}_{place}");
    }
}

/// Results refer to calls by id, so each call of a turn has its own, whatever the model wrote.
fn make_unique(state: &State, calls: &mut [Wanted]) {
    let earlier = state.said.iter().flat_map(|said| match said {
        Said::Model { calls, .. } => calls.as_slice(),
        Said::Tools(_) => &[],
    });
    let mut taken: HashSet<String> = earlier.map(|call| call.id.clone()).collect();
    for (place, call) in calls.iter_mut().enumerate() {
        if call.id.is_empty() || taken.contains(&call.id) {
            call.id = format!("call_{}_{}", state.rounds, place + 1);
            while taken.contains(&call.id) {
                call.id.push('x');
            }
        }
        taken.insert(call.id.clone());
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
