//! Spans of time in a request: `in March`, `Q3 2025`, `before June`, `from 2025-01-01 to 2025-02-15`. Without a clock and
//! with dates of several years not each of them can be read; such a span is found all the same, so that it is not
//! passed over in silence.

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::{Captures, Regex};

use crate::text::pattern;

/// A day: its year, month and day of the month.
type Day = (i32, u32, u32);

/// A span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    /// Where it stands in the text, in bytes.
    pub place: Range<usize>,
    /// What it means; nothing where that can't be told.
    pub span: Option<Span>,
}

/// Days as in `2025-03-01`; a side without one is open.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Span {
    /// The first day.
    pub from: Option<String>,
    /// The day after the last one.
    pub until: Option<String>,
}

/// Something with a place in the calendar.
#[derive(Debug, Clone)]
struct Point {
    place: Range<usize>,
    year: Option<i32>,
    /// Its first month, how many months it has, and the day if it is one.
    first_month: u32,
    months: u32,
    day: Option<u32>,
}

/// Finds the spans of time in `text`. `known` are the first and the last day of the data: they tell which year's March
/// is meant.
pub fn periods(text: &str, known: Option<(&str, &str)>) -> Vec<Period> {
    let known = known.and_then(|(first, last)| Some((day(first)?, day(last)?)));
    let mut found = Vec::new();
    let points = points(text, known);
    let mut at = 0;
    while at < points.len() {
        let mut end = at + 1;
        while end < points.len()
            && joint(&text[points[end - 1].place.end..points[end].place.start]).is_some()
        {
            end += 1;
        }
        found.push(period(text, &points[at..end], known));
        at = end;
    }
    for place in vague(text) {
        if !found.iter().any(|period| overlaps(&period.place, &place)) {
            found.push(Period { place, span: None });
        }
    }
    found.sort_by_key(|period| period.place.start);
    found
}

/// Whether two places have something in common.
pub fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// How two points belong together.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Joint {
    To,
    And,
}

fn joint(between: &str) -> Option<Joint> {
    match between.trim().to_lowercase().as_str() {
        "to" | "until" | "till" | "through" | "-" | "–" | "—" | "up to" => Some(Joint::To),
        "and" | "or" | "," | ", and" | "&" => Some(Joint::And),
        _ => None,
    }
}

/// Makes one span of points that belong together, and of the words before them.
fn period(text: &str, points: &[Point], known: Option<(Day, Day)>) -> Period {
    let place = points[0].place.start..points[points.len() - 1].place.end;
    let words: Vec<String> = text[..place.start]
        .split_whitespace()
        .map(|word| {
            word.trim_matches(|c: char| !c.is_alphanumeric())
                .to_lowercase()
        })
        .filter(|word| !matches!(word.as_str(), "the" | "of" | "year" | "month"))
        .collect();
    let before = |back: usize| {
        words
            .len()
            .checked_sub(back)
            .map_or("", |at| words[at].as_str())
    };
    const NEGATIONS: &[&str] = &[
        "not",
        "except",
        "excluding",
        "without",
        "outside",
        "but",
        "than",
    ];
    let is_negated = NEGATIONS.contains(&before(1))
        || (matches!(before(1), "in" | "for" | "from") && NEGATIONS.contains(&before(2)));
    let joined = points
        .get(1)
        .and_then(|second| joint(&text[points[0].place.end..second.place.start]));
    // `the end of March` is not all of it.
    const PARTS: &[&str] = &[
        "end",
        "start",
        "beginning",
        "middle",
        "week",
        "weekend",
        "early",
        "late",
        "mid",
        "rest",
    ];
    let is_part = PARTS.contains(&before(1))
        || (before(1) == "in" && matches!(before(2), "ended" | "ending" | "ends"));
    let is_range = points.len() == 2 && (joined == Some(Joint::To) || before(1) == "between");
    let year = points.iter().rev().find_map(|point| point.year);
    let bounds: Option<Vec<(Day, Day)>> = points
        .iter()
        .map(|point| bounds(point, year, known))
        .collect();
    let span = bounds.and_then(|bounds| {
        let (first, last) = (bounds[0], bounds[bounds.len() - 1]);
        let follow = bounds.windows(2).all(|pair| pair[0].1 == pair[1].0);
        if first.0 >= last.1 || (points.len() > 1 && !is_range && !follow) {
            return None;
        }
        let (from, until) = match before(1) {
            "than" if before(2) == "earlier" => (None, Some(first.0)),
            "than" if before(2) == "later" => (Some(last.1), None),
            _ if is_negated || is_part => return None,
            _ if points.len() > 1 => (Some(first.0), Some(last.1)),
            "before" => (None, Some(first.0)),
            "to" if before(2) == "prior" => (None, Some(first.0)),
            "to" if before(2) == "up" => (None, Some(last.1)),
            "after" => (Some(last.1), None),
            "since" | "from" | "starting" => (Some(first.0), None),
            "until" | "till" | "through" => (None, Some(last.1)),
            // `by June` may mean a limit or a grouping.
            "by" | "to" => return None,
            _ => (Some(first.0), Some(last.1)),
        };
        Some(Span {
            from: from.map(written),
            until: until.map(written),
        })
    });
    Period { place, span }
}

/// The first day of a point and the day after it.
fn bounds(point: &Point, year: Option<i32>, known: Option<(Day, Day)>) -> Option<(Day, Day)> {
    let in_year = |year: i32| match point.day {
        Some(day) => {
            let days = days_in(year, point.first_month);
            if day == 0 || day > days {
                return None;
            }
            let next = if day < days {
                (year, point.first_month, day + 1)
            } else {
                month_after(year, point.first_month, 1)
            };
            Some(((year, point.first_month, day), next))
        }
        None => Some((
            (year, point.first_month, 1),
            month_after(year, point.first_month, point.months),
        )),
    };
    if let Some(year) = point.year.or(year) {
        return in_year(year);
    }
    let (first, last) = known?;
    if first.0 == last.0 {
        return in_year(first.0);
    }
    let mut fitting = (first.0..=last.0)
        .filter_map(in_year)
        .filter(|(from, until)| *from <= last && *until > first);
    // Of several years none is meant more than the others.
    fitting.next().filter(|_| fitting.next().is_none())
}

fn month_after(year: i32, month: u32, months: u32) -> Day {
    let month = month - 1 + months;
    (year + (month / 12) as i32, month % 12 + 1, 1)
}

fn days_in(year: i32, month: u32) -> u32 {
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn written((year, month, day): Day) -> String {
    format!("{year:04}-{month:02}-{day:02}")
}

/// Reads a day that a text begins with, as tools write it.
fn day(text: &str) -> Option<Day> {
    let mut parts = text
        .get(..10)?
        .split('-')
        .map(|part| part.parse::<u32>().ok());
    Some((parts.next()?? as i32, parts.next()??, parts.next()??))
}

const MONTH: &str = r"(january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\b\.?";

/// Finds the points of the calendar in `text`, in its order.
fn points(text: &str, known: Option<(Day, Day)>) -> Vec<Point> {
    type Read = fn(&Captures<'_>) -> Option<(Option<i32>, u32, u32, Option<u32>)>;
    fn part<T: std::str::FromStr>(captures: &Captures<'_>, at: usize) -> Option<T> {
        captures.get(at)?.as_str().parse().ok()
    }
    fn month(captures: &Captures<'_>, at: usize) -> Option<u32> {
        const STARTS: &str = "janfebmaraprmayjunjulaugsepoctnovdec";
        let start = captures.get(at)?.as_str().to_lowercase();
        Some(STARTS.find(start.get(..3)?)? as u32 / 3 + 1)
    }
    fn ordinal(captures: &Captures<'_>, at: usize, last: u32) -> Option<u32> {
        Some(match captures.get(at)?.as_str().to_lowercase().as_str() {
            "first" | "1st" | "1" => 1,
            "second" | "2nd" | "2" => 2,
            "third" | "3rd" | "3" => 3,
            "fourth" | "4th" | "4" => 4,
            _ => last,
        })
    }
    // The longer forms first: what one has read, the next don't see.
    static FORMS: LazyLock<Vec<(Regex, Read)>> = LazyLock::new(|| {
        const YEAR: &str = r"(?:,?\s+(?:of\s+|in\s+)?|[-/])((?:19|20)\d\d)\b";
        const HALF: &str = r"(?i)\b(first|second|1st|2nd)\s+half";
        let forms: Vec<(String, Read)> = vec![
            (r"\b(\d{4})-(\d\d)-(\d\d)(?:T[\d:.Z+-]*)?".into(), |found| {
                Some((part(found, 1), part(found, 2)?, 1, part(found, 3)))
            }),
            (r"(?i)\b((?:19|20)\d\d)[\s-]*q([1-4])\b".into(), |found| {
                Some((part(found, 1), part::<u32>(found, 2)? * 3 - 2, 3, None))
            }),
            (r"\b(\d{4})-(0[1-9]|1[0-2])\b".into(), |found| {
                Some((part(found, 1), part(found, 2)?, 1, None))
            }),
            (
                format!(r"(?i)\b(\d\d?)(?:st|nd|rd|th|\.)?\s+(?:of\s+)?{MONTH}(?:{YEAR})?"),
                |found| Some((part(found, 3), month(found, 2)?, 1, part(found, 1))),
            ),
            (
                format!(r"(?i)\b{MONTH}\s+(\d\d?)(?:st|nd|rd|th)?\b(?:{YEAR})?"),
                |found| Some((part(found, 3), month(found, 1)?, 1, part(found, 2))),
            ),
            (format!(r"(?i)\b{MONTH}(?:{YEAR})?"), |found| {
                Some((part(found, 2), month(found, 1)?, 1, None))
            }),
            (format!(r"(?i)\bq([1-4])\b(?:{YEAR})?"), |found| {
                Some((part(found, 2), part::<u32>(found, 1)? * 3 - 2, 3, None))
            }),
            (
                format!(
                    r"(?i)\b(first|second|third|fourth|last|1st|2nd|3rd|4th)\s+quarter\b(?:{YEAR})?"
                ),
                |found| Some((part(found, 2), ordinal(found, 1, 4)? * 3 - 2, 3, None)),
            ),
            (format!(r"{HALF}\b(?:{YEAR})?"), |found| {
                Some((part(found, 2), ordinal(found, 1, 2)? * 6 - 5, 6, None))
            }),
            (format!(r"(?i)\bh([12])\b(?:{YEAR})?"), |found| {
                Some((part(found, 2), part::<u32>(found, 1)? * 6 - 5, 6, None))
            }),
            (r"\b((?:19|20)\d\d)\b".into(), |found| {
                Some((part(found, 1), 1, 12, None))
            }),
        ];
        forms
            .into_iter()
            .map(|(form, read)| (pattern(&form), read))
            .collect()
    });
    let mut rest = text.to_owned();
    let mut found = Vec::new();
    for (form, read) in FORMS.iter() {
        let mut read_places = Vec::new();
        for captures in form.captures_iter(&rest) {
            let Some(whole) = captures.get(0) else {
                continue;
            };
            let Some((year, first_month, months, day)) = read(&captures) else {
                continue;
            };
            let place = whole.range();
            let has_more = day.is_some() || year.is_some();
            if !(1..=12).contains(&first_month) {
                continue;
            }
            let is_meant = match months {
                12 => is_year(text, &place, year, known),
                1 if !has_more => is_month(text, &place),
                _ => true,
            };
            if is_meant {
                read_places.push(place.clone());
                found.push(Point {
                    place,
                    year,
                    first_month,
                    months,
                    day,
                });
            }
        }
        for place in read_places {
            rest.replace_range(place.clone(), &" ".repeat(place.len()));
        }
    }
    found.sort_by_key(|point| point.place.start);
    found
}

/// The word before a place, in lower case.
fn word_before<'a>(text: &'a str, place: &Range<usize>) -> &'a str {
    let before = text[..place.start].trim_end();
    before.rsplit(char::is_whitespace).next().unwrap_or("")
}

/// Whether four digits are a year: after `in` and the like, or where the data have that year.
fn is_year(text: &str, place: &Range<usize>, year: Option<i32>, known: Option<(Day, Day)>) -> bool {
    const CUES: &[&str] = &[
        "in",
        "of",
        "for",
        "during",
        "since",
        "before",
        "after",
        "until",
        "till",
        "through",
        "from",
        "between",
        "year",
        "except",
        "excluding",
    ];
    const COUNTS: &[&str] = &[
        "top", "first", "last", "over", "above", "than", "under", "below", "least", "most",
        "exceeds", "equals", "is", "limit", ">", "<", "=", ">=", "<=", "+", "-", "*", "/",
    ];
    let before = word_before(text, place).to_lowercase();
    let is_known = known
        .zip(year)
        .is_some_and(|((first, last), year)| (first.0..=last.0).contains(&year));
    // `2,000`, `2000.5` and `$2000` are amounts.
    let is_part = text[..place.start].ends_with(['.', ',', '$', '€', '£', '-', '/', '_'])
        || text[place.end..]
            .strip_prefix(['.', ',', '-', '_'])
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        || text[place.end..].starts_with('%');
    !is_part
        && (CUES.contains(&before.as_str()) || (is_known && !COUNTS.contains(&before.as_str())))
}

/// Whether a word that can be a month is one: `may` and `march` are verbs too, and short forms are names.
fn is_month(text: &str, place: &Range<usize>) -> bool {
    const CUES: &[&str] = &[
        "in",
        "of",
        "for",
        "during",
        "since",
        "before",
        "after",
        "until",
        "till",
        "through",
        "from",
        "to",
        "between",
        "and",
        "or",
        "by",
        "last",
        "this",
        "except",
        "excluding",
        "than",
        "only",
    ];
    const VERB_FOLLOWS: &[&str] = &["i", "we", "you", "it", "the", "be", "have", "not"];
    let word = text[place.clone()].trim_end_matches('.');
    let before = word_before(text, place).to_lowercase();
    let is_cued = CUES.contains(&before.as_str());
    let follows = text[place.end..].split_whitespace().next().unwrap_or("");
    let is_capital = word.starts_with(|c: char| c.is_uppercase());
    let is_verb =
        word.eq_ignore_ascii_case("may") && VERB_FOLLOWS.contains(&follows.to_lowercase().as_str());
    !is_verb && (is_cued || (is_capital && word.len() > 3) || (is_capital && word == "May"))
}

/// Finds spans that are told from today, or that are no span of the calendar: nothing here knows which days they have.
fn vague(text: &str) -> Vec<Range<usize>> {
    static VAGUE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:\d\d?[/.]\d\d?[/.](?:\d\d)?\d\d|(?:last|past|previous|this|next|current|recent)\s+(?:\d+\s+|two\s+|three\s+|few\s+|couple\s+of\s+)?(?:year|quarter|month|week|weekend|day|hour|summer|winter|spring|autumn|fall|monday|tuesday|wednesday|thursday|friday|saturday|sunday)s?|yesterday|today|so\s+far|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|weekends?|weekdays|workdays|christmas|easter|(?:in|during|of|for|last|this)\s+(?:the\s+)?(?:summer|winter|spring|autumn|fall))\b",
        )
    });
    VAGUE.find_iter(text).map(|found| found.range()).collect()
}

#[cfg(test)]
mod tests;
