//! The turn as a state machine without I/O: [`step`] takes a state and what happened, and gives the next state and what is to
//! be done. It holds the limits, decides what a model may call, and keeps what is said in order. All of it serialises.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::event::ToolCall;
use super::receipt::Receipt;

/// The name under which models are offered the tool that asks another agent.
pub const ASK_AGENT: &str = "ask_agent";

/// The most calls of one round. A model that asks for more is confused, and each costs an instance.
const CALLS_PER_ROUND_MAX: usize = 32;

/// A turn at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Who answers.
    pub agent: String,
    /// What it may use.
    pub limits: Limits,
    /// The tools on offer: the name that the model knows, and the full name.
    pub tools: BTreeMap<String, String>,
    /// What was said in this turn, after the message that it answers.
    pub said: Vec<Said>,
    /// Rounds of tool calls so far.
    pub rounds: u32,
    /// Finished calls, in the order in which they were asked for.
    pub calls: Vec<ToolCall>,
    /// The model that answered last.
    pub model: String,
    /// What it cost so far.
    pub receipt: Receipt,
    /// What it waits for.
    pub phase: Phase,
}

/// What a turn may use. Its time is kept by whoever drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Rounds of tool calls.
    pub tool_rounds: u32,
    /// Tokens read and written.
    pub tokens: u64,
}

/// Something that was said in a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// By the model: text, and calls that it asks for.
    Model {
        /// The text; may be empty where there are calls.
        text: String,
        /// The calls.
        calls: Vec<Wanted>,
    },
    /// By tools: one result for each call of the model's last words, in that order.
    Tools(Vec<Output>),
}

/// A call that a model asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// Its id, unique within the turn.
    pub id: String,
    /// The name that the model wrote.
    pub name: String,
    /// The arguments as the model wrote them.
    pub arguments: String,
}

/// What a call gave, for the model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The call.
    pub id: String,
    /// The result.
    pub text: String,
    /// It failed.
    pub is_error: bool,
}

/// What a turn waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// To begin.
    New,
    /// For the model.
    Completing,
    /// For tools: the calls of this round in order, with those results that are in.
    Calling(Vec<(Wanted, Option<Returned>)>),
    /// For nothing: there is an answer.
    Done {
        /// What is said.
        content: String,
        /// Why the model stopped.
        stop: Stop,
    },
    /// For nothing: there is none.
    Failed(Fault),
}

/// Why a model stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// It had said all, or wants calls made.
    EndTurn,
    /// It reached its limit.
    MaxTokens,
    /// It met a text at which to stop.
    StopText,
    /// A filter stopped it.
    ContentFilter,
}

impl Stop {
    /// The name that JSON uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::EndTurn => "end-turn",
            Self::MaxTokens => "max-tokens",
            Self::StopText => "stop-text",
            Self::ContentFilter => "content-filter",
        }
    }
}

/// Why a turn has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The model wants more rounds than it has.
    #[error("the agent did not come to an answer within {limit} rounds of tool calls; raise `tool_rounds` under [limits] in its file, or ask for less at once")]
    ToolRounds {
        /// The limit.
        limit: u32,
    },
    /// The tokens are used up.
    #[error("the agent used {used} tokens, and its limit is {limit}; raise `tokens` under [limits] in its file, or ask for less at once")]
    Tokens {
        /// Tokens used.
        used: u64,
        /// The limit.
        limit: u64,
    },
    /// The time is up.
    #[error("the agent did not come to an answer within {limit_ms} ms; raise `time` under [limits] in its file, or ask for less at once")]
    Time {
        /// The limit.
        limit_ms: u64,
    },
    /// No model answered.
    #[error("{reason}")]
    Provider {
        /// What kind of fault it is.
        code: String,
        /// What was tried, and why it failed.
        reason: String,
    },
    /// The model said nothing.
    #[error("the model {model} gave an empty answer; try again, or use another model")]
    Empty {
        /// The model.
        model: String,
    },
}

impl Fault {
    /// A stable kebab-case code.
    pub fn code(&self) -> &str {
        match self {
            Self::ToolRounds { .. } => "tool-rounds-exceeded",
            Self::Tokens { .. } => "tokens-exceeded",
            Self::Time { .. } => "turn-deadline-exceeded",
            Self::Provider { code, .. } => code,
            Self::Empty { .. } => "empty-answer",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The turn begins.
    Begin,
    /// A model answered.
    Completed(Completion),
    /// No model answered.
    NotCompleted {
        /// Why.
        fault: Fault,
        /// What it cost to try.
        receipt: Receipt,
    },
    /// A call ended.
    Returned {
        /// The call.
        id: String,
        /// What it gave.
        returned: Box<Returned>,
    },
    /// The time is up.
    TimeUp {
        /// How long it was.
        limit_ms: u64,
    },
}

/// What a model answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Completion {
    /// The model, as `provider/model`.
    pub model: String,
    /// Its text.
    pub text: String,
    /// The calls it asks for.
    pub calls: Vec<Wanted>,
    /// Why it stopped.
    pub stop: Stop,
    /// What it cost.
    pub receipt: Receipt,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// The finished call.
    pub call: ToolCall,
    /// The calls that another agent made for it.
    pub inner: Vec<ToolCall>,
    /// What it all cost.
    pub receipt: Receipt,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Ask the model for its next words.
    Complete {
        /// Whether it may call tools.
        tools: bool,
    },
    /// Call a tool.
    CallTool {
        /// The call.
        id: String,
        /// The tool's full name.
        tool: String,
        /// Its arguments, an object.
        arguments: Value,
    },
    /// Ask another agent.
    AskAgent {
        /// The call.
        id: String,
        /// What it must be able to do.
        capability: String,
        /// What it is asked.
        message: String,
    },
    /// Give the answer.
    Finish,
    /// Say why there is none.
    Fail,
}

impl State {
    /// A turn that has not begun.
    pub fn new(agent: &str, limits: Limits, tools: BTreeMap<String, String>) -> Self {
        Self {
            agent: agent.to_owned(),
            limits,
            tools,
            said: Vec::new(),
            rounds: 0,
            calls: Vec::new(),
            model: String::new(),
            receipt: Receipt::default(),
            phase: Phase::New,
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Done { .. } | Phase::Failed(_))
    }
}

/// Takes one step. An event that the turn does not wait for changes nothing.
pub fn step(mut state: State, event: Event) -> (State, Vec<Action>) {
    let actions = match (std::mem::replace(&mut state.phase, Phase::New), event) {
        (phase @ (Phase::Done { .. } | Phase::Failed(_)), _) => keep(&mut state, phase),
        (_, Event::TimeUp { limit_ms }) => fail(&mut state, Fault::Time { limit_ms }),
        (Phase::New, Event::Begin) => complete(&mut state),
        (Phase::Completing, Event::Completed(completion)) => completed(&mut state, completion),
        (Phase::Completing, Event::NotCompleted { fault, receipt }) => {
            state.receipt.add(&receipt);
            fail(&mut state, fault)
        }
        (Phase::Calling(round), Event::Returned { id, returned }) => returned_to(&mut state, round, &id, *returned),
        (phase, _) => keep(&mut state, phase),
    };
    (state, actions)
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
    // With its last round used up, the model is asked to answer with what it knows by now.
    vec![Action::Complete { tools: state.rounds < state.limits.tool_rounds && !state.tools.is_empty() }]
}

fn completed(state: &mut State, completion: Completion) -> Vec<Action> {
    let Completion { model, text, mut calls, stop, receipt } = completion;
    state.receipt.add(&receipt);
    state.model = model;
    if calls.is_empty() {
        if text.trim().is_empty() {
            let model = state.model.clone();
            return fail(state, Fault::Empty { model });
        }
        state.said.push(Said::Model { text: text.clone(), calls });
        state.phase = Phase::Done { content: text, stop };
        return vec![Action::Finish];
    }
    if let Some(fault) = tokens_used_up(state) {
        return fail(state, fault);
    }
    if state.rounds >= state.limits.tool_rounds {
        let limit = state.limits.tool_rounds;
        return fail(state, Fault::ToolRounds { limit });
    }
    state.rounds += 1;
    make_unique(state, &mut calls);
    state.said.push(Said::Model { text, calls: calls.clone() });
    let mut actions = Vec::new();
    let mut round = Vec::new();
    for (place, wanted) in calls.into_iter().enumerate() {
        let returned = match action(state, place, &wanted) {
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

/// What is done for a call, or why nothing is, in words for the model.
fn action(state: &State, place: usize, wanted: &Wanted) -> Result<Action, String> {
    let Wanted { id, name, arguments } = wanted;
    if place >= CALLS_PER_ROUND_MAX {
        return Err(format!("too many calls at once: at most {CALLS_PER_ROUND_MAX} are made; call it again"));
    }
    let Some(tool) = state.tools.get(name) else {
        let known: Vec<&str> = state.tools.keys().map(String::as_str).collect();
        return Err(format!("there is no tool `{name}` that you may call; there are: {}", known.join(", ")));
    };
    let arguments = object(arguments)?;
    if tool != ASK_AGENT {
        return Ok(Action::CallTool { id: id.clone(), tool: tool.clone(), arguments: Value::Object(arguments) });
    }
    let text = |key: &str| match arguments.get(key).and_then(Value::as_str).map(str::trim) {
        Some(text) if !text.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("the argument `{key}` is missing: a text that is not empty")),
    };
    Ok(Action::AskAgent { id: id.clone(), capability: text("capability")?, message: text("message")? })
}

/// Arguments as an object. Models write nothing at all where a tool takes none.
fn object(arguments: &str) -> Result<Map<String, Value>, String> {
    if arguments.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(arguments) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err("the arguments are not a JSON object; write them as {\"name\": value}".to_owned()),
        Err(e) => Err(format!("the arguments are not valid JSON: {e}; write them as {{\"name\": value}}")),
    }
}

fn refused(state: &State, wanted: &Wanted, text: String) -> Returned {
    let arguments = serde_json::from_str(&wanted.arguments).unwrap_or_else(|_| Value::String(wanted.arguments.clone()));
    let call = ToolCall {
        id: wanted.id.clone(),
        agent: state.agent.clone(),
        name: state.tools.get(&wanted.name).unwrap_or(&wanted.name).clone(),
        arguments,
        is_error: true,
        text,
        structured: None,
        attachments: Vec::new(),
        receipt: None,
    };
    Returned { call, inner: Vec::new(), receipt: Receipt::default() }
}

fn returned_to(state: &mut State, mut round: Vec<(Wanted, Option<Returned>)>, id: &str, returned: Returned) -> Vec<Action> {
    if let Some((_, place)) = round.iter_mut().find(|(wanted, place)| wanted.id == id && place.is_none()) {
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
        let Returned { call, inner, .. } = returned;
        outputs.push(Output { id: call.id.clone(), text: call.text.clone(), is_error: call.is_error });
        state.calls.push(call);
        state.calls.extend(inner);
    }
    state.said.push(Said::Tools(outputs));
    match tokens_used_up(state) {
        Some(fault) => fail(state, fault),
        None => complete(state),
    }
}

fn tokens_used_up(state: &State) -> Option<Fault> {
    let (used, limit) = (state.receipt.tokens(), state.limits.tokens);
    (used >= limit).then_some(Fault::Tokens { used, limit })
}

/// Results refer to calls by id, so each call of a turn has its own, whatever the model wrote.
fn make_unique(state: &State, calls: &mut [Wanted]) {
    let mut taken: Vec<String> = state.said.iter().flat_map(|said| match said {
        Said::Model { calls, .. } => calls.iter().map(|call| call.id.clone()).collect(),
        Said::Tools(_) => Vec::new(),
    }).collect();
    for (place, call) in calls.iter_mut().enumerate() {
        if call.id.is_empty() || taken.contains(&call.id) {
            call.id = format!("call_{}_{}", state.rounds, place + 1);
            while taken.contains(&call.id) {
                call.id.push('x');
            }
        }
        taken.push(call.id.clone());
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
