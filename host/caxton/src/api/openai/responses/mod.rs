//! Responses: the server keeps the conversation. A response is a turn; its id is the turn's with `resp_` before it.

mod answer;
mod request;

use std::collections::BTreeMap;

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::super::State;
use super::super::body::{Params, Query};
use super::super::error::Problem;
use super::super::wire::openai as wire;
use super::answer::created;
use super::error::Refusal;
use super::{read, stream};
use crate::turn::{Live, Past};

/// What stands before a turn's id in a response's.
const TURN: &str = "resp_";

/// Ask an agent as a model, and let the server keep the conversation.
///
/// The body, the answer and the events of a stream are those of OpenAI's Responses. `model` names an agent; with `auto` a
/// router chooses by meaning.
#[utoipa::path(post, operation_id = "create_response", path = "/v1/responses", tag = "openai",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, content((Object = "application/json"), (String = "text/event-stream"))),
        (status = "4XX", body = Object), (status = "5XX", body = Object)))]
pub async fn create(Shared(state): Shared<State>, request: Request) -> Result<Response, Refusal> {
    let (start, request): (_, wire::ResponseRequest) = read(&state, request).await?;
    request::check(&request)?;
    let streams = request.stream == Some(true);
    let frame = frame(&request);
    // What was said before may be gone by the time that a request comes again.
    let live = match state.turns.begun(&start).await? {
        Some(live) => live,
        None => {
            let past = past(&state, &request).await?;
            let message = request::message(request, past)?;
            state.turns.start(message, start).await?
        }
    };
    let frame = begun(frame, &live);
    if streams {
        let steps = answer::Steps::new(frame, live.id(), &live.agent());
        return stream::response(live, steps).await;
    }
    let answer = live.answer().await?;
    Ok(axum::Json(answer::whole(frame, &answer)).into_response())
}

/// How a response is shown.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Shown {
    /// As the events with which it is made.
    stream: Option<bool>,
    /// Not served.
    #[param(ignore)]
    starting_after: Option<u64>,
}

/// Show a response.
///
/// What was asked is not kept with it, so `instructions`, `tools`, `metadata` and the like are as if they had not been given.
#[utoipa::path(get, operation_id = "show_response", path = "/v1/responses/{response}", tag = "openai",
    params(("response" = String, Path, description = "Its id"), Shown),
    responses((status = 200, content((Object = "application/json"), (String = "text/event-stream"))), (status = "4XX", body = Object)))]
pub async fn show(
    Shared(state): Shared<State>,
    id: Result<Params<String>, Problem>,
    query: Result<Query<Shown>, Problem>,
) -> Result<Response, Refusal> {
    let Params(id) = id?;
    let Query(shown) = query?;
    if shown.starting_after.is_some() {
        let detail = "a response that is streamed again begins with its first event; leave out `starting_after`";
        let refused = Problem::parameter("/starting_after", "unsupported-parameter", detail);
        return Err(refused.into());
    }
    let live = found(&state, &id).await?;
    let frame = begun(empty(live.agent()), &live);
    if shown.stream == Some(true) {
        let steps = answer::Steps::new(frame, live.id(), &live.agent());
        return stream::response(live, steps).await;
    }
    let response = match live.ended() {
        None => frame,
        Some(Ok(answer)) => answer::whole(frame, &answer),
        Some(Err(error)) => answer::failed(frame, &error.into()),
    };
    Ok(axum::Json(response).into_response())
}

/// Delete a response, and the conversation that it belongs to.
#[utoipa::path(delete, operation_id = "remove_response", path = "/v1/responses/{response}", tag = "openai",
    params(("response" = String, Path, description = "Its id")),
    responses((status = 200, body = Object), (status = "4XX", body = Object)))]
pub async fn remove(
    Shared(state): Shared<State>,
    id: Result<Params<String>, Problem>,
) -> Result<axum::Json<wire::DeletedResponse>, Refusal> {
    let Params(id) = id?;
    let live = found(&state, &id).await?;
    let conversation = live.conversation();
    state.turns.stop_in(conversation).await;
    let store = state.workspace.store();
    store.delete_conversation(conversation).await?;
    Ok(axum::Json(wire::DeletedResponse {
        id,
        object: "response",
        deleted: true,
    }))
}

/// The turn of a response.
async fn found(state: &State, id: &str) -> Result<Live, Refusal> {
    let live = match request::turn(id) {
        Some(turn) => state.turns.find(turn).await?,
        None => None,
    };
    live.ok_or_else(|| Problem::no_response("", id).into())
}

/// What a response goes on from.
async fn past(state: &State, request: &wire::ResponseRequest) -> Result<Option<Past>, Refusal> {
    if let Some(id) = &request.previous_response_id {
        let past = match request::turn(id) {
            Some(turn) => state.turns.past(turn).await?,
            None => None,
        };
        let none = || Problem::no_response("/previous_response_id", id);
        return Ok(Some(past.ok_or_else(none)?));
    }
    match &request.conversation {
        Some(wire::ConversationRef::Id(id) | wire::ConversationRef::Object { id }) => {
            Ok(Some(state.turns.past_of_conversation(id).await?))
        }
        None => Ok(None),
    }
}

/// The response to a request, before there is any.
fn frame(request: &wire::ResponseRequest) -> wire::Response {
    let auto = || wire::Choice::Mode("auto".to_owned());
    let format = request.text.as_ref().and_then(|text| text.format.clone());
    let base = empty(request.model.clone());
    wire::Response {
        instructions: request.instructions.clone(),
        max_output_tokens: request.max_output_tokens,
        parallel_tool_calls: request.parallel_tool_calls != Some(false),
        previous_response_id: request.previous_response_id.clone(),
        temperature: request.temperature,
        text: wire::TextOptions {
            format: format.or(base.text.format),
        },
        tool_choice: request.tool_choice.clone().unwrap_or_else(auto),
        tools: request.tools.clone().unwrap_or_default(),
        metadata: request.metadata.clone().unwrap_or_default(),
        ..base
    }
}

/// A response for which nothing is known but the model.
fn empty(model: String) -> wire::Response {
    wire::Response {
        id: String::new(),
        object: "response",
        created_at: 0,
        status: "in_progress",
        background: false,
        error: None,
        incomplete_details: None,
        instructions: None,
        max_output_tokens: None,
        model,
        output: Vec::new(),
        parallel_tool_calls: true,
        previous_response_id: None,
        conversation: None,
        store: true,
        temperature: None,
        text: wire::TextOptions {
            format: Some(wire::TextFormat {
                kind: "text".to_owned(),
                name: None,
                schema: None,
                strict: None,
            }),
        },
        tool_choice: wire::Choice::Mode("auto".to_owned()),
        tools: Vec::new(),
        truncation: "disabled",
        usage: None,
        metadata: BTreeMap::new(),
        caxton: None,
    }
}

/// The response, now that its turn has begun.
fn begun(frame: wire::Response, live: &Live) -> wire::Response {
    wire::Response {
        id: format!("{TURN}{}", live.id()),
        created_at: created(live.id()),
        conversation: Some(wire::Conversation {
            id: live.conversation().to_owned(),
        }),
        ..frame
    }
}
