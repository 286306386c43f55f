//! The events of a turn as its state tells them: for those who follow a turn that another server began, or that has ended long
//! ago. Pieces of text come as a whole.

use super::error::Error;
use super::event::{Answer, Event, ToolCall};
use super::state::{Phase, Returned, Said, State, Wanted};
use super::task::Task;

/// What has happened so far.
pub(super) fn events(task: &Task, conversation: &str, state: &State) -> Vec<Event> {
    let mut events = vec![task.routed(conversation, state)];
    events.extend(recalled(state));
    for said in &state.said {
        match said {
            Said::Model { text, calls, .. } => {
                if !text.is_empty() {
                    events.push(Event::Delta {
                        agent: state.agent.clone(),
                        text: text.clone(),
                    });
                }
                let own = calls
                    .iter()
                    .filter(|wanted| !state.client.contains(&wanted.name));
                events.extend(own.map(|wanted| asked(state, wanted)));
            }
            Said::Tools(outputs) => {
                for output in outputs {
                    let place = state
                        .calls
                        .iter()
                        .position(|call| call.id == output.id && call.agent == state.agent);
                    let calls = place.map_or(&[][..], |place| &state.calls[place..]);
                    if let Some((call, later)) = calls.split_first() {
                        let inner = later.iter().take_while(|call| call.agent != state.agent);
                        events.extend(inner.flat_map(made));
                        events.push(Event::ToolResult(Box::new(call.clone())));
                    }
                }
            }
        }
    }
    if let Phase::Calling(round) = &state.phase {
        for Returned { call, inner, .. } in
            round.iter().filter_map(|(_, returned)| returned.as_ref())
        {
            events.extend(inner.iter().flat_map(made));
            events.push(Event::ToolResult(Box::new(call.clone())));
        }
    }
    if !state.remembered.is_empty() {
        events.push(Event::Remember {
            agent: state.agent.clone(),
            entities: state.remembered.clone(),
        });
    }
    events
}

/// The event that tells what the agent was told of what is remembered, where that was anything.
pub(super) fn recalled(state: &State) -> Option<Event> {
    (!state.recalled.is_empty()).then(|| Event::Recall {
        agent: state.agent.clone(),
        entities: state.recalled.clone(),
    })
}

/// How the turn ended, as its state tells.
///
/// # Errors
/// [`Error::Stopped`] where it gave no answer.
pub(super) fn ended(conversation: &str, state: State) -> Result<Answer, Error> {
    let State {
        id,
        agent,
        wanted,
        recalled,
        remembered,
        calls: tool_calls,
        model,
        completions,
        receipt,
        phase,
        ..
    } = state;
    let conversation = conversation.to_owned();
    let fault = match phase {
        Phase::Done {
            content,
            stop,
            calls,
        } => {
            return Ok(Answer {
                id,
                conversation,
                agent,
                fallback_from: (model != wanted).then_some(wanted),
                model,
                content,
                stop_reason: stop.name(),
                calls,
                recalled,
                remembered,
                tool_calls,
                completions,
                receipt,
            });
        }
        Phase::Failed(fault) => fault,
        _ => super::Fault::Interrupted {
            reason: "the server ended".to_owned(),
        },
    };
    Err(Error::Stopped {
        fault: Box::new(fault),
        id,
        conversation,
        agent,
        receipt: Box::new(receipt),
    })
}

/// The event that tells of a call.
pub(super) fn asked(state: &State, wanted: &Wanted) -> Event {
    let arguments = serde_json::from_str(&wanted.arguments)
        .unwrap_or_else(|_| serde_json::Value::String(wanted.arguments.clone()));
    let name = state.tools.get(&wanted.name).unwrap_or(&wanted.name);
    Event::ToolCall {
        agent: state.agent.clone(),
        id: wanted.id.clone(),
        name: name.clone(),
        arguments,
    }
}

fn made(call: &ToolCall) -> [Event; 2] {
    let asked = Event::ToolCall {
        agent: call.agent.clone(),
        id: call.id.clone(),
        name: call.name.clone(),
        arguments: call.arguments.clone(),
    };
    [asked, Event::ToolResult(Box::new(call.clone()))]
}
