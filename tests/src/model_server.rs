//! A model's server on this machine, which speaks Chat Completions and says what a test tells it to: models that cost money
//! can't run here, and what they say must be known. It holds pieces back until the test lets them go, breaks off, refuses or
//! hangs, and notices who goes away before the end of an answer.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, oneshot, watch};

/// A test that waits longer than this has failed.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Lets pieces of answers go.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Semaphore>);

/// What is answered to one request.
#[derive(Clone, Debug)]
pub struct Say {
    pieces: Vec<Value>,
    gate: Option<Gate>,
    usage: Value,
    end: End,
}

#[derive(Clone, Debug)]
enum End {
    Finish(&'static str),
    /// The connection breaks after the pieces.
    Break,
    /// Nothing comes after the pieces; without any, not even a status.
    Hang,
    Refuse(u16, &'static str, Option<&'static str>),
}

/// What has been asked so far.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The bodies of the requests, in the order in which they came.
    pub requests: Vec<Value>,
    /// Answers under way.
    pub open: usize,
    /// The most answers that were under way at once.
    pub open_max: usize,
    /// Answers whose connection the client closed before they were whole.
    pub given_up: usize,
}

/// An upstream. It ends when this is dropped.
pub struct ModelServer {
    /// What its provider takes for `base_url`.
    pub base_url: String,
    shared: Arc<Shared>,
    _end: oneshot::Sender<Infallible>,
}

type Script = dyn Fn(&Value) -> Option<Say> + Send + Sync;

struct Shared {
    says: Mutex<VecDeque<Say>>,
    script: Box<Script>,
    seen: watch::Sender<Seen>,
}

impl fmt::Debug for ModelServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelServer")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl ModelServer {
    /// Starts one that says what [`ModelServer::says`] tells it to.
    pub fn start() -> Self {
        Self::answering(|_| None)
    }

    /// Starts one that answers requests by their bodies. It has a thread of its own, and answers whatever the test waits for.
    pub fn answering(script: impl Fn(&Value) -> Option<Say> + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            says: Mutex::default(),
            script: Box::new(script),
            seen: watch::Sender::default(),
        });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener
            .set_nonblocking(true)
            .expect("a socket can be polled");
        let address = listener.local_addr().expect("an address");
        let (end, ended) = oneshot::channel::<Infallible>();
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
                tokio::select! {
                    served = axum::serve(listener, router(state)).into_future() => served.expect("it serves"),
                    _ = ended => {}
                }
            });
        });
        Self {
            base_url: format!("http://{address}/v1"),
            shared,
            _end: end,
        }
    }

    /// What it answers to the next requests, one after the other.
    pub fn says(&self, says: impl IntoIterator<Item = Say>) {
        self.shared.says.lock().expect("no panic").extend(says);
    }

    /// The lines of a `caxton.toml` that make it the provider `openai`.
    pub fn component(&self) -> String {
        let origin = self.base_url.trim_end_matches("/v1");
        format!(
            "[components.openai]\nsource = \"builtin:openai\"\nconfig = {{ base_url = \"{}\" }}\ngrants = {{ http = [\"{origin}\"] }}\n",
            self.base_url
        )
    }

    /// What has been asked so far.
    pub fn seen(&self) -> Seen {
        self.shared.seen.borrow().clone()
    }

    /// Waits until that is so.
    pub async fn until(&self, so: impl Fn(&Seen) -> bool) -> Seen {
        let mut seen = self.shared.seen.subscribe();
        let waited = tokio::time::timeout(WAIT_MAX, seen.wait_for(|seen| so(seen))).await;
        match waited {
            Ok(seen) => seen.expect("the upstream is there").clone(),
            Err(_) => panic!("it was waited for in vain: {:#?}", self.seen()),
        }
    }

    /// Waits until so many requests have come.
    pub async fn asked(&self, times: usize) -> Seen {
        self.until(|seen| seen.requests.len() >= times).await
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Gate {
    /// Lets so many pieces go, now or when they come.
    pub fn open(&self, pieces: usize) {
        self.0.add_permits(pieces);
    }

    async fn pass(&self) {
        self.0.acquire().await.expect("it is never closed").forget();
    }
}

impl Say {
    fn new(pieces: Vec<Value>, end: End) -> Self {
        Self {
            pieces,
            gate: None,
            usage: json!({ "prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110 }),
            end,
        }
    }

    /// Text, in these pieces.
    pub fn text<T: AsRef<str>>(pieces: &[T]) -> Self {
        let piece = |text: &T| json!({ "role": "assistant", "content": text.as_ref() });
        Self::new(pieces.iter().map(piece).collect(), End::Finish("stop"))
    }

    /// Calls of tools: id, name and arguments of each.
    pub fn calls(calls: &[(&str, &str, Value)]) -> Self {
        let call = |(index, (id, name, arguments)): (usize, &(&str, &str, Value))| {
            json!({ "index": index, "id": id, "type": "function",
                    "function": { "name": name, "arguments": arguments.to_string() } })
        };
        let calls: Vec<Value> = calls.iter().enumerate().map(call).collect();
        let piece = json!({ "role": "assistant", "content": null, "tool_calls": calls });
        Self::new(vec![piece], End::Finish("tool_calls"))
    }

    /// A refusal with this status.
    pub fn refuse(status: u16, message: &'static str) -> Self {
        Self::new(Vec::new(), End::Refuse(status, message, None))
    }

    /// A refusal that tells when to come back.
    pub fn later(status: u16, retry_after: &'static str) -> Self {
        let end = End::Refuse(status, "Come back later.", Some(retry_after));
        Self::new(Vec::new(), end)
    }

    /// Nothing, ever.
    pub fn nothing() -> Self {
        Self::new(Vec::new(), End::Hang)
    }

    /// Every piece but the first waits for the gate, and so does the end.
    #[must_use]
    pub fn held(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// The connection breaks in place of the end.
    #[must_use]
    pub fn broken(mut self) -> Self {
        self.end = End::Break;
        self
    }

    /// What it says it used.
    #[must_use]
    pub fn used(mut self, input: u64, cached: u64, output: u64) -> Self {
        self.usage = json!({ "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
                             "prompt_tokens_details": { "cached_tokens": cached } });
        self
    }
}

/// An answer that is under way.
struct Open {
    shared: Arc<Shared>,
    whole: bool,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.shared.seen.send_modify(|seen| {
            seen.open -= 1;
            seen.given_up += usize::from(!self.whole);
        });
    }
}

fn router(shared: Arc<Shared>) -> Router {
    let models = || async {
        axum::Json(json!({ "object": "list", "data": [{ "id": "m", "object": "model" }] }))
    };
    Router::new()
        .route("/v1/chat/completions", post(complete))
        .route("/v1/models", get(models))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared)
}

async fn complete(
    State(shared): State<Arc<Shared>>,
    axum::Json(request): axum::Json<Value>,
) -> Response {
    let say = shared.says.lock().expect("no panic").pop_front();
    let say = say.or_else(|| (shared.script)(&request));
    shared.seen.send_modify(|seen| {
        seen.requests.push(request);
        seen.open += 1;
        seen.open_max = seen.open_max.max(seen.open);
    });
    let mut open = Open {
        shared,
        whole: false,
    };
    let say = say.unwrap_or_else(|| Say::refuse(400, "The test's script is at its end."));
    match &say.end {
        End::Refuse(status, message, retry_after) => {
            open.whole = true;
            refusal(*status, message, *retry_after)
        }
        End::Hang if say.pieces.is_empty() => std::future::pending().await,
        _ => {
            let pieces = futures_util::stream::unfold((0, say, open), next);
            let kind = [(header::CONTENT_TYPE, "text/event-stream")];
            (kind, Body::from_stream(pieces)).into_response()
        }
    }
}

fn refusal(status: u16, message: &str, retry_after: Option<&'static str>) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = axum::Json(json!({ "error": { "message": message } }));
    let mut response = (status, body).into_response();
    if let Some(retry_after) = retry_after {
        let value = header::HeaderValue::from_static(retry_after);
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// The next bytes of an answer.
async fn next(
    (place, say, mut open): (usize, Say, Open),
) -> Option<(std::io::Result<Bytes>, (usize, Say, Open))> {
    if place > say.pieces.len() {
        return None;
    }
    if let Some(gate) = say.gate.as_ref().filter(|_| place > 0) {
        gate.pass().await;
    }
    let bytes = match (say.pieces.get(place), &say.end) {
        (Some(piece), _) => Ok(line(&chunk(piece, &Value::Null))),
        (None, End::Finish(reason)) => {
            // The client may close the connection as soon as it has the last byte.
            open.whole = true;
            let usage = json!({ "id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": say.usage });
            let end = chunk(&json!({}), &json!(reason));
            Ok(line(&end) + &line(&usage) + "data: [DONE]\n\n")
        }
        (None, End::Hang) => std::future::pending().await,
        (None, _) => {
            open.whole = true;
            Err(std::io::Error::other("the test wants it so"))
        }
    };
    Some((bytes.map(Bytes::from), (place + 1, say, open)))
}

fn chunk(delta: &Value, finish: &Value) -> Value {
    json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] })
}

fn line(data: &Value) -> String {
    format!("data: {data}\n\n")
}
