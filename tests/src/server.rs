//! A server of the test's own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::{guest, program};

/// A running server. It is killed when this is dropped.
#[derive(Debug)]
pub struct Server {
    /// Its address, such as `http://127.0.0.1:43210`.
    pub url: String,
    /// What it printed when it was ready.
    pub ready: Value,
    dir: Option<TempDir>,
    child: Child,
    http: reqwest::Client,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The content type.
    pub content_type: String,
    /// The headers.
    pub headers: reqwest::header::HeaderMap,
    /// The body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The body as JSON, where the status is a success.
    pub fn ok(&self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            self.text
        );
        self.json()
    }

    /// Asserts that it is a problem with this status and code, and returns it.
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let body = self.json();
        assert_eq!(
            (self.status, body["code"].as_str().unwrap_or_default()),
            (status, code),
            "{}",
            self.text
        );
        assert_eq!(
            self.content_type, "application/problem+json",
            "{}",
            self.text
        );
        assert_eq!(body["status"], status, "{}", self.text);
        for told in ["title", "detail"] {
            assert!(
                body[told].as_str().is_some_and(|text| !text.is_empty()),
                "{told} is missing: {}",
                self.text
            );
        }
        for trace in ["panicked", "stack backtrace", ".rs:"] {
            assert!(!self.text.contains(trace), "{}", self.text);
        }
        body
    }
}

impl Server {
    /// A server over a directory with copies of these guests, and nothing else.
    pub fn with_guests(names: &[&str]) -> Self {
        let dir = TempDir::new().expect("a directory");
        let components = dir.path().join("tools");
        std::fs::create_dir(&components).expect("a directory");
        for name in names {
            std::fs::copy(guest(name), components.join(format!("{name}.wasm")))
                .expect("the guest can be copied");
        }
        Self::start(dir, &["--components", "tools"])
    }

    /// A server over a workspace with these files. A file whose name ends with `.wasm` is the guest of that name.
    pub fn with_workspace(files: &[(&str, &str)], args: &[&str]) -> Self {
        let dir = TempDir::new().expect("a directory");
        write(dir.path(), files);
        Self::start(dir, args)
    }

    /// A server in `dir`.
    pub fn start(dir: TempDir, args: &[&str]) -> Self {
        Self::start_with(dir, args, &[])
    }

    /// A server in `dir` with these variables in its environment.
    pub fn start_with(dir: TempDir, args: &[&str], environment: &[(&str, &str)]) -> Self {
        // Tests start several at once, and each does this once only.
        drop(rustls::crypto::ring::default_provider().install_default());
        let log = std::fs::File::create(dir.path().join("server.log")).expect("a log file");
        let mut command = Command::new(program());
        command
            .current_dir(dir.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--json"])
            .args(args);
        command
            .env_remove("CAXTON_LOG")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let mut child = command.spawn().expect("the server can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it was piped"))
            .read_line(&mut line)
            .expect("it prints text");
        if line.is_empty() {
            let status = child.wait().expect("it ends");
            let log = std::fs::read_to_string(dir.path().join("server.log")).unwrap_or_default();
            panic!("the server did not start ({status}): {log}");
        }
        let ready: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        let url = ready["url"]
            .as_str()
            .expect("it says where it is")
            .to_owned();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Self {
            url,
            ready,
            dir: Some(dir),
            child,
            http,
        }
    }

    /// The directory that the server was started in.
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().expect("it was not killed").path()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir().join("server.log")).unwrap_or_default()
    }

    /// A request to a path; one that begins with `~` is within the default workspace.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let path = path.strip_prefix('~').map_or_else(
            || path.to_owned(),
            |path| format!("/api/v1/workspaces/default{path}"),
        );
        self.http.request(
            method.parse().expect("a method"),
            format!("{}{path}", self.url),
        )
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        answered(self.request("GET", path)).await
    }

    /// `POST` of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        answered(self.request("POST", path).json(body)).await
    }

    /// Calls a tool.
    pub async fn call(&self, tool: &str, arguments: Value) -> Answer {
        self.post(
            &format!("~/tools/{tool}/call"),
            &serde_json::json!({ "arguments": arguments }),
        )
        .await
    }

    /// Puts a component.
    pub async fn put_component(&self, name: &str, bytes: Vec<u8>) -> Answer {
        answered(
            self.request("PUT", &format!("~/components/{name}"))
                .header("content-type", "application/wasm")
                .body(bytes),
        )
        .await
    }

    /// Tells the server to end.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .expect("a process");
        rustix::process::kill_process(pid, signal).expect("it runs");
    }

    /// Kills the server, and leaves its directory.
    pub fn kill(mut self) -> TempDir {
        drop(self.child.kill());
        drop(self.child.wait());
        self.dir.take().expect("it was not killed")
    }

    /// Waits until the server has ended, half a minute at most.
    pub fn wait(&mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "the server does not end: {}",
                self.log()
            );
            std::thread::yield_now();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a request and reads the whole answer.
pub async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let content_type = headers
        .get("content-type")
        .map(|value| value.to_str().expect("text").to_owned())
        .unwrap_or_default();
    Answer {
        status,
        content_type,
        headers,
        text: response.text().await.expect("the answer is whole"),
    }
}

/// Writes files into `dir`.
pub fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("it can be made");
        if let Some(stem) = name.strip_suffix(".wasm").filter(|_| text.is_empty()) {
            let stem = stem.rsplit('/').next().expect("a name");
            std::fs::copy(guest(stem), path).expect("the guest can be copied");
        } else {
            std::fs::write(path, text).expect("it can be written");
        }
    }
}
