//! Offering tools: what a tool is, its arguments, and how a call ends.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::bindings::tools::exports::caxton::plugin::tools::Guest;
pub use crate::bindings::tools::exports::caxton::plugin::tools::{
    Annotations, Outcome, Tool, ToolError, ToolResult,
};
use crate::content::Content;
use crate::input::InputRequired;

/// How a call ends: with an outcome, or with the reason why it could not be made.
pub type Answer = Result<Outcome, ToolError>;

/// A component's tools. Every call runs in a fresh instance: nothing stays in memory between two of them.
pub trait Tools {
    /// Lists the tools. The host asks once, when it loads the component.
    ///
    /// # Errors
    /// A sentence on why there are none, such as a setting that is missing; the component is then refused.
    fn list() -> Result<Vec<Tool>, String>;

    /// Calls the tool `name`. The host has checked the arguments against the tool's input schema.
    ///
    /// # Errors
    /// [`ToolError`] where the call could not be made. A tool that ran but could not do what was asked gives
    /// [`ToolResult::error`] instead, which the model reads and can act upon.
    fn call(name: &str, arguments: Arguments) -> Answer;
}

impl<T: Tools> Guest for T {
    fn list_tools() -> Result<Vec<Tool>, String> {
        crate::panic::log_panics();
        T::list()
    }

    fn call_tool(name: String, arguments: String) -> Answer {
        crate::panic::log_panics();
        T::call(&name, Arguments::from_json(arguments))
    }
}

/// The arguments of a call, a JSON object as text that is not parsed yet.
#[derive(Clone, Debug)]
pub struct Arguments(String);

impl Arguments {
    /// Takes a JSON object as text; it is looked at only when it is parsed.
    pub fn from_json(json: impl Into<String>) -> Self {
        Self(json.into())
    }

    /// Gives the arguments as a type of your own.
    ///
    /// # Errors
    /// [`ToolError::InvalidArguments`] with the field and the reason.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, ToolError> {
        serde_json::from_str(&self.0)
            .map_err(|error| ToolError::InvalidArguments(error.to_string()))
    }

    /// Gives the text itself.
    pub fn as_json(&self) -> &str {
        &self.0
    }
}

impl From<Value> for Arguments {
    fn from(value: Value) -> Self {
        Self(value.to_string())
    }
}

impl Tool {
    /// Names and describes a tool that takes no arguments. The description says what it does and when to use it, in the
    /// words of someone who asks for it: a model chooses by it.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            title: None,
            description: description.into(),
            input_schema: r#"{"type":"object","additionalProperties":false}"#.into(),
            output_schema: None,
            annotations: Annotations {
                read_only: None,
                destructive: None,
                idempotent: None,
                open_world: None,
            },
        }
    }

    /// Gives it a name for people.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Says what arguments it takes: JSON Schema (2020-12) of an object.
    pub fn input(mut self, schema: Value) -> Self {
        self.input_schema = schema.to_string();
        self
    }

    /// Says what its structured result looks like: JSON Schema of an object. Every result then carries one.
    pub fn output(mut self, schema: Value) -> Self {
        self.output_schema = Some(schema.to_string());
        self
    }

    /// Says that it changes nothing.
    pub fn read_only(mut self) -> Self {
        self.annotations.read_only = Some(true);
        self
    }

    /// Says whether it may destroy something.
    pub fn destructive(mut self, destructive: bool) -> Self {
        self.annotations.destructive = Some(destructive);
        self
    }

    /// Says that calling it again with the same arguments changes nothing more.
    pub fn idempotent(mut self) -> Self {
        self.annotations.idempotent = Some(true);
        self
    }

    /// Says whether it deals with a world outside, such as the web.
    pub fn open_world(mut self, open_world: bool) -> Self {
        self.annotations.open_world = Some(open_world);
        self
    }
}

impl ToolResult {
    /// Gives a result of these pieces of content.
    pub fn new(content: Vec<Content>) -> Self {
        Self {
            content,
            structured: None,
            is_error: false,
        }
    }

    /// Gives text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(vec![Content::text(text)])
    }

    /// Gives a structured result, and the same as JSON text for those who can't read it.
    pub fn structured(value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(json) => Self {
                content: vec![Content::text(json.clone())],
                structured: Some(json),
                is_error: false,
            },
            Err(error) => Self::error(format!("The result can't be written as JSON: {error}")),
        }
    }

    /// Says that the tool ran but could not do what was asked, and why, so that the model can correct itself.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            content: vec![Content::text(message)],
            structured: None,
            is_error: true,
        }
    }

    /// Adds a piece of content.
    pub fn and(mut self, content: impl Into<Content>) -> Self {
        self.content.push(content.into());
        self
    }

    /// Adds a structured result and leaves the content as it is: for results with words or pictures of their own.
    pub fn with_structured(mut self, value: &impl Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(json) => {
                self.structured = Some(json);
                self
            }
            Err(error) => Self::error(format!("The result can't be written as JSON: {error}")),
        }
    }
}

impl ToolError {
    /// Says that there is no tool of that name.
    pub fn not_found(name: impl Into<String>) -> Self {
        Self::NotFound(name.into())
    }

    /// Says what is wrong with the arguments.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::InvalidArguments(message.into())
    }

    /// Says what else went wrong.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

impl From<ToolResult> for Outcome {
    fn from(result: ToolResult) -> Self {
        Self::Complete(result)
    }
}

impl From<InputRequired> for Outcome {
    fn from(question: InputRequired) -> Self {
        Self::InputRequired(question)
    }
}

impl From<ToolResult> for Answer {
    fn from(result: ToolResult) -> Self {
        Ok(Outcome::Complete(result))
    }
}

impl From<InputRequired> for Answer {
    fn from(question: InputRequired) -> Self {
        Ok(Outcome::InputRequired(question))
    }
}
