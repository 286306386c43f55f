//! Chat Completions: the client keeps the conversation, and sends it whole each time.

mod answer;
mod request;

use axum::extract::{Request, State as Shared};
use axum::response::{IntoResponse, Response};

use super::super::State;
use super::super::wire::openai as wire;
use super::error::Refusal;
use super::{read, stream};

/// Ask an agent as a model.
///
/// The body, the answer and the chunks of a stream are those of OpenAI's Chat Completions. `model` names an agent; with
/// `auto` a router chooses by meaning.
#[utoipa::path(post, operation_id = "create_chat_completion", path = "/v1/chat/completions", tag = "openai",
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, content((Object = "application/json"), (String = "text/event-stream"))),
        (status = "4XX", body = Object), (status = "5XX", body = Object)))]
pub async fn complete(Shared(state): Shared<State>, request: Request) -> Result<Response, Refusal> {
    let (start, request): (_, wire::ChatRequest) = read(&state, request).await?;
    let streams = request.stream == Some(true);
    let shown = answer::Asked {
        model: request.model.clone(),
        usage: request
            .stream_options
            .as_ref()
            .is_some_and(|options| options.include_usage == Some(true)),
    };
    let live = state.turns.start(request::message(request)?, start).await?;
    if streams {
        let chunks = answer::Chunks::new(shown, live.id(), &live.agent());
        return stream::response(live, chunks).await;
    }
    let answer = live.answer().await?;
    Ok(axum::Json(answer::whole(&shown, &answer)).into_response())
}
