//! Conversations: what was said.

use axum::extract::State as Shared;
use caxton_memory::{Scope, View};
use http::StatusCode;
use serde::Deserialize;

use super::super::body::{Json, Params, Query};
use super::super::{State, wire};
use super::page::{Page, next};
use super::{Problem, workspace};

/// Which page of the list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// How many: 50 where absent, 500 at most.
    limit: Option<usize>,
    /// The `next` of the page before.
    before: Option<String>,
}

/// List the conversations.
#[utoipa::path(get, operation_id = "list_conversations", path = "/api/v1/workspaces/{workspace}/conversations", tag = "conversations",
    params(("workspace" = String, Path, description = "Its name, or `default`"), Wanted),
    responses((status = 200, body = wire::Conversations), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn list(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
    Query(wanted): Query<Wanted>,
) -> Result<axum::Json<wire::Conversations>, Problem> {
    let store = workspace(&state, &name)?.store();
    let page = Page::of(wanted.limit, wanted.before.as_deref())?;
    // One more than is shown tells whether there is another page.
    let mut found = store.conversations(page.limit + 1, page.before).await?;
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().filter(|_| more);
    let next = last.map(|last| next((last.updated_ms, &last.id)));
    Ok(axum::Json(wire::Conversations {
        conversations: found.into_iter().map(wire::Conversation::from).collect(),
        next,
    }))
}

/// Show a conversation with its messages.
#[utoipa::path(get, operation_id = "show_conversation", path = "/api/v1/workspaces/{workspace}/conversations/{conversation}", tag = "conversations",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("conversation" = String, Path, description = "Its id")),
    responses((status = 200, body = wire::Transcript), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn show(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
) -> Result<axum::Json<wire::Transcript>, Problem> {
    let store = workspace(&state, &name)?.store();
    let conversation = store
        .conversation(&id)
        .await?
        .ok_or_else(|| Problem::no_conversation(&id))?;
    let messages = store
        .messages(&id)
        .await?
        .into_iter()
        .map(wire::ConversationMessage::from)
        .collect();
    Ok(axum::Json(wire::Transcript {
        conversation: conversation.into(),
        messages,
    }))
}

/// Delete a conversation, and those that its agents had with others about it.
///
/// Turns that run in it are cancelled, and what was remembered for it alone is forgotten.
#[utoipa::path(delete, operation_id = "remove_conversation", path = "/api/v1/workspaces/{workspace}/conversations/{conversation}", tag = "conversations",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("conversation" = String, Path, description = "Its id")),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn remove(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    let store = workspace(&state, &name)?.store();
    state.turns.stop_in(&id).await;
    let was_there = store.delete_conversation(&id).await?;
    // Also where it was gone already: a server that ended in between left this undone.
    let memory = store.memory(View::everything("http"));
    memory
        .forget_scope(&Scope::Conversation(id.clone()))
        .await?;
    if was_there {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::no_conversation(&id))
    }
}

/// Delete the messages of a conversation.
///
/// The conversation itself stays, with its id; what agents go on to say in it, they say without knowing what was said before.
#[utoipa::path(delete, operation_id = "clear_conversation", path = "/api/v1/workspaces/{workspace}/conversations/{conversation}/messages", tag = "conversations",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("conversation" = String, Path, description = "Its id")),
    responses((status = 204), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn clear(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
) -> Result<StatusCode, Problem> {
    let store = workspace(&state, &name)?.store();
    if store.clear_conversation(&id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::no_conversation(&id))
    }
}

/// Fork a conversation.
///
/// The fork is a new conversation with the same messages, up to the one that is named. What is said in one of them does not
/// show in the other.
#[utoipa::path(post, operation_id = "fork_conversation", path = "/api/v1/workspaces/{workspace}/conversations/{conversation}/fork", tag = "conversations",
    params(("workspace" = String, Path, description = "Its name, or `default`"), ("conversation" = String, Path, description = "Its id")),
    request_body = wire::ForkRequest,
    responses((status = 201, body = wire::Conversation), (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn fork(
    Shared(state): Shared<State>,
    Params((name, id)): Params<(String, String)>,
    Json(request): Json<wire::ForkRequest>,
) -> Result<(StatusCode, axum::Json<wire::Conversation>), Problem> {
    let store = workspace(&state, &name)?.store();
    let fork = store.fork_conversation(&id, request.through).await?;
    Ok((StatusCode::CREATED, axum::Json(fork.into())))
}
