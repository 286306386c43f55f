//! How many messages a server answers in a second, each of them durable, when the model answers at once: 64 clients that wait
//! for one answer before they send the next.

use std::time::{Duration, Instant};

use crate::desk;
use crate::measure::{ms, quantile};
use crate::socket::{Socket, post};

const CLIENTS: usize = 64;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);
const PER_SECOND_MIN: f64 = 2000.0;
const P99_MAX: Duration = Duration::from_millis(100);

/// Measures messages that begin conversations, and messages that go on in one, in turns. Conversations that grow as long as a
/// round lasts are the longer the faster the server is; those of a fixed length are the measure to compare by.
pub fn run() {
    let scratch = tempfile::tempdir().expect("a directory");
    let server = desk::instant(&scratch.path().join("desk"), 1);
    let host = server.host();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut kinds = [
        ("new conversations", 1, Vec::new(), 0.0),
        ("conversations of 20 messages", 20, Vec::new(), 0.0),
        ("64 conversations that grow", usize::MAX, Vec::new(), 0.0),
    ];
    // The first round warms up.
    for round in 0..=ROUNDS {
        for (_, length, times, seconds) in &mut kinds {
            let begun = Instant::now();
            let taken = runtime.block_on(clients(host, *length));
            if round > 0 {
                times.extend(taken);
                *seconds += begun.elapsed().as_secs_f64();
            }
        }
    }
    for (what, _, mut times, seconds) in kinds {
        let per_second = times.len() as f64 / seconds;
        let (p50, p99) = (quantile(&mut times, 0.50), quantile(&mut times, 0.99));
        println!(
            "  {what:<34} {per_second:>12.0}/s   ratio to {PER_SECOND_MIN:.0}/s {:>6.2}   (at least 1.00)",
            per_second / PER_SECOND_MIN
        );
        println!(
            "    p50 {:>10}, p99 {:>10}                       ratio to {} ms {:>6.2}   (under 1.00)",
            ms(p50),
            ms(p99),
            P99_MAX.as_millis(),
            p99 as f64 / P99_MAX.as_nanos() as f64
        );
    }
}

/// The times of all messages, in nanoseconds, that all clients send in a round.
async fn clients(host: &str, length: usize) -> Vec<u64> {
    let end = Instant::now() + ROUND;
    let local = tokio::task::LocalSet::new();
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let host = host.to_owned();
            local.spawn_local(async move {
                let mut socket = Socket::open(&host).await;
                let first = message(&host, None);
                let mut request: Option<Vec<u8>> = None;
                let (mut times, mut sent) = (Vec::new(), 0);
                while Instant::now() < end {
                    let begun = Instant::now();
                    let conversation = send(&mut socket, request.as_ref().unwrap_or(&first)).await;
                    times.push(u64::try_from(begun.elapsed().as_nanos()).expect("short"));
                    sent += 1;
                    if sent % length == 0 {
                        request = None;
                    } else if request.is_none() {
                        request = Some(message(&host, Some(&conversation)));
                    }
                }
                times
            })
        })
        .collect();
    local
        .run_until(async {
            let mut all = Vec::new();
            for task in tasks {
                all.extend(task.await.expect("no panic"));
            }
            all
        })
        .await
}

/// A message that begins a conversation, or goes on in one.
pub fn message(host: &str, conversation: Option<&str>) -> Vec<u8> {
    let body = match conversation {
        None => r#"{"to":"agent-0","content":"hello"}"#.to_owned(),
        Some(id) => format!(r#"{{"to":"agent-0","content":"hello","conversation":"{id}"}}"#),
    };
    post(host, desk::MESSAGES, "application/json", "", &body)
}

/// Sends a message, and gives the conversation that it is part of.
pub async fn send(socket: &mut Socket, request: &[u8]) -> String {
    socket.send(request).await;
    let answer = socket.answer().await;
    let (_, rest) = answer
        .split_once(r#""conversation":""#)
        .expect("an answer names its conversation");
    let (id, _) = rest.split_once('"').expect("an id ends");
    id.to_owned()
}
