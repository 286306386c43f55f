//! A process that is killed again and again while it remembers and forgets: what it acknowledged is there afterwards, what
//! it acknowledged as forgotten is not, and the index agrees with the tables. `CAXTON_CRASHES` sets how often it is killed,
//! `CAXTON_CRASH_SEED` when.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use caxton_memory::{Filter, Memory, NewEntity, Query, Scope, Store};

use crate::{everything, fact, vector};

/// How often the process is killed in a normal test run.
const CRASHES: u64 = 10;

/// Tells the child where its database is and from which number on it remembers.
const CHILD: &str = "CAXTON_CRASH_CHILD";

const WRITERS: u64 = 4;
const BATCH: u64 = 8;

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn entity(number: u64) -> NewEntity {
    NewEntity {
        vector: Some(vector(number)),
        ..fact(
            &format!("e{number}"),
            &[&format!("observed{number} among others")],
        )
    }
}

/// Not a test of its own: what the killed process runs. It says what is acknowledged, and never ends by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_child_that_is_killed() {
    let Some((path, first)) = std::env::var(CHILD).ok().and_then(|value| {
        let (first, path) = value.split_once(' ')?;
        Some((path.to_owned(), first.parse::<u64>().ok()?))
    }) else {
        return;
    };
    let memory = everything(&Store::open(path).unwrap());
    memory
        .search(Query {
            limit: 1,
            ..Query::default()
        })
        .await
        .unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let memory = memory.clone();
        tokio::spawn(async move {
            for round in 0.. {
                let numbers = (0..BATCH).map(|n| first + ((round * WRITERS) + writer) * BATCH + n);
                let made = memory
                    .remember(&Scope::Workspace, numbers.clone().map(entity).collect())
                    .await
                    .unwrap();
                let made: Vec<_> = numbers.zip(made).collect();
                say(
                    "kept",
                    &made
                        .iter()
                        .map(|(number, made)| (*number, made.id))
                        .collect::<Vec<_>>(),
                );
                let (number, one) = made[0];
                memory.forget(vec![one.id]).await.unwrap();
                say("forgot", &[(number, one.id)]);
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

fn say(what: &str, numbers: &[(u64, i64)]) {
    let mut out = std::io::stdout().lock();
    for (number, id) in numbers {
        // The runner may print something before the first line.
        write!(out, "\n{what} {number} {id}\n").unwrap();
    }
    out.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_being_killed() {
    let crashes = variable("CAXTON_CRASHES").unwrap_or(CRASHES);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let mut seed = variable("CAXTON_CRASH_SEED").unwrap_or_else(|| now.subsec_nanos().into());
    println!("{crashes} kills, CAXTON_CRASH_SEED={seed}");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sales.db");
    // What is known of each number: its entity, and whether that is forgotten.
    let mut known: HashMap<u64, (i64, bool)> = HashMap::new();
    for crash in 0..crashes {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let lines = run_and_kill(
            &path,
            crash << 32,
            Duration::from_millis(5 + (seed >> 33) % 250),
        );
        let mut news: HashMap<u64, (i64, bool)> = HashMap::new();
        for line in lines.lines() {
            let mut words = line.split(' ');
            let (what, number, id) = (words.next(), words.next(), words.next());
            let (Some(number), Some(id)) = (
                number.and_then(|n| n.parse().ok()),
                id.and_then(|n| n.parse().ok()),
            ) else {
                continue;
            };
            match what {
                Some("kept") => {
                    news.entry(number).or_insert((id, false));
                }
                Some("forgot") => {
                    news.insert(number, (id, true));
                }
                _ => {}
            }
        }
        let memory = everything(&Store::open(&path).unwrap());
        check(&memory, &news).await;
        known.extend(news);
    }
    let memory = everything(&Store::open(&path).unwrap());
    check(&memory, &known).await;
    let kept = known.values().filter(|(_, forgotten)| !forgotten).count();
    println!(
        "{} acknowledged, {kept} of them kept, none lost",
        known.len()
    );
    assert!(kept > 0, "no child got so far as to acknowledge anything");
    let sound: String = rusqlite::Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

/// Runs the child until some time after its first word, kills it, and gives all that it said.
fn run_and_kill(path: &std::path::Path, first: u64, after: Duration) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "crashes::the_child_that_is_killed",
            "--nocapture",
        ])
        .env(CHILD, format!("{first} {}", path.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let (mut said, mut until) = (String::new(), None);
    // Every read is followed by more, for the child never stops writing.
    while until.is_none_or(|until| Instant::now() < until) {
        let length = said.len();
        assert!(
            out.read_line(&mut said).unwrap() > 0,
            "the child ended: {said}"
        );
        if until.is_none() && said[length..].starts_with("kept") {
            until = Some(Instant::now() + after);
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The last line may be cut; a number that is cut is that of nothing or of something else.
    std::io::Read::read_to_string(&mut out, &mut said).unwrap();
    said.truncate(said.rfind('\n').map_or(0, |end| end + 1));
    said
}

/// Compares what was acknowledged with the tables, and the tables with the index.
async fn check(memory: &Memory, news: &HashMap<u64, (i64, bool)>) {
    for (number, (id, forgotten)) in news {
        let entity = memory.entity(*id).await.unwrap();
        if *forgotten {
            assert_eq!(entity, None, "{number} was forgotten");
            continue;
        }
        // The child may have been killed after forgetting it and before saying so.
        let first_of_batch = number % BATCH == 0;
        match entity {
            Some(entity) => assert_eq!(entity.name, format!("e{number}")),
            None => assert!(first_of_batch, "{number} was acknowledged and is lost"),
        }
    }
    for (number, (id, forgotten)) in news.iter().take(50) {
        let there = !forgotten && memory.entity(*id).await.unwrap().is_some();
        let meaning = Query {
            vector: Some(vector(*number)),
            similarity_min: Some(0.9),
            limit: 1,
            ..Query::default()
        };
        let words = Query {
            text: format!("observed{number}"),
            limit: 1,
            ..Query::default()
        };
        let filter = Filter {
            phrases: vec![format!("observed{number} among")],
            ..Filter::default()
        };
        let phrase = Query {
            filter,
            limit: 1,
            ..Query::default()
        };
        for query in [meaning, words, phrase] {
            let hits = memory.search(query.clone()).await.unwrap();
            assert_eq!(
                hits.iter().any(|hit| hit.entity.id == *id),
                there,
                "{number}: {query:?}"
            );
        }
    }
    let mut listed = 0;
    let mut before = None;
    loop {
        let page = memory
            .entities(Filter::default(), 10_000, before)
            .await
            .unwrap()
            .entities;
        listed += page.len() as u64;
        match page.last() {
            Some(last) => before = Some((last.updated_ms, last.id)),
            None => break,
        }
    }
    assert_eq!(
        listed,
        memory.count().await.unwrap().entities,
        "the index and the table agree"
    );
}
