//! What a turn does in the world beside asking its model: it calls tools, each in an instance of its own, and asks other
//! agents.

use std::collections::BTreeMap;
use std::path::PathBuf;

use caxton_memory::TurnStatus;
use caxton_sandbox::{Call, input};
use serde_json::{Value, json};

use super::allowance::Allowance;
use super::begin::{self, Beginning, Parent};
use super::content::{is_kept, shortened, show};
use super::error::Error;
use super::event::{Answer, ToolCall};
use super::health::gone;
use super::live::Live;
use super::memory::Reach;
use super::offer::Offer;
use super::receipt::Receipt;
use super::replay;
use super::stand_in::{Taken, take};
use super::state::{ASK_AGENT, FIND_TOOLS, Returned, State};
use super::task::Task;
use crate::config::{self, MEMORY_FORGET};
use crate::routing::{self, Target};
use crate::workspace::Workspace;
use crate::workspace::tool::Outcome;

/// What a model is told of a call that the server's end cut off.
const UNCERTAIN: &str = "the server ended while this call was under way, so it is not known whether it took effect; find out before you call it again";

/// For whom effects are performed.
pub(super) struct Effects<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: &'a config::Agent,
    pub(super) task: &'a Task,
    pub(super) offer: &'a Offer,
    pub(super) turn: &'a str,
    pub(super) conversation: &'a str,
    pub(super) live: &'a Live,
    pub(super) allowance: &'a Allowance,
}

impl Effects<'_> {
    /// Calls a tool. Whatever goes wrong is told to the model, which may do better. Where it may have been called `again`, only
    /// a tool that says that it changes nothing more by that is.
    pub(super) async fn call_tool(
        &self,
        id: String,
        name: String,
        arguments: Value,
        again: bool,
    ) -> Returned {
        let mut call = self.call(id, name, arguments.clone());
        if self.agent.may_remember_by(&call.name) {
            return self.call_memory(call, arguments, again).await;
        }
        // What was offered was taken from the allowlist; that it is asked again here costs nothing and holds whatever
        // happens to the offer.
        if !self.agent.may_call(&call.name) {
            call.is_error = true;
            call.text = format!(
                "`{}` is not among the tools that this agent may call",
                call.name
            );
            return returned(call, Vec::new(), Receipt::default());
        }
        if again && !self.may_be_repeated(&call.name).await {
            call.is_error = true;
            UNCERTAIN.clone_into(&mut call.text);
            return returned(call, Vec::new(), Receipt::default());
        }
        let depth = self.task.depth;
        let outcome = self
            .workspace
            .call_tool(
                &call.name,
                arguments,
                Call {
                    depth,
                    ..Call::default()
                },
            )
            .await;
        let mut receipt = Receipt {
            tool_calls: 1,
            ..Receipt::default()
        };
        match outcome {
            Ok(Outcome::Complete(answer)) => {
                let shown = show(&answer, &call.name, &self.artifacts()).await;
                call.text = shown.text;
                call.attachments = shown.attachments;
                call.is_error = answer.is_error;
                call.structured = answer.structured.filter(is_kept);
                call.receipt = Some(answer.receipt);
            }
            Ok(Outcome::InputRequired(question)) => {
                call.is_error = true;
                call.text = asks(&question.input);
                call.receipt = Some(question.receipt);
            }
            Err(error) => {
                call.is_error = true;
                call.text = shortened(error.to_string());
                call.receipt = error.receipt().cloned();
            }
        }
        if let Some(cost) = &call.receipt {
            receipt.add(&Receipt::of_call(cost));
        }
        returned(call, Vec::new(), receipt)
    }

    /// Uses the agent's memory. What it remembers is the same however often it is told; what is forgotten twice may have been
    /// remembered anew in between.
    async fn call_memory(&self, mut call: ToolCall, arguments: Value, again: bool) -> Returned {
        if again && call.name == MEMORY_FORGET {
            call.is_error = true;
            UNCERTAIN.clone_into(&mut call.text);
            return returned(call, Vec::new(), Receipt::default());
        }
        match self.reach().call(&call.name, arguments).await {
            Ok(given) => {
                call.text = shortened(given.text);
                call.structured = Some(given.structured).filter(is_kept);
            }
            Err(reason) => {
                call.is_error = true;
                call.text = shortened(reason);
            }
        }
        let receipt = Receipt {
            tool_calls: 1,
            ..Receipt::default()
        };
        returned(call, Vec::new(), receipt)
    }

    /// How the agent reaches its memory.
    pub(super) fn reach(&self) -> Reach<'_> {
        Reach {
            workspace: self.workspace,
            agent: self.agent,
            conversation: self.origin(),
            turn: self.turn,
        }
    }

    async fn may_be_repeated(&self, name: &str) -> bool {
        self.workspace.tool(name).await.is_ok_and(|tool| {
            let hints = &tool.definition.annotations;
            hints.read_only == Some(true) || hints.idempotent == Some(true)
        })
    }

    /// Looks for tools that the model was not offered. Nothing in the world is changed by that, so it may be done again.
    pub(super) async fn find_tools(
        &self,
        id: String,
        purpose: String,
        on_offer: &BTreeMap<String, String>,
    ) -> Returned {
        let embedder = self.workspace.embedder();
        let found = self.offer.find(embedder, &purpose, on_offer).await;
        let mut call = self.call(id, FIND_TOOLS.to_owned(), json!({ "purpose": purpose }));
        call.text = found.text;
        Returned {
            found: found.tools,
            ..returned(call, Vec::new(), Receipt::default())
        }
    }

    /// Asks another agent, and gives its answer as a tool's.
    pub(super) async fn ask_agent(
        &self,
        id: String,
        capability: String,
        message: String,
        again: bool,
    ) -> Returned {
        let arguments = json!({ "capability": capability, "message": message });
        let mut call = self.call(id, ASK_AGENT.to_owned(), arguments);
        let Some(delegate) = self.agent.delegate(&capability) else {
            call.is_error = true;
            call.text = format!("this agent may not ask others for `{capability}`");
            return returned(call, Vec::new(), Receipt::default());
        };
        let capability = delegate.within(&capability);
        let earlier = match again {
            true => self.answered_earlier(&call.id).await,
            false => None,
        };
        let answer = match earlier {
            Some(answer) => answer,
            None => self.answer(&call.id, &capability, message).await,
        };
        match answer {
            Ok(answer) => {
                let files = answer.attachments().map(|file| {
                    format!("\n[{}, saved as {}]", file.mime_type, file.path.display())
                });
                let files: String = files.collect();
                // An answer that names its files itself need not be told twice.
                let told = answer
                    .attachments()
                    .all(|file| answer.content.contains(&file.path.display().to_string()));
                call.text = shortened(if told {
                    answer.content
                } else {
                    answer.content + &files
                });
                returned(call, answer.tool_calls, answer.receipt)
            }
            Err(error) => {
                call.is_error = true;
                call.text = shortened(error.to_string());
                let receipt = error.receipt();
                returned(call, Vec::new(), receipt)
            }
        }
    }

    /// Finds an agent for a message, and has it answered in a turn of its own.
    async fn answer(&self, call: &str, capability: &str, message: String) -> Result<Answer, Error> {
        let target = Target::Capability {
            name: capability,
            content: &message,
            except: &self.task.chain,
        };
        let route = routing::route(self.workspace, target).await?;
        let task = self.task.below(&route, self.conversation)?;
        self.workspace.events().tell(route.event());
        let agent = self.workspace.agent(&route.agent);
        let agent = agent.map_err(|e| gone(&route.agent, &e))?;
        let needed = Task::check_parameters(&task.parameters, &agent.config);
        needed?;
        let Taken {
            agent,
            running,
            task,
            stand_ins,
        } = take(self.workspace, agent, &route, task)?;
        let beginning = Beginning {
            content: message,
            images: Vec::new(),
            conversation_is_new: true,
            parent: Some(Parent {
                turn: self.turn.to_owned(),
                conversation: self.conversation.to_owned(),
                call: call.to_owned(),
                allowance: self.allowance.clone(),
            }),
            key: None,
            running,
            stand_ins,
        };
        // Boxed, because an agent that asks another one comes here again.
        let turn = begin::begin(self.workspace, &agent, self.live, task, beginning);
        Box::pin(turn).await
    }

    /// The answer of an agent that was asked for this call before the server ended; its turn is taken up where it was not
    /// finished. Nothing where it had not begun.
    async fn answered_earlier(&self, call: &str) -> Option<Result<Answer, Error>> {
        let store = self.workspace.store();
        let turn = match store.child_turn(self.turn, call).await {
            Ok(turn) => turn?,
            Err(e) => return Some(Err(e.into())),
        };
        let state: State = serde_json::from_value(turn.state.clone()).ok()?;
        // The state of this turn knows of it only when the call has its result.
        self.allowance.count(&state.receipt);
        if turn.status != TurnStatus::Running {
            return Some(replay::ended(&turn.conversation, state));
        }
        let agent = match self.workspace.agent(&state.agent) {
            Ok(agent) => agent,
            Err(e) => return Some(Err(gone(&state.agent, &e))),
        };
        let above = Some(self.allowance);
        // It was admitted before the server ended.
        let running = agent.activity.begin().ok();
        let turn = begin::take_up(
            self.workspace,
            &agent,
            self.live,
            turn,
            state,
            above,
            running,
        );
        Some(Box::pin(turn).await)
    }

    fn call(&self, id: String, name: String, arguments: Value) -> ToolCall {
        ToolCall {
            id,
            agent: self.agent.name.clone(),
            name,
            arguments,
            is_error: false,
            text: String::new(),
            structured: None,
            attachments: Vec::new(),
            receipt: None,
        }
    }

    /// Where the conversation's files are kept. All agents that work on one question put theirs into one place.
    fn artifacts(&self) -> PathBuf {
        self.workspace.data().join("artifacts").join(self.origin())
    }

    /// The conversation of the person who asked.
    fn origin(&self) -> &str {
        self.task.origin.as_deref().unwrap_or(self.conversation)
    }
}

fn returned(call: ToolCall, inner: Vec<ToolCall>, receipt: Receipt) -> Returned {
    Returned {
        call,
        inner,
        found: Vec::new(),
        receipt,
    }
}

/// What a tool that wants to ask somebody says, where there is nobody to ask.
fn asks(input: &input::InputRequired) -> String {
    let questions = input
        .requests
        .iter()
        .filter_map(|request| match &request.ask {
            input::Ask::Elicit(elicitation) => Some(elicitation.message.as_str()),
            _ => None,
        });
    let questions = questions.collect::<Vec<_>>().join("; ");
    let what = if questions.is_empty() {
        String::new()
    } else {
        format!(": {questions}")
    };
    format!(
        "the tool wants to ask something before it goes on, which it can't do within a conversation{what}; ask the user, and call it with more arguments if it takes them"
    )
}
