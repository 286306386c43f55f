//! A provider for OpenAI and every server that speaks its Chat Completions protocol: set `base_url` in the component's
//! config, and give the key as a secret. The key is never seen here: the host adds it to the request.

mod chat;
mod models;

use caxton_sdk::Provider;
use caxton_sdk::provider::{LlmError, Model, Request, Response};
use caxton_sdk::upstream::Upstream;

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
        chat::complete(&Upstream::from_config(BASE_URL)?, &request)
    }

    fn health() -> Result<(), LlmError> {
        Upstream::from_config(BASE_URL)?.get("/models").map(drop)
    }
}

caxton_sdk::export_provider!(OpenAi);

#[cfg(test)]
mod tests;
