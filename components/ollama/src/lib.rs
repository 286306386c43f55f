//! A provider for the models of an Ollama server, by Ollama's own API: it says more than the Chat Completions that Ollama
//! also speaks, such as what a model can do and how much it can read. Its tools list the models and pull one.

mod answer;
mod failure;
mod lines;
mod models;
mod pull;
mod server;
mod tools;
mod wire;

use caxton_sdk::provider::{CallIds, LlmError, Model, Request, Response};
use caxton_sdk::upstream::ask_for_less;
use caxton_sdk::{Provider, deltas};

use crate::answer::Answer;
use crate::server::Server;
use crate::wire::Settings;

struct Ollama;

impl Provider for Ollama {
    fn models() -> Result<Vec<Model>, LlmError> {
        let settings = Settings::from_config()?;
        models::list(&Server::from_config()?, settings.num_ctx)
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        let server = Server::from_config()?;
        let settings = Settings::from_config()?;
        match complete(&server, &settings, &request) {
            Err(LlmError::ModelNotFound(_)) if settings.pull => {
                pull(&server, &request.model)?;
                complete(&server, &settings, &request)
            }
            outcome => outcome,
        }
    }

    fn health() -> Result<(), LlmError> {
        let server = Server::from_config()?;
        let version = server.get("/api/version")?;
        if version["version"].is_string() {
            return Ok(());
        }
        Err(LlmError::BadResponse(format!(
            "{}/api/version has no version (is `base_url` the address of ollama?)",
            server.name()
        )))
    }
}

caxton_sdk::export_provider!(Ollama);
caxton_sdk::export_tools!(Ollama);

/// Asks for an answer. The setting `think` is for all models, so one that can't think is asked without it.
fn complete(server: &Server, settings: &Settings, request: &Request) -> Result<Response, LlmError> {
    ask_for_less(
        settings.clone(),
        |settings| attempt(server, settings, request),
        |mut settings, refusal| {
            let is_thinking = refusal.contains("does not support thinking");
            settings.think.take().filter(|_| is_thinking)?;
            Some(settings)
        },
    )
}

/// Asks once and reads the answer to its end, passing each piece on at once.
fn attempt(server: &Server, settings: &Settings, request: &Request) -> Result<Response, LlmError> {
    let mut lines = server.chat(&request.model, wire::body(request, settings)?)?;
    let ids = CallIds::of(&request.messages);
    let mut answer = Answer::new(server.name(), &request.model, ids);
    while !answer.is_done() {
        let document = lines.next().map_err(|reason| {
            LlmError::BadResponse(format!(
                "{} broke off the answer after {}: {reason}",
                server.name(),
                answer.so_far()
            ))
        })?;
        let Some(document) = document else { break };
        answer.push(&document)?.into_iter().for_each(deltas::emit);
    }
    answer.finish()
}

/// Pulls a missing model, and says how far it has come to whoever waits for the answer.
fn pull(server: &Server, model: &str) -> Result<(), LlmError> {
    deltas::reasoning(format!("Pulling {model}, which is not there yet.\n"));
    let bytes = pull::pull(server, model, |step| {
        let of = step
            .total
            .map(|total| format!(": {} of {}", tools::size(step.done), tools::size(total)));
        deltas::reasoning(format!("{}{}\n", step.status, of.unwrap_or_default()));
    })?;
    deltas::reasoning(format!("{model} is there ({}).\n", tools::size(bytes)));
    Ok(())
}

#[cfg(test)]
mod tests;
