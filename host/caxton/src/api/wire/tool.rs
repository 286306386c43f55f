//! Tools and their calls.

use std::collections::BTreeMap;

use caxton_sandbox::input;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Content, Receipt};
use crate::workspace::tool;

/// The tools of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tools {
    /// Sorted by name.
    pub tools: Vec<Tool>,
}

/// What a tool is and takes.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Tool {
    /// Its full name, `COMPONENT__TOOL`.
    pub name: String,
    /// A name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it does and when to use it.
    pub description: String,
    /// The component that has it.
    pub component: String,
    /// JSON Schema of its arguments.
    #[schema(value_type = Object)]
    pub input_schema: Map<String, Value>,
    /// JSON Schema of its structured result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub output_schema: Option<Map<String, Value>>,
    /// Hints about its behaviour.
    pub annotations: Annotations,
}

/// Hints about a tool's behaviour. Nobody may rely on them for safety.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = ToolAnnotations)]
pub struct Annotations {
    /// It changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// It may destroy something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destructive: Option<bool>,
    /// Calling it again changes nothing more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotent: Option<bool>,
    /// It deals with a world outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_world: Option<bool>,
}

/// A tool call.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolRequest {
    /// The arguments, an object that fits the tool's input schema. None is the same as an empty one.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub arguments: Option<Map<String, Value>>,
    /// Where an earlier call asked something: answers by key. An elicitation is answered with
    /// `{"action": "accept", "content": {…}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub responses: Option<BTreeMap<String, Value>>,
    /// Where an earlier call asked something: the `state` it gave, unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// What a tool call gave.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ToolAnswer {
    /// Content for the model and the user.
    pub content: Vec<Content>,
    /// The result as JSON; `null` where the tool gives none.
    #[schema(value_type = Option<Object>)]
    pub structured: Option<Value>,
    /// The tool ran but could not do what was asked; the content says why.
    pub is_error: bool,
    /// The call can't go on without answers: call again with the same arguments, `responses` and `state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_required: Option<ToolInput>,
    /// What the call cost.
    pub receipt: Receipt,
}

/// What a tool has to know before it can go on.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ToolInput {
    /// The questions.
    pub questions: Vec<Question>,
    /// To be sent back unchanged with the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// One question of a tool.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// By which its answer is found.
    pub key: String,
    /// `elicit` (ask a person), `sample` (ask a model) or `roots` (list root directories).
    pub kind: String,
    /// The question to a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// JSON Schema of a person's answer, or the parameters of MCP's `sampling/createMessage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<Value>,
}

impl From<&tool::Tool> for Tool {
    fn from(tool: &tool::Tool) -> Self {
        let definition = &tool.definition;
        let hints = &definition.annotations;
        Self {
            name: tool.name.clone(),
            title: definition.title.clone(),
            description: definition.description.clone(),
            component: tool.component.name().to_owned(),
            input_schema: (**tool.input_schema()).clone(),
            output_schema: tool.output_schema().map(|schema| (**schema).clone()),
            annotations: Annotations {
                read_only: hints.read_only,
                destructive: hints.destructive,
                idempotent: hints.idempotent,
                open_world: hints.open_world,
            },
        }
    }
}

impl From<tool::Answer> for ToolAnswer {
    fn from(answer: tool::Answer) -> Self {
        Self {
            content: answer.content.into_iter().map(Content::from).collect(),
            structured: answer.structured,
            is_error: answer.is_error,
            input_required: None,
            receipt: answer.receipt.into(),
        }
    }
}

impl From<input::InputRequest> for Question {
    fn from(request: input::InputRequest) -> Self {
        let key = request.key;
        // What is not JSON is shown as it is; the component is at fault, and the person can still see what it wants.
        let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
        match request.ask {
            input::Ask::Elicit(ask) => Self {
                key,
                kind: "elicit".to_owned(),
                message: Some(ask.message),
                schema: Some(json(ask.schema)),
            },
            input::Ask::Sample(parameters) => Self {
                key,
                kind: "sample".to_owned(),
                message: None,
                schema: Some(json(parameters)),
            },
            input::Ask::ListRoots => Self {
                key,
                kind: "roots".to_owned(),
                message: None,
                schema: None,
            },
        }
    }
}
