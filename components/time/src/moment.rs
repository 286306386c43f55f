//! Points in time as people write them, and how they are shown.

use caxton_sdk::{Value, json};
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::zone;

/// Reads `text` as a point in time. A time without a zone is taken in `zone`, else in UTC.
///
/// # Errors
/// A sentence that names the text and the forms that are understood.
pub fn parse(text: &str, zone: Option<&TimeZone>, now: Timestamp) -> Result<Zoned, String> {
    let text = text.trim();
    let here = zone.cloned().unwrap_or(TimeZone::UTC);
    let today = now.to_zoned(here.clone());
    let failed = |error: jiff::Error| format!("{text:?} is not a time that exists: {error}");
    match text.to_lowercase().as_str() {
        "now" => return Ok(today),
        "today" => return today.start_of_day().map_err(failed),
        "tomorrow" => {
            return today
                .tomorrow()
                .and_then(|day| day.start_of_day())
                .map_err(failed);
        }
        "yesterday" => {
            return today
                .yesterday()
                .and_then(|day| day.start_of_day())
                .map_err(failed);
        }
        _ => {}
    }
    if let Ok(zoned) = text.parse::<Zoned>() {
        return Ok(zoned);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        let offset = Pieces::parse(text)
            .ok()
            .and_then(|pieces| pieces.to_numeric_offset());
        return Ok(timestamp.to_zoned(offset.map_or(TimeZone::UTC, TimeZone::fixed)));
    }
    if let Ok(local) = text.parse::<DateTime>() {
        return local.to_zoned(here).map_err(failed);
    }
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(here).map_err(failed);
    }
    if let Ok(time) = text.parse::<Time>() {
        return today
            .date()
            .to_datetime(time)
            .to_zoned(here)
            .map_err(failed);
    }
    if let Ok(seconds) = text.parse::<i64>() {
        return Timestamp::from_second(seconds)
            .map(|timestamp| timestamp.to_zoned(here))
            .map_err(failed);
    }
    Err(format!(
        "{text:?} is not a time; write it as 2024-03-10T09:30:00Z (RFC 3339), 2024-03-10 09:30, 2024-03-10, 09:30, seconds since 1970, now, today, tomorrow or yesterday"
    ))
}

/// A point in time as a tool's result shows it.
pub fn shown(moment: &Zoned) -> Value {
    let week = moment.date().iso_week_date();
    json!({
        "time": moment.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string(),
        "zone": zone::name(moment.time_zone()),
        "date": moment.date().to_string(),
        "weekday": moment.strftime("%A").to_string(),
        "week": format!("{:04}-W{:02}", week.year(), week.week()),
        "unix": moment.timestamp().as_second(),
    })
}

/// The schema of `shown`.
pub fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "time": { "type": "string", "description": "RFC 3339, with the zone's offset." },
            "zone": { "type": "string" },
            "date": { "type": "string" },
            "weekday": { "type": "string" },
            "week": { "type": "string", "description": "The ISO 8601 week." },
            "unix": { "type": "integer", "description": "Seconds since 1970." }
        },
        "required": ["time", "zone", "date", "weekday", "week", "unix"]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_usual_form() {
        let now: Timestamp = "2024-03-10T12:00:00Z".parse().expect("a time");
        let paris = zone::find("Europe/Paris").expect("a zone");
        for (text, zone, expected) in [
            ("2024-03-10T09:30:00Z", None, "2024-03-10T09:30:00+00:00"),
            (
                "2024-03-10T09:30:00+05:30",
                None,
                "2024-03-10T09:30:00+05:30",
            ),
            (
                "2024-07-01 09:30",
                Some(&paris),
                "2024-07-01T09:30:00+02:00",
            ),
            ("2024-07-01", None, "2024-07-01T00:00:00+00:00"),
            ("09:30", Some(&paris), "2024-03-10T09:30:00+01:00"),
            (
                "2024-07-01T09:30[Asia/Tokyo]",
                None,
                "2024-07-01T09:30:00+09:00",
            ),
            ("now", Some(&paris), "2024-03-10T13:00:00+01:00"),
            ("Tomorrow", None, "2024-03-11T00:00:00+00:00"),
            ("0", None, "1970-01-01T00:00:00+00:00"),
            // An hour that the change to summer time skips.
            (
                "2024-03-31T02:30",
                Some(&paris),
                "2024-03-31T03:30:00+02:00",
            ),
        ] {
            let moment = parse(text, zone, now).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(shown(&moment)["time"], expected, "{text}");
        }
        for text in ["", "soon", "2024-02-30", "25:00", "99999999999999999"] {
            assert!(parse(text, None, now).is_err(), "{text}");
        }
    }

    #[test]
    fn a_moment_says_its_day_and_week() {
        let shown =
            shown(&parse("2024-12-30T00:00:00Z", None, Timestamp::UNIX_EPOCH).expect("a time"));
        assert_eq!(
            (
                shown["weekday"].as_str(),
                shown["week"].as_str(),
                shown["zone"].as_str()
            ),
            (Some("Monday"), Some("2025-W01"), Some("UTC"))
        );
    }
}
