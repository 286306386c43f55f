//! Dates and times as people write them, without time zones' rules: an offset is taken as written.

use std::cmp::Ordering;

/// Which number comes first where both day and month are numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `2024-12-31`, `2024/12/31`, and those with the month's name.
    YearFirst,
    /// `31.12.2024`, `31/12/2024`
    DayFirst,
    /// `12/31/2024`
    MonthFirst,
}

/// A date, perhaps with a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u32,
    /// The day of the month, 1 to 31.
    pub day: u32,
    /// Milliseconds since midnight, where there is a time.
    pub time_ms: Option<u32>,
    /// Minutes ahead of UTC, where they are written.
    pub offset_minutes: Option<i32>,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

impl Stamp {
    /// Reads a date such as `2024-12-31` or `31 Dec 2024`, with or without a time such as `T13:30:00.5+01:00`.
    pub fn parse(text: &str, order: Order) -> Option<Self> {
        if let Some(stamp) = Self::parse_iso(text.as_bytes(), order) {
            return Some(stamp);
        }
        let text = text.trim();
        // The time begins at the last space or T before the first colon.
        let (date, time) = match text.find(':') {
            Some(colon) => {
                let split = text[..colon].rfind(['T', 't', ' '])?;
                (text[..split].trim_end(), Some(&text[split + 1..]))
            }
            None => (text, None),
        };
        let (year, month, day) = parse_date(date, order)?;
        let (time_ms, offset_minutes) = match time {
            Some(time) => {
                let (time_ms, offset) = parse_time(time)?;
                (Some(time_ms), offset)
            }
            None => (None, None),
        };
        let fits = (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in(year, month);
        fits.then_some(Self {
            year,
            month,
            day,
            time_ms,
            offset_minutes,
        })
    }

    /// Reads `2024-12-31`, as most dates are written in tables: reading is what most of a call's time goes to.
    fn parse_iso(bytes: &[u8], order: Order) -> Option<Self> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else {
            return None;
        };
        let number = |digits: &[&u8]| {
            digits.iter().try_fold(0, |number, digit| {
                digit
                    .is_ascii_digit()
                    .then(|| number * 10 + u32::from(**digit - b'0'))
            })
        };
        let (year, month, day) = (
            number(&[y1, y2, y3, y4])? as i32,
            number(&[m1, m2])?,
            number(&[d1, d2])?,
        );
        let fits = order == Order::YearFirst
            && year >= 1
            && (1..=12).contains(&month)
            && day >= 1
            && day <= days_in(year, month);
        fits.then_some(Self {
            year,
            month,
            day,
            time_ms: None,
            offset_minutes: None,
        })
    }

    /// Gives the days since 1970-01-01.
    pub fn days(&self) -> i64 {
        // Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last.
        let (year, month) = (
            i64::from(self.year) - i64::from(self.month <= 2),
            i64::from(self.month),
        );
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year
            - 719_468
    }

    /// Gives the day of the week, 1 (Monday) to 7.
    pub fn weekday(&self) -> u32 {
        (self.days() + 3).rem_euclid(7) as u32 + 1
    }

    /// Gives the year and number of the week, after ISO 8601.
    pub fn week(&self) -> (i32, u32) {
        // The week belongs to the year that its Thursday is in.
        let thursday = self.days() + 4 - i64::from(self.weekday());
        let first = |year| {
            Stamp {
                year,
                month: 1,
                day: 1,
                time_ms: None,
                offset_minutes: None,
            }
            .days()
        };
        let year = match self.year {
            year if thursday < first(year) => year - 1,
            year if thursday >= first(year + 1) => year + 1,
            year => year,
        };
        (year, ((thursday - first(year)) / 7 + 1) as u32)
    }

    fn instant_ms(&self) -> i64 {
        let local = self.days() * 86_400_000 + i64::from(self.time_ms.unwrap_or(0));
        local - i64::from(self.offset_minutes.unwrap_or(0)) * 60_000
    }
}

impl PartialOrd for Stamp {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stamp {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant_ms().cmp(&other.instant_ms())
    }
}

/// Written after ISO 8601.
impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        if let Some(ms) = self.time_ms {
            write!(
                f,
                "T{:02}:{:02}:{:02}",
                ms / 3_600_000,
                ms / 60_000 % 60,
                ms / 1000 % 60
            )?;
            if ms % 1000 > 0 {
                write!(f, ".{:03}", ms % 1000)?;
            }
        }
        match self.offset_minutes {
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                write!(
                    f,
                    "{sign}{:02}:{:02}",
                    minutes.abs() / 60,
                    minutes.abs() % 60
                )
            }
            None => Ok(()),
        }
    }
}

fn parse_date(text: &str, order: Order) -> Option<(i32, u32, u32)> {
    let separator = text.chars().find(|c| !c.is_alphanumeric())?;
    if !matches!(separator, '-' | '/' | '.' | ' ' | ',') {
        return None;
    }
    let mut parts = text
        .split(['-', '/', '.', ' ', ','])
        .filter(|part| !part.is_empty());
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        (lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let year = |part| number(part, 4..=4).map(|year| year as i32);
    let short = |part| number(part, 1..=2);
    // A month's name leaves no doubt, whatever the order.
    if let Some(month) = month_named(b) {
        return match order {
            Order::YearFirst => Some((year(c)?, month, short(a)?)),
            _ => None,
        };
    }
    if let Some(month) = month_named(a) {
        return match order {
            Order::YearFirst => Some((year(c)?, month, short(b)?)),
            _ => None,
        };
    }
    // Numbers keep to one separator, and spaces and commas are for names.
    if matches!(separator, ' ' | ',') || text.chars().any(|c| !c.is_ascii_digit() && c != separator)
    {
        return None;
    }
    match order {
        Order::YearFirst => Some((year(a)?, short(b)?, short(c)?)),
        Order::DayFirst => Some((year(c)?, short(b)?, short(a)?)),
        Order::MonthFirst if separator == '/' || separator == '-' => {
            Some((year(c)?, short(a)?, short(b)?))
        }
        Order::MonthFirst => None,
    }
}

fn month_named(text: &str) -> Option<u32> {
    let lower = text.to_ascii_lowercase();
    let named = lower.len() >= 3 && lower.bytes().all(|byte| byte.is_ascii_lowercase());
    let full = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let at = MONTHS.iter().zip(full).position(|(short, full)| {
        lower == *short || lower == full || lower == "sept" && *short == "sep"
    })?;
    named.then_some(at as u32 + 1)
}

fn parse_time(text: &str) -> Option<(u32, Option<i32>)> {
    let text = text.trim();
    let (text, offset) = if let Some(text) = text.strip_suffix(['Z', 'z']) {
        (text, Some(0))
    } else if let Some(at) = text.rfind(['+', '-']) {
        let (hours, minutes) = match text[at + 1..].split_once(':') {
            Some(pair) => pair,
            None if text.len() - at == 5 => text[at + 1..].split_at_checked(2)?,
            None => (&text[at + 1..], "0"),
        };
        let minutes = hours.parse::<i32>().ok().filter(|h| (0..=14).contains(h))? * 60
            + minutes
                .parse::<i32>()
                .ok()
                .filter(|m| (0..60).contains(m))?;
        (
            &text[..at],
            Some(if text.as_bytes()[at] == b'-' {
                -minutes
            } else {
                minutes
            }),
        )
    } else {
        (text, None)
    };
    let lower = text.trim().to_ascii_lowercase();
    let (text, half) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(text), _) => (text.trim(), Some(0)),
        (_, Some(text)) => (text.trim(), Some(12)),
        _ => (lower.as_str(), None),
    };
    let mut parts = text.split(':');
    let part = |text: Option<&str>, below: u32| {
        text.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?
            .parse::<u32>()
            .ok()
            .filter(|n| *n < below)
    };
    let mut hour = part(parts.next(), 24)?;
    let minute = part(parts.next(), 60)?;
    let (second, fraction) = match parts.next() {
        Some(text) => {
            let (second, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
            if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let padded = format!("{fraction:0<3}");
            (part(Some(second), 61)?, padded[..3].parse::<u32>().ok()?)
        }
        None => (0, 0),
    };
    if let Some(half) = half {
        if !(1..=12).contains(&hour) {
            return None;
        }
        hour = hour % 12 + half;
    }
    parts.next().is_none().then_some((
        ((hour * 60 + minute) * 60 + second) * 1000 + fraction,
        offset,
    ))
}

fn days_in(year: i32, month: u32) -> u32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
