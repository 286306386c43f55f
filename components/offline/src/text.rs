//! Reading a request: its sentences, and the paths, addresses, numbers, dates, quotations and formulas in it. Nothing
//! here knows tools.

use std::sync::LazyLock;

use regex_lite::Regex;

/// The most characters of a request that are read for meaning. A longer one is a document, not a wish.
const REQUEST_CHARS_MAX: usize = 8_000;
/// The most clauses of one request; each may lead to a tool call.
const CLAUSES_MAX: usize = 8;

fn pattern(text: &str) -> Regex {
    // The patterns are constants of this file, and the tests use each of them.
    Regex::new(text)
        .unwrap_or_else(|error| unreachable!("the pattern {text} does not parse: {error}"))
}

/// Splits a request into clauses that can each be answered by one tool: at the ends of sentences, at semicolons, and
/// before `and` or `then` where a new order begins.
pub fn clauses(request: &str) -> Vec<String> {
    static END: LazyLock<Regex> = LazyLock::new(|| pattern(r"[.?!;]+[\s]+|\n+"));
    static ORDER: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?i)(?:,\s*|\s+)(?:and\s+then|and\s+also|then|and)\s+(?:please\s+)?(?:add|calculate|chart|compute|convert|count|create|describe|display|draw|fetch|find|get|give|list|make|plot|read|render|search|show|sort|sum|summari[sz]e|tell|visuali[sz]e|what|which|how|who|when|where)\b",
        )
    });
    let text: String = without_json(request)
        .chars()
        .take(REQUEST_CHARS_MAX)
        .collect();
    let mut clauses = Vec::new();
    for sentence in END.split(&text) {
        let mut start = 0;
        for joint in ORDER.find_iter(sentence) {
            clauses.push(&sentence[start..joint.start()]);
            start = joint.start();
        }
        clauses.push(&sentence[start..]);
    }
    static LEADING: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?i)^[\s,]*(?:(?:and|then|also|please)\s+)*"));
    let trimmed = clauses.into_iter().map(|clause| {
        LEADING
            .replace(clause, "")
            .trim()
            .trim_end_matches(['.', '?', '!', ';', ',', ':'])
            .trim()
            .to_owned()
    });
    trimmed
        .filter(|clause| {
            clause.chars().filter(|c| c.is_alphanumeric()).count() > 1
                && !only_points_at_data(clause)
        })
        .take(CLAUSES_MAX)
        .collect()
}

/// Whether a clause says nothing but where the data are, such as `(the file is data/sales.csv)` or `Here are the data:`.
fn only_points_at_data(clause: &str) -> bool {
    const NOISE: &[&str] = &[
        "the",
        "a",
        "as",
        "file",
        "data",
        "json",
        "csv",
        "table",
        "values",
        "numbers",
        "following",
        "below",
        "is",
        "are",
        "in",
        "it",
        "s",
        "use",
        "from",
        "of",
        "for",
        "this",
        "here",
        "lies",
        "can",
        "be",
        "found",
    ];
    words(&without_paths(clause))
        .iter()
        .all(|word| NOISE.contains(&word.as_str()))
}

/// Finds the JSON objects and arrays in `text`, with the byte ranges where they stand.
pub fn json_values(text: &str) -> Vec<(std::ops::Range<usize>, serde_json::Value)> {
    // A text full of brackets must not be parsed once for each of them.
    const FAILURES_MAX: usize = 64;
    let mut found = Vec::new();
    let mut failures = 0;
    let mut at = 0;
    while let Some(offset) = text[at..].find(['{', '[']) {
        let start = at + offset;
        let mut values =
            serde_json::Deserializer::from_str(&text[start..]).into_iter::<serde_json::Value>();
        match values.next() {
            Some(Ok(value)) => {
                at = start + values.byte_offset();
                found.push((start..at, value));
            }
            _ => {
                failures += 1;
                at = start + 1;
                if failures > FAILURES_MAX {
                    break;
                }
            }
        }
    }
    found
}

/// Gives `text` without the JSON objects and lists of objects in it.
pub fn without_json(text: &str) -> String {
    let mut rest = String::new();
    let mut at = 0;
    for (range, value) in json_values(text) {
        // A short list such as `[1, 2]` or a note in brackets is part of the sentence.
        if value.is_object()
            || value
                .as_array()
                .is_some_and(|items| items.iter().any(|item| item.is_object() || item.is_array()))
        {
            rest.push_str(&text[at..range.start]);
            at = range.end;
        }
    }
    rest.push_str(&text[at..]);
    rest
}

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

/// Splits a name such as `csv__groupBy` or a sentence into lower-case words.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut before_is_lower = false;
    for c in text.chars() {
        if !c.is_alphanumeric() || (c.is_uppercase() && before_is_lower) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before_is_lower = c.is_lowercase();
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Gives a word without its commonest English endings, so that `charts` and `charting` meet.
pub fn stem(word: &str) -> String {
    if !word.is_ascii() {
        return word.to_owned();
    }
    let mut root = word;
    if let Some(short) = root.strip_suffix("ies").filter(|short| short.len() >= 2) {
        return format!("{short}y");
    }
    if let Some(short) = root
        .strip_suffix('s')
        .filter(|short| short.len() >= 3 && !short.ends_with(['s', 'u', 'i']))
    {
        root = short;
    }
    for ending in ["ation", "ing", "ion", "ed"] {
        if let Some(short) = root.strip_suffix(ending).filter(|short| short.len() >= 3) {
            root = short;
            break;
        }
    }
    let bytes = root.as_bytes();
    if root.len() > 3
        && bytes[bytes.len() - 1] == bytes[bytes.len() - 2]
        && !root.ends_with(['l', 's', 'e'])
    {
        root = &root[..root.len() - 1];
    }
    root.strip_suffix('e')
        .filter(|short| short.len() >= 3)
        .unwrap_or(root)
        .to_owned()
}

/// Gives the stems of all words.
pub fn stems(text: &str) -> Vec<String> {
    words(text).iter().map(|word| stem(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_fall_into_clauses() {
        for (request, expected) in [
            (
                "Which region sold the most? Draw a bar chart of revenue by region.",
                vec![
                    "Which region sold the most",
                    "Draw a bar chart of revenue by region",
                ],
            ),
            (
                "Sum the units and then draw a pie chart",
                vec!["Sum the units", "draw a pie chart"],
            ),
            (
                "units and revenue by region",
                vec!["units and revenue by region"],
            ),
            (
                "What is 3.5 + 1? Thanks!",
                vec!["What is 3.5 + 1", "Thanks"],
            ),
            (
                "Read data/sales.v2.csv, and tell me what is in it",
                vec!["Read data/sales.v2.csv", "tell me what is in it"],
            ),
            (
                "Draw this:\n{\"columns\":[\"a. b\"],\"rows\":[[1]]}",
                vec!["Draw this"],
            ),
            (
                "What is in this table? (the file is data/sales.csv)",
                vec!["What is in this table"],
            ),
            (
                "Draw a chart.\n\nThe data as JSON:\n{\"columns\":[\"a\"],\"rows\":[[1]]}",
                vec!["Draw a chart"],
            ),
            ("", vec![]),
            ("?!", vec![]),
        ] {
            assert_eq!(clauses(request), expected, "{request}");
        }
        assert_eq!(clauses(&"Do it. ".repeat(1000)).len(), CLAUSES_MAX);
    }

    #[test]
    fn paths_are_told_from_other_words() {
        for (text, expected) in [
            ("in data/sales.csv?", vec!["data/sales.csv"]),
            ("open ./notes.md, please", vec!["./notes.md"]),
            ("sales.csv and sales.csv", vec!["sales.csv"]),
            ("the `my-data/a_b.tsv`", vec!["my-data/a_b.tsv"]),
            ("list data/ now", vec!["data/"]),
            ("and/or 3.5 km/h on 1/2", vec![]),
            ("see https://example.com/a/b.csv", vec![]),
            ("version 1.2.3 of example.com", vec![]),
            ("/etc/passwd", vec!["/etc/passwd"]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
    }

    #[test]
    fn values_are_found() {
        assert_eq!(
            urls("Get https://example.com/a?b=1, or (http://x.test)."),
            ["https://example.com/a?b=1", "http://x.test"]
        );
        assert_eq!(
            quotations("say \"hello there\" or 'bye' and don't"),
            ["hello there", "bye"]
        );
        for (text, expected) in [
            ("mean of 3, 5 and 8.5", vec![3.0, 5.0, 8.5]),
            ("over 1,234.5 euros", vec![1234.5]),
            ("on 2024-01-31", vec![]),
            ("-3 degrees, 20%", vec![-3.0, 20.0]),
            ("[1,2,3]", vec![1.0, 2.0, 3.0]),
            ("a1 b2", vec![]),
        ] {
            assert_eq!(numbers(text), expected, "{text}");
        }
        assert_eq!(
            dates("from 2024-01-31 to 2024-03-01T10:00:00Z"),
            ["2024-01-31", "2024-03-01T10:00:00Z"]
        );
        assert_eq!(durations("in 3 days and 2 hours"), ["3 days and 2 hours"]);
        assert_eq!(
            zones("What time is it in New York, or Europe/Paris, or UTC+2?"),
            ["New York", "Europe/Paris", "UTC+2"]
        );
    }

    #[test]
    fn amounts_and_subjects_are_found() {
        for (text, expected) in [
            ("top 3 products", Some(3.0)),
            ("the five largest orders", Some(5.0)),
            ("First ten rows", Some(10.0)),
            ("the largest", None),
            ("3 apples", None),
        ] {
            assert_eq!(how_many(text), expected, "{text}");
        }
        assert_eq!(number_after("depth 3", "depth"), Some(3.0));
        for (text, expected) in [
            ("search for broken links in docs/a.md", Some("broken links")),
            ("Find Keyboard in the data files", Some("Keyboard")),
            ("which files mention the word needle", Some("needle")),
            ("read it", None),
        ] {
            assert_eq!(subject(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn formulas_are_found_in_signs_and_words() {
        for (text, expected) in [
            ("what is 17 * 23", Some("17 * 23")),
            ("17 times 23 please", Some("17 * 23")),
            ("how much is 15% of 80", Some("15 / 100 * 80")),
            ("(1 + 2) * 3 = ?", Some("(1 + 2) * 3")),
            ("calculate sqrt(16)", Some("sqrt(16)")),
            ("1,000 + 1", Some("1000 + 1")),
            ("between 2024-01-31 and now", None),
            ("revenue by region", None),
            ("three plus four", None),
        ] {
            assert_eq!(formula(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn json_is_found_in_text_and_floods_of_brackets_end() {
        let values = json_values("a {\"x\": [1]} b [2] {broken");
        assert_eq!(
            values
                .iter()
                .map(|(_, value)| value.to_string())
                .collect::<Vec<_>>(),
            ["{\"x\":[1]}", "[2]"]
        );
        assert!(json_values(&"[".repeat(1_000_000)).is_empty());
        assert!(json_values(&"{\"a\":".repeat(100_000)).is_empty());
    }

    #[test]
    fn forms_of_a_word_meet() {
        for (a, b) in [
            ("charts", "charting"),
            ("region", "regions"),
            ("sales", "sale"),
            ("category", "categories"),
            ("plotted", "plot"),
        ] {
            assert_eq!(stem(a), stem(b));
        }
        assert_eq!(
            words("csv__groupBy unit_price"),
            ["csv", "group", "by", "unit", "price"]
        );
    }
}
