//! Adding lengths of time, and the length between two points.

use caxton_sdk::{Value, json};
use jiff::{Span, Unit, Zoned, ZonedDifference};

/// Reads a length of time such as `3 days`, `-2h 30m` or `P1M`.
///
/// # Errors
/// A sentence that names the text and the forms that are understood.
pub fn duration(text: &str) -> Result<Span, String> {
    let plain = text.trim().replace(" and ", " ");
    plain.parse::<Span>().map_err(|error| format!("{text:?} is not a length of time; write it as 3 days, 2h 30m, -1 week or P1Y2M ({error})"))
}

/// Adds a length of time. Days, months and years follow the calendar and the zone's changes of the clock.
///
/// # Errors
/// A sentence where the result is out of range (years -9999 to 9999).
pub fn add(moment: &Zoned, span: Span) -> Result<Zoned, String> {
    moment
        .checked_add(span)
        .map_err(|error| format!("the result is out of range: {error}"))
}

/// Gives the length from `from` to `to`: in calendar units, in whole days and in seconds.
///
/// # Errors
/// A sentence where it can't be told.
pub fn difference(from: &Zoned, to: &Zoned) -> Result<Value, String> {
    let failed = |error: jiff::Error| format!("the difference can't be told: {error}");
    // Calendar units need both in one zone.
    let to = to.with_time_zone(from.time_zone().clone());
    let span = from
        .until(ZonedDifference::new(&to).largest(Unit::Year))
        .map_err(failed)?;
    let days = from
        .until(ZonedDifference::new(&to).largest(Unit::Day))
        .map_err(failed)?
        .get_days();
    let seconds = to.timestamp().as_second() - from.timestamp().as_second();
    Ok(
        json!({"duration": span.to_string(), "text": spoken(&span), "days": days, "seconds": seconds}),
    )
}

/// A length in words: `2 months 3 days`.
fn spoken(span: &Span) -> String {
    let parts = [
        (i64::from(span.get_years()), "year"),
        (i64::from(span.get_months()), "month"),
        (i64::from(span.get_days()), "day"),
        (i64::from(span.get_hours()), "hour"),
        (span.get_minutes(), "minute"),
        (span.get_seconds(), "second"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, unit)| {
            format!(
                "{} {unit}{}",
                count.abs(),
                if count.abs() == 1 { "" } else { "s" }
            )
        })
        .collect();
    match (words.is_empty(), span.is_negative()) {
        (true, _) => "no time at all".to_owned(),
        (false, true) => format!("{} earlier", words.join(" ")),
        (false, false) => words.join(" "),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::moment::parse;

    fn at(text: &str) -> Zoned {
        parse(text, None, Timestamp::UNIX_EPOCH).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn the_calendar_is_followed() {
        for (from, length, expected) in [
            ("2024-01-31T00:00:00Z", "1 month", "2024-02-29"),
            ("2024-02-28T00:00:00Z", "2 days", "2024-03-01"),
            ("2024-01-01T00:00:00Z", "-1 day", "2023-12-31"),
            ("2024-01-01T00:00:00Z", "P1Y2M", "2025-03-01"),
            ("2024-01-01T00:00:00Z", "1 week and 1 day", "2024-01-09"),
        ] {
            let sum = add(
                &at(from),
                duration(length).unwrap_or_else(|error| panic!("{error}")),
            )
            .expect("in range");
            assert_eq!(sum.date().to_string(), expected, "{from} + {length}");
        }
        // A day is 23 hours long where the clocks go forward.
        let before = at("2024-03-30T12:00[Europe/Paris]");
        assert_eq!(
            add(&before, duration("1 day").expect("a length"))
                .expect("in range")
                .hour(),
            12
        );
        assert_eq!(
            add(&before, duration("24 hours").expect("a length"))
                .expect("in range")
                .hour(),
            13
        );
        for text in ["", "soon", "3 moons", "1"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(add(&at("2024-01-01"), duration("9000 years").expect("a length")).is_err());
    }

    #[test]
    fn lengths_are_told_in_words_days_and_seconds() {
        for (from, to, text, days) in [
            ("2024-01-01", "2024-03-04", "2 months 3 days", 63),
            ("2024-03-04", "2024-01-01", "2 months 3 days earlier", -63),
            (
                "2024-01-01T00:00:00Z",
                "2024-01-01T02:00:00+01:00",
                "1 hour",
                0,
            ),
            ("2024-01-01", "2024-01-01", "no time at all", 0),
        ] {
            let difference = difference(&at(from), &at(to)).expect("a difference");
            assert_eq!(
                (difference["text"].as_str(), difference["days"].as_i64()),
                (Some(text), Some(days)),
                "{from} to {to}"
            );
        }
    }
}
