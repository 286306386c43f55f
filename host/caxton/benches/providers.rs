//! What a server adds to a provider's answer, at 100 streams at once: between client and provider there is nothing, Caxton by
//! its own protocol and by OpenAI's, or LiteLLM's proxy where `cargo xtask bench` could install it. The provider is on this
//! machine and keeps the pace of a real one; it notes in its answer when it got the request and when it sent each token, so
//! what is counted is the time in which it did not make the client wait.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::desk;
use crate::measure::{ms, quantile, row};
use crate::socket::{Socket, post};
use crate::start::Server;
use crate::upstream::{self, Note, now_ns};

const STREAMS: usize = 100;
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
    let litellm = LiteLlm::start(&upstream, scratch.path());
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
    let mut ways = vec![
        Way::new("nothing", &upstream, chat(&upstream, "m", "")),
        Way::new(
            "POST /messages",
            ours,
            post(ours, desk::MESSAGES, "text/event-stream", "", message),
        ),
        Way::new("POST /v1/chat/completions", ours, chat(ours, "agent-0", "")),
    ];
    if let Some(litellm) = &litellm {
        let request = chat(&litellm.host, "m", "authorization: Bearer sk-bench\r\n");
        ways.push(Way::new("LiteLLM", &litellm.host, request));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for round in 0..=ROUNDS {
        for way in &mut ways {
            let times = runtime.block_on(streams(way));
            // In the first round connections are made and code is warmed up.
            if round > 0 {
                way.times.first.extend(times.first);
                way.times.whole.extend(times.whole);
            }
        }
    }
    report(&mut ways, litellm.is_some());
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
async fn streams(way: &Way) -> Times {
    let end = Instant::now() + ROUND;
    let local = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (0..STREAMS)
        .map(|stream| {
            let (host, request) = (way.host.clone(), way.request.clone());
            local.spawn_local(async move {
                let mut times = Times::default();
                let place = u32::try_from(stream).expect("a few streams");
                tokio::time::sleep(ANSWER * place / STREAMS as u32).await;
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

fn report(ways: &mut [Way], has_litellm: bool) {
    let quantiles = |way: &mut Way| {
        [
            quantile(&mut way.times.first, 0.50),
            quantile(&mut way.times.first, 0.99),
            quantile(&mut way.times.whole, 0.50),
            quantile(&mut way.times.whole, 0.99),
        ]
    };
    let all: Vec<(&str, usize, [u64; 4])> = ways
        .iter_mut()
        .map(|way| (way.name, way.times.whole.len(), quantiles(way)))
        .collect();
    let direct = all[0].2;
    let added: Vec<[u64; 4]> = all
        .iter()
        .map(|(_, _, times)| std::array::from_fn(|i| times[i].saturating_sub(direct[i]).max(1)))
        .collect();
    let bounds = [1_000_000, 3_000_000, 1_000_000, 3_000_000_u64];
    let whats = [
        "first token, p50",
        "first token, p99",
        "answer, p50",
        "answer, p99",
    ];
    for (way, (name, answers, times)) in all.iter().enumerate().skip(1) {
        println!("  {name}: {answers} answers; added to the provider's own time:");
        for (i, what) in whats.iter().enumerate() {
            let bound = match way {
                3 => "no bound".to_owned(),
                _ => format!("under 1.00: {}", ms(bounds[i])),
            };
            let ratio = added[way][i] as f64 / bounds[i] as f64;
            println!(
                "    {what:<32} {:>14}   with nothing {:>11}   ratio {ratio:>6.2}   ({bound})",
                ms(times[i]),
                ms(direct[i]),
            );
        }
    }
    if !has_litellm {
        println!("  LiteLLM's proxy is not installed in target/litellm: nothing to compare with");
        return;
    }
    for (i, what) in whats.iter().enumerate() {
        let (ours, theirs) = (added[2][i], added[3][i]);
        let what = format!("added, {what}");
        row(
            &what,
            ms(ours),
            ms(theirs),
            theirs as f64 / ours as f64,
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
