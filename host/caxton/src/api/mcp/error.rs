//! What can go wrong in an MCP request, and how the protocol says it: what the model can correct is a tool result that says
//! so, what the client did wrong is a JSON-RPC error.

use caxton_sandbox::CallError;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ClientCapabilities, ContentBlock, MetaObject};
use serde_json::{Value, json};

use super::seal;
use crate::workspace::tool;

/// What can go wrong in an MCP request.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The tool call gave no result.
    #[error(transparent)]
    Tool(#[from] tool::Error),
    /// The component crashed, passed a limit or refused.
    #[error(transparent)]
    Component(#[from] CallError),
    /// The turn of an agent failed.
    #[error("{reason}")]
    Agent {
        /// A stable code.
        code: String,
        /// Why.
        reason: String,
    },
    /// There is no prompt or resource of that name.
    #[error("there is no {kind} `{name}`")]
    NotFound {
        /// `prompt`, `resource` and so on.
        kind: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The parameters of the request are wrong.
    #[error("{0}")]
    Parameters(String),
    /// The state that came back is not what was given.
    #[error(transparent)]
    State(#[from] seal::Refused),
    /// The client can't do what the component needs.
    #[error(
        "`{component}` has to ask for something that this client does not offer: {}",
        listed(required)
    )]
    Capability {
        /// The component.
        component: String,
        /// What it would take.
        required: Box<ClientCapabilities>,
        /// The client speaks a protocol version that has an error of its own for this.
        modern: bool,
    },
    /// The client did not answer a question, or answered nonsense.
    #[error("the client did not answer `{key}`: {reason}")]
    Unanswered {
        /// The question's key.
        key: String,
        /// Why not.
        reason: String,
    },
    /// A question that no client could answer.
    #[error(
        "`{component}` asks `{key}` in a way that MCP does not know: {reason}; this is a fault of the component"
    )]
    Question {
        /// The component.
        component: String,
        /// The question's key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Questions without an end.
    #[error(
        "`{component}` asked {rounds} times and wants to ask again; this is a fault of the component"
    )]
    Rounds {
        /// The component.
        component: String,
        /// How often it asked.
        rounds: usize,
    },
    /// The client went away or took its request back.
    #[error("the request was cancelled")]
    Cancelled,
}

impl Error {
    /// The JSON-RPC error that says so.
    pub(super) fn into_data(self) -> ErrorData {
        let message = self.to_string();
        let data = self.code().map(|code| json!({ "code": code }));
        match self {
            Self::Capability {
                required,
                modern: true,
                ..
            } => ErrorData::missing_required_client_capability(*required),
            Self::NotFound {
                kind: "resource",
                name,
            } => ErrorData::resource_not_found(message, Some(json!({ "uri": name }))),
            Self::NotFound { .. }
            | Self::Parameters(_)
            | Self::State(_)
            | Self::Unanswered { .. } => ErrorData::invalid_params(message, data),
            Self::Tool(
                tool::Error::Unknown { .. }
                | tool::Error::Arguments { .. }
                | tool::Error::Unfit { .. },
            ) => ErrorData::invalid_params(message, data),
            Self::Capability { modern: false, .. } => ErrorData::invalid_request(message, data),
            _ => ErrorData::internal_error(message, data),
        }
    }

    /// What a tool call gives for it: a result that a model can read, or a JSON-RPC error where the call itself was wrong.
    pub(super) fn into_tool_result(self) -> Result<CallToolResult, ErrorData> {
        let by_client = matches!(
            self,
            Self::Tool(tool::Error::Unknown { .. })
                | Self::Parameters(_)
                | Self::State(_)
                | Self::Cancelled
                | Self::Capability { modern: true, .. }
        );
        if by_client {
            return Err(self.into_data());
        }
        let mut meta = MetaObject::new();
        if let Some(code) = self.code() {
            meta.0
                .insert("caxton/code".to_owned(), Value::String(code.to_owned()));
        }
        let meta = (!meta.0.is_empty()).then_some(meta);
        Ok(CallToolResult::error(vec![ContentBlock::text(self.to_string())]).with_meta(meta))
    }

    fn code(&self) -> Option<&str> {
        match self {
            Self::Tool(error) => Some(error.code()),
            Self::Component(error) => Some(error.code()),
            Self::Agent { code, .. } => Some(code),
            Self::NotFound { .. } | Self::Parameters(_) | Self::Cancelled => None,
            Self::State(_) => Some("state-refused"),
            Self::Capability { .. } => Some("client-capability-missing"),
            Self::Unanswered { .. } => Some("question-unanswered"),
            Self::Question { .. } => Some("question-malformed"),
            Self::Rounds { .. } => Some("too-many-questions"),
        }
    }
}

/// The capabilities by name.
fn listed(capabilities: &ClientCapabilities) -> String {
    match serde_json::to_value(capabilities) {
        Ok(Value::Object(map)) => map.keys().cloned().collect::<Vec<_>>().join(", "),
        _ => String::new(),
    }
}
