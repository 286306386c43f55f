//! What a server adds to a provider's answer, at 100 streams at once: between client and provider there is nothing, or Caxton
//! by its own protocol and by OpenAI's. Then the same at as many streams as LiteLLM's proxy can keep up with, which stands
//! beside it where `cargo xtask bench` could install it: at 100 it would only measure a queue. The provider is on this machine
//! and keeps the pace of a real one; it notes in its answer when it got the request and when it sent each token, so what is
//! counted is the time in which it did not make the client wait.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::desk;
use crate::measure::{ms, quantile, row};
use crate::socket::{Socket, post};
use crate::start::Server;
use crate::upstream::{self, Note, now_ns};

const STREAMS: usize = 100;

/// Streams at which there is a comparison.
const STREAMS_COMPARED: usize = 5;

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

/// How long an answer takes, about: over so long clients come one after the other at the beginning.
const ANSWER: Duration = Duration::from_millis(250);

/// What a request is sent to.
struct Way {
    name: &'static str,
    host: String,
    request: Vec<u8>,
    times: Times,
}

/// Nanoseconds that were added to answers' first tokens, and to whole answers.
#[derive(Default)]
struct Times {
    first: Vec<u64>,
    whole: Vec<u64>,
}

/// Measures all ways in turns.
pub fn run() {
    let upstream = upstream::start();
    let scratch = tempfile::tempdir().expect("a directory");
    let dir = scratch.path().join("desk");
    let toml = format!(
        "[model]\ndefault = \"openai/m\"\n[components.openai]\nsource = \"builtin:openai\"\nconfig = {{ base_url = \"http://{upstream}/v1\" }}\n\
         [components.openai.grants]\nhttp = [\"http://{upstream}\"]\n"
    );
    desk::write(&dir, &toml, 1);
    let server = Server::start(&dir, None);
    let ours = server.host();
    let chat = |host: &str, model: &str, more: &str| {
        let body = format!(
            r#"{{"model":"{model}","stream":true,"messages":[{{"role":"user","content":"hello"}}]}}"#
        );
        post(
            host,
            "/v1/chat/completions",
            "text/event-stream",
            more,
            &body,
        )
    };
    let message = r#"{"to":"agent-0","content":"hello"}"#;
    let nothing = || Way::new("nothing", &upstream, chat(&upstream, "m", ""));
    let by_chat = || Way::new("POST /v1/chat/completions", ours, chat(ours, "agent-0", ""));
    let by_message = Way::new(
        "POST /messages",
        ours,
        post(ours, desk::MESSAGES, "text/event-stream", "", message),
    );
    let all = measured(STREAMS, vec![nothing(), by_message, by_chat()]);
    report(STREAMS, &all);
    let Some(litellm) = LiteLlm::start(&upstream, scratch.path()) else {
        println!("  LiteLLM's proxy is not installed in target/litellm: nothing to compare with");
        return;
    };
    let request = chat(&litellm.host, "m", "authorization: Bearer sk-bench\r\n");
    let theirs = Way::new("LiteLLM", &litellm.host, request);
    let all = measured(STREAMS_COMPARED, vec![nothing(), by_chat(), theirs]);
    compare(&all);
}

/// What was measured of a way, in nanoseconds: first token at p50 and p99, whole answer at p50 and p99.
struct Measured {
    name: &'static str,
    answers: usize,
    times: [u64; 4],
}

const WHATS: [&str; 4] = [
    "first token, p50",
    "first token, p99",
    "answer, p50",
    "answer, p99",
];

/// Measures ways in turns, at so many streams.
fn measured(count: usize, mut ways: Vec<Way>) -> Vec<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for round in 0..=ROUNDS {
        for way in &mut ways {
            let times = runtime.block_on(streams(way, count));
            // In the first round connections are made and code is warmed up.
            if round > 0 {
                way.times.first.extend(times.first);
                way.times.whole.extend(times.whole);
            }
        }
    }
    let measured = |mut way: Way| Measured {
        name: way.name,
        answers: way.times.whole.len(),
        times: [
            quantile(&mut way.times.first, 0.50),
            quantile(&mut way.times.first, 0.99),
            quantile(&mut way.times.whole, 0.50),
            quantile(&mut way.times.whole, 0.99),
        ],
    };
    ways.into_iter().map(measured).collect()
}

impl Way {
    fn new(name: &'static str, host: &str, request: Vec<u8>) -> Self {
        Self {
            name,
            host: host.to_owned(),
            request,
            times: Times::default(),
        }
    }
}

/// All streams for the time of a round.
async fn streams(way: &Way, count: usize) -> Times {
    let end = Instant::now() + ROUND;
    let local = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (0..count)
        .map(|stream| {
            let (host, request) = (way.host.clone(), way.request.clone());
            local.spawn_local(async move {
                let mut times = Times::default();
                let place = u32::try_from(stream).expect("a few streams");
                let streams = u32::try_from(count).expect("a few streams");
                tokio::time::sleep(ANSWER * place / streams).await;
                let mut socket = Socket::open(&host).await;
                while Instant::now() < end {
                    one(&mut socket, &request, &mut times).await;
                }
                times
            })
        })
        .collect();
    local
        .run_until(async {
            let mut all = Times::default();
            for task in tasks {
                let times = task.await.expect("no panic");
                all.first.extend(times.first);
                all.whole.extend(times.whole);
            }
            all
        })
        .await
}

/// One answer: what was on the way there, and what on the way back.
async fn one(socket: &mut Socket, request: &[u8], times: &mut Times) {
    let begun = now_ns();
    socket.send(request).await;
    let (mut there, mut last) = (None, 0);
    socket
        .stream(|text| {
            if let Some(note) = Note::first(text)
                && there.is_none()
            {
                let on_the_way = note.came - begun;
                there = Some(on_the_way);
                times.first.push(on_the_way + (now_ns() - note.sent));
            }
            if let Some(note) = Note::last(text) {
                last = note.sent;
            }
        })
        .await;
    let there = there.expect("an answer has tokens");
    times.whole.push(there + (now_ns() - last));
}

/// What was added beyond the provider's own time.
fn added(all: &[Measured], way: usize) -> [u64; 4] {
    std::array::from_fn(|i| all[way].times[i].saturating_sub(all[0].times[i]).max(1))
}

fn report(count: usize, all: &[Measured]) {
    let bounds = [1_000_000, 3_000_000, 1_000_000, 3_000_000_u64];
    for (
        way,
        Measured {
            name,
            answers,
            times,
        },
    ) in all.iter().enumerate().skip(1)
    {
        println!(
            "  {name}: {answers} answers of {count} streams; added to the provider's own time:"
        );
        for (i, what) in WHATS.iter().enumerate() {
            let ratio = added(all, way)[i] as f64 / bounds[i] as f64;
            println!(
                "    {what:<32} {:>14}   with nothing {:>11}   ratio {ratio:>6.2}   (under 1.00: {})",
                ms(times[i]),
                ms(all[0].times[i]),
                ms(bounds[i]),
            );
        }
    }
}

fn compare(all: &[Measured]) {
    let (ours, theirs) = (added(all, 1), added(all, 2));
    for (i, what) in WHATS.iter().enumerate() {
        let what = format!("added at {STREAMS_COMPARED} streams, {what}");
        row(
            &what,
            ms(ours[i]),
            ms(theirs[i]),
            theirs[i] as f64 / ours[i] as f64,
            "LiteLLM : Caxton, at least 20",
        );
    }
}

/// LiteLLM's proxy, a process for each core. It is ended when this is dropped.
struct LiteLlm {
    child: Child,
    host: String,
}

impl LiteLlm {
    /// Starts it where it is installed, and waits until it is ready.
    fn start(upstream: &str, scratch: &Path) -> Option<Self> {
        let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/litellm");
        let program = venv.join("bin/litellm");
        if !program.exists() {
            return None;
        }
        let config = scratch.join("litellm.yaml");
        let text = format!(
            "model_list:\n  - model_name: m\n    litellm_params:\n      model: openai/m\n      api_base: http://{upstream}/v1\n      api_key: none\n\
             general_settings:\n  master_key: sk-bench\nlitellm_settings:\n  telemetry: false\n"
        );
        std::fs::write(&config, text).expect("written");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let child = Command::new(program)
            .arg("--config")
            .arg(&config)
            .args(["--host", "127.0.0.1", "--port", &port.to_string()])
            .args(["--num_workers", "2"])
            // Its list of prices is in the package; it needs no network.
            .env("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            .env("LITELLM_LOG", "ERROR")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let host = format!("127.0.0.1:{port}");
        let started = Self { child, host };
        let until = Instant::now() + Duration::from_secs(120);
        while Instant::now() < until {
            if std::net::TcpStream::connect(&started.host).is_ok() {
                return Some(started);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        println!("  LiteLLM's proxy does not start");
        None
    }
}

impl Drop for LiteLlm {
    fn drop(&mut self) {
        // Its workers end when it asks them to, which it can't where it is killed.
        let id = self.child.id().to_string();
        let _ = Command::new("kill").arg(id).status();
        let _ = self.child.wait();
    }
}
