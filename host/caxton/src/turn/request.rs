//! What a model is asked: the agent's prompts, the conversation so far, and what was said in this turn.

use std::sync::Arc;

use caxton_sandbox::llm_types::{Message, Part, Request, Role, ToolCall, ToolChoice, ToolOutput};
use caxton_sandbox::wit::types::Blob;

use super::event::Image;
use super::offer::Offer;
use super::state::{Output, Said, State};
use super::task::Task;
use crate::config::{self, ModelRef, Variable};

/// Tokens that a picture counts for where nothing better is known.
const IMAGE_TOKENS: u64 = 1_500;

/// A message, with what its agent is told beside it.
pub(super) struct Put<'a> {
    pub(super) content: &'a str,
    pub(super) images: &'a [Image],
    /// What is remembered that bears on it; may be empty.
    pub(super) context: &'a str,
}

/// The parts of a request that stay the same for all rounds of a turn.
#[derive(Clone)]
pub(super) struct Frame {
    system: String,
    /// Earlier messages of the conversation, oldest first.
    pub(super) history: Vec<Message>,
    /// The message that is answered; nothing where the client's own messages end with it.
    request: Option<Message>,
    task: Task,
    temperature: Option<f64>,
    offer: Arc<Offer>,
}

impl Frame {
    /// Fills in the agent's prompts. `history` is what was said before, all of it where the client keeps it.
    pub(super) fn new(
        agent: &config::Agent,
        workspace: &str,
        conversation: &str,
        message: &Put<'_>,
        history: Vec<Message>,
        offer: Offer,
        task: &Task,
    ) -> Self {
        let Put {
            content,
            images,
            context,
        } = *message;
        let value = |variable: &Variable| match variable {
            Variable::Request => content,
            Variable::Context => context,
            Variable::Agent => agent.name.as_str(),
            Variable::Description => agent.description.as_str(),
            Variable::Workspace => workspace,
            Variable::Conversation => conversation,
            Variable::Parameter(name) => {
                let default = agent
                    .parameters
                    .get(name)
                    .and_then(|p| p.default.as_deref());
                let given = task.parameters.get(name).map(String::as_str);
                given.or(default).unwrap_or_default()
            }
        };
        let request = task.exchange.is_none().then(|| {
            let mut parts = Vec::with_capacity(images.len() + 1);
            let text = agent.user_prompt_template.render(value);
            if !text.trim().is_empty() {
                parts.push(Part::Text(text));
            }
            parts.extend(images.iter().map(image));
            Message {
                role: Role::User,
                parts,
            }
        });
        let mut system = agent.system_prompt.render(value);
        // Where a client keeps the conversation itself, its messages are not put through the agent's template.
        let is_told = agent.system_prompt.uses(&Variable::Context)
            || (request.is_some() && agent.user_prompt_template.uses(&Variable::Context));
        if !context.is_empty() && !is_told {
            if !system.trim().is_empty() {
                system.push_str("\n\n");
            }
            system.push_str(context);
        }
        Self {
            system,
            request,
            history,
            task: task.clone(),
            temperature: agent.temperature,
            offer: Arc::new(offer),
        }
    }

    /// What there is to offer to the model.
    pub(super) fn offer(&self) -> Arc<Offer> {
        Arc::clone(&self.offer)
    }

    /// The request for the next words of the turn. `tools` tells whether the model may call any.
    pub(super) fn request(&self, state: &State, model: &ModelRef, tools: bool) -> Request {
        let mut messages = Vec::with_capacity(self.history.len() + state.said.len() + 2);
        if !self.system.trim().is_empty() {
            messages.push(text(Role::System, &self.system));
        }
        messages.extend(self.history.iter().cloned());
        messages.extend(self.request.clone());
        let name = model.to_string();
        messages.extend(state.said.iter().map(|words| said(words, &name)));
        let asked = &self.task.asked;
        let tool_choice = match &self.task.exchange {
            // What the client wants called first has been called after the first round.
            Some(exchange) if tools && state.said.is_empty() => exchange.tool_choice.clone(),
            _ if tools || self.offer.is_empty() => ToolChoice::Auto,
            _ => ToolChoice::None,
        };
        Request {
            model: model.model.clone(),
            messages,
            // Where earlier words speak of tools, providers want to know them even if none may be called now.
            tools: self.offer.specs(state),
            tool_choice,
            max_tokens: None,
            temperature: asked.temperature.or(self.temperature),
            stop: asked.stop.clone(),
            response_schema: asked.response_schema.clone(),
        }
    }
}

/// About how many tokens a model reads in a request, a little more rather than less: three bytes make a token in most languages.
pub(super) fn tokens(request: &Request) -> u64 {
    let messages: u64 = request.messages.iter().map(message_tokens).sum();
    let tools: usize = request
        .tools
        .iter()
        .map(|tool| tool.name.len() + tool.description.len() + tool.input_schema.len())
        .sum();
    messages + tools as u64 / 3
}

/// About how many tokens a message has.
pub(super) fn message_tokens(message: &Message) -> u64 {
    let part = |part: &Part| match part {
        Part::Text(text) | Part::Opaque(text) => text.len() as u64 / 3,
        Part::Image(_) => IMAGE_TOKENS,
        Part::Call(call) => (call.name.len() + call.arguments.len()) as u64 / 3,
        Part::Output(output) => output.text.len() as u64 / 3,
    };
    // Each message costs a few tokens of its own.
    message.parts.iter().map(part).sum::<u64>() + 4
}

/// A picture, as providers are told.
pub(super) fn image(image: &Image) -> Part {
    Part::Image(Blob {
        data: image.data.clone(),
        mime_type: image.mime_type.clone(),
    })
}

/// A message of nothing but text.
pub(super) fn text(role: Role, text: &str) -> Message {
    Message {
        role,
        parts: vec![Part::Text(text.to_owned())],
    }
}

/// What was said, as the model `to` is told.
pub(super) fn said(said: &Said, to: &str) -> Message {
    match said {
        Said::Model {
            model,
            text,
            calls,
            opaque,
        } => {
            let mut parts = Vec::with_capacity(calls.len() + 1);
            // Another model would not understand it.
            if model == to {
                parts.extend(opaque.iter().cloned().map(Part::Opaque));
            }
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
            let output = |o: &Output| {
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
