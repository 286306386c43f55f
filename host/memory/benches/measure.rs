//! Printing measurements beside what they are held against.

use std::time::Duration;

/// The value below which this part of them lies.
pub fn quantile(values: &mut [Duration], part: f64) -> Duration {
    values.sort_unstable();
    values[((values.len() - 1) as f64 * part) as usize]
}

/// Prints the median and the 95th percentile of some times, and how the latter stands to what it may be.
pub fn times(what: &str, mut values: Vec<Duration>, p95_max: Option<Duration>) {
    let (p50, p95) = (quantile(&mut values, 0.5), quantile(&mut values, 0.95));
    let bound = p95_max.map_or(String::new(), |max| {
        let ratio = p95.as_secs_f64() / max.as_secs_f64();
        format!("   ratio {ratio:>5.2} to {}", ms(max))
    });
    println!(
        "  {what:<38} p50 {:>9}   p95 {:>9}{bound}",
        ms(p50),
        ms(p95)
    );
}

/// Prints a number.
pub fn row(what: &str, value: impl std::fmt::Display, note: &str) {
    println!("  {what:<38} {value:>13}   {note}");
}

/// A time in milliseconds.
pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

/// Bytes of this process that are in memory.
pub fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}
