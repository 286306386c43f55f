//! A provider for Google's Gemini models, by the Gemini API (v1beta). The key is never seen here: the host adds it to the
//! request as the secret header `x-goog-api-key`.

mod contents;
mod draft;
mod failure;
mod models;
mod signature;
mod wire;

use caxton_sdk::http;
use caxton_sdk::provider::{CallIds, LlmError, Model, Request, Response};
use caxton_sdk::upstream::{DOCUMENT_BYTES_MAX, Upstream, host_failure};
use caxton_sdk::{Provider, Value};

use crate::draft::Answer;

/// Where the API is.
const BASE_URL: &str = "https://generativelanguage.googleapis.com";

/// How many pages of the list of models are read. A page has up to 1,000, and the API has some 60 models.
const PAGES_MAX: usize = 8;

struct Gemini;

impl Provider for Gemini {
    fn models() -> Result<Vec<Model>, LlmError> {
        let upstream = Upstream::from_config(BASE_URL)?;
        let mut models = Vec::new();
        let mut next = String::new();
        for _ in 0..PAGES_MAX {
            let page = list(&upstream, &format!("pageSize=1000{next}"))?;
            models.extend(models::read(&page));
            let token = page["nextPageToken"].as_str().unwrap_or_default();
            if token.is_empty() {
                break;
            }
            next = format!("&pageToken={}", wire::escaped(token));
        }
        models.sort_by(|a, b| a.id.cmp(&b.id));
        models.dedup_by(|a, b| a.id == b.id);
        Ok(models)
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        let upstream = Upstream::from_config(BASE_URL)?;
        let path = format!(
            "/v1beta/{}:streamGenerateContent?alt=sse",
            wire::model_path(&request.model)
        );
        let post = upstream.post_request(&path, wire::body(&request)?)?;
        let response = upstream.send_or(post, failure::refused)?;
        let ids = CallIds::of(&request.messages);
        let mut answer = Answer::new(&upstream.base_url, &request.model, ids);
        upstream.read(response, &mut answer)?;
        answer.finish(&upstream)
    }

    fn health() -> Result<(), LlmError> {
        list(&Upstream::from_config(BASE_URL)?, "pageSize=1").map(|_| ())
    }
}

caxton_sdk::export_provider!(Gemini);

/// Gives a page of the list of models.
fn list(upstream: &Upstream, query: &str) -> Result<Value, LlmError> {
    let url = format!("{}/v1beta/models", upstream.base_url);
    let request = http::Request::get(format!("{url}?{query}"));
    let body = upstream
        .send_or(request, failure::refused)?
        .bytes(DOCUMENT_BYTES_MAX)
        .map_err(|error| host_failure(&upstream.base_url, error))?;
    let page: Value = serde_json::from_slice(&body).map_err(|error| {
        LlmError::BadResponse(format!(
            "{url} is not JSON: {error} (is `base_url` right? it is {BASE_URL} without a path)"
        ))
    })?;
    if page["models"].is_array() {
        Ok(page)
    } else {
        Err(LlmError::BadResponse(format!(
            "{url} has no list of models"
        )))
    }
}

#[cfg(test)]
mod tests;
