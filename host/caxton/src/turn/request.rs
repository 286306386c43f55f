//! What a model is asked: the agent's prompts, the conversation so far, and what was said in this turn.

use caxton_sandbox::llm_types::{Message, Part, Request, Role, ToolCall, ToolChoice, ToolOutput};

use super::offer::Offer;
use super::state::{Said, State};
use crate::config::{self, Variable};

/// The parts of a request that stay the same for all rounds of a turn.
pub(super) struct Frame {
    system: String,
    /// Earlier messages of the conversation, oldest first.
    history: Vec<Message>,
    request: String,
    temperature: Option<f64>,
    offer: Offer,
}

impl Frame {
    /// Fills in the agent's prompts.
    pub(super) fn new(
        agent: &config::Agent,
        workspace: &str,
        conversation: &str,
        content: &str,
        history: Vec<Message>,
        offer: Offer,
    ) -> Self {
        let value = |variable| match variable {
            Variable::Request => content,
            Variable::Context => "",
            Variable::Agent => agent.name.as_str(),
            Variable::Description => agent.description.as_str(),
            Variable::Workspace => workspace,
            Variable::Conversation => conversation,
        };
        Self {
            system: agent.system_prompt.render(value),
            request: agent.user_prompt_template.render(value),
            history,
            temperature: agent.temperature,
            offer,
        }
    }

    /// The request for the next words of the turn. `tools` tells whether the model may call any.
    pub(super) fn request(&self, state: &State, model: &str, tools: bool) -> Request {
        let mut messages = Vec::with_capacity(self.history.len() + state.said.len() + 2);
        if !self.system.trim().is_empty() {
            messages.push(text(Role::System, &self.system));
        }
        messages.extend(self.history.iter().cloned());
        messages.push(text(Role::User, &self.request));
        messages.extend(state.said.iter().map(said));
        Request {
            model: model.to_owned(),
            messages,
            // Where earlier words speak of tools, providers want to know them even if none may be called now.
            tools: self.offer.specs.clone(),
            tool_choice: if tools || self.offer.specs.is_empty() {
                ToolChoice::Auto
            } else {
                ToolChoice::None
            },
            max_tokens: None,
            temperature: self.temperature,
            stop: Vec::new(),
            response_schema: None,
        }
    }
}

/// A message of nothing but text.
pub(super) fn text(role: Role, text: &str) -> Message {
    Message {
        role,
        parts: vec![Part::Text(text.to_owned())],
    }
}

/// What was said, as providers are told.
pub(super) fn said(said: &Said) -> Message {
    match said {
        Said::Model { text, calls } => {
            let mut parts = Vec::with_capacity(calls.len() + 1);
            if !text.is_empty() {
                parts.push(Part::Text(text.clone()));
            }
            parts.extend(calls.iter().map(|call| {
                // A model that wrote something else than an object would be told so forever; providers refuse it, too.
                let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(
                    &call.arguments,
                )
                .is_ok();
                let arguments = if object {
                    call.arguments.clone()
                } else {
                    "{}".to_owned()
                };
                Part::Call(ToolCall {
                    id: call.id.clone(),
                    name: call.name.clone(),
                    arguments,
                })
            }));
            Message {
                role: Role::Assistant,
                parts,
            }
        }
        Said::Tools(outputs) => {
            let output = |o: &super::state::Output| {
                Part::Output(ToolOutput {
                    id: o.id.clone(),
                    text: o.text.clone(),
                    is_error: o.is_error,
                })
            };
            Message {
                role: Role::User,
                parts: outputs.iter().map(output).collect(),
            }
        }
    }
}
