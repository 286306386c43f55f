//! A provider for OpenAI and every server that speaks its Chat Completions protocol: set `base_url` in the component's
//! config, and give the key as a secret. The key is never seen here: the host adds it to the request.

mod failure;
mod models;
mod sse;
mod stream;
mod wire;

use caxton_sdk::http::{self, Response as HttpResponse};
use caxton_sdk::provider::{LlmError, Model, Request, Response};
use caxton_sdk::{Provider, config, deltas};
use serde_json::{Map, Value};

use crate::stream::Answer;
use crate::wire::Dialect;

/// The longest error body or list of models that is read, in bytes. The longest public list has some 1 MB.
const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;

struct OpenAi;

impl Provider for OpenAi {
    fn models() -> Result<Vec<Model>, LlmError> {
        let server = Server::from_config()?;
        let list = server.get_models()?;
        models::read(&server.base_url, &list).ok_or_else(|| {
            LlmError::BadResponse(format!("{}/models has no list of models", server.base_url))
        })
    }

    fn complete(request: Request) -> Result<Response, LlmError> {
        let server = Server::from_config()?;
        let mut dialect = Dialect {
            max_tokens_key: if server.base_url.starts_with(models::OPENAI) {
                "max_completion_tokens"
            } else {
                "max_tokens"
            },
            stream_usage: true,
        };
        // A server may refuse an option that it does not know. Each is tried without, once, in place of asking the user
        // to know the server's age.
        for _ in 0..3 {
            match server.complete(&request, dialect) {
                Err(LlmError::BadRequest(text))
                    if dialect.stream_usage && text.contains("stream_options") =>
                {
                    dialect.stream_usage = false
                }
                Err(LlmError::BadRequest(text))
                    if dialect.max_tokens_key == "max_tokens"
                        && text.contains("max_completion_tokens") =>
                {
                    dialect.max_tokens_key = "max_completion_tokens";
                }
                outcome => return outcome,
            }
        }
        server.complete(&request, dialect)
    }

    fn health() -> Result<(), LlmError> {
        Server::from_config()?.get_models().map(|_| ())
    }
}

caxton_sdk::export_provider!(OpenAi);

/// The upstream.
struct Server {
    /// Without a slash at its end.
    base_url: String,
    /// Sent with every request, such as `openai-organization`.
    headers: Vec<(String, String)>,
}

impl Server {
    /// Reads `base_url` and `headers`.
    fn from_config() -> Result<Self, LlmError> {
        let base_url = config::get("base_url").unwrap_or_else(|| format!("{}/v1", models::OPENAI));
        let base_url = base_url.trim().trim_end_matches('/').to_owned();
        if !base_url.starts_with("https://") && !base_url.starts_with("http://") {
            return Err(LlmError::BadRequest(format!(
                "The setting `base_url` is {base_url:?}; it must be an http or https URL such as https://api.openai.com/v1"
            )));
        }
        let headers = config::parse::<Map<String, Value>>("headers")
            .map_err(LlmError::BadRequest)?
            .unwrap_or_default();
        let headers = headers
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(value) => Ok((name, value)),
                _ => Err(LlmError::BadRequest(format!(
                    "The setting `headers`.`{name}` must be a string"
                ))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { base_url, headers })
    }

    fn get_models(&self) -> Result<Value, LlmError> {
        let response = self.send(http::Request::get(format!("{}/models", self.base_url)))?;
        let body = response
            .bytes(BODY_BYTES_MAX)
            .map_err(|error| failure::of_host(&self.base_url, error))?;
        serde_json::from_slice(&body).map_err(|error| {
            LlmError::BadResponse(format!(
                "{}/models is not JSON: {error} (is `base_url` right? it usually ends in /v1)",
                self.base_url
            ))
        })
    }

    fn complete(&self, request: &Request, dialect: Dialect) -> Result<Response, LlmError> {
        let body = wire::body(request, dialect)?;
        let post = http::Request::post(format!("{}/chat/completions", self.base_url))
            .header("accept", "text/event-stream")
            .json(&body)
            .map_err(|error| failure::of_host(&self.base_url, error))?;
        let mut response = self.send(post)?;
        let is_stream = response
            .header("content-type")
            .is_none_or(|kind| !kind.to_ascii_lowercase().starts_with("application/json"));
        let mut answer = Answer::default();
        if is_stream {
            self.read_stream(&mut response, &mut answer)?;
        } else {
            let body = response
                .bytes(BODY_BYTES_MAX)
                .map_err(|error| failure::of_host(&self.base_url, error))?;
            self.push(&mut answer, &String::from_utf8_lossy(&body))?;
        }
        answer.finish(&self.base_url, &request.model)
    }

    /// Reads events until the upstream has said all, and passes each piece on at once.
    fn read_stream(
        &self,
        response: &mut HttpResponse,
        answer: &mut Answer,
    ) -> Result<(), LlmError> {
        let mut parser = sse::Parser::default();
        loop {
            let piece = response.chunk().map_err(|error| {
                match failure::of_host(&self.base_url, error) {
                    LlmError::Unreachable(text) => LlmError::BadResponse(format!(
                        "the answer broke off after {} characters: {text}",
                        answer.characters()
                    )),
                    other => other,
                }
            })?;
            let Some(piece) = piece else { break };
            let events = parser
                .feed(&piece)
                .map_err(|error| LlmError::BadResponse(format!("{}: {error}", self.base_url)))?;
            for event in events {
                self.push(answer, &event)?;
            }
            if answer.is_done() {
                return Ok(());
            }
        }
        match parser.finish() {
            Some(event) => self.push(answer, &event),
            None => Ok(()),
        }
    }

    fn push(&self, answer: &mut Answer, data: &str) -> Result<(), LlmError> {
        answer
            .push(&self.base_url, data)?
            .into_iter()
            .for_each(deltas::emit);
        Ok(())
    }

    /// Sends a request and gives the response if its status is a success.
    fn send(&self, request: http::Request) -> Result<HttpResponse, LlmError> {
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        let response = request
            .send()
            .map_err(|error| failure::of_host(&self.base_url, error))?;
        if response.is_success() {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().to_vec());
        // A body that can't be read is no reason to lose the status.
        let body = response.bytes(BODY_BYTES_MAX).unwrap_or_default();
        Err(failure::of_response(
            &self.base_url,
            status,
            &headers,
            &body,
        ))
    }
}

#[cfg(test)]
mod tests;
