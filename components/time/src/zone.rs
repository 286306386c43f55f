//! Time zones by whatever name a person gives: `Europe/Paris`, `UTC+2`, `-03:30`, or just `Tokyo`.

use jiff::tz::{Offset, TimeZone};

/// The most suggestions in an error.
const SUGGESTIONS_MAX: usize = 5;

/// Finds the time zone called `name`.
///
/// # Errors
/// A sentence that names the zone, with similar names where there are any.
pub fn find(name: &str) -> Result<TimeZone, String> {
    let name = name.trim();
    if name.is_empty() {
        return Err(
            "the time zone is empty; give one such as UTC, Europe/Paris or +02:00".to_owned(),
        );
    }
    if matches!(name.to_ascii_uppercase().as_str(), "UTC" | "GMT" | "Z") {
        return Ok(TimeZone::UTC);
    }
    if let Some(offset) = offset(name)? {
        return Ok(TimeZone::fixed(offset));
    }
    let wanted = name.replace(' ', "_");
    if let Ok(zone) = TimeZone::get(&wanted) {
        return Ok(zone);
    }
    let names: Vec<String> = jiff::tz::db()
        .available()
        .map(|name| name.to_string())
        .collect();
    // A city is the last part of a name; the shortest name is the one that is not kept for history.
    let city = names.iter().filter(|full| {
        full.rsplit('/')
            .next()
            .is_some_and(|city| full.contains('/') && city.eq_ignore_ascii_case(&wanted))
    });
    if let Some(full) = city.min_by_key(|full| full.len()) {
        return TimeZone::get(full).map_err(|error| error.to_string());
    }
    let lower = wanted.to_lowercase();
    let start: String = lower.chars().take(4).collect();
    let mut similar: Vec<&String> = names
        .iter()
        .filter(|full| full.to_lowercase().contains(&start))
        .collect();
    similar.sort_by_key(|full| (full.len().abs_diff(wanted.len()), (*full).clone()));
    let similar: Vec<&str> = similar
        .into_iter()
        .take(SUGGESTIONS_MAX)
        .map(String::as_str)
        .collect();
    let hint = if similar.is_empty() {
        "give an IANA name such as Europe/Paris, a large city, or an offset such as +02:00"
            .to_owned()
    } else {
        format!("did you mean {}?", similar.join(", "))
    };
    Err(format!("there is no time zone {name:?}; {hint}"))
}

/// Reads `+02:00`, `-3`, `UTC+5:30` or `GMT-4`. Gives nothing where `name` is no offset.
fn offset(name: &str) -> Result<Option<Offset>, String> {
    let upper = name.to_ascii_uppercase();
    let digits = upper
        .strip_prefix("UTC")
        .or_else(|| upper.strip_prefix("GMT"))
        .unwrap_or(&upper)
        .trim()
        .replace('\u{2212}', "-");
    let Some(sign) = digits.chars().next().filter(|c| matches!(c, '+' | '-')) else {
        return Ok(None);
    };
    let wrong =
        || format!("{name:?} is no offset from UTC; write it as +02:00, between -25:59 and +25:59");
    let digits = &digits[1..];
    let (hours, minutes) = match digits.split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if digits.len() == 4 && digits.is_ascii() => digits.split_at(2),
        None => (digits, "0"),
    };
    let hours: i32 = hours.parse().map_err(|_| wrong())?;
    let minutes: i32 = minutes.parse().map_err(|_| wrong())?;
    if !(0..60).contains(&minutes) || !(0..26).contains(&hours) {
        return Err(wrong());
    }
    let seconds = (hours * 3600 + minutes * 60) * if sign == '-' { -1 } else { 1 };
    Offset::from_seconds(seconds).map(Some).map_err(|_| wrong())
}

/// The name of a zone for people.
pub fn name(zone: &TimeZone) -> String {
    match (zone.iana_name(), zone.to_fixed_offset()) {
        (Some(name), _) => name.to_owned(),
        (None, Ok(offset)) if offset.seconds() == 0 => "UTC".to_owned(),
        (None, Ok(offset)) => format!("UTC{offset}"),
        (None, Err(_)) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_found_by_any_name() {
        for (given, expected) in [
            ("UTC", "UTC"),
            ("z", "UTC"),
            ("Europe/Paris", "Europe/Paris"),
            ("europe/paris", "Europe/Paris"),
            ("Tokyo", "Asia/Tokyo"),
            ("new york", "America/New_York"),
            ("+02:00", "UTC+02"),
            ("UTC+5:30", "UTC+05:30"),
            ("GMT-4", "UTC-04"),
            ("-0330", "UTC-03:30"),
            ("+0", "UTC"),
        ] {
            assert_eq!(
                find(given).map(|zone| name(&zone)).as_deref(),
                Ok(expected),
                "{given}"
            );
        }
        for (given, needle) in [
            ("Atlantis", "there is no time zone \"Atlantis\""),
            ("Europe/Pariss", "did you mean Europe/"),
            ("", "is empty"),
            ("+99", "no offset"),
            ("+1:75", "no offset"),
            ("+ü", "no offset"),
        ] {
            let error = find(given).expect_err(given);
            assert!(error.contains(needle), "{given}: {error}");
        }
    }
}
