//! One tool call: arguments checked, the component called in a fresh instance, its result checked.

use caxton_sandbox::tool_types::{Content, InputRequired, ToolError};
use caxton_sandbox::{Call, Called, Failed, Receipt, tool_types};
use serde_json::Value;

use super::Tool;
use super::error::Error;

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With a result.
    Complete(Answer),
    /// With a question: the caller answers it, and calls again with the same arguments and a resumption.
    InputRequired(Question),
}

/// What a finished call gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Content for the model and the user.
    pub content: Vec<Content>,
    /// The structured result; it fits the tool's output schema where there is one.
    pub structured: Option<Value>,
    /// The tool ran but could not do what was asked; the content says why.
    pub is_error: bool,
    /// What the call cost.
    pub receipt: Receipt,
    /// The component that was called.
    pub component: String,
}

/// What a call needs to know before it can go on.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// The questions, and what the component wants back with their answers. It goes through the caller's hands, so it has to
    /// be signed before it leaves the host.
    pub input: InputRequired,
    /// What the call cost.
    pub receipt: Receipt,
    /// The component that asks.
    pub component: String,
}

impl Outcome {
    /// What the call cost.
    pub fn receipt(&self) -> &Receipt {
        match self {
            Self::Complete(answer) => &answer.receipt,
            Self::InputRequired(question) => &question.receipt,
        }
    }
}

impl Tool {
    /// Calls the tool. `arguments` is a JSON object, or `null` for none.
    ///
    /// # Errors
    /// Every [`Error`] but `Unknown` and `Load`.
    pub async fn call(&self, arguments: Value, call: Call) -> Result<Outcome, Error> {
        let arguments = if arguments.is_null() {
            Value::Object(serde_json::Map::new())
        } else {
            arguments
        };
        self.check(&arguments)?;
        let text = arguments.to_string();
        let called = self
            .component
            .call_tool(call, &self.definition.name, &text)
            .await;
        let Called { value, receipt } = called.map_err(|failed| self.failed(failed))?;
        let component = self.component.name().to_owned();
        match value {
            Ok(tool_types::Outcome::Complete(result)) => self
                .checked(result, receipt, component)
                .map(Outcome::Complete),
            Ok(tool_types::Outcome::InputRequired(input)) => Ok(Outcome::InputRequired(Question {
                input,
                receipt,
                component,
            })),
            Err(error) => Err(self.refused(error, receipt)),
        }
    }

    /// Holds a result against the promises of the tool.
    fn checked(
        &self,
        result: tool_types::ToolResult,
        receipt: Receipt,
        component: String,
    ) -> Result<Answer, Error> {
        let unfit = |reason: String| Error::Output {
            tool: self.name.clone(),
            reason,
            receipt: Box::new(receipt.clone()),
        };
        let structured: Option<Value> = match &result.structured {
            Some(text) => Some(
                serde_json::from_str(text)
                    .map_err(|e| unfit(format!("the structured result is not JSON: {e}")))?,
            ),
            None => None,
        };
        // A result that says what went wrong need not look like one that worked.
        if let (Some(schema), false) = (&self.output, result.is_error) {
            let value = structured
                .as_ref()
                .ok_or_else(|| unfit("there is no structured result".to_owned()))?;
            schema.check(value).map_err(|faults| {
                unfit(
                    faults
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join("; "),
                )
            })?;
        }
        Ok(Answer {
            content: result.content,
            structured,
            is_error: result.is_error,
            receipt,
            component,
        })
    }

    fn failed(&self, failed: Failed) -> Error {
        Error::Failed {
            tool: self.name.clone(),
            source: failed.error,
            receipt: failed.receipt,
        }
    }

    fn refused(&self, error: ToolError, receipt: Receipt) -> Error {
        let (tool, receipt) = (self.name.clone(), Box::new(receipt));
        match error {
            ToolError::InvalidArguments(reason) => Error::Unfit {
                tool,
                reason,
                receipt,
            },
            ToolError::NotFound(reason) => {
                let reason = format!("its component listed it and does not know it: {reason}");
                Error::Refused {
                    tool,
                    reason,
                    receipt,
                }
            }
            ToolError::Failed(reason) => Error::Refused {
                tool,
                reason,
                receipt,
            },
        }
    }
}
