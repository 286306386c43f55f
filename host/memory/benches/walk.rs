//! Walking three relations deep in a graph of a million relations.

use std::time::{Duration, Instant};

use caxton_memory::{Direction, Memory, NewEntity, NewRelation, Scope, Store, View, Walk};

use crate::data::Random;
use crate::measure::{row, times};
use crate::search::{Place, runtime};

const ENTITIES: u64 = 200_000;
const RELATIONS: u64 = 1_000_000;
const BATCH: usize = 5_000;
const WALKS: u64 = 400;

/// Fills a graph, and walks in it.
pub fn run() {
    let place = Place::of("walk");
    let store = Store::open(&place.file).expect("the database opens");
    let memory = store.memory(View::everything("bench"));
    runtime().block_on(async {
        let there = memory.count().await.expect("a count");
        if there.relations == 0 {
            fill(&memory).await;
        }
        for (what, direction) in [
            ("depth 3, along", Direction::Out),
            ("depth 3, both ways", Direction::Both),
        ] {
            for entities_max in [100, 1000] {
                let (took, reached, followed) = walks(&memory, direction, entities_max).await;
                let bound = (entities_max == 100 || direction == Direction::Out)
                    .then(|| Duration::from_millis(10));
                times(
                    &format!("{what}, {entities_max} entities at most"),
                    took,
                    bound,
                );
                row(
                    "",
                    format!("{reached} reached"),
                    &format!("along {followed} relations, on average"),
                );
            }
        }
    });
}

async fn walks(
    memory: &Memory,
    direction: Direction,
    entities_max: usize,
) -> (Vec<Duration>, usize, usize) {
    let mut random = Random(3);
    let (mut took, mut reached, mut followed) = (Vec::new(), 0, 0);
    for _ in 0..WALKS {
        let walk = Walk {
            from: vec![1 + (random.next() % ENTITIES) as i64],
            depth: 3,
            direction,
            entities_max,
            ..Walk::default()
        };
        let started = Instant::now();
        let graph = memory.walk(walk).await.expect("a graph");
        took.push(started.elapsed());
        reached += graph.entities.len();
        followed += graph.relations.len();
    }
    (took, reached / WALKS as usize, followed / WALKS as usize)
}

async fn fill(memory: &Memory) {
    for first in (0..ENTITIES).step_by(BATCH) {
        let new = (first..first + BATCH as u64).map(|number| NewEntity {
            name: format!("entity {number}"),
            kind: "thing".to_owned(),
            observations: vec![format!("It is the one with the number {number}.")],
            ..NewEntity::default()
        });
        memory
            .remember(&Scope::Workspace, new.collect())
            .await
            .expect("entities");
    }
    let mut random = Random(2);
    let started = Instant::now();
    for _ in (0..RELATIONS).step_by(BATCH) {
        let new = (0..BATCH).map(|_| {
            // A few entities have many relations, as in real graphs.
            let popular = (random.part().powi(4) * ENTITIES as f64) as i64;
            let target = if random.next().is_multiple_of(4) {
                popular
            } else {
                (random.next() % ENTITIES) as i64
            };
            NewRelation {
                source: 1 + (random.next() % ENTITIES) as i64,
                kind: ["knows", "uses", "part-of"][random.next() as usize % 3].to_owned(),
                target: 1 + target,
                metadata: Default::default(),
            }
        });
        memory.relate(new.collect()).await.expect("relations");
    }
    let rate = RELATIONS as f64 / started.elapsed().as_secs_f64();
    row(
        "relations, durable, 5,000 together",
        format!("{rate:.0}/s"),
        "",
    );
}
