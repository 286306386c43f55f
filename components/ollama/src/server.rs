//! The server that the component speaks to, and sending it requests.

use caxton_sdk::http::{Request, Response};
use caxton_sdk::provider::LlmError;
use caxton_sdk::upstream::{DOCUMENT_BYTES_MAX, Upstream};
use caxton_sdk::{Value, json};

use crate::failure;
use crate::lines::Lines;

/// Where Ollama listens unless it is told otherwise.
const BASE_URL: &str = "http://localhost:11434";

/// An Ollama server.
pub struct Server {
    upstream: Upstream,
}

impl Server {
    /// Reads the settings `base_url`, `headers` and `extra_body`.
    ///
    /// # Errors
    /// `bad-request` with the setting that is wrong.
    pub fn from_config() -> Result<Self, LlmError> {
        Ok(Self {
            upstream: Upstream::from_config(BASE_URL)?,
        })
    }

    /// What messages call it.
    pub fn name(&self) -> &str {
        &self.upstream.base_url
    }

    /// Gets a JSON document.
    ///
    /// # Errors
    /// Those of [`failure`]; `bad-response` where it is not JSON.
    pub fn get(&self, path: &str) -> Result<Value, LlmError> {
        let url = format!("{}{path}", self.name());
        let response = self.send(Request::get(url), None)?;
        self.document(path, response)
    }

    /// Asks what a model is and can do.
    ///
    /// # Errors
    /// Those of [`failure`]; `bad-response` where the answer is not JSON.
    pub fn show(&self, model: &str) -> Result<Value, LlmError> {
        let request = Request::post(format!("{}/api/show", self.name()))
            .json(&json!({"model": model}))
            .map_err(|error| failure::of_host(self.name(), error))?;
        let response = self.send(request, Some(model))?;
        self.document("/api/show", response)
    }

    /// Asks for an answer to `body`, with the setting `extra_body` laid over it.
    ///
    /// # Errors
    /// Those of [`failure`].
    pub fn chat(&self, model: &str, body: Value) -> Result<Lines, LlmError> {
        let request = self.upstream.post_request("/api/chat", body)?;
        self.send(request, Some(model)).map(Lines::new)
    }

    /// Asks to pull a model.
    ///
    /// # Errors
    /// Those of [`failure`].
    pub fn pull(&self, model: &str) -> Result<Lines, LlmError> {
        let request = Request::post(format!("{}/api/pull", self.name()))
            .json(&json!({"model": model, "stream": true}))
            .map_err(|error| failure::of_host(self.name(), error))?;
        self.send(request, None).map(Lines::new)
    }

    fn send(&self, request: Request, model: Option<&str>) -> Result<Response, LlmError> {
        self.upstream
            .try_send(request)
            .map_err(|error| failure::of_host(self.name(), error))?
            .map_err(|refusal| failure::refused(&refusal, model))
    }

    fn document(&self, path: &str, response: Response) -> Result<Value, LlmError> {
        let body = response
            .bytes(DOCUMENT_BYTES_MAX)
            .map_err(|error| failure::of_host(self.name(), error))?;
        serde_json::from_slice(&body).map_err(|error| {
            LlmError::BadResponse(format!(
                "{}{path} is not JSON: {error} (is `base_url` the address of ollama?)",
                self.name()
            ))
        })
    }
}
