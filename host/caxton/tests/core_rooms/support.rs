//! Workspaces in directories of their own, and an upstream that speaks Chat Completions over a real socket and says what a
//! test tells it to: models that cost money can't run here, and what they say must be known.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use caxton::turn::{self, Answer, Event, Message, Start, Turns};
use caxton::workspace::{self, Options, Workspace};
use caxton_memory::Store;
use caxton_sandbox::{Sandbox, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Files of a workspace, and the data of its server.
pub struct Place {
    home: TempDir,
}

impl Place {
    /// Makes a workspace: `settings` is its `caxton.toml`, and each agent is its name and its file.
    pub fn new(settings: &str, agents: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let place = Self { home };
        place.write("caxton.toml", settings);
        for (name, toml) in agents {
            place.write(&format!("agents/{name}.toml"), toml);
        }
        place
    }

    /// Writes a file of the workspace.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.dir().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, content).expect("a file");
    }

    pub fn dir(&self) -> PathBuf {
        self.home.path().join("workspace")
    }

    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Opens it, as a server does when it starts.
    pub async fn open(&self) -> Result<Workspace, workspace::Error> {
        self.open_with(Some(self.dir()), None).await
    }

    pub async fn open_with(
        &self,
        dir: Option<PathBuf>,
        components_dir: Option<PathBuf>,
    ) -> Result<Workspace, workspace::Error> {
        std::fs::create_dir_all(self.data()).expect("a directory");
        let store = Store::open(self.data().join("caxton.db")).expect("a database");
        Workspace::open(Options {
            dir,
            components_dir,
            data: self.data(),
            sandbox: sandbox(),
            store,
            embedder: None,
        })
        .await
    }
}

/// A sandbox that shares its compiled code with all other tests.
fn sandbox() -> Sandbox {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    Sandbox::new(Settings {
        cache: Some(cache),
        instances: 32,
        ..Settings::default()
    })
    .expect("a sandbox")
}

/// The code of a built-in component.
pub fn builtin(name: &str) -> &'static [u8] {
    caxton::builtin::get(name)
        .unwrap_or_else(|| panic!("`{name}` is built in: `cargo xtask build` builds it"))
        .wasm
}

/// The code of a guest of the tests, `cargo xtask test` builds them.
pub fn guest(name: &str) -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../target/guests/{name}.wasm"));
    std::fs::read(&path).unwrap_or_else(|e| {
        panic!(
            "{} can't be read: {e}; `cargo xtask test` builds the guests",
            path.display()
        )
    })
}

pub fn to(agent: &str, content: &str) -> Message {
    Message {
        to: Some(agent.to_owned()),
        content: content.to_owned(),
        ..Message::default()
    }
}

/// Sends a message and gives the answer with all that was told on the way.
pub async fn send(
    workspace: &Workspace,
    message: Message,
) -> (Result<Answer, turn::Error>, Vec<Event>) {
    follow(&Turns::new(workspace.clone()), message).await
}

/// Sends a message among other turns.
pub async fn follow(turns: &Turns, message: Message) -> (Result<Answer, turn::Error>, Vec<Event>) {
    let live = match turns.start(message, Start::default()).await {
        Ok(live) => live,
        Err(error) => return (Err(error.clone()), vec![Event::Error(Box::new(error))]),
    };
    let mut follower = live.follow(None);
    let mut events = Vec::new();
    while let Some((_, event)) = follower.next().await {
        events.push(event);
    }
    (live.answer().await, events)
}

/// Events in short, one line each.
pub fn story(events: &[Event]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for event in events {
        match event {
            Event::Route { agent, .. } => lines.push(format!("route {agent}")),
            Event::Delta { agent, text } => match lines
                .last_mut()
                .filter(|line| line.starts_with(&format!("{agent}: ")))
            {
                Some(line) => line.push_str(text),
                None => lines.push(format!("{agent}: {text}")),
            },
            Event::Recall { agent, entities } => {
                lines.push(format!("{agent} recalls {}", entities.len()));
            }
            Event::Remember { agent, entities } => {
                lines.push(format!("{agent} remembers {}", entities.len()));
            }
            Event::Reasoning { .. } => {}
            Event::Retry { model, .. } => lines.push(format!("retry {model}")),
            Event::ToolCall { agent, name, .. } => lines.push(format!("{agent} calls {name}")),
            Event::ToolResult(call) => lines.push(format!(
                "{} {} {}",
                call.agent,
                call.name,
                if call.is_error { "failed" } else { "gave" }
            )),
            Event::Done(_) => lines.push("done".to_owned()),
            Event::Error(error) => lines.push(format!("error {}", error.code())),
        }
    }
    lines
}

/// What the upstream says.
#[derive(Clone)]
pub enum Say {
    /// Text, in two pieces.
    Text(&'static str),
    /// Tool calls: id, name and arguments of each.
    Call(Vec<(&'static str, &'static str, Value)>),
    /// An error.
    Status(u16, Value),
    /// Nothing, ever.
    Hang,
    /// Half of an answer, and then the connection ends.
    Break(&'static str),
}

/// An upstream on this machine.
pub struct Upstream {
    pub base_url: String,
    script: Arc<Script>,
}

#[derive(Default)]
struct Script {
    says: Mutex<VecDeque<Say>>,
    heard: Mutex<Vec<Value>>,
    heard_one: tokio::sync::Notify,
}

impl Upstream {
    /// Starts one that says this, one after the other.
    pub async fn start(says: Vec<Say>) -> Self {
        let script = Arc::new(Script {
            says: Mutex::new(says.into()),
            ..Script::default()
        });
        let models = || async {
            axum::Json(json!({"object": "list", "data": [{"id": "m", "object": "model"}]}))
        };
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/models", get(models))
            .with_state(Arc::clone(&script));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let base_url = format!("http://{}/v1", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, script }
    }

    /// A `caxton.toml` whose model is this one.
    pub fn settings(&self) -> String {
        let origin = self.base_url.trim_end_matches("/v1");
        format!(
            "name = \"test\"\n[model]\ndefault = \"openai/m\"\n{}",
            format_args!(
                "[components.openai]\nsource = \"builtin:openai\"\nconfig = {{ base_url = \"{}\" }}\ngrants = {{ http = [\"{origin}\"] }}\n",
                self.base_url
            )
        )
    }

    /// The requests so far.
    pub fn heard(&self) -> Vec<Value> {
        self.script.heard.lock().expect("no panic").clone()
    }

    /// Waits until a request has come.
    pub async fn wait_for_one(&self) {
        self.script.heard_one.notified().await;
    }
}

async fn complete(
    State(script): State<Arc<Script>>,
    axum::Json(request): axum::Json<Value>,
) -> Response {
    script.heard.lock().expect("no panic").push(request);
    script.heard_one.notify_one();
    let say = script.says.lock().expect("no panic").pop_front();
    match say {
        Some(Say::Text(text)) => {
            let middle = text.floor_char_boundary(text.len() / 2);
            let deltas = [
                json!({"role": "assistant", "content": &text[..middle]}),
                json!({"content": &text[middle..]}),
            ];
            stream(&deltas, "stop")
        }
        Some(Say::Call(calls)) => {
            let calls: Vec<Value> = calls
                .iter()
                .enumerate()
                .map(|(index, (id, name, arguments))| {
                    let arguments = arguments.as_str().map_or_else(|| arguments.to_string(), str::to_owned);
                    json!({"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
                })
                .collect();
            stream(
                &[json!({"role": "assistant", "content": null, "tool_calls": calls})],
                "tool_calls",
            )
        }
        Some(Say::Status(status, body)) => {
            let status = StatusCode::from_u16(status).expect("a status");
            (status, [("retry-after", "0")], axum::Json(body)).into_response()
        }
        Some(Say::Hang) => std::future::pending().await,
        Some(Say::Break(text)) => sse(Body::from(format!(
            "data: {}\n\n",
            chunk(&json!({"role": "assistant", "content": text}), Value::Null)
        ))),
        None => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the test's script is at its end",
        )
            .into_response(),
    }
}

fn stream(deltas: &[Value], finish: &str) -> Response {
    let mut text = String::new();
    for delta in deltas {
        text.push_str(&format!("data: {}\n\n", chunk(delta, Value::Null)));
    }
    text.push_str(&format!("data: {}\n\n", chunk(&json!({}), json!(finish))));
    let usage = json!({"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}});
    text.push_str(&format!("data: {usage}\n\ndata: [DONE]\n\n"));
    sse(Body::from(text))
}

fn chunk(delta: &Value, finish: Value) -> Value {
    json!({"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn sse(body: Body) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}
