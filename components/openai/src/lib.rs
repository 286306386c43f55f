//! A provider for OpenAI and every server that speaks its protocols: set `base_url` in the component's config, and give the
//! key as a secret. The key is never seen here: the host adds it to the request.

mod chat;
mod models;
mod parts;
mod responses;

use caxton_sdk::provider::{LlmError, Model, Request, Response};
use caxton_sdk::upstream::Upstream;
use caxton_sdk::{Provider, config};

/// Where OpenAI is.
const BASE_URL: &str = "https://api.openai.com/v1";

struct OpenAi;

impl Provider for OpenAi {
    fn models() -> Result<Vec<Model>, LlmError> {
        let upstream = Upstream::from_config(BASE_URL)?;
        let list = upstream.get("/models")?;
        models::read(&upstream.base_url, &list).ok_or_else(|| {
            LlmError::BadResponse(format!(
                "{}/models has no list of models",
                upstream.base_url
            ))
        })
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        let upstream = Upstream::from_config(BASE_URL)?;
        match Api::from_config(&upstream)? {
            Api::Chat => chat::complete(&upstream, &request),
            Api::Responses => responses::complete(&upstream, &request),
        }
    }

    fn health() -> Result<(), LlmError> {
        Upstream::from_config(BASE_URL)?.get("/models").map(drop)
    }
}

caxton_sdk::export_provider!(OpenAi);

/// The protocol that is spoken.
enum Api {
    Chat,
    Responses,
}

impl Api {
    /// Reads the setting `api`. Left out, it is Responses for OpenAI, whose newer models reason and call tools only there,
    /// and Chat Completions for everybody else.
    fn from_config(upstream: &Upstream) -> Result<Self, LlmError> {
        match config::get("api").as_deref() {
            Some("chat") => Ok(Self::Chat),
            Some("responses") => Ok(Self::Responses),
            Some(other) => Err(LlmError::BadRequest(format!(
                "The setting `api` is {other:?}; it must be \"chat\" or \"responses\""
            ))),
            None if models::is_openai(&upstream.base_url) => Ok(Self::Responses),
            None => Ok(Self::Chat),
        }
    }
}

#[cfg(test)]
mod tests;
