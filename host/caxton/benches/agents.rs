//! What an agent costs that nobody asks: memory, and time until the server is ready.

use std::time::{Duration, Instant};

use crate::desk;
use crate::measure::{median, resident_bytes};

const FEW: usize = 10;
const MANY: usize = 10_000;
const ROUNDS: usize = 3;
const BYTES_MAX: f64 = 4096.0;
const READY_MAX: Duration = Duration::from_secs(2);

/// Starts a server with few agents and one with many, in turns.
pub fn run() {
    let scratch = tempfile::tempdir().expect("a directory");
    let started = |agents: usize| {
        let dir = scratch.path().join(agents.to_string());
        // Written before the clock runs.
        drop(desk::instant(&dir, agents));
        move || {
            let begun = Instant::now();
            let server = desk::start(&dir);
            let time = begun.elapsed();
            server.settle();
            (time, resident_bytes(server.pid()))
        }
    };
    let (few, many) = (started(FEW), started(MANY));
    let (mut bytes, mut times): (Vec<u64>, Vec<Duration>) = (0..ROUNDS)
        .map(|_| {
            let ((_, few), (time, many)) = (few(), many());
            (many.saturating_sub(few) / (MANY - FEW) as u64, time)
        })
        .unzip();
    let (each, time) = (median(&mut bytes), median(&mut times));
    println!(
        "  10,000 idle agents                 {each:>8} bytes each   ratio to 4 KiB {:>6.2}   (under 1.00)",
        each as f64 / BYTES_MAX
    );
    println!(
        "  ready with 10,000 agents           {:>11.0} ms   ratio to 2 s {:>6.2}   (under 1.00)",
        time.as_secs_f64() * 1e3,
        time.as_secs_f64() / READY_MAX.as_secs_f64()
    );
}
