//! HTTP requests to granted origins. The host follows redirects only to granted origins, refuses private and link-local
//! addresses unless a grant names them, adds granted secrets to the headers, and counts requests and bytes.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(target_arch = "wasm32")]
use crate::bindings::host::caxton::plugin::http as host;
pub use crate::bindings::host::caxton::plugin::http::Error;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// An absolute `http` or `https` URL without user information.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body, where there is one.
    pub body: Option<Vec<u8>>,
    /// The longest wait for the response's headers, in milliseconds; never beyond the call's deadline.
    pub timeout_ms: Option<u32>,
}

impl Request {
    /// Gives a request without headers and body.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            timeout_ms: None,
        }
    }

    /// Gives a `GET` request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Gives a `POST` request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sets the body to `value` as JSON, and the header `content-type`.
    ///
    /// # Errors
    /// [`Error::Invalid`] where the value can't be written as JSON.
    pub fn json(self, value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_vec(value).map_err(|error| {
            Error::Invalid(format!("The body can't be written as JSON: {error}"))
        })?;
        Ok(self.header("content-type", "application/json").body(body))
    }

    /// Sets the longest wait for the response's headers.
    pub fn timeout_ms(mut self, timeout_ms: u32) -> Self {
        self.timeout_ms = Some(timeout_ms);
        self
    }

    /// Sends it and waits for the response's headers. A status such as 404 is a response, not an error.
    ///
    /// # Errors
    /// [`Error`]: not granted, malformed, a limit, too slow, or no connection.
    pub fn send(self) -> Result<Response, Error> {
        #[cfg(target_arch = "wasm32")]
        {
            let Self {
                method,
                url,
                headers,
                body,
                timeout_ms,
            } = self;
            let response = host::send(&host::Request {
                method,
                url,
                headers,
                body,
                timeout_ms,
            })?;
            Ok(Response {
                status: response.status(),
                url: response.url(),
                headers: response.headers(),
                rest: Vec::new(),
                body: response,
            })
        }
        #[cfg(not(target_arch = "wasm32"))]
        {
            let answer = crate::testing::answer(&self)?;
            Ok(Response {
                status: answer.status,
                url: self.url,
                headers: answer.headers,
                rest: Vec::new(),
                body: answer.body.into(),
            })
        }
    }
}

/// A response whose body is read piece by piece, as it arrives. It is also [`io::Read`].
#[derive(Debug)]
pub struct Response {
    status: u16,
    url: String,
    headers: Vec<(String, String)>,
    rest: Vec<u8>,
    #[cfg(target_arch = "wasm32")]
    body: host::Response,
    #[cfg(not(target_arch = "wasm32"))]
    body: std::collections::VecDeque<Vec<u8>>,
}

impl Response {
    /// Gives the status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Says whether the status is 200 to 299.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Gives the URL that answered, after redirects.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Gives the headers; names in lower case.
    pub fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// Gives the first value of the header `name`, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Waits for the next piece of the body, of any length; nothing at the end.
    ///
    /// # Errors
    /// [`Error`]: a limit, too slow, or the connection broke.
    pub fn chunk(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if !self.rest.is_empty() {
            return Ok(Some(std::mem::take(&mut self.rest)));
        }
        #[cfg(target_arch = "wasm32")]
        return self.body.read(0);
        #[cfg(not(target_arch = "wasm32"))]
        match self.body.pop_front() {
            Some(piece) => Ok(Some(piece)),
            None => crate::testing::with(|host| host.body_error.clone()).map_or(Ok(None), Err),
        }
    }

    /// Reads the rest of the body, at most `bytes_max` of it.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Limit`] where the body is longer than `bytes_max`.
    pub fn bytes(mut self, bytes_max: usize) -> Result<Vec<u8>, Error> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk()? {
            if body.len() + chunk.len() > bytes_max {
                return Err(Error::Limit(format!(
                    "The response of {} is longer than {bytes_max} bytes.",
                    self.url
                )));
            }
            body.extend(chunk);
        }
        Ok(body)
    }

    /// Reads the rest of the body as UTF-8 text, at most `bytes_max` of it.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Invalid`] where it is not UTF-8.
    pub fn text(self, bytes_max: usize) -> Result<String, Error> {
        let url = self.url.clone();
        String::from_utf8(self.bytes(bytes_max)?).map_err(|error| {
            Error::Invalid(format!("The response of {url} is not UTF-8 text: {error}"))
        })
    }

    /// Reads the rest of the body as JSON, at most `bytes_max` of it.
    ///
    /// # Errors
    /// [`Error`]; [`Error::Invalid`] where it is not JSON of that type.
    pub fn json<T: DeserializeOwned>(self, bytes_max: usize) -> Result<T, Error> {
        let url = self.url.clone();
        serde_json::from_slice(&self.bytes(bytes_max)?).map_err(|error| {
            Error::Invalid(format!(
                "The response of {url} is not the JSON that is wanted: {error}"
            ))
        })
    }
}

impl io::Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // An empty piece is not the end, which `Read` would take it for.
        let mut chunk = loop {
            match self.chunk().map_err(io::Error::other)? {
                Some(chunk) if chunk.is_empty() => {}
                Some(chunk) => break chunk,
                None => return Ok(0),
            }
        };
        let length = chunk.len().min(buffer.len());
        buffer[..length].copy_from_slice(&chunk[..length]);
        self.rest = chunk.split_off(length);
        Ok(length)
    }
}
