//! How errors look over HTTP: problem details (RFC 9457) with a stable `code`. This is the only place that chooses a status
//! code. What a client is told is the error's own text; what only the log is told stays there.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use caxton_memory as memory;
use caxton_sandbox::{CallError, Receipt};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Map, Value, json};

use super::mcp::Refused as SealRefused;
use super::wire;
use crate::workspace::tool;
use crate::{config, routing, turn, workspace};

/// The media type of problem details.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error as a client sees it.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The status code.
    pub status: StatusCode,
    /// A stable kebab-case name for programs.
    pub code: Cow<'static, str>,
    /// What failed, why, and what to do, for people.
    pub detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Problem {
    /// A problem with these three parts and nothing else.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a member that programs can read.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Adds what a failed call cost.
    #[must_use]
    pub fn receipt(self, receipt: Option<&Receipt>) -> Self {
        match receipt {
            Some(receipt) => self.with("receipt", json!(wire::Receipt::from(receipt))),
            None => self,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The problem as JSON.
    pub fn json(&self) -> Value {
        let mut body = Map::new();
        body.insert(
            "title".to_owned(),
            json!(self.status.canonical_reason().unwrap_or("Error")),
        );
        body.insert("status".to_owned(), json!(self.status.as_u16()));
        body.insert("code".to_owned(), json!(self.code));
        body.insert("detail".to_owned(), json!(self.detail));
        body.extend(self.members.clone());
        Value::Object(body)
    }

    /// A part of a body, named by a JSON Pointer, that can't be served.
    pub fn parameter(pointer: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).with("pointer", json!(pointer))
    }

    /// The model broke off, and what was streamed of its answer is void.
    pub fn text_void() -> Self {
        let detail = "the model broke off after a part of its answer was sent, which a stream can't take back; send the request again, or without `stream`";
        Self::new(StatusCode::BAD_GATEWAY, "answer-broke-off", detail)
    }

    /// The part of the body that is at fault, where one is: a JSON Pointer.
    pub fn pointer(&self) -> Option<&str> {
        self.members.get("pointer").and_then(Value::as_str)
    }

    /// The headers that go with it.
    pub fn into_headers(self) -> Vec<(HeaderName, HeaderValue)> {
        self.headers
    }

    /// The status by which OpenAI's clients know what to do: some try again after 409, and after 429 they wait.
    pub fn openai_status(&self) -> StatusCode {
        match (self.code.as_ref(), self.status) {
            ("provider-rate-limited" | "too-many-turns", _) => StatusCode::TOO_MANY_REQUESTS,
            ("context-too-long" | "content-filtered" | "provider-refused", _)
            | (_, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::UNSUPPORTED_MEDIA_TYPE) => {
                StatusCode::BAD_REQUEST
            }
            (_, status) => status,
        }
    }

    /// Something that clients can do nothing about. The reason goes to the log, the client learns that it is there.
    pub fn internal(reason: &dyn std::fmt::Display) -> Self {
        tracing::error!(%reason, "a request failed because of the server");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal-error",
            "the server failed to answer; its log says why",
        )
    }

    /// No such path.
    pub fn no_path(path: &str) -> Self {
        let detail = format!("there is nothing at `{path}`; /openapi.json lists what there is");
        Self::new(StatusCode::NOT_FOUND, "path-not-found", detail)
    }

    /// The path is there, the method is not. The router adds `Allow`.
    pub fn no_method(method: &http::Method, path: &str) -> Self {
        let detail =
            format!("`{path}` does not take {method}; the Allow header lists what it takes");
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail)
    }

    /// No such workspace.
    pub fn no_workspace(name: &str, served: &str) -> Self {
        let detail = format!(
            "there is no workspace `{name}` here; this server has `{served}`, also reachable as `default`"
        );
        Self::new(StatusCode::NOT_FOUND, "workspace-not-found", detail)
    }

    /// A message for an agent and for whoever has a capability.
    pub fn two_recipients(to: &str, capability: &str) -> Self {
        let detail = format!(
            "the message is for the agent `{}` and for the capability `{}`; leave out `to` or `capability`",
            to.escape_debug(),
            capability.escape_debug()
        );
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "two-recipients", detail)
    }

    /// A body whose form is right, and whose values are not.
    pub fn invalid_body(detail: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-body", detail)
    }

    /// No such response. The pointer names the member of a body that asked for it, and is empty where the path did.
    pub fn no_response(pointer: &str, id: &str) -> Self {
        let detail = format!(
            "there is no response `{}`; it may have been deleted with its conversation",
            id.escape_debug()
        );
        let problem = Self::new(StatusCode::NOT_FOUND, "response-not-found", detail);
        if pointer.is_empty() {
            problem
        } else {
            Self {
                status: StatusCode::UNPROCESSABLE_ENTITY,
                code: "previous-response-not-found".into(),
                ..problem.with("pointer", json!(pointer))
            }
        }
    }

    /// No such conversation.
    pub fn no_conversation(id: &str) -> Self {
        let detail = format!("there is no conversation `{}`", id.escape_debug());
        Self::new(StatusCode::NOT_FOUND, "conversation-not-found", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.json().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.extend(self.headers);
        response
    }
}

/// The status of a call that a component failed. Its own faults are like those of an upstream server.
fn call_status(error: &CallError) -> StatusCode {
    match error {
        CallError::Time { .. } => StatusCode::GATEWAY_TIMEOUT,
        CallError::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        CallError::Host { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        CallError::Depth { .. } => StatusCode::LOOP_DETECTED,
        CallError::Role { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        CallError::Fuel { .. }
        | CallError::Handles { .. }
        | CallError::Memory { .. }
        | CallError::Output { .. }
        | CallError::Stack { .. }
        | CallError::Trap { .. }
        | CallError::Exit { .. }
        | CallError::Guest { .. } => StatusCode::BAD_GATEWAY,
    }
}

/// Where the server is full, the client may try again. Calls take milliseconds, so the smallest number of seconds there is.
fn with_retry(problem: Problem) -> Problem {
    match problem.status {
        StatusCode::SERVICE_UNAVAILABLE if problem.headers.is_empty() => {
            problem.header(header::RETRY_AFTER, HeaderValue::from_static("1"))
        }
        _ => problem,
    }
}

impl From<tool::Error> for Problem {
    fn from(error: tool::Error) -> Self {
        use tool::Error;
        let status = match &error {
            Error::Unknown { .. } => StatusCode::NOT_FOUND,
            Error::Arguments { .. } | Error::Unfit { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Refused { .. } | Error::Output { .. } | Error::Load { .. } => {
                StatusCode::BAD_GATEWAY
            }
            Error::Failed { source, .. } => call_status(source),
        };
        let problem =
            with_retry(Self::new(status, error.code(), error.to_string()).receipt(error.receipt()));
        match &error {
            Error::Arguments { faults, .. } => {
                // Pointers into the body, in which the arguments are a member.
                let faults: Vec<Value> =
                    faults.iter().map(|fault| json!({ "pointer": format!("/arguments{}", fault.pointer), "reason": fault.reason })).collect();
                problem.with("faults", Value::Array(faults))
            }
            _ => problem,
        }
    }
}

impl From<workspace::Error> for Problem {
    fn from(error: workspace::Error) -> Self {
        use workspace::Error;
        let code = error.code();
        match error {
            Error::Faults(faults) => Self::faults(code, &faults),
            Error::Refused(refused) => {
                let status = if refused.code == "component-too-large" {
                    StatusCode::PAYLOAD_TOO_LARGE
                } else {
                    StatusCode::UNPROCESSABLE_ENTITY
                };
                Self::new(status, refused.code, refused.to_string())
                    .with("remedy", json!(refused.remedy))
            }
            Error::NoAgent { .. } | Error::NoComponent { .. } => {
                Self::new(StatusCode::NOT_FOUND, code, error.to_string())
            }
            Error::InUse { .. } | Error::Elsewhere { .. } => {
                Self::new(StatusCode::CONFLICT, code, error.to_string())
            }
            Error::File { .. } => Self::internal(&error),
            Error::Store(error) => error.into(),
        }
    }
}

impl Problem {
    /// Several faults at once.
    fn faults(code: &'static str, faults: &[config::Fault]) -> Self {
        let detail = match faults {
            [one] => one.to_string(),
            many => format!(
                "there are {} faults; the first: {}",
                many.len(),
                many.first().map(ToString::to_string).unwrap_or_default()
            ),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail).with("faults", json!(faults))
    }
}

impl From<memory::Error> for Problem {
    fn from(error: memory::Error) -> Self {
        match &error {
            memory::Error::NotFound { what, .. } => Self::new(
                StatusCode::NOT_FOUND,
                format!("{what}-not-found"),
                error.to_string(),
            ),
            memory::Error::Split { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "splits-a-turn",
                error.to_string(),
            ),
            memory::Error::Limit { .. } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large-to-store",
                error.to_string(),
            ),
            memory::Error::OutOfView { .. } => Self::new(
                StatusCode::FORBIDDEN,
                "scope-out-of-view",
                error.to_string(),
            ),
            memory::Error::Unfit { .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "unfit-value",
                error.to_string(),
            ),
            memory::Error::NameUsed { id, .. } => {
                Self::new(StatusCode::CONFLICT, "name-used", error.to_string())
                    .with("entity", json!(id))
            }
            memory::Error::EntityChanged { found, .. } => {
                Self::new(StatusCode::CONFLICT, "entity-changed", error.to_string())
                    .with("version", json!(found))
            }
            memory::Error::Import { line, .. } => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-import",
                error.to_string(),
            )
            .with("line", json!(line)),
            memory::Error::DiskFull { .. } => {
                tracing::error!(%error, "nothing can be written");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "disk-full",
                    "the server's disk is full; free some space there",
                )
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<routing::Error> for Problem {
    fn from(error: routing::Error) -> Self {
        use routing::Error;
        let status = match &error {
            Error::NoAgent { .. } | Error::NoCapability { .. } | Error::NoVersion { .. } => {
                StatusCode::NOT_FOUND
            }
            Error::Requirement { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::NoAgents | Error::OnlySelf { .. } => StatusCode::CONFLICT,
            Error::NoneFits { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Routers { .. } => StatusCode::BAD_GATEWAY,
        };
        let problem = Self::new(status, error.code(), error.to_string());
        let nearest: Vec<wire::Near> = match error {
            Error::NoneFits { nearest, .. } => {
                let nearest = nearest.into_iter();
                let near = |near: routing::Near| wire::Near {
                    capability: near.capability,
                    agent: Some(near.agent),
                };
                nearest.map(near).collect()
            }
            Error::NoCapability { nearest, .. } => {
                let nearest = nearest.into_iter();
                let near = |capability| wire::Near {
                    capability,
                    agent: None,
                };
                nearest.map(near).collect()
            }
            _ => return problem,
        };
        match nearest.as_slice() {
            [] => problem,
            nearest => problem.with("nearest", json!(nearest)),
        }
    }
}

impl From<turn::Error> for Problem {
    fn from(error: turn::Error) -> Self {
        use turn::{Error, Fault};
        let status = match error {
            Error::Routing(error) => return error.into(),
            Error::Store(error) => return error.into(),
            Error::Empty => StatusCode::UNPROCESSABLE_ENTITY,
            Error::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Error::NoConversation { .. } => StatusCode::NOT_FOUND,
            Error::Delegation { .. } => StatusCode::LOOP_DETECTED,
            Error::Parameters { .. } | Error::KeyReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Paused { .. } | Error::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Error::Gone => StatusCode::INTERNAL_SERVER_ERROR,
            Error::Stopped { ref fault, .. } => match &**fault {
                Fault::ToolRounds { .. }
                | Fault::Tokens { .. }
                | Fault::Cost { .. }
                | Fault::Price { .. } => StatusCode::UNPROCESSABLE_ENTITY,
                Fault::Budget { .. } => StatusCode::TOO_MANY_REQUESTS,
                Fault::Cancelled => StatusCode::CONFLICT,
                Fault::Interrupted { .. } => StatusCode::SERVICE_UNAVAILABLE,
                Fault::Time { .. } => StatusCode::GATEWAY_TIMEOUT,
                Fault::Provider { code, .. }
                    if matches!(
                        code.as_str(),
                        "provider-rate-limited" | "provider-overloaded" | "sandbox-busy"
                    ) =>
                {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                Fault::Provider { .. } | Fault::Empty { .. } => StatusCode::BAD_GATEWAY,
            },
        };
        let wait_s = match &error {
            Error::Paused { retry_after_ms, .. } => Some(retry_after_ms.div_ceil(1000)),
            Error::Stopped { fault, .. } => match **fault {
                Fault::Budget { retry_after_s, .. } => Some(retry_after_s),
                Fault::Provider { retry_after_ms, .. }
                    if status == StatusCode::SERVICE_UNAVAILABLE =>
                {
                    retry_after_ms.map(|ms| ms.div_ceil(1000).max(1))
                }
                _ => None,
            },
            _ => None,
        };
        let mut problem = Self::new(status, error.code().to_owned(), error.to_string());
        if let Some(seconds) = wait_s {
            problem = problem.header(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        let problem = with_retry(problem);
        match error {
            Error::Stopped {
                id,
                conversation,
                agent,
                receipt,
                ..
            } => problem
                .with("turn", json!(id))
                .with("conversation", json!(conversation))
                .with("agent", json!(agent))
                .with("receipt", json!(wire::TurnReceipt::from(*receipt))),
            _ => problem,
        }
    }
}

impl From<SealRefused> for Problem {
    fn from(refused: SealRefused) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "state-refused",
            refused.to_string(),
        )
    }
}
