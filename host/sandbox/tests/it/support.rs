//! What the tests share: components, a server that answers what it is told to, and a network that records every
//! connection before it is tried and lets none leave the machine.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use caxton_sandbox::tool_types::Outcome;
use caxton_sandbox::{
    Call, Component, Grants, Lookup, Network, Overrides, Receipt, Sandbox, Secret, SecretValue,
    Settings, Spec,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Reads a component that `cargo xtask test` built.
pub fn guest(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/guests")
        .join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` builds it", path.display()))
}

/// Names as the test has them, and every connection that was about to be tried.
#[derive(Default)]
pub struct Recorder {
    names: HashMap<&'static str, Vec<IpAddr>>,
    attempts: Mutex<Vec<(String, Vec<IpAddr>)>>,
}

impl Recorder {
    pub fn new(names: &[(&'static str, &[&str])]) -> Arc<Self> {
        let names = names
            .iter()
            .map(|(name, addresses)| {
                (
                    *name,
                    addresses.iter().map(|a| a.parse().unwrap()).collect(),
                )
            })
            .collect();
        Arc::new(Self {
            names,
            attempts: Mutex::default(),
        })
    }

    /// The connections that were about to be tried.
    pub fn attempts(&self) -> Vec<(String, Vec<IpAddr>)> {
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Network for Recorder {
    fn lookup(&self, name: &str) -> Lookup {
        let found = self.names.get(name).cloned();
        Box::pin(async move { found.ok_or_else(|| io::Error::other("no such name")) })
    }

    fn connecting(&self, host: &str, addresses: &[IpAddr]) -> io::Result<()> {
        self.attempts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((host.to_owned(), addresses.to_vec()));
        if addresses.iter().all(IpAddr::is_loopback) {
            Ok(())
        } else {
            Err(io::Error::other("tests send nothing beyond loopback"))
        }
    }
}

/// A sandbox whose network is `network`.
pub fn sandbox(network: Arc<Recorder>) -> Sandbox {
    Sandbox::new(Settings {
        instances: 8,
        network: Some(network),
        ..Settings::default()
    })
    .unwrap()
}

/// What a component is loaded with.
#[derive(Default)]
pub struct With<'a> {
    pub http: &'a [&'a str],
    pub secrets: &'a [(&'a str, &'a str, &'a str)],
    pub limits: Overrides,
    pub state: bool,
    pub store: Option<caxton_memory::Store>,
}

/// Loads a component of the tests under the name `guest`.
pub fn load(sandbox: &Sandbox, name: &str, with: With<'_>) -> Component {
    let http = with
        .http
        .iter()
        .map(|origin| origin.parse().unwrap())
        .collect();
    let secret = |(origin, header, value): &(&str, &str, &str)| Secret {
        origin: origin.parse().unwrap(),
        header: (*header).to_owned(),
        value: SecretValue::new(*value),
    };
    let spec = Spec {
        name: "guest".to_owned(),
        workspace: "test".to_owned(),
        limits: with.limits,
        grants: Grants {
            http,
            state: with.state,
            ..Grants::default()
        },
        secrets: with.secrets.iter().map(secret).collect(),
        store: with.store,
        ..Spec::default()
    };
    sandbox.load(spec, &guest(name)).unwrap()
}

/// What a tool said.
#[derive(Debug)]
pub struct Told {
    pub is_error: bool,
    pub text: String,
    pub json: Value,
    pub receipt: Receipt,
}

/// Calls a tool; what it says is JSON, or else a text.
pub async fn call(component: &Component, tool: &str, arguments: Value) -> Told {
    let called = component
        .call_tool(Call::default(), tool, &arguments.to_string())
        .await
        .unwrap_or_else(|e| panic!("{tool} {arguments}: {e}"));
    let Ok(Outcome::Complete(result)) = called.value else {
        panic!("{tool} {arguments}: {:?}", called.value)
    };
    let caxton_sandbox::wit::types::Body::Text(text) = &result.content[0].body else {
        panic!("{result:?}")
    };
    Told {
        is_error: result.is_error,
        text: text.clone(),
        json: serde_json::from_str(text).unwrap_or_default(),
        receipt: called.receipt,
    }
}

/// A request as a server saw it.
#[derive(Clone, Debug)]
pub struct Received {
    /// The request line.
    pub line: String,
    /// The headers; names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A server on loopback that answers with bytes of the test's choice, and counts.
pub struct Server {
    pub address: SocketAddr,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Server {
    /// Answers each request with what `answer` gives; the connection stays open where that does not say `close`.
    pub async fn new(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, received) = (
            Arc::new(AtomicUsize::new(0)),
            Arc::new(Mutex::new(Vec::new())),
        );
        let (counted, kept, answer) = (connections.clone(), received.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (kept, answer) = (kept.clone(), answer.clone());
                tokio::spawn(async move {
                    while let Some(request) = receive(&mut stream).await {
                        let text = answer(&request);
                        kept.lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(request);
                        if stream.write_all(text.as_bytes()).await.is_err()
                            || text.contains("connection: close")
                        {
                            break;
                        }
                    }
                });
            }
        });
        Self {
            address,
            connections,
            received,
        }
    }

    /// A server that nobody should ask.
    pub async fn silent() -> Self {
        Self::new(|_| ok("you should not see this")).await
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// How often someone connected.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn receive(stream: &mut TcpStream) -> Option<Received> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let mut lines = text.lines();
    let line = lines.next()?.to_owned();
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let find = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let length: usize = find("content-length")
        .and_then(|value| value.parse().ok())
        .unwrap_or(0);
    let chunked = find("transfer-encoding").is_some();
    let whole = |bytes: &[u8]| {
        if chunked {
            bytes.ends_with(b"0\r\n\r\n")
        } else {
            bytes.len() >= head + length
        }
    };
    while !whole(&bytes) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(Received {
        line,
        headers,
        body: String::from_utf8_lossy(&bytes[head..]).into_owned(),
    })
}

/// An answer 200 with a body.
pub fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An answer that leads elsewhere.
pub fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}
