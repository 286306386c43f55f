//! How long a server takes until it is ready to serve, with and without a warm cache.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::measure::median;

/// A server that runs, and its address.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub address: String,
}

impl Server {
    /// Starts the server on a workspace and waits for the line that says it is ready.
    pub fn start(workspace: &Path, components: Option<&Path>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_caxton"));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--workspace"])
            .arg(workspace);
        if let Some(components) = components {
            command.arg("--components").arg(components);
        }
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("its output");
        let address = BufReader::new(stdout)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.find("http://")
                    .and_then(|at| line[at..].split_whitespace().next().map(str::to_owned))
            })
            .expect("it says when it is ready");
        Self { child, address }
    }

    /// Its address without a scheme: `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        self.address.trim_start_matches("http://")
    }

    /// Waits until it has read the embedding model, which goes on in the background.
    pub fn settle(&self) {
        let host = self.host();
        loop {
            let mut stream = TcpStream::connect(host).expect("connected");
            let request =
                format!("GET /ready HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("read");
            if !answer.contains("\"loading\"") {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a workspace from the template that the demo uses.
pub fn workspace(dir: &Path) {
    let status = Command::new(env!("CARGO_BIN_EXE_caxton"))
        .arg("init")
        .arg(dir)
        .args(["--template", "data-analyst"])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("it starts").success(), "caxton init works");
}

/// Starts the demo's workspace: for the first time, again, and with the same components as files, which are compiled then.
pub fn run() {
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = scratch.path().join("desk");
    workspace(&dir);
    let files = scratch.path().join("components");
    std::fs::create_dir(&files).expect("made");
    for name in caxton::builtin::names() {
        let wasm = caxton::builtin::get(name).expect("it is built in").wasm;
        // A custom section makes it another component, for which the program brings no code.
        if [
            "calc", "chart", "csv", "files", "keyword", "offline", "semantic",
        ]
        .contains(&name)
        {
            let wasm = [wasm, &[0, 2, 1, b'n']].concat();
            std::fs::write(files.join(format!("{name}.wasm")), wasm).expect("written");
        }
    }
    let started = |cold: bool, components: Option<&Path>| {
        if cold {
            let _ = std::fs::remove_dir_all(dir.join(".caxton"));
        }
        let started = Instant::now();
        let server = Server::start(&dir, components);
        let time = started.elapsed();
        drop(server);
        time
    };
    let times = |rounds: usize, cold, components: Option<&Path>| {
        let mut times: Vec<Duration> = (0..rounds).map(|_| started(cold, components)).collect();
        median(&mut times)
    };
    for (what, time, bound) in [
        ("without a cache", times(5, true, None), 2.0),
        ("with a warm cache", times(11, false, None), 0.3),
    ] {
        println!(
            "  ready, {what:<27} {:>11.0} ms   ratio to {bound} s {:>6.2}   (under 1.00)",
            time.as_secs_f64() * 1e3,
            time.as_secs_f64() / bound
        );
    }
    println!(
        "  where the same 7 components are files that have to be compiled: {:.0} ms",
        times(3, true, Some(&files)).as_secs_f64() * 1e3
    );
}
