//! Reading a request: its clauses, its words, the JSON in it, and, in `values`, what else it holds. Nothing here knows
//! tools.

mod values;

use std::sync::LazyLock;

use regex_lite::Regex;

pub use values::{
    dates, durations, formula, gives_numbers, how_many, number_after, numbers, paths, quotations,
    subject, urls, without_paths, zones,
};

/// The most characters of a request that are read for meaning. A longer one is a document, not a wish.
const REQUEST_CHARS_MAX: usize = 8_000;
/// The most clauses of one request; each may lead to a tool call.
const CLAUSES_MAX: usize = 8;

pub fn pattern(text: &str) -> Regex {
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
mod tests;
