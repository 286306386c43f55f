//! Other engines on the same vectors and texts, in the same run: sqlite-vec (brute force), usearch (an HNSW graph) and
//! SQLite's own FTS5.

use std::time::{Duration, Instant};

use caxton_memory::{Query, Store, Vector, View, Weights};
use rusqlite::Connection;

use crate::data::{World, nearest};
use crate::measure::{row, times};
use crate::search::{Place, fill, query, runtime};

const SEARCHES: u64 = 200;

/// Measures all on the same data.
pub fn run(entities: u64) {
    let world = World::new();
    let queries: Vec<Query> = (0..SEARCHES).map(|n| query(&world, entities, n)).collect();
    let vectors: Vec<Vector> = queries
        .iter()
        .filter_map(|query| query.vector.clone())
        .collect();
    let truth = nearest(&world, entities, &vectors[..100], 10);
    let recall = |found: &[Vec<u64>]| {
        let hit = |(found, truth): (&Vec<u64>, &Vec<u64>)| {
            truth.iter().filter(|n| found.contains(n)).count()
        };
        let hits: usize = found.iter().zip(&truth).map(hit).sum();
        row("  recall@10", format!("{:.4}", hits as f64 / 1000.0), "");
    };
    ours(&world, entities, &queries, &recall);
    sqlite_vec(&world, entities, &vectors, &recall);
    fts(&world, entities, &queries);
    usearch(&world, entities, &vectors);
}

fn ours(world: &World, entities: u64, queries: &[Query], recall: &dyn Fn(&[Vec<u64>])) {
    let place = Place::of(entities);
    let store = Store::open(&place.file).expect("the database opens");
    let memory = store.memory(View::everything("bench"));
    runtime().block_on(async {
        let there = memory.count().await.expect("a count").entities;
        if there < entities {
            fill(&memory, world, there, entities).await;
        }
        store.warm_memory().await.expect("the index");
        for (what, weights) in [
            (
                "ours, by vector",
                Weights {
                    text: 0.0,
                    recency: 0.0,
                    ..Weights::default()
                },
            ),
            (
                "ours, by three words",
                Weights {
                    vector: 0.0,
                    recency: 0.0,
                    ..Weights::default()
                },
            ),
        ] {
            let (mut took, mut found) = (Vec::new(), Vec::new());
            for query in queries {
                let query = Query {
                    weights,
                    ..query.clone()
                };
                let started = Instant::now();
                let hits = memory.search(query).await.expect("hits");
                took.push(started.elapsed());
                found.push(hits.iter().map(crate::search::number).collect());
            }
            times(what, took, None);
            if weights.text == 0.0 {
                recall(&found);
            }
        }
    });
}

fn inserted(what: &str, entities: u64, took: Duration) {
    row(
        what,
        format!("{:.0}/s", entities as f64 / took.as_secs_f64()),
        "vectors made beforehand are not counted",
    );
}

fn sqlite_vec(world: &World, entities: u64, queries: &[Vector], recall: &dyn Fn(&[Vec<u64>])) {
    // SAFETY: the function has the signature of an extension's entry point, by the documentation of both.
    unsafe {
        let entry = std::mem::transmute::<*const (), rusqlite::auto_extension::RawAutoExtension>(
            sqlite_vec::sqlite3_vec_init as *const (),
        );
        rusqlite::ffi::sqlite3_auto_extension(Some(entry));
    }
    let scratch = tempfile::tempdir().expect("a directory");
    let connection = Connection::open(scratch.path().join("vec.db")).expect("a database");
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; CREATE VIRTUAL TABLE v USING vec0 (e float[384])",
        )
        .expect("a table");
    let mut took = Duration::ZERO;
    for first in (0..entities).step_by(500) {
        let batch: Vec<_> = (first..entities.min(first + 500))
            .map(|n| (n, bytes(&world.vector(n))))
            .collect();
        let started = Instant::now();
        connection.execute_batch("BEGIN").expect("a transaction");
        for (number, vector) in batch {
            let sql = "INSERT INTO v (rowid, e) VALUES (?1, ?2)";
            let mut statement = connection.prepare_cached(sql).expect("SQL");
            statement
                .execute((number as i64, vector))
                .expect("an insert");
        }
        connection.execute_batch("COMMIT").expect("a commit");
        took += started.elapsed();
    }
    inserted("sqlite-vec, inserts", entities, took);
    let sql = "SELECT rowid FROM v WHERE e MATCH ?1 AND k = 10 ORDER BY distance";
    let mut statement = connection.prepare(sql).expect("SQL");
    let (mut took, mut found) = (Vec::new(), Vec::new());
    for query in &queries[..100] {
        let query = bytes(query);
        let started = Instant::now();
        let rows = statement
            .query_map([query], |row| row.get::<_, i64>(0))
            .expect("rows");
        let hits: Vec<u64> = rows.map(|row| row.expect("a row") as u64).collect();
        took.push(started.elapsed());
        found.push(hits);
    }
    times("sqlite-vec, by vector", took, None);
    recall(&found);
}

fn bytes(vector: &Vector) -> Vec<u8> {
    vector
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn fts(world: &World, entities: u64, queries: &[Query]) {
    let connection = Connection::open_in_memory().expect("a database");
    connection
        .execute_batch(
            "CREATE VIRTUAL TABLE t USING fts5 (text, content = '', detail = none); BEGIN",
        )
        .expect("a table");
    for number in 0..entities {
        let sql = "INSERT INTO t (rowid, text) VALUES (?1, ?2)";
        let mut statement = connection.prepare_cached(sql).expect("SQL");
        statement
            .execute((number as i64, world.words(number).join(" ")))
            .expect("an insert");
    }
    connection.execute_batch("COMMIT").expect("a commit");
    let sql = "SELECT rowid, bm25(t) FROM t WHERE t MATCH ?1 ORDER BY bm25(t) LIMIT 100";
    let mut statement = connection.prepare(sql).expect("SQL");
    let mut took = Vec::new();
    for query in queries {
        let text = query.text.replace(' ', " OR ");
        let started = Instant::now();
        let rows = statement
            .query_map([text], |row| row.get::<_, i64>(0))
            .expect("rows");
        std::hint::black_box(rows.map(|row| row.expect("a row")).collect::<Vec<_>>());
        took.push(started.elapsed());
    }
    times("FTS5, three words, by bm25", took, None);
}

fn usearch(world: &World, entities: u64, queries: &[Vector]) {
    use usearch::{Index, IndexOptions, MetricKind, ScalarKind};
    let index = Index::new(&IndexOptions {
        dimensions: 384,
        metric: MetricKind::IP,
        quantization: ScalarKind::F16,
        ..IndexOptions::default()
    })
    .expect("an index");
    index.reserve(entities as usize).expect("memory");
    // A quarter shows its rate; all would take minutes.
    let some = entities / 4;
    let mut took = Duration::ZERO;
    for number in 0..some {
        let vector = world.vector(number);
        let started = Instant::now();
        index.add(number, &vector[..]).expect("an insert");
        took += started.elapsed();
    }
    inserted("usearch f16, inserts, not durable", some, took);
    let truth = nearest(world, some, &queries[..100], 10);
    let (mut took, mut hit) = (Vec::new(), 0);
    for (query, truth) in queries[..100].iter().zip(&truth) {
        let started = Instant::now();
        let matches = index.search(&query[..], 10).expect("hits");
        took.push(started.elapsed());
        hit += truth
            .iter()
            .filter(|number| matches.keys.contains(number))
            .count();
    }
    times(&format!("usearch f16, by vector, of {some}"), took, None);
    row("  recall@10", format!("{:.4}", hit as f64 / 1000.0), "");
}
