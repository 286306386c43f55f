//! How often routers choose the right agent, and how long that takes. The requests are those of `tests/data/routing`; those
//! that were used for choosing thresholds and weights are not counted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caxton::config::Router;
use caxton::routing::{self, Opinion, Target, combine};
use caxton::workspace::{Options, Workspace};
use caxton_embed::{Embedder, Settings as EmbedSettings};
use caxton_memory::Store;
use caxton_sandbox::{Sandbox, Settings};
use caxton_sdk::router::{Candidate, Capability, Decision};
use serde::Deserialize;

use crate::measure::{ms, quantile, row, us};
use crate::model;

#[derive(Deserialize)]
struct Desk {
    agent: Vec<Agent>,
}

#[derive(Deserialize)]
struct Agent {
    name: String,
    description: String,
    capabilities: Vec<Offered>,
}

#[derive(Deserialize)]
struct Offered {
    name: String,
    #[serde(default)]
    description: String,
}

#[derive(Deserialize)]
struct Request {
    text: String,
    capability: Option<String>,
    kind: String,
    split: String,
}

/// Prints both.
pub fn run() {
    let runtime = model::runtime();
    let embedder = model::open(&runtime, EmbedSettings::default().cache_bytes_max);
    accuracy(&embedder);
    runtime.block_on(speed(&embedder));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Counts how often each router, and both together, choose the agent of a request, or none where none should answer.
fn accuracy(embedder: &Embedder) {
    let data = root().join("tests/data/routing");
    let read = |name: &str| std::fs::read_to_string(data.join(name)).expect("it is there");
    let desk: Desk = toml::from_str(&read("agents.toml")).expect("agents");
    let requests = read("requests.jsonl");
    let requests = requests
        .lines()
        .map(|line| serde_json::from_str::<Request>(line).expect("a request"))
        .filter(|request| request.split == "report");
    let owners: BTreeMap<&str, &str> = desk
        .agent
        .iter()
        .flat_map(|agent| {
            let offered = agent.capabilities.iter();
            offered.map(|capability| (capability.name.as_str(), agent.name.as_str()))
        })
        .collect();
    let candidates: Vec<Candidate> = desk.agent.iter().map(candidate).collect();

    let routers = ["semantic", "keyword", "semantic+keyword"];
    let mut counts: BTreeMap<String, (u32, [u32; 3])> = BTreeMap::new();
    for request in requests {
        let semantic = semantic(embedder, &request.text, &candidates);
        let keyword = opinion("keyword", caxton_keyword::rank(&request.text, &candidates));
        let both = combined(&semantic, &keyword);
        let expected = request.capability.as_deref().map(|name| owners[name]);
        let chosen = [
            first(&semantic.ranked),
            first(&keyword.ranked),
            first(&both),
        ];
        let mut kinds = vec![request.kind.as_str(), "all requests"];
        kinds.extend(expected.is_some().then_some("all but out-of-scope"));
        for kind in kinds {
            let (total, right) = counts.entry(kind.to_owned()).or_default();
            *total += 1;
            for (count, chosen) in right.iter_mut().zip(chosen) {
                *count += u32::from(chosen == expected);
            }
        }
    }
    let [a, b, c] = routers;
    println!("  right agent, or none where none should answer {a:>12} {b:>12} {c:>18}");
    for (kind, (total, right)) in &counts {
        let [a, b, c] = right.map(|count| f64::from(count) * 100.0 / f64::from(*total));
        println!("    {kind:<22} {total:>4} requests         {a:>10.1} % {b:>10.1} % {c:>16.1} %");
    }
}

fn candidate(agent: &Agent) -> Candidate {
    let offered = agent.capabilities.iter();
    Candidate {
        agent: agent.name.clone(),
        description: agent.description.clone(),
        capabilities: offered
            .map(|capability| Capability {
                name: capability.name.clone(),
                description: capability.description.clone(),
            })
            .collect(),
    }
}

/// What the semantic router thinks, by the vectors that the host would give it.
fn semantic(embedder: &Embedder, message: &str, candidates: &[Candidate]) -> Opinion {
    let all: Vec<String> = candidates.iter().flat_map(caxton_semantic::texts).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let similarities = embedder
        .similarities(message, &all)
        .expect("the model works");
    let decision = caxton_semantic::decide(candidates, &similarities, caxton_semantic::THRESHOLD);
    opinion("semantic", decision)
}

fn opinion(router: &str, decision: Decision) -> Opinion {
    let ranked = decision.ranked.into_iter();
    Opinion {
        router: router.to_owned(),
        ranked: ranked.map(|score| (score.agent, score.score)).collect(),
        reason: decision.reason,
    }
}

/// What becomes of both, with the settings of a workspace that says nothing about it.
fn combined(first: &Opinion, second: &Opinion) -> Vec<(String, f32)> {
    let router = Router::default();
    match first.doubt(router.threshold, router.margin) {
        None => first.ranked.clone(),
        Some(_) => combine::weigh(first, second),
    }
}

fn first(ranked: &[(String, f32)]) -> Option<&str> {
    ranked.first().map(|(agent, _)| agent.as_str())
}

/// Times decisions among 100 agents with 3 capabilities each: of messages that were never seen, and of one that was.
async fn speed(embedder: &Embedder) {
    const AGENTS: usize = 100;
    const MESSAGES: usize = 300;
    const FRESH_MAX: Duration = Duration::from_millis(5);
    const CACHED_MAX: Duration = Duration::from_micros(100);
    let scratch = tempfile::tempdir().expect("a directory");
    let workspace = open(scratch.path(), AGENTS, embedder).await;
    let decide = async |message: &str| {
        let begun = Instant::now();
        let route = routing::route(&workspace, Target::Content(message)).await;
        // That nobody fits is a decision like any other.
        std::hint::black_box(route.is_ok());
        begun.elapsed()
    };
    let message = |number: usize| {
        format!(
            "Please look into matter {number} about subject {}.",
            number % AGENTS
        )
    };
    // The texts of the agents are embedded once.
    decide(&message(MESSAGES)).await;
    let mut times = Vec::new();
    for number in 0..MESSAGES {
        times.push(decide(&message(number)).await.as_nanos() as u64);
    }
    let (half, most) = (quantile(&mut times, 0.5), quantile(&mut times, 0.95));
    row(
        "new message, 100 × 3, p95 (p50)",
        format!("{} ({})", ms(most), ms(half)),
        "5 ms",
        most as f64 / FRESH_MAX.as_nanos() as f64,
        "under 1.00",
    );
    let known = "What is known of subject 7, the documents and the numbers?";
    decide(known).await;
    let mut times = Vec::new();
    for _ in 0..MESSAGES {
        times.push(decide(known).await.as_nanos() as u64);
    }
    let most = quantile(&mut times, 0.95);
    row(
        "known message, p95",
        us(Duration::from_nanos(most)),
        "100 µs",
        most as f64 / CACHED_MAX.as_nanos() as f64,
        "under 1.00",
    );
}

/// A workspace of agents with three capabilities each, with the routers that every workspace has.
pub async fn open(dir: &Path, agents: usize, embedder: &Embedder) -> Workspace {
    let (files, data) = (dir.join("desk"), dir.join("data"));
    std::fs::create_dir_all(files.join("agents")).expect("made");
    std::fs::create_dir_all(&data).expect("made");
    std::fs::write(files.join("caxton.toml"), "name = \"desk\"\n").expect("written");
    for number in 0..agents {
        let capability = |what: &str| {
            format!(
                "{{ name = \"{what}-{number}\", description = \"{what} about subject {number}, as asked\" }}"
            )
        };
        let text = format!(
            "name = \"agent-{number}\"\ndescription = \"Answers questions about subject {number}.\"\n\
             capabilities = [{}, {}, {}]\n",
            capability("questions"),
            capability("documents"),
            capability("numbers")
        );
        let file = files.join(format!("agents/agent-{number}.toml"));
        std::fs::write(file, text).expect("written");
    }
    let settings = Settings {
        cache: Some(dir.join("cache")),
        embedder: Some(embedder.clone()),
        ..Settings::default()
    };
    let options = Options {
        dir: Some(files),
        components_dir: None,
        data: data.clone(),
        sandbox: Sandbox::new(settings).expect("a sandbox"),
        store: Store::open(data.join("caxton.db")).expect("a store"),
        embedder: Some(embedder.clone()),
    };
    Workspace::open(options).await.expect("it opens")
}
