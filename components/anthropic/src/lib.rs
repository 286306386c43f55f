//! A provider for Anthropic and every server that speaks its Messages protocol: give the key as a secret in the header
//! `x-api-key`. The key is never seen here: the host adds it to the request.

mod body;
mod draft;
mod messages;
mod models;
mod options;

use caxton_sdk::Provider;
use caxton_sdk::provider::{LlmError, Model, Request, Response};
use caxton_sdk::upstream::{Upstream, ask_for_less};

use draft::Answer;
use options::{Options, Settings};

/// Where Anthropic is.
const BASE_URL: &str = "https://api.anthropic.com/v1";

/// The version of the protocol that is spoken here. Anthropic has kept it since 2023.
const VERSION: &str = "2023-06-01";

/// A list of models goes on beyond one page. With 1000 models a page, a server that has more is not to be believed.
const PAGES_MAX: usize = 10;

struct Anthropic;

impl Provider for Anthropic {
    fn models() -> Result<Vec<Model>, LlmError> {
        let upstream = upstream()?;
        let mut models = Vec::new();
        let mut path = "/models?limit=1000".to_owned();
        for _ in 0..PAGES_MAX {
            let page = upstream.get(&path)?;
            models.extend(models::read(&upstream.base_url, &page).ok_or_else(|| {
                LlmError::BadResponse(format!(
                    "{}/models has no list of models",
                    upstream.base_url
                ))
            })?);
            match models::next(&page) {
                Some(last) => path = format!("/models?limit=1000&after_id={last}"),
                None => break,
            }
        }
        models.sort_by(|a, b| a.id.cmp(&b.id));
        models.dedup_by(|a, b| a.id == b.id);
        Ok(models)
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        let upstream = upstream()?;
        let settings = Settings::from_config()?;
        ask_for_less(
            Options::first(&settings, &request),
            |options| once(&upstream, &settings, &request, *options),
            |options, refusal| options.without(refusal, &request),
        )
    }

    fn health() -> Result<(), LlmError> {
        upstream()?.get("/models?limit=1").map(drop)
    }
}

caxton_sdk::export_provider!(Anthropic);

fn upstream() -> Result<Upstream, LlmError> {
    Ok(Upstream::from_config(BASE_URL)?.header("anthropic-version", VERSION))
}

fn once(
    upstream: &Upstream,
    settings: &Settings,
    request: &Request,
    options: Options,
) -> Result<Response, LlmError> {
    let response = upstream.post("/messages", body::body(request, settings, options)?)?;
    let mut answer = Answer::new(&upstream.base_url);
    upstream.read(response, &mut answer)?;
    answer.finish(upstream, &request.model)
}

#[cfg(test)]
mod tests;
