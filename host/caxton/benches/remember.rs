//! Remembering with meaning: how fast a workspace keeps entities and makes their vectors, beside the model alone on as many
//! texts.

use std::time::{Duration, Instant};

use caxton_embed::Embedder;
use caxton_memory::{Filter, NewEntity, Scope, View};

use crate::measure::row;
use crate::{model, routing};

/// Entities of a round. Each is a sentence of some 16 tokens.
const ENTITIES: usize = 1024;
const ROUNDS: usize = 3;

/// Entities of a call: as many as have their vectors when it returns, and as many as are left to the background.
const CALLS: [usize; 2] = [16, 256];

/// Prints both.
pub fn run() {
    let runtime = model::runtime();
    // What was said once would be found in a cache.
    let embedder = model::open(&runtime, 0);
    for call in CALLS {
        let (mut ours, mut alone) = (Duration::MAX, Duration::MAX);
        for round in 0..ROUNDS {
            let texts: Vec<String> = (0..ENTITIES).map(|n| sentence(round, n)).collect();
            alone = alone.min(embed(&embedder, &texts));
            ours = ours.min(runtime.block_on(remember(&embedder, call, round)));
        }
        let rate = |time: Duration| format!("{:.0}/s", ENTITIES as f64 / time.as_secs_f64());
        row(
            &format!("remembered and embedded, {call} a call"),
            rate(ours),
            rate(alone),
            alone.as_secs_f64() / ours.as_secs_f64(),
            "over 0.95",
        );
    }
}

fn sentence(round: usize, number: usize) -> String {
    format!("Customer {number} of region {round} asked for the papers of the last two years.")
}

fn name(round: usize, number: usize) -> String {
    format!("note {round}-{number}")
}

/// How long the model alone takes, with as many texts at once as the background gives it.
fn embed(embedder: &Embedder, texts: &[String]) -> Duration {
    let texts: Vec<String> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| format!("{}\n{text}", name(9, n)))
        .collect();
    let begun = Instant::now();
    for some in texts.chunks(16) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        std::hint::black_box(embedder.embed(&some).expect("the model works"));
    }
    begun.elapsed()
}

/// How long a workspace takes until all can be found by meaning.
async fn remember(embedder: &Embedder, call: usize, round: usize) -> Duration {
    let scratch = tempfile::tempdir().expect("a directory");
    let workspace = routing::open(scratch.path(), 1, embedder).await;
    let memories = workspace.memories(View::everything("bench"));
    // The index is read before.
    let listed = memories.memory.entities(Filter::default(), 1, None).await;
    assert!(listed.expect("a database").entities.is_empty());
    let begun = Instant::now();
    for first in (0..ENTITIES).step_by(call) {
        let new = |number| NewEntity {
            name: name(round, number),
            kind: "note".to_owned(),
            observations: vec![sentence(round, number)],
            ..NewEntity::default()
        };
        let new = (first..first + call).map(new).collect();
        let kept = memories.remember(&Scope::Workspace, new).await;
        kept.expect("it is kept");
    }
    while !memories
        .memory
        .unembedded(1)
        .await
        .expect("a database")
        .is_empty()
    {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    begun.elapsed()
}
