//! Sizes and durations as people write them in TOML: `"64 MiB"`, `"2s"`.

use std::time::Duration;

use super::fault::{Refusal, quoted};

/// Parses a size such as `64 MiB`, `1 MB` or `512`; without a unit it is in bytes.
///
/// # Errors
/// `bad-size` where it is not a whole number with a known unit, or larger than 2^64 bytes.
pub fn bytes(text: &str) -> Result<u64, Refusal> {
    let refuse = |why: &str| {
        Refusal::new(
            "bad-size",
            format!("is {}, {why}", quoted(text)),
            "write a whole number and a unit, such as \"64 MiB\"",
        )
    };
    let (number, unit) = split(text.trim());
    let factor: u64 = match unit.trim() {
        "" | "B" | "b" => 1,
        "kB" | "KB" | "kb" => 1_000,
        "MB" | "mb" => 1_000_000,
        "GB" | "gb" => 1_000_000_000,
        "KiB" | "kib" => 1 << 10,
        "MiB" | "mib" => 1 << 20,
        "GiB" | "gib" => 1 << 30,
        _ => {
            return Err(refuse(
                "which has no unit out of B, kB, MB, GB, KiB, MiB and GiB",
            ));
        }
    };
    let number = whole(number).ok_or_else(|| refuse("which is not a whole number of units"))?;
    number
        .checked_mul(factor)
        .ok_or_else(|| refuse("which is more than any machine has"))
}

/// Parses a duration such as `500ms`, `2s`, `1m` or `1m 30s`.
///
/// # Errors
/// `bad-duration` where it is not made of whole numbers with known units, or longer than 2^64 milliseconds.
pub fn duration(text: &str) -> Result<Duration, Refusal> {
    let refuse = |why: &str| {
        Refusal::new(
            "bad-duration",
            format!("is {}, {why}", quoted(text)),
            "write whole numbers with units, such as \"2s\", \"500ms\" or \"1m 30s\"",
        )
    };
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(refuse("which is empty"));
    }
    let mut total_ms: u64 = 0;
    while !rest.is_empty() {
        let (number, tail) = split(rest);
        let tail = tail.trim_start();
        let unit_end = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let factor: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return Err(refuse("which has no unit out of ms, s, m and h")),
        };
        let number = whole(number).ok_or_else(|| refuse("which is not a whole number of units"))?;
        total_ms = number
            .checked_mul(factor)
            .and_then(|ms| total_ms.checked_add(ms))
            .ok_or_else(|| refuse("which is longer than anyone can wait"))?;
        rest = tail.trim_start();
    }
    Ok(Duration::from_millis(total_ms))
}

/// Writes a size the way `bytes` reads it, in the largest unit that divides it.
pub fn bytes_shown(bytes: u64) -> String {
    for (factor, unit) in [(1_u64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{} {unit}", bytes / factor);
        }
    }
    format!("{bytes} B")
}

/// Writes a duration the way `duration` reads it.
pub fn duration_shown(duration: Duration) -> String {
    let ms = duration.as_millis();
    for (factor, unit) in [(3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if ms >= factor && ms.is_multiple_of(factor) {
            return format!("{}{unit}", ms / factor);
        }
    }
    format!("{ms}ms")
}

/// Splits a leading number from what follows it.
fn split(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit() && c != '_')
            .unwrap_or(text.len()),
    )
}

/// Reads digits with `_` between them, as TOML writes integers.
fn whole(digits: &str) -> Option<u64> {
    if digits.starts_with('_') || digits.ends_with('_') {
        return None;
    }
    digits.replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("64 MiB", Some(64 << 20)),
            ("1MB", Some(1_000_000)),
            ("512", Some(512)),
            (" 1_024 B ", Some(1024)),
            ("0", Some(0)),
            ("", None),
            ("MiB", None),
            ("-1 MiB", None),
            ("1.5 GiB", None),
            ("64 MiBs", None),
            ("99999999999999999999 B", None),
            ("99999999999999999 GiB", None),
            ("6\u{662} KiB", None),
        ] {
            assert_eq!(bytes(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, expected_ms) in [
            ("2s", Some(2_000)),
            ("500ms", Some(500)),
            ("1m", Some(60_000)),
            ("1m 30s", Some(90_000)),
            ("1h30m", Some(5_400_000)),
            ("2 s", Some(2_000)),
            ("2", None),
            ("", None),
            ("s", None),
            ("2 weeks", None),
            ("-1s", None),
            ("1.5s", None),
            ("18446744073709551615h", None),
        ] {
            assert_eq!(
                duration(text).ok(),
                expected_ms.map(Duration::from_millis),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_shown_can_be_read_again() {
        for n in [0, 1, 1023, 1024, 64 << 20, (1 << 30) + 1] {
            assert_eq!(bytes(&bytes_shown(n)).unwrap(), n);
        }
        for ms in [0, 1, 999, 1_000, 90_000, 3_600_000] {
            let duration_in = Duration::from_millis(ms);
            assert_eq!(duration(&duration_shown(duration_in)).unwrap(), duration_in);
        }
    }
}
