//! Tools: looking at them, calling them.

use axum::extract::{Request, State as Shared};
use caxton_sandbox::Call;
use caxton_sandbox::input::{InputResponse, Resumption};
use serde_json::Value;

use super::super::body::{self, Params};
use super::super::mcp::Scope;
use super::super::{State, wire};
use super::{Problem, workspace};
use crate::workspace::Workspace;
use crate::workspace::tool::{Outcome, Question, Tool};

/// List the tools.
#[utoipa::path(get, operation_id = "list_tools", path = "/api/v1/workspaces/{workspace}/tools", tag = "tools",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    responses((status = 200, body = wire::Tools), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
) -> Result<axum::Json<wire::Tools>, Problem> {
    let now = workspace(&state, &name)?.state();
    Ok(axum::Json(wire::Tools {
        tools: now
            .tools
            .all()
            .iter()
            .map(|tool| wire::Tool::from(tool.as_ref()))
            .collect(),
    }))
}

/// Show one tool.
#[utoipa::path(get, operation_id = "show_tool", path = "/api/v1/workspaces/{workspace}/tools/{tool}", tag = "tools",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("tool" = String, Path, description = "Its full name, `COMPONENT__TOOL`")),
    responses((status = 200, body = wire::Tool), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params((name, tool)): Params<(String, String)>,
) -> Result<axum::Json<wire::Tool>, Problem> {
    let tool = workspace(&state, &name)?.tool(&tool).await?;
    Ok(axum::Json(tool.as_ref().into()))
}

/// Call a tool.
///
/// It runs in a fresh sandbox. A tool that ran but could not do what was asked answers 200 with `is_error`; one that broke
/// a limit or crashed answers a problem with the receipt of what it used.
#[utoipa::path(post, operation_id = "call_tool", path = "/api/v1/workspaces/{workspace}/tools/{tool}/call", tag = "tools",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("tool" = String, Path, description = "Its full name, `COMPONENT__TOOL`")),
    request_body = wire::ToolRequest,
    responses((status = 200, body = wire::ToolAnswer), (status = "4XX", body = wire::Problem, content_type = "application/problem+json"),
        (status = "5XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn call(
    Shared(state): Shared<State>,
    Params((name, tool)): Params<(String, String)>,
    request: Request,
) -> Result<axum::Json<wire::ToolAnswer>, Problem> {
    let workspace = workspace(&state, &name)?;
    body::content_type(request.headers(), "application/json", &[])?;
    let bytes = body::read(request, state.limits.json).await?;
    let request: wire::ToolRequest = body::parse(&bytes)?;
    let call = Call {
        resumption: resumption(&state, workspace, &tool, &request).await?,
        ..Call::default()
    };
    let arguments = Value::Object(request.arguments.unwrap_or_default());
    match workspace.call_tool(&tool, arguments, call).await? {
        Outcome::Complete(answer) => Ok(axum::Json(answer.into())),
        // Few calls ask, so the arguments are read a second time here instead of being kept each time.
        Outcome::InputRequired(question) => {
            let request: wire::ToolRequest = body::parse(&bytes)?;
            let tool = workspace.tool(&tool).await?;
            Ok(axum::Json(asked(
                &state,
                &scope(workspace, &tool, &request),
                question,
            )))
        }
    }
}

/// What answers an earlier call's questions, where the request has that.
async fn resumption(
    state: &State,
    workspace: &Workspace,
    tool: &str,
    request: &wire::ToolRequest,
) -> Result<Option<Resumption>, Problem> {
    if request.responses.is_none() && request.state.is_none() {
        return Ok(None);
    }
    let tool = workspace.tool(tool).await?;
    let sealed = request.state.as_deref();
    let opened = sealed
        .map(|sealed| state.seal.open(&scope(workspace, &tool, request), sealed))
        .transpose()?;
    let responses = request.responses.iter().flatten();
    let responses = responses.map(|(key, value)| InputResponse {
        key: key.clone(),
        value: value.to_string(),
    });
    Ok(Some(Resumption {
        responses: responses.collect(),
        state: opened,
    }))
}

/// What a tool wants to know, its state signed for exactly this call.
fn asked(state: &State, scope: &Scope, question: Question) -> wire::ToolAnswer {
    let questions = question
        .input
        .requests
        .into_iter()
        .map(wire::Question::from)
        .collect();
    let sealed = question
        .input
        .state
        .map(|given| state.seal.seal(scope, &given));
    wire::ToolAnswer {
        content: Vec::new(),
        structured: None,
        is_error: false,
        input_required: Some(wire::ToolInput {
            questions,
            state: sealed,
        }),
        receipt: question.receipt.into(),
    }
}

fn scope(workspace: &Workspace, tool: &Tool, request: &wire::ToolRequest) -> Scope {
    let arguments = request.arguments.clone().unwrap_or_default();
    Scope {
        workspace: workspace.name(),
        component: tool.component.name().to_owned(),
        kind: "tool",
        name: tool.name.clone(),
        arguments: Value::Object(arguments).to_string(),
    }
}
