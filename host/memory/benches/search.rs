//! Inserting entities, and searching them by meaning, by words and by both.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use caxton_memory::{Filter, Hit, Memory, NewEntity, Query, Scope, Store, View, Weights};
use serde_json::json;

use crate::data::{Random, WORDS, World, nearest};
use crate::measure::{ms, quantile, resident_bytes, row, times};

/// Entities of one call.
const BATCH: u64 = 500;

/// Searches that are timed.
const SEARCHES: u64 = 400;

/// Searches whose results are compared with the truth.
const COMPARED: u64 = 100;

/// Fills a database and searches it.
pub fn run(entities: u64, p95_ms: u64) {
    let place = Place::of(entities);
    let runtime = runtime();
    let world = World::new();
    let store = Store::open(&place.file).expect("the database opens");
    let memory = store.memory(View::everything("bench"));
    let bound = Some(Duration::from_millis(p95_ms));
    runtime.block_on(async {
        let there = memory.count().await.expect("a count").entities;
        if there < entities {
            fill(&memory, &world, there, entities).await;
        }
        let size = disk_bytes(store.path());
        row(
            "on disk for each entity",
            format!("{} B", size / entities),
            "vector, text and indexes",
        );
        let before = resident_bytes();
        let started = Instant::now();
        store.warm_memory().await.expect("the index");
        row(
            "making the index",
            ms(started.elapsed()),
            "when a server starts",
        );
        let grown = resident_bytes().saturating_sub(before);
        let count = memory.count().await.expect("a count");
        let each = |bytes: u64| format!("{} B", bytes / entities);
        row("memory for each entity", each(count.index_bytes), "counted");
        row(
            "the process has grown by",
            each(grown),
            "for each entity, page caches included",
        );

        let queries: Vec<Query> = (0..SEARCHES).map(|n| query(&world, entities, n)).collect();
        let vectors: Vec<_> = queries.iter().map(vector_only).collect();
        let texts: Vec<_> = queries.iter().map(text_only).collect();
        time(&memory, &queries[..50]).await;
        times(
            "hybrid search, top 10",
            time(&memory, &queries).await,
            bound,
        );
        times("by vector alone", time(&memory, &vectors).await, None);
        times("by three words alone", time(&memory, &texts).await, None);
        let long: Vec<_> = (0..SEARCHES)
            .map(|n| long_query(&world, entities, n))
            .collect();
        times("hybrid, whole sentences", time(&memory, &long).await, None);
        let filtered: Vec<_> = queries
            .iter()
            .map(|query| Query {
                filter: Filter {
                    metadata: json!({"source": "s7"})
                        .as_object()
                        .expect("an object")
                        .clone(),
                    ..Filter::default()
                },
                ..query.clone()
            })
            .collect();
        times(
            "hybrid, one in a hundred by metadata",
            time(&memory, &filtered).await,
            None,
        );
        let agents: Vec<_> = queries.iter().collect();
        let agent = store.memory(View::agent("a3", None));
        let mut took = Vec::new();
        for query in agents {
            let started = Instant::now();
            agent.search(query.clone()).await.expect("hits");
            took.push(started.elapsed());
        }
        times("hybrid, as one of ten agents", took, None);
        recall(&memory, &world, entities, &vectors).await;
    });
    drop(store);
}

/// A hybrid search.
pub fn query(world: &World, entities: u64, number: u64) -> Query {
    let mut random = Random(number);
    // Three words of one text, and a meaning that none of the entities has exactly.
    let words = world.words(random.next() % entities);
    let chosen = (0..3).map(|_| words[random.next() as usize % WORDS].clone());
    Query {
        text: chosen.collect::<Vec<_>>().join(" "),
        vector: Some(world.vector(u64::MAX - number)),
        limit: 10,
        ..Query::default()
    }
}

fn long_query(world: &World, entities: u64, number: u64) -> Query {
    let text = world.words(Random(number).next() % entities).join(" ");
    Query {
        text,
        ..query(world, entities, number)
    }
}

fn vector_only(query: &Query) -> Query {
    Query {
        text: String::new(),
        // Recency would change the order that is compared with the truth.
        weights: Weights {
            recency: 0.0,
            ..Weights::default()
        },
        ..query.clone()
    }
}

fn text_only(query: &Query) -> Query {
    Query {
        vector: None,
        ..query.clone()
    }
}

async fn time(memory: &Memory, queries: &[Query]) -> Vec<Duration> {
    let mut took = Vec::with_capacity(queries.len());
    for query in queries {
        let query = query.clone();
        let started = Instant::now();
        let hits = memory.search(query).await.expect("hits");
        took.push(started.elapsed());
        std::hint::black_box(hits);
    }
    took
}

/// The entity with that number, of one of ten agents or of the workspace.
pub fn entity(world: &World, number: u64) -> (Scope, NewEntity) {
    let scope = match number / BATCH % 20 {
        agent @ 0..10 => Scope::Agent(format!("a{agent}")),
        _ => Scope::Workspace,
    };
    let words = world.words(number);
    let new = NewEntity {
        name: format!("{} {} {number}", words[0], words[1]),
        kind: ["person", "project", "fact", "event"][number as usize % 4].to_owned(),
        observations: vec![words[2..].join(" ")],
        metadata: json!({"source": format!("s{}", number % 100)})
            .as_object()
            .expect("an object")
            .clone(),
        vector: Some(world.vector(number)),
    };
    (scope, new)
}

/// Remembers the entities of these numbers, and says how fast.
pub async fn fill(memory: &Memory, world: &World, from: u64, to: u64) {
    let mut took = Duration::ZERO;
    let mut waits = Vec::new();
    for first in (from..to).step_by(BATCH as usize) {
        let (scopes, batch): (Vec<_>, Vec<_>) = (first..to.min(first + BATCH))
            .map(|number| entity(world, number))
            .unzip();
        let started = Instant::now();
        memory.remember(&scopes[0], batch).await.expect("an insert");
        took += started.elapsed();
        waits.push(started.elapsed());
    }
    let rate = (to - from) as f64 / took.as_secs_f64();
    row(
        "inserts, durable, 500 together",
        format!("{rate:.0}/s"),
        "asked: 5,000/s",
    );
    row(
        "the slowest twentieth of these",
        ms(quantile(&mut waits, 0.95)),
        "for 500",
    );
}

/// Bytes of a database, when its log has been written back.
fn disk_bytes(path: &Path) -> u64 {
    let connection = rusqlite::Connection::open(path).expect("the database");
    connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("a checkpoint");
    std::fs::metadata(path).map_or(0, |file| file.len())
}

/// Compares what search finds by vector with the truth.
async fn recall(memory: &Memory, world: &World, entities: u64, queries: &[Query]) {
    let queries = &queries[..COMPARED as usize];
    let vectors: Vec<_> = queries
        .iter()
        .filter_map(|query| query.vector.clone())
        .collect();
    let truth = nearest(world, entities, &vectors, 10);
    let mut found = 0;
    for (query, truth) in queries.iter().zip(&truth) {
        let hits = memory.search(query.clone()).await.expect("hits");
        let numbers: HashSet<u64> = hits.iter().map(number).collect();
        found += truth
            .iter()
            .filter(|number| numbers.contains(number))
            .count();
    }
    let recall = found as f64 / (10.0 * queries.len() as f64);
    row("recall@10 by vector", format!("{recall:.4}"), "asked: 0.99");
}

/// The number of a hit's entity in the world.
pub fn number(hit: &Hit) -> u64 {
    let last = hit.entity.name.rsplit(' ').next();
    last.and_then(|number| number.parse().ok())
        .expect("the number ends the name")
}

/// A runtime as a server has it.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Where a database lies.
pub struct Place {
    /// The database.
    pub file: PathBuf,
    _scratch: Option<tempfile::TempDir>,
}

impl Place {
    /// The place of that many things.
    pub fn of(count: impl std::fmt::Display) -> Place {
        match std::env::var_os("CAXTON_BENCH_DIR") {
            Some(directory) => Place {
                file: PathBuf::from(directory).join(format!("{count}.db")),
                _scratch: None,
            },
            None => {
                let scratch = tempfile::tempdir().expect("a directory");
                Place {
                    file: scratch.path().join("memory.db"),
                    _scratch: Some(scratch),
                }
            }
        }
    }
}
