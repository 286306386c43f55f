//! What a turn does in the world beside asking its model: it calls tools, each in an instance of its own, and asks other
//! agents.

use std::path::PathBuf;

use caxton_sandbox::{Call, input};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::content::{shortened, show};
use super::drive::{self, Scope};
use super::event::{Event, Message, ToolCall};
use super::receipt::Receipt;
use super::state::{ASK_AGENT, Returned};
use crate::config;
use crate::routing::{self, Target};
use crate::workspace::Workspace;
use crate::workspace::tool::Outcome;

/// For whom effects are performed.
pub(super) struct Effects<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) agent: &'a config::Agent,
    pub(super) scope: &'a Scope,
    pub(super) turn: &'a str,
    pub(super) conversation: &'a str,
    pub(super) events: &'a mpsc::Sender<Event>,
}

impl Effects<'_> {
    /// Calls a tool. Whatever goes wrong is told to the model, which may do better.
    pub(super) async fn call_tool(&self, id: String, name: String, arguments: Value) -> Returned {
        self.tell_call(&id, &name, &arguments).await;
        let mut call = self.call(id, name, arguments.clone());
        // What was offered was taken from the allowlist; that it is asked again here costs nothing and holds whatever
        // happens to the offer.
        if !self.agent.may_call(&call.name) {
            call.is_error = true;
            call.text = format!(
                "`{}` is not among the tools that this agent may call",
                call.name
            );
            return self.returned(call, Vec::new(), Receipt::default()).await;
        }
        let depth = self.scope.depth;
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
                call.structured = answer.structured;
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
        self.returned(call, Vec::new(), receipt).await
    }

    /// Asks another agent, and gives its answer as a tool's.
    pub(super) async fn ask_agent(
        &self,
        id: String,
        capability: String,
        message: String,
    ) -> Returned {
        let arguments = json!({ "capability": capability, "message": message });
        self.tell_call(&id, ASK_AGENT, &arguments).await;
        let mut call = self.call(id, ASK_AGENT.to_owned(), arguments);
        if !self.agent.may_ask_for(&capability) {
            call.is_error = true;
            call.text = format!("this agent may not ask others for `{capability}`");
            return self.returned(call, Vec::new(), Receipt::default()).await;
        }
        let target = Target::Capability {
            name: &capability,
            content: &message,
            except: &self.scope.chain,
        };
        let answer = match routing::route(self.workspace, target).await {
            Ok(route) => {
                let scope = self.scope.below(&route.agent, self.turn, self.conversation);
                let message = Message {
                    content: message,
                    ..Message::default()
                };
                match scope {
                    Ok(scope) => {
                        drive::answer(self.workspace, message, Some(route), scope, self.events)
                            .await
                    }
                    Err(e) => Err(e),
                }
            }
            Err(e) => Err(e.into()),
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
                self.returned(call, answer.tool_calls, answer.receipt).await
            }
            Err(error) => {
                call.is_error = true;
                call.text = shortened(error.to_string());
                let receipt = error.receipt();
                self.returned(call, Vec::new(), receipt).await
            }
        }
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

    async fn tell_call(&self, id: &str, name: &str, arguments: &Value) {
        let agent = self.agent.name.clone();
        let event = Event::ToolCall {
            agent,
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.clone(),
        };
        drop(self.events.send(event).await);
    }

    async fn returned(&self, call: ToolCall, inner: Vec<ToolCall>, receipt: Receipt) -> Returned {
        drop(self.events.send(Event::ToolResult(call.clone())).await);
        Returned {
            call,
            inner,
            receipt,
        }
    }

    /// Where the conversation's files are kept. All agents that work on one question put theirs into one place.
    fn artifacts(&self) -> PathBuf {
        let conversation = self.scope.origin.as_deref().unwrap_or(self.conversation);
        self.workspace.data().join("artifacts").join(conversation)
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
