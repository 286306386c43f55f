//! Tools as MCP clients see them: those of the workspace's components, and its agents.

use std::sync::Arc;

use caxton_sandbox::Call;
use rmcp::model::{CallToolResult, Tool as Listed, ToolAnnotations};
use serde_json::{Map, Value};

use super::caller::{Askable, Attempt};
use super::content;
use super::error::Error;
use super::seal::Scope;
use crate::workspace::Workspace;
use crate::workspace::tool::{Answer, Outcome, Tool};

/// A component's tool as it is listed.
pub(super) fn listed(tool: &Tool) -> Listed {
    let definition = &tool.definition;
    let hints = definition.annotations;
    let mut listed = Listed::new(
        tool.name.clone(),
        definition.description.clone(),
        Arc::clone(tool.input_schema()),
    );
    listed.title.clone_from(&definition.title);
    listed.output_schema = tool.output_schema().map(Arc::clone);
    let annotations = ToolAnnotations::from_raw(
        None,
        hints.read_only,
        hints.destructive,
        hints.idempotent,
        hints.open_world,
    );
    listed.annotations = (annotations != ToolAnnotations::default()).then_some(annotations);
    listed
}

/// A call of a component's tool.
pub(super) struct ToolCall {
    pub(super) workspace: Workspace,
    pub(super) tool: Arc<Tool>,
    pub(super) arguments: Map<String, Value>,
}

impl Askable for ToolCall {
    type Answer = CallToolResult;

    fn scope(&self) -> Scope {
        Scope {
            workspace: self.workspace.name(),
            component: self.tool.component.name().to_owned(),
            kind: "tool",
            name: self.tool.name.clone(),
            arguments: sorted(&Value::Object(self.arguments.clone())),
        }
    }

    async fn attempt(&self, call: Call) -> Result<Attempt<CallToolResult>, Error> {
        Ok(
            match self
                .workspace
                .call_tool(&self.tool.name, Value::Object(self.arguments.clone()), call)
                .await?
            {
                Outcome::Complete(answer) => Attempt::Answered(result(answer)),
                Outcome::InputRequired(question) => Attempt::Asked(question.input),
            },
        )
    }
}

fn result(answer: Answer) -> CallToolResult {
    let blocks = answer.content.into_iter().map(content::block).collect();
    let mut result = if answer.is_error {
        CallToolResult::error(blocks)
    } else {
        CallToolResult::success(blocks)
    };
    result.structured_content = answer.structured;
    result
}

/// JSON text whose keys are sorted, so that the same arguments in another order are the same text.
pub(super) fn sorted(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<_> = map.iter().collect();
            pairs.sort_by_key(|(key, _)| *key);
            let pairs: Vec<String> = pairs
                .into_iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), sorted(value)))
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Array(items) => format!(
            "[{}]",
            items.iter().map(sorted).collect::<Vec<_>>().join(",")
        ),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_matter_and_everything_else_does() {
        let text = |json: &str| sorted(&serde_json::from_str(json).expect("JSON"));
        assert_eq!(
            text(r#"{"b":[{"d":1,"c":2}],"a":"x"}"#),
            text(r#"{"a":"x","b":[{"c":2,"d":1}]}"#)
        );
        assert_eq!(
            text(r#"{"b":[{"d":1,"c":2}],"a":"x"}"#),
            r#"{"a":"x","b":[{"c":2,"d":1}]}"#
        );
        assert_ne!(text(r#"{"a":1}"#), text(r#"{"a":"1"}"#));
        assert_ne!(text("[1,2]"), text("[2,1]"));
        assert_eq!(sorted(&json!({ "a\"b": null })), r#"{"a\"b":null}"#);
    }
}
