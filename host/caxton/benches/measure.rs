//! Measuring two things in turns, so that a noisy machine is unfair to both alike, and printing their ratio.

use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The guest of that name, as `cargo xtask bench` builds it.
pub fn guest(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/guests")
        .join(format!("{name}.wasm"));
    std::fs::read(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; run `cargo xtask bench`", path.display()))
}

/// Times both in turns for `rounds` rounds of `calls` calls each, and gives the median time of one call of each.
pub fn in_turns(
    rounds: usize,
    calls: u32,
    mut ours: impl FnMut(),
    mut reference: impl FnMut(),
) -> (Duration, Duration) {
    let round = |f: &mut dyn FnMut()| {
        let started = Instant::now();
        for _ in 0..calls {
            f();
        }
        started.elapsed() / calls
    };
    round(&mut ours);
    round(&mut reference);
    let (mut a, mut b): (Vec<_>, Vec<_>) = (0..rounds)
        .map(|_| (round(&mut ours), round(&mut reference)))
        .unzip();
    (median(&mut a), median(&mut b))
}

/// The median.
pub fn median<T: Ord + Copy>(values: &mut [T]) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}

/// The value below which this part of them lies.
pub fn quantile(values: &mut [u64], part: f64) -> u64 {
    values.sort_unstable();
    values[((values.len() - 1) as f64 * part) as usize]
}

/// Prints a line: what, ours, the reference, their ratio, and what it should be.
pub fn row(
    what: &str,
    ours: impl std::fmt::Display,
    reference: impl std::fmt::Display,
    ratio: f64,
    bound: &str,
) {
    println!(
        "  {what:<34} {ours:>14}   reference {reference:>14}   ratio {ratio:>6.2}   ({bound})"
    );
}

/// A time in microseconds.
pub fn us(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}

/// Nanoseconds in milliseconds.
pub fn ms(nanoseconds: u64) -> String {
    format!("{:.2} ms", nanoseconds as f64 / 1e6)
}

/// Bytes of this process, or of another, that are in memory.
pub fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap_or("0");
    line.split_whitespace()
        .next()
        .and_then(|kib| kib.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}
