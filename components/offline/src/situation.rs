//! A request as the planner sees it: who asks what, with which tools, and what was done about it so far.

use caxton_sdk::provider::{LlmError, Part, Request, Role, ToolChoice};
use serde_json::Value;

use crate::schema::{self, Parameter};
use crate::text;

/// A tool on offer.
#[derive(Debug, Clone)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// The words of both.
    pub words: Vec<String>,
    /// What it takes.
    pub parameters: Vec<Parameter>,
}

/// A call that was made for this request, with what it gave.
#[derive(Debug, Clone)]
pub struct Step {
    /// The tool's name.
    pub tool: String,
    /// Its arguments.
    pub arguments: Value,
    /// What it gave.
    pub output: Output,
}

/// What a call gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Output {
    /// As text.
    pub text: String,
    /// The call failed.
    pub is_error: bool,
}

/// Everything that matters for the next step.
#[derive(Debug, Clone)]
pub struct Situation {
    /// The instructions of the agent's author.
    pub instructions: String,
    /// The newest message of the user.
    pub request: String,
    /// What the user and the tools said before it, the newest first.
    pub earlier: Vec<String>,
    /// Nothing was answered before.
    pub is_first: bool,
    /// The tools that may be called.
    pub tools: Vec<Tool>,
    /// A tool must be called.
    pub must_call: bool,
    /// The calls made for the newest message, oldest first.
    pub steps: Vec<Step>,
    /// How many calls were made in the whole conversation.
    pub calls: usize,
}

impl Situation {
    /// Reads a request.
    ///
    /// # Errors
    /// `bad-request` where the tool that must be called is not on offer.
    pub fn of(request: &Request) -> Result<Self, LlmError> {
        let is_request = |part: &Part| matches!(part, Part::Text(text) if !text.trim().is_empty());
        let newest = request.messages.iter().rposition(|message| {
            message.role == Role::User && message.parts.iter().any(is_request)
        });
        let mut situation = Self {
            instructions: String::new(),
            request: String::new(),
            earlier: Vec::new(),
            is_first: true,
            tools: tools(request)?,
            must_call: matches!(
                request.tool_choice,
                ToolChoice::Required | ToolChoice::Named(_)
            ),
            steps: Vec::new(),
            calls: 0,
        };
        let mut open: Vec<(String, Step)> = Vec::new();
        for (at, message) in request.messages.iter().enumerate() {
            let is_newest = newest == Some(at);
            for part in &message.parts {
                match (part, message.role) {
                    (Part::Text(text), Role::System) => {
                        push_line(&mut situation.instructions, text)
                    }
                    (Part::Text(text), Role::User) if is_newest => {
                        push_line(&mut situation.request, text)
                    }
                    (Part::Text(text), Role::User) => situation.earlier.insert(0, text.clone()),
                    (Part::Text(_), Role::Assistant) => {
                        situation.is_first &= newest.is_some_and(|newest| at > newest)
                    }
                    (Part::Call(call), _) => {
                        situation.calls += 1;
                        let arguments =
                            serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
                        open.push((
                            call.id.clone(),
                            Step {
                                tool: call.name.clone(),
                                arguments,
                                output: Output::default(),
                            },
                        ));
                    }
                    (Part::Output(output), _) => {
                        let Some(found) = open.iter().position(|(id, _)| *id == output.id) else {
                            continue;
                        };
                        let (_, mut step) = open.remove(found);
                        if newest.is_some_and(|newest| at > newest) {
                            step.output = Output {
                                text: output.text.clone(),
                                is_error: output.is_error,
                            };
                            situation.steps.push(step);
                        } else {
                            situation.earlier.insert(0, output.text.clone());
                        }
                    }
                    (Part::Image(_) | Part::Opaque(_), _) => {}
                }
            }
        }
        Ok(situation)
    }

    /// The words of the whole request, as the usage reports them.
    pub fn words(request: &Request) -> u64 {
        let texts = request
            .messages
            .iter()
            .flat_map(|message| &message.parts)
            .map(|part| match part {
                Part::Text(text) => text.as_str(),
                Part::Output(output) => output.text.as_str(),
                Part::Call(call) => call.arguments.as_str(),
                Part::Image(_) | Part::Opaque(_) => "",
            });
        texts
            .map(|text| text.split_whitespace().count() as u64)
            .sum()
    }
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// The tools that may be called, by the request's choice.
fn tools(request: &Request) -> Result<Vec<Tool>, LlmError> {
    let only = match &request.tool_choice {
        ToolChoice::None => return Ok(Vec::new()),
        ToolChoice::Named(name) => Some(name),
        ToolChoice::Auto | ToolChoice::Required => None,
    };
    let tools: Vec<Tool> = request
        .tools
        .iter()
        .filter(|tool| only.is_none_or(|only| tool.name == *only))
        .map(|tool| Tool {
            name: tool.name.clone(),
            description: tool.description.clone(),
            words: text::words(&format!("{} {}", tool.name, tool.description)),
            // A schema that is not JSON leaves a tool that takes nothing: calling it shows the host's own error.
            parameters: schema::parameters(
                &serde_json::from_str(&tool.input_schema).unwrap_or(Value::Null),
            ),
        })
        .collect();
    match only {
        Some(name) if tools.is_empty() => Err(LlmError::BadRequest(format!(
            "the tool `{name}` must be called, but is not on offer"
        ))),
        _ => Ok(tools),
    }
}
