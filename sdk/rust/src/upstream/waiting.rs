//! How long an upstream asks to wait, in every form that its headers have.

/// The budgets whose headers say when they are full again. Anthropic names them in the middle of its headers, OpenAI and
/// others at the end.
const BUDGETS: &[&str] = &["requests", "tokens", "input-tokens", "output-tokens"];

/// Reads how long to wait, in milliseconds: `retry-after-ms`, `retry-after` in seconds or as a date, else the
/// `x-ratelimit-reset-*` (durations) or `anthropic-ratelimit-*-reset` (RFC 3339) of whichever budgets are used up. A date
/// counts from the response's own `date`, because a component has no clock.
pub fn retry_after_ms(headers: &[(String, String)]) -> Option<u32> {
    let get = |name: &str| {
        headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    if let Some(ms) = get("retry-after-ms").and_then(|value| value.parse::<f64>().ok()) {
        return whole_ms(ms);
    }
    let now = get("date").and_then(http_date);
    let until = |then: i64| now.map(|now| then.saturating_sub(now).max(0) as f64 * 1000.0);
    if let Some(value) = get("retry-after") {
        if let Ok(seconds) = value.parse::<f64>() {
            return whole_ms(seconds * 1000.0);
        }
        if let Some(ms) = http_date(value).and_then(until) {
            return whole_ms(ms);
        }
    }
    let used_up = |remaining: String| get(&remaining).is_none_or(|remaining| remaining == "0");
    BUDGETS
        .iter()
        .flat_map(|budget| {
            let lasting = get(&format!("x-ratelimit-reset-{budget}"))
                .filter(|_| used_up(format!("x-ratelimit-remaining-{budget}")))
                .and_then(duration_ms);
            let dated = get(&format!("anthropic-ratelimit-{budget}-reset"))
                .filter(|_| used_up(format!("anthropic-ratelimit-{budget}-remaining")))
                .and_then(rfc3339)
                .and_then(until);
            [lasting, dated]
        })
        .flatten()
        .reduce(f64::max)
        .and_then(whole_ms)
}

fn whole_ms(ms: f64) -> Option<u32> {
    // The cast saturates, and a negative or absurd value is no advice.
    (ms.is_finite() && ms >= 0.0).then(|| ms.ceil() as u32)
}

/// Reads a duration such as `6m0s`, `1.5s` or `20ms`.
fn duration_ms(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "ms" => 1.0,
                "s" | "" => 1000.0,
                "m" => 60_000.0,
                "h" => 3_600_000.0,
                "d" => 86_400_000.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Some(total)
}

/// Reads an HTTP date (RFC 9110, section 5.6.7, IMF-fixdate) as seconds since 1970.
fn http_date(text: &str) -> Option<i64> {
    let rest = text.split_once(", ")?.1;
    let mut words = rest.split(' ');
    let day = words.next()?.parse().ok()?;
    let month_name = words.next()?;
    let month = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    .iter()
    .position(|name| *name == month_name)? as i64
        + 1;
    let year = words.next()?.parse().ok()?;
    unix_seconds(year, month, day, words.next()?)
}

/// Reads a time such as `2026-11-21T09:46:50Z` (RFC 3339) as seconds since 1970, without the fraction of a second.
fn rfc3339(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut numbers = date.splitn(3, '-').map(str::parse::<i64>);
    let (year, month, day) = (
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
        numbers.next()?.ok()?,
    );
    let zone = time.find(['Z', 'z', '+', '-'])?;
    let (clock, zone) = time.split_at(zone);
    let local = unix_seconds(year, month, day, clock.split('.').next()?)?;
    let ahead = match zone.strip_prefix(['+', '-']) {
        None => 0,
        Some(hours_minutes) => {
            let (hours, minutes) = hours_minutes.split_once(':')?;
            let seconds = bounded(hours, 23)? * 3600 + bounded(minutes, 59)? * 60;
            if zone.starts_with('-') {
                -seconds
            } else {
                seconds
            }
        }
    };
    Some(local - ahead)
}

/// Gives seconds since 1970 for a civil date and a clock such as `07:28:30`.
fn unix_seconds(year: i64, month: i64, day: i64, clock: &str) -> Option<i64> {
    let fits =
        (1970..10_000).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !fits {
        return None;
    }
    let mut clock = clock.split(':');
    let (hours, minutes, seconds) = (
        bounded(clock.next()?, 23)?,
        bounded(clock.next()?, 59)?,
        bounded(clock.next()?, 60)?,
    );
    // Days from the civil date, counting years from March so that the leap day comes last.
    let shifted_year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted_year * 365 + shifted_year / 4 - shifted_year / 100
        + shifted_year / 400
        + day_of_year
        - 719_468;
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

/// Reads a number from 0 to `max`.
fn bounded(text: &str, max: i64) -> Option<i64> {
    text.parse()
        .ok()
        .filter(|number| (0..=max).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn waiting_times_are_read_in_every_form() {
        let headers = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect::<Vec<_>>()
        };
        const NOW: (&str, &str) = ("date", "Wed, 21 Oct 2026 07:28:00 GMT");
        for (pairs, expected) in [
            (&[("retry-after", "2")][..], Some(2000)),
            (&[("Retry-After", "0.5")], Some(500)),
            (&[("retry-after-ms", "1234.2"), ("retry-after", "9")], Some(1235)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT"), NOW], Some(30_000)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:27:30 GMT"), NOW], Some(0)),
            (&[("retry-after", "Sun, 01 Mar 2026 00:00:00 GMT"), ("date", "Sat, 28 Feb 2026 23:59:59 GMT")], Some(1000)),
            (&[("retry-after", "Wed, 21 Oct 2026 07:28:30 GMT")], None),
            (&[("retry-after", "Wed, 21 Oct 99999999999999 07:28:30 GMT"), NOW], None),
            (&[("x-ratelimit-reset-requests", "1s"), ("x-ratelimit-reset-tokens", "6m0s")], Some(360_000)),
            (&[("x-ratelimit-reset-requests", "20ms"), ("x-ratelimit-reset-tokens", "6m0s"), ("x-ratelimit-remaining-tokens", "5")], Some(20)),
            (&[("anthropic-ratelimit-requests-reset", "2026-10-21T07:28:04Z"), NOW], Some(4000)),
            (&[("anthropic-ratelimit-input-tokens-reset", "2026-10-21T09:28:07.25+02:00"), NOW], Some(7000)),
            (&[("anthropic-ratelimit-tokens-reset", "2026-10-20T23:28:07-08:00"), NOW], Some(7000)),
            (&[("anthropic-ratelimit-tokens-reset", "2026-10-21T07:30:00Z"), ("anthropic-ratelimit-tokens-remaining", "9"), NOW], None),
            (&[("anthropic-ratelimit-tokens-reset", "2026-10-21T07:30:00Z")], None),
            (&[("anthropic-ratelimit-tokens-reset", "2026-10-21T77:30:00Z"), NOW], None),
            (&[("anthropic-ratelimit-tokens-reset", "soon"), NOW], None),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-3")], None),
            (&[("retry-after", "1e300")], Some(u32::MAX)),
            (&[("x-ratelimit-reset-requests", "1 fortnight")], None),
            (&[], None),
        ] {
            assert_eq!(retry_after_ms(&headers(pairs)), expected, "{pairs:?}");
        }
    }
}
