//! What providers that speak to a server over HTTP share: the settings that say where the server is and what it is sent,
//! reading an answer while it is being written, and one vocabulary for what goes wrong. What a request and an answer look
//! like is the provider's own.
//!
//! ```
//! use caxton_sdk::deltas::Delta;
//! use caxton_sdk::provider::LlmError;
//! use caxton_sdk::upstream::{Draft, Upstream};
//! use caxton_sdk::{Value, json};
//!
//! /// The server sends `{"text": "…"}` for each piece, and `{"end": true}` at last.
//! #[derive(Default)]
//! struct Story {
//!     text: String,
//!     ended: bool,
//! }
//!
//! impl Draft for Story {
//!     fn push(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError> {
//!         self.ended |= event["end"] == true;
//!         let Some(text) = event["text"].as_str() else {
//!             return Ok(Vec::new());
//!         };
//!         self.text.push_str(text);
//!         Ok(vec![Delta::Text(text.to_owned())])
//!     }
//!
//!     fn is_done(&self) -> bool {
//!         self.ended
//!     }
//!
//!     fn so_far(&self) -> String {
//!         format!("{} bytes of text", self.text.len())
//!     }
//! }
//!
//! fn tell(prompt: &str) -> Result<String, LlmError> {
//!     let upstream = Upstream::from_config("https://stories.example.com/v1")?;
//!     let response = upstream.post("/tell", json!({"prompt": prompt}))?;
//!     let mut story = Story::default();
//!     upstream.read(response, &mut story)?;
//!     Ok(story.text)
//! }
//! ```

mod body;
mod failure;
pub mod opaque;
mod options;
mod waiting;

use serde_json::{Map, Value};

use crate::deltas::{self, Delta};
use crate::http::{Error, Request, Response};
use crate::provider::LlmError;
use crate::{config, sse};

pub use body::{arguments, input_schema, merge, output_text, schema};
pub use failure::{Refusal, host_failure, in_stream, shortened};
pub use options::{ask_for_less, left_out};
pub use waiting::retry_after_ms;

/// The longest JSON document that is read, in bytes: a list of models, an answer that is not streamed, or an error. The
/// longest public list has some 1 MB.
pub const DOCUMENT_BYTES_MAX: usize = 8 * 1024 * 1024;

/// The server that a provider speaks to, as the component's settings describe it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upstream {
    /// Where it is: an `http` or `https` URL without a slash at its end. Error messages call the server by it.
    pub base_url: String,
    /// Names and values of headers that go with every request.
    pub headers: Vec<(String, String)>,
    /// What is laid over the body of every `POST`.
    pub extra_body: Map<String, Value>,
}

/// An answer as far as it has come, in the protocol of one kind of server.
pub trait Draft {
    /// Takes in one event of the stream and gives what can be passed on at once.
    ///
    /// # Errors
    /// What the server reports as an error, or `bad-response` where the event can't be understood.
    fn push(&mut self, event: &Value) -> Result<Vec<Delta>, LlmError>;

    /// Whether the server has said all. Nothing more is read then.
    fn is_done(&self) -> bool;

    /// How far the answer has come, for a message about a stream that breaks off: `120 characters and 1 tool call`.
    fn so_far(&self) -> String;
}

impl Upstream {
    /// Reads the component's settings: `base_url`; `headers`, an object of strings; `extra_body`, an object that is laid
    /// over the body of every `POST` as [`merge`] says.
    ///
    /// # Errors
    /// `bad-request` with the setting that is wrong and what it must be.
    pub fn from_config(base_url_default: &str) -> Result<Self, LlmError> {
        let base_url = config::get("base_url").unwrap_or_else(|| base_url_default.to_owned());
        let base_url = base_url.trim().trim_end_matches('/').to_owned();
        if !base_url.starts_with("https://") && !base_url.starts_with("http://") {
            return Err(LlmError::BadRequest(format!(
                "The setting `base_url` is {base_url:?}; it must be an http or https URL such as {base_url_default}"
            )));
        }
        let headers = object("headers")?
            .into_iter()
            .map(|(name, value)| match value {
                Value::String(value) => Ok((name, value)),
                _ => Err(LlmError::BadRequest(format!(
                    "The setting `headers`.`{name}` must be a string"
                ))),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            base_url,
            headers,
            extra_body: object("extra_body")?,
        })
    }

    /// Adds a header that the protocol wants, unless the settings already name it.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let is_set = self
            .headers
            .iter()
            .any(|(other, _)| other.eq_ignore_ascii_case(name));
        if !is_set {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Gets a JSON document; `path` begins with a slash and may carry a query.
    ///
    /// # Errors
    /// Those of [`send`](Self::send); `bad-response` where the answer is not JSON or longer than 8 MiB.
    pub fn get(&self, path: &str) -> Result<Value, LlmError> {
        let response = self.send(Request::get(self.url(path)))?;
        self.document(response).map_err(|error| match error {
            LlmError::BadResponse(text) => {
                LlmError::BadResponse(format!("{text} (is `base_url` right?)"))
            }
            other => other,
        })
    }

    /// Posts `body`, with the setting `extra_body` laid over it, and gives the response, whose status is a success.
    ///
    /// # Errors
    /// Those of [`send`](Self::send).
    pub fn post(&self, path: &str, body: Value) -> Result<Response, LlmError> {
        self.send(self.post_request(path, body)?)
    }

    /// Gives the request that [`post`](Self::post) sends, for a provider that looks at refusals itself.
    ///
    /// # Errors
    /// `bad-request` where the body can't be written as JSON.
    pub fn post_request(&self, path: &str, mut body: Value) -> Result<Request, LlmError> {
        merge(&mut body, &self.extra_body);
        Request::post(self.url(path))
            .header("accept", "text/event-stream, application/json")
            .json(&body)
            .map_err(|error| host_failure(&self.base_url, error))
    }

    /// Sends a request and gives the response, whose status is a success.
    ///
    /// # Errors
    /// What [`Refusal::error`] makes of any other status; what [`host_failure`] makes of a request that the host could not
    /// make.
    pub fn send(&self, request: Request) -> Result<Response, LlmError> {
        self.send_or(request, Refusal::error)
    }

    /// Sends a request and gives the response, whose status is a success. `refused` makes the error of any other status,
    /// for servers whose error bodies say more than [`Refusal::error`] knows of.
    ///
    /// # Errors
    /// What `refused` gives; what [`host_failure`] makes of a request that the host could not make.
    pub fn send_or(
        &self,
        request: Request,
        refused: impl FnOnce(&Refusal) -> LlmError,
    ) -> Result<Response, LlmError> {
        self.try_send(request)
            .map_err(|error| host_failure(&self.base_url, error))?
            .map_err(|refusal| refused(&refusal))
    }

    /// Sends a request with the headers that the settings want, and gives the response, or the refusal where its status is no
    /// success: for providers with words of their own for everything that goes wrong.
    ///
    /// # Errors
    /// Why the host could not make the request.
    pub fn try_send(&self, request: Request) -> Result<Result<Response, Refusal>, Error> {
        let request = self.headers.iter().fold(request, |request, (name, value)| {
            request.header(name.as_str(), value.as_str())
        });
        let response = request.send()?;
        if response.is_success() {
            return Ok(Ok(response));
        }
        Ok(Err(Refusal {
            server: self.base_url.clone(),
            status: response.status(),
            headers: response.headers().to_vec(),
            // A body that can't be read is no reason to lose the status.
            body: response.bytes(DOCUMENT_BYTES_MAX).unwrap_or_default(),
        }))
    }

    /// Reads an answer's events until the draft is done or the stream ends, and passes each piece on at once. A server that
    /// does not stream sends one JSON document, which is taken as the only event. Whether the answer is complete where the
    /// stream just ends, the draft knows.
    ///
    /// # Errors
    /// Those of [`Draft::push`]; `bad-response` where the stream breaks off or stalls, with how far it came, where an event
    /// is longer than 8 MiB, or where one is not JSON.
    pub fn read(&self, mut response: Response, draft: &mut impl Draft) -> Result<(), LlmError> {
        let is_document = response
            .header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
        if is_document {
            let document = self.document(response)?;
            draft.push(&document)?.into_iter().for_each(deltas::emit);
            return Ok(());
        }
        let mut parser = sse::Parser::default();
        loop {
            let piece = response
                .chunk()
                .map_err(|error| self.broken_off(error, &draft.so_far()))?;
            let Some(piece) = piece else { break };
            let events = parser
                .feed(&piece)
                .map_err(|error| LlmError::BadResponse(format!("{}: {error}", self.base_url)))?;
            for event in events {
                self.take(draft, &event)?;
                if draft.is_done() {
                    return Ok(());
                }
            }
        }
        match parser.finish() {
            Some(event) => self.take(draft, &event),
            None => Ok(()),
        }
    }

    /// Gives the error for an answer that ended before it was complete; `so_far` says how far it came.
    pub fn incomplete(&self, so_far: &str) -> LlmError {
        LlmError::BadResponse(format!(
            "{} ended the answer after {so_far}, without saying that it is complete",
            self.base_url
        ))
    }

    fn take(&self, draft: &mut impl Draft, event: &str) -> Result<(), LlmError> {
        let event = event.trim();
        if event.is_empty() {
            return Ok(());
        }
        // Some servers end their streams with this word in place of a JSON document.
        let value = if event == "[DONE]" {
            Value::String(event.to_owned())
        } else {
            serde_json::from_str(event).map_err(|error| {
                LlmError::BadResponse(format!(
                    "{} sent something that is not JSON after {}: {error}",
                    self.base_url,
                    draft.so_far()
                ))
            })?
        };
        draft.push(&value)?.into_iter().for_each(deltas::emit);
        Ok(())
    }

    /// A connection that was there and is gone is not an unreachable server: part of the answer has come.
    fn broken_off(&self, error: Error, so_far: &str) -> LlmError {
        match host_failure(&self.base_url, error) {
            LlmError::Unreachable(text) | LlmError::BadResponse(text) => {
                LlmError::BadResponse(format!("the answer broke off after {so_far}: {text}"))
            }
            other => other,
        }
    }

    fn document(&self, response: Response) -> Result<Value, LlmError> {
        let url = response.url().to_owned();
        let body = response
            .bytes(DOCUMENT_BYTES_MAX)
            .map_err(|error| host_failure(&self.base_url, error))?;
        serde_json::from_slice(&body)
            .map_err(|error| LlmError::BadResponse(format!("{url} is not JSON: {error}")))
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

/// Reads a setting that is an object; an empty one where it is not set.
fn object(key: &str) -> Result<Map<String, Value>, LlmError> {
    config::parse(key)
        .map(Option::unwrap_or_default)
        .map_err(LlmError::BadRequest)
}

#[cfg(test)]
mod tests;
