//! Speaking with a server: requests to its management API, whose problems become errors that say what to do.

use std::error::Error;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use reqwest::{Body, Method, RequestBuilder, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::AsyncRead;
use tokio_util::io::ReaderStream;

use super::Usage;
use crate::api::wire;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How much of a file is sent at once.
const PIECE_BYTES: usize = 64 << 10;

/// A connection that is not there, or not any more. It may be made again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Broken(pub String);

/// A client of one workspace of one server.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    /// The server, without a slash at the end.
    pub server: String,
    workspace: String,
}

impl Client {
    /// A client for `server`, an address such as `http://127.0.0.1:8080` or `127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`Usage`] where the address is none.
    pub fn new(server: &str, workspace: String) -> Result<Self> {
        let with_scheme = if server.contains("://") {
            server.to_owned()
        } else {
            format!("http://{server}")
        };
        let usable = Url::parse(&with_scheme)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        if !usable {
            return Err(Usage(format!(
                "`{server}` is not the address of a server; write one such as http://127.0.0.1:8080"
            ))
            .into());
        }
        // A proxy for the web is no way to a server on this machine, and reqwest leaves loopback addresses to it.
        let local = Url::parse(&with_scheme)
            .is_ok_and(|url| matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]")));
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("caxton/", env!("CARGO_PKG_VERSION")));
        let http = if local { builder.no_proxy() } else { builder }.build()?;
        Ok(Self {
            http,
            server: with_scheme.trim_end_matches('/').to_owned(),
            workspace,
        })
    }

    /// A request to a path of the workspace; its parts are escaped here.
    fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder> {
        Ok(self.http.request(method, self.url(path)?))
    }

    fn url(&self, path: &[&str]) -> Result<Url> {
        let mut url = Url::parse(&self.server)?;
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments
                    .pop_if_empty()
                    .extend(["api", "v1", "workspaces", &self.workspace])
                    .extend(path);
            }
            Err(()) => bail!("`{}` is not the address of a server", self.server),
        }
        Ok(url)
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response> {
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(self.problem(response).await)
        }
    }

    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T> {
        let bytes = response
            .bytes()
            .await
            .map_err(|error| anyhow!("the answer of {} broke off: {error}", self.server))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            anyhow!("the answer of {} can't be understood: {error}; is it a Caxton server of version {}?", self.server, env!("CARGO_PKG_VERSION"))
        })
    }

    /// `GET`.
    pub async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T> {
        let response = self.send(self.request(Method::GET, path)?).await?;
        self.read(response).await
    }

    /// `GET` with a query.
    pub async fn find<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let response = self.send(self.http.get(url)).await?;
        self.read(response).await
    }

    /// `GET` of a path outside of any workspace, whatever its status.
    pub async fn probe<T: DeserializeOwned>(&self, path: &str) -> Result<T> {
        let response = self
            .http
            .get(format!("{}{path}", self.server))
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        self.read(response).await
    }

    /// `POST` of JSON.
    pub async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T> {
        let response = self
            .send(self.request(Method::POST, path)?.json(body))
            .await?;
        self.read(response).await
    }

    /// `POST` of JSON that the server answers before it is done (RFC 7240).
    pub async fn begin<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T> {
        let request = self.request(Method::POST, path)?;
        let request = request.header("prefer", "respond-async").json(body);
        let response = self.send(request).await?;
        self.read(response).await
    }

    /// `GET` of a stream of events, from the first one or after the one of this id.
    ///
    /// # Errors
    /// [`Broken`] where the server can't be reached; anything else is its last word.
    pub async fn follow(&self, path: &[&str], after: Option<&str>) -> Result<Response> {
        let mut request = self
            .request(Method::GET, path)?
            .header("accept", "text/event-stream");
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        let response = request
            .send()
            .await
            .map_err(|error| Broken(self.unreachable(&error).to_string()))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem = self.problem(response).await;
        // A server that ends, or what stands before one that has ended.
        Err(match status.is_server_error() {
            true => Broken(problem.to_string()).into(),
            false => problem,
        })
    }

    /// `POST` of JSON that is answered by a stream of events.
    pub async fn stream(&self, path: &[&str], body: &impl Serialize) -> Result<Response> {
        self.send(
            self.request(Method::POST, path)?
                .header("accept", "text/event-stream")
                .json(body),
        )
        .await
    }

    /// `GET` of a file, which is read as it comes.
    pub async fn download(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Response> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.send(self.http.get(url)).await
    }

    /// `POST` of a file, which is sent as it is read.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        path: &[&str],
        media_type: &str,
        file: impl AsyncRead + Send + 'static,
    ) -> Result<T> {
        let body = Body::wrap_stream(ReaderStream::with_capacity(file, PIECE_BYTES));
        let request = self.request(Method::POST, path)?;
        let request = request.header("content-type", media_type).body(body);
        let response = self.send(request).await?;
        self.read(response).await
    }

    /// `PATCH` with JSON.
    pub async fn patch<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<T> {
        let request = self.request(Method::PATCH, path)?.json(body);
        let response = self.send(request).await?;
        self.read(response).await
    }

    /// `DELETE` of what a query names; gives what was answered.
    pub async fn delete_where(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Response> {
        let mut url = self.url(path)?;
        url.query_pairs_mut().extend_pairs(query);
        self.send(self.http.delete(url)).await
    }

    /// The same, of what is answered with JSON.
    pub async fn delete_all<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T> {
        let response = self.delete_where(path, query).await?;
        self.read(response).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &[&str]) -> Result<()> {
        self.send(self.request(Method::DELETE, path)?)
            .await
            .map(drop)
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        // The innermost cause is the one that says something.
        let mut cause: &dyn Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        if error.is_connect() {
            anyhow!(
                "no server answers at {}: {cause}; start one with `caxton serve`, or name another with --server",
                self.server
            )
        } else {
            anyhow!("{} did not answer: {cause}", self.server)
        }
    }

    async fn problem(&self, response: Response) -> anyhow::Error {
        let status = response.status();
        let bytes = response.bytes().await.unwrap_or_default();
        match serde_json::from_slice::<wire::Problem>(&bytes) {
            Ok(problem) => problem_shown(&problem),
            Err(_) => anyhow!("{} answered {status}; is it a Caxton server?", self.server),
        }
    }
}

/// A problem as an error for people: every fault on a line of its own.
pub fn problem_shown(problem: &wire::Problem) -> anyhow::Error {
    let wire::Problem {
        detail,
        code,
        faults,
        ..
    } = problem;
    if faults.len() < 2 {
        return anyhow!("{detail} ({code})");
    }
    let mut text = format!("{} faults ({code})", faults.len());
    for fault in faults {
        let place = match (&fault.file, fault.line, fault.column, &fault.pointer) {
            (Some(file), Some(line), Some(column), _) => format!("{file}:{line}:{column}: "),
            (_, _, _, Some(pointer)) => format!("{pointer}: "),
            _ => String::new(),
        };
        let remedy = fault
            .remedy
            .as_deref()
            .map(|remedy| format!("; {remedy}"))
            .unwrap_or_default();
        text.push_str(&format!("\n  {place}{}{remedy}", fault.reason));
    }
    anyhow!(text)
}
