//! What a turn is at one moment, what can happen to it, and what is then to be done: data that serialises. How one leads to
//! the other is in `step`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::event::{Recalled, Remembered, ToolCall};
use super::fault::Fault;
use super::receipt::{CompletionReceipt, Receipt};
use crate::routing::Route;

/// The name under which models are offered the tool that asks another agent.
pub const ASK_AGENT: &str = "ask_agent";

/// The name under which models are offered the tool that finds more tools.
pub const FIND_TOOLS: &str = "find_tools";

/// The most tools of one request: providers take no more.
pub const TOOLS_MAX: usize = 128;

/// A turn at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The turn's id.
    pub id: String,
    /// How often it was taken up again after the server ended.
    pub generation: u32,
    /// How long it has run, in milliseconds. Time in which there was no server does not count.
    pub elapsed_ms: u64,
    /// Who answers.
    pub agent: String,
    /// How that one was found, where it stands in for the agent that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routed: Option<Found>,
    /// What it may use.
    pub limits: Limits,
    /// The tools on offer: the name that the model knows, and the full name.
    pub tools: BTreeMap<String, String>,
    /// Those of them that were not on offer from the beginning but found later, by the name that the model knows, in that order.
    pub found: Vec<String>,
    /// The tools that the client has itself.
    pub client: BTreeSet<String>,
    /// The client makes one call at a time.
    pub one_call: bool,
    /// What its agent is told of what is remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<Recalled>,
    /// What of its message is to be remembered when there is an answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<String>,
    /// What was remembered of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remembered: Vec<Remembered>,
    /// What was said in this turn, after the message that it answers.
    pub said: Vec<Said>,
    /// Rounds of tool calls so far.
    pub rounds: u32,
    /// Finished calls, in the order in which they were asked for.
    pub calls: Vec<ToolCall>,
    /// The model that is to answer, as `provider/model`.
    pub wanted: String,
    /// The model that answered last.
    pub model: String,
    /// What each request to a model cost.
    pub completions: Vec<CompletionReceipt>,
    /// What it cost so far.
    pub receipt: Receipt,
    /// What it waits for.
    pub phase: Phase,
}

/// How an agent was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// How well it fits, from 0 to 1.
    pub score: f32,
    /// One sentence on why.
    pub reason: String,
    /// The router that decided; nothing where there was no choice.
    pub router: Option<String>,
    /// The decision was made earlier, for the same message.
    pub cached: bool,
}

impl Found {
    pub(super) fn of(route: &Route) -> Self {
        Self {
            score: route.score,
            reason: route.reason.clone(),
            router: route.router.clone(),
            cached: route.cached,
        }
    }
}

/// What a turn may use. Its time is kept by whoever drives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Rounds of tool calls.
    pub tool_rounds: u32,
    /// Tokens read and written.
    pub tokens: u64,
    /// The most tokens of one answer of a model.
    pub max_tokens: u32,
    /// The most that it may cost, in pico-US-dollars.
    pub cost_pusd: Option<u64>,
}

/// Something that was said in a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// By the model: text, and calls that it asks for.
    Model {
        /// The model, as `provider/model`.
        model: String,
        /// The text; may be empty where there are calls.
        text: String,
        /// The calls.
        calls: Vec<Wanted>,
        /// What only this model understands, and is given back to it alone.
        opaque: Vec<String>,
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
    /// For a summary of what was said earlier.
    Summarising,
    /// For the model.
    Completing,
    /// For tools: the calls of this round in order, with those results that are in.
    Calling(Vec<(Wanted, Option<Returned>)>),
    /// For what was said to be remembered: there is an answer.
    Remembering {
        /// What is said.
        content: String,
        /// Why the model stopped.
        stop: Stop,
        /// The client's tools that it is to call.
        calls: Vec<Wanted>,
    },
    /// For nothing: there is an answer.
    Done {
        /// What is said.
        content: String,
        /// Why the model stopped.
        stop: Stop,
        /// The client's tools that it is to call.
        calls: Vec<Wanted>,
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
    /// It wants tools of the client called.
    ToolCalls,
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
            Self::ToolCalls => "tool-calls",
            Self::MaxTokens => "max-tokens",
            Self::StopText => "stop-text",
            Self::ContentFilter => "content-filter",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The turn begins.
    Begin {
        /// Earlier words are too many, and are to be summarised first.
        summarise: bool,
    },
    /// There is a summary, or there is none; the turn goes on without it.
    Summarised {
        /// What it cost.
        receipt: Receipt,
        /// What each request cost.
        completions: Vec<CompletionReceipt>,
    },
    /// A model answered.
    Completed(Completion),
    /// No model answered.
    NotCompleted {
        /// Why.
        fault: Fault,
        /// What it cost to try.
        receipt: Receipt,
        /// What each request cost.
        completions: Vec<CompletionReceipt>,
    },
    /// A call ended.
    Returned {
        /// The call.
        id: String,
        /// What it gave.
        returned: Box<Returned>,
    },
    /// What was said is remembered, as far as it could be.
    Remembered(Vec<Remembered>),
    /// The time is up.
    TimeUp {
        /// How long it was.
        limit_ms: u64,
    },
    /// Whoever asked has gone, or wants no answer any more.
    Cancelled,
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
    /// What only the model itself understands.
    pub opaque: Vec<String>,
    /// What it cost, requests that failed before it included.
    pub receipt: Receipt,
    /// What each request cost.
    pub completions: Vec<CompletionReceipt>,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Returned {
    /// The finished call.
    pub call: ToolCall,
    /// The calls that another agent made for it.
    pub inner: Vec<ToolCall>,
    /// The tools that it found: the name that the model knows, and the full name.
    pub found: Vec<(String, String)>,
    /// What it all cost.
    pub receipt: Receipt,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// Summarise what was said earlier.
    Summarise,
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
        /// It may have been called before the server ended.
        again: bool,
    },
    /// Ask another agent.
    AskAgent {
        /// The call.
        id: String,
        /// What it must be able to do.
        capability: String,
        /// What it is asked.
        message: String,
        /// It may have been asked before the server ended.
        again: bool,
    },
    /// Look for tools that serve a purpose.
    FindTools {
        /// The call.
        id: String,
        /// What they are to be good for.
        purpose: String,
        /// The tools on offer: the name that the model knows, and the full name.
        on_offer: BTreeMap<String, String>,
    },
    /// Remember what was said.
    Remember {
        /// One sentence each.
        facts: Vec<String>,
    },
    /// Give the answer.
    Finish,
    /// Say why there is none.
    Fail,
}

impl State {
    /// A turn that has not begun.
    pub fn new(
        id: &str,
        agent: &str,
        limits: Limits,
        tools: BTreeMap<String, String>,
        client: BTreeSet<String>,
    ) -> Self {
        Self {
            id: id.to_owned(),
            generation: 1,
            elapsed_ms: 0,
            agent: agent.to_owned(),
            routed: None,
            limits,
            tools,
            found: Vec::new(),
            client,
            one_call: false,
            recalled: Vec::new(),
            facts: Vec::new(),
            remembered: Vec::new(),
            said: Vec::new(),
            rounds: 0,
            calls: Vec::new(),
            wanted: String::new(),
            model: String::new(),
            completions: Vec::new(),
            receipt: Receipt::default(),
            phase: Phase::New,
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        matches!(self.phase, Phase::Done { .. } | Phase::Failed(_))
    }
}
