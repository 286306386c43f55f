//! The values in a request: paths, addresses, quotations, numbers, dates, durations, time zones, formulas, amounts and what
//! is looked for.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::pattern;

/// Finds file paths: with a slash and an ending, with a slash at the end, or with a well-known ending.
pub fn paths(text: &str) -> Vec<String> {
    static PATH: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?:^|[\s`'\x22(=,:])((?:\./|/)?[\w.@+-]+(?:/[\w.@+-]+)*/?)"));
    static ENDING: LazyLock<Regex> = LazyLock::new(|| pattern(r"^[A-Za-z0-9]{1,8}$"));
    const KNOWN: &[&str] = &[
        "csv", "tsv", "json", "jsonl", "ndjson", "txt", "md", "log", "xml", "yaml", "yml", "toml",
        "html", "svg", "png", "sql", "ini", "rs", "py", "js", "ts", "go",
    ];
    let mut found = Vec::new();
    for capture in PATH.captures_iter(text) {
        let Some(matched) = capture.get(1) else {
            continue;
        };
        if text[matched.end()..].starts_with("://") {
            continue;
        }
        let path = matched.as_str().trim_end_matches(['.', ',']);
        let last = path.rsplit('/').next().unwrap_or(path);
        let ending = last
            .rsplit_once('.')
            .filter(|(stem, _)| !stem.is_empty())
            .map(|(_, ending)| ending.to_ascii_lowercase());
        let has_slash = path.contains('/');
        let is_path = match ending {
            Some(ending) => {
                KNOWN.contains(&ending.as_str())
                    || (has_slash
                        && ENDING.is_match(&ending)
                        && ending.chars().any(char::is_alphabetic))
            }
            None => {
                has_slash
                    && path.len() > 1
                    && (path.ends_with('/') || path.starts_with('/') || path.starts_with("./"))
            }
        };
        if is_path && !path.starts_with("//") && !found.iter().any(|other| other == path) {
            found.push(path.to_owned());
        }
    }
    found
}

/// Gives `text` without the paths in it, whose words mean no column, value or tool.
pub fn without_paths(text: &str) -> String {
    paths(text).iter().fold(text.to_owned(), |text, path| {
        text.replace(path.as_str(), " ")
    })
}

/// Finds `http` and `https` addresses.
pub fn urls(text: &str) -> Vec<String> {
    static URL: LazyLock<Regex> = LazyLock::new(|| pattern(r"https?://[^\s<>\x22'`]+"));
    URL.find_iter(text)
        .map(|found| {
            found
                .as_str()
                .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']'])
                .to_owned()
        })
        .collect()
}

/// Finds texts in quotation marks.
pub fn quotations(text: &str) -> Vec<String> {
    static QUOTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\x22([^\x22\n]+)\x22|“([^”\n]+)”|«([^»\n]+)»|`([^`\n]+)`|(?:^|[\s(=])'([^'\n]+)'")
    });
    QUOTED
        .captures_iter(text)
        .filter_map(|found| (1..=5).find_map(|at| found.get(at)))
        .map(|found| found.as_str().to_owned())
        .collect()
}

/// Finds numbers, written as `1,234.5` or `-3`, but not parts of dates, names or paths.
pub fn numbers(text: &str) -> Vec<f64> {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:^|[\s(\[=<>$€£,])(-?\d{1,3}(?:,\d{3})+(?:\.\d+)?|-?\d+(?:\.\d+)?)(%|[\s,.;:?!)\]]|$)",
        )
    });
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(capture) = NUMBER.captures(&text[at..]) {
        let Some(number) = capture.get(1) else { break };
        found.extend(number.as_str().replace(',', "").parse::<f64>().ok());
        // The separator after a number may be the one before the next.
        at += number.end();
    }
    found
}

/// Finds dates and times as in `2024-03-10` or `2024-03-10T09:30:00Z`.
pub fn dates(text: &str) -> Vec<String> {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?)?",
        )
    });
    DATE.find_iter(text)
        .map(|found| found.as_str().to_owned())
        .collect()
}

/// Finds durations as in `3 days` or `1 hour 30 minutes`.
pub fn durations(text: &str) -> Vec<String> {
    static DURATION: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b\d+\s*(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|hrs?|mins?|secs?)(?:(?:,|\s+and)?\s+\d+\s*(?:years?|months?|weeks?|days?|hours?|minutes?|seconds?|hrs?|mins?|secs?))*\b",
        )
    });
    DURATION
        .find_iter(text)
        .map(|found| found.as_str().to_owned())
        .collect()
}

/// Finds time zones: `Europe/Paris`, `UTC+2`, or a capitalised name after `in`, `to` or `from`.
pub fn zones(text: &str) -> Vec<String> {
    static ZONE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b([A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?|(?:UTC|GMT)(?:[+-]\d{1,2}(?::\d{2})?)?)|\b(?:[Ii]n|[Tt]o|[Ff]rom|[Aa]t)\s+([A-Z][a-zé]+(?:\s[A-Z][a-z]+){0,2})",
        )
    });
    ZONE.captures_iter(text)
        .filter_map(|found| found.get(1).or_else(|| found.get(2)))
        .map(|found| found.as_str().to_owned())
        .collect()
}

/// Finds the longest formula, such as `17 * (23 + 1)`, also where its signs are words (`17 times 23`, `15% of 80`).
pub fn formula(text: &str) -> Option<String> {
    static WORDS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
        [
            (
                r"(?i)(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\s+(\d+(?:\.\d+)?)",
                "$1 / 100 * $2",
            ),
            (r"(?i)(\d|\))\s+plus\s+(\d|\()", "$1 + $2"),
            (r"(?i)(\d|\))\s+minus\s+(\d|\()", "$1 - $2"),
            (
                r"(?i)(\d|\))\s+(?:times|multiplied\s+by)\s+(\d|\()",
                "$1 * $2",
            ),
            (r"(?i)(\d|\))\s+(?:divided\s+by|over)\s+(\d|\()", "$1 / $2"),
            (r"(?i)(\d|\))\s+to\s+the\s+power\s+of\s+(\d|\()", "$1 ^ $2"),
            (r"(\d)\s*[×·]\s*(\d)", "$1 * $2"),
            (r"(\d)\s*÷\s*(\d)", "$1 / $2"),
            (r"(\d),(\d{3})\b", "$1$2"),
        ]
        .into_iter()
        .map(|(from, to)| (pattern(from), to))
        .collect()
    });
    static FORMULA: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?:[(\s]*-?(?:(?:sqrt|abs|round|floor|ceil|ln|log|exp|sin|cos|tan|min|max)\s*\(\s*)*\d+(?:\.\d+)?%?[)\s]*(?:\*\*|[-+*/^])\s*)+[(\s]*-?(?:(?:sqrt|abs|round|floor|ceil|ln|log|exp|sin|cos|tan)\s*\(\s*)*\d+(?:\.\d+)?%?[)]*|(?:sqrt|abs|ln|log|exp|sin|cos|tan)\s*\(\s*-?\d+(?:\.\d+)?\s*\)",
        )
    });
    let mut text = text.to_owned();
    for date in dates(&text) {
        // The hyphens of a date are no subtraction.
        text = text.replace(&date, " ");
    }
    for (from, to) in WORDS.iter() {
        text = from.replace_all(&text, *to).into_owned();
    }
    FORMULA
        .find_iter(&text)
        .map(|found| found.as_str().trim())
        .max_by_key(|found| found.len())
        .map(str::to_owned)
        .or_else(|| listed(&text))
}

/// A list of numbers that are to be added or multiplied, as in `the sum of 1, 2 and 3`, as a formula.
fn listed(text: &str) -> Option<String> {
    static LISTED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)\b(?:(sum|add|total)|(multiply|product))\s+(?:(?:up|of|the|these|numbers)[\s:]+)*(-?\d+(?:\.\d+)?(?:(?:,?\s+and\s+|,\s*|\s+)-?\d+(?:\.\d+)?)+)\s*(?:[?.!]|$|together|up)",
        )
    });
    let found = LISTED.captures(text)?;
    let sign = if found.get(1).is_some() { " + " } else { " * " };
    let numbers = found.get(3)?.as_str().replace("and", " ").replace(',', " ");
    Some(numbers.split_whitespace().collect::<Vec<_>>().join(sign))
}

/// Whether a text is about numbers that it gives itself: a formula, or a list of them, without a file. The ends of
/// `between 100 and 200` are no list.
pub fn gives_numbers(text: &str) -> bool {
    static LIST: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\d(?:,?\s+and\s+|,\s+)-?\d"));
    static BETWEEN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bbetween\s"));
    paths(text).is_empty()
        && !BETWEEN.is_match(text)
        && (formula(text).is_some() || LIST.is_match(text))
}

/// The number right after a word, as in `depth 3`.
pub fn number_after(text: &str, word: &str) -> Option<f64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let at = words
        .iter()
        .position(|other| other.eq_ignore_ascii_case(word))?;
    number_word(words.get(at + 1)?)
}

/// How many are asked for, as in `top 3` or `the five largest`.
pub fn how_many(text: &str) -> Option<f64> {
    const BEFORE: &[&str] = &["top", "first", "last", "bottom", "limit", "best"];
    const AFTER: &[&str] = &[
        "largest", "biggest", "highest", "smallest", "lowest", "best", "worst", "most", "least",
        "first", "last", "newest", "oldest", "latest", "cheapest", "top",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).find_map(|pair| {
        let is = |word: &str, cues: &[&str]| cues.contains(&word.to_lowercase().as_str());
        if is(pair[0], BEFORE) {
            number_word(pair[1])
        } else if is(pair[1], AFTER) {
            number_word(pair[0])
        } else {
            None
        }
    })
}

fn number_word(word: &str) -> Option<f64> {
    const WORDS: &[&str] = &[
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    let lower = word.to_lowercase();
    let spoken = WORDS
        .iter()
        .position(|other| *other == lower)
        .map(|number| number as f64);
    spoken.or_else(|| {
        numbers(word.trim_end_matches(['.', ',', '?', '!']))
            .first()
            .copied()
    })
}

/// What is looked for: what stands after `find`, `for` or `about`, without where to look.
pub fn subject(text: &str) -> Option<String> {
    static SUBJECT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:\b(?:find|grep|locate)\s+(?:all\s+)?|\b(?:for|about|containing|contains|mentioning|mention|mentions)\s+)(?:the\s+(?:words?|texts?)\s+)?(.+?)(?:\s+(?:in|within|from|under)\s.*)?$",
        )
    });
    let plain = without_paths(text);
    let found = SUBJECT
        .captures(plain.trim())
        .and_then(|found| found.get(1))?
        .as_str()
        .trim();
    let found = found.strip_suffix(" in").unwrap_or(found).trim();
    (!found.is_empty()).then(|| found.to_owned())
}
