//! Words that probably restrict the rows and that no column is known to have: names, quotations, and what stands after
//! `for` or `where`.

use std::ops::Range;
use std::sync::LazyLock;

use regex_lite::Regex;

use super::{Restriction, tokens};
use crate::facts::Facts;
use crate::text;
use crate::words;

/// Words that say how or from where, not which rows.
#[rustfmt::skip]
const HARMLESS: &[&str] = &[
    "all", "each", "every", "any", "everyone", "everything", "total", "detail", "general", "average", "mean", "median", "sum", "count", "percent",
    "euro", "euros", "dollar", "dollars", "eur", "usd", "order", "orders", "row", "rows", "record", "records", "sale", "sales", "number", "numbers",
    "file", "files", "table", "tables", "data", "dataset", "sheet", "csv", "tsv", "json", "svg", "png", "markdown", "column", "columns", "value", "values",
    "ascending", "descending", "bar", "bars", "line", "pie", "scatter", "chart", "graph", "plot", "diagram", "picture", "list", "form", "overview",
    "word", "words", "comparison", "have", "has", "had", "be", "share", "course", "money", "income", "earnings", "thing", "things", "result", "results", "answer", "question", "product", "between", "not", "example", "short", "full", "whole", "first", "last", "top", "bottom", "it", "this", "that", "these", "those",
    "them", "there", "here", "me", "us", "you", "i", "we", "my", "our", "your", "their", "its", "the", "a", "an", "one", "which", "what", "who", "how", "and", "or",
    "by", "per", "to", "of", "in", "for", "from", "with", "as", "at", "on", "is", "are", "more", "less", "time", "date", "year", "years", "quarter", "quarters",
    "month", "months", "week", "weeks", "day", "days", "weekday", "shop", "company", "business", "please", "title", "heading", "label", "labels", "period", "question",
    "show", "draw", "give", "tell", "find", "compute", "calculate", "compare", "sort", "sorted", "group", "grouped", "then", "also", "high", "low", "caxton", "hello", "hi",
];

/// Finds such words.
pub fn restrictions(facts: &Facts, text: &str) -> Vec<Restriction> {
    // Without columns nothing is known about what would be meant.
    if facts.columns.is_empty() {
        return Vec::new();
    }
    let mut places = quotations(text);
    places.extend(clauses(facts, text));
    places.extend(names(facts, text));
    places.extend(nouns(facts, text));
    let mut found: Vec<Restriction> = Vec::new();
    for place in places {
        if !found
            .iter()
            .any(|known| crate::period::overlaps(&known.place, &place))
        {
            found.push(Restriction::new(text, place, Vec::new()));
        }
    }
    found
}

/// Whether a word says which rows, as far as one can tell: no column's name, and none of the usual words.
fn may_restrict(facts: &Facts, word: &str) -> bool {
    let lower = word.to_lowercase();
    let stem = text::stem(&lower);
    let is_column = facts
        .columns
        .iter()
        .any(|column| text::stems(&column.name).contains(&stem));
    let is_number = lower.starts_with(|c: char| c.is_ascii_digit());
    !is_column
        && !is_number
        && !HARMLESS.contains(&lower.as_str())
        && words::superlative(&lower).is_none()
}

/// Quotations, but for titles.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let place = |quoted: String| {
        let start = text.find(&quoted)?;
        let before = text[..start].trim_end_matches(|c: char| !c.is_alphanumeric());
        let before = before.rsplit(char::is_whitespace).next()?.to_lowercase();
        let is_title =
            ["titled", "title", "called", "named", "headed", "heading"].contains(&before.as_str());
        (!is_title).then(|| start..start + quoted.len())
    };
    text::quotations(text)
        .into_iter()
        .filter_map(place)
        .collect()
}

/// What stands after `where` and `whose`, up to the next comma.
fn clauses(facts: &Facts, text: &str) -> Vec<Range<usize>> {
    static CLAUSE: LazyLock<Regex> =
        LazyLock::new(|| text::pattern(r"(?i)\S\s+(?:where|whose)\s+([^,;]+)"));
    CLAUSE
        .captures_iter(text)
        .filter_map(|found| found.get(1))
        .filter(|found| {
            text::words(found.as_str())
                .iter()
                .any(|word| may_restrict(facts, word))
        })
        .map(|found| {
            // Where a path was, its preposition is left.
            let phrase = found.as_str().trim_end_matches(['_', ' ']);
            let phrase = [" in", " from", " of"]
                .iter()
                .find_map(|end| phrase.strip_suffix(end))
                .unwrap_or(phrase);
            found.start()..found.start() + phrase.len()
        })
        .collect()
}

/// Names: words with a capital within the sentence, several together as one.
fn names(facts: &Facts, text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (place, _) in tokens(text).into_iter().skip(1) {
        let word = &text[place.clone()];
        if word.chars().count() < 2
            || !word.starts_with(char::is_uppercase)
            || !may_restrict(facts, word)
        {
            continue;
        }
        match found.last_mut() {
            Some(last) if matches!(text[last.end..place.start].trim(), "" | "&" | "-") => {
                last.end = place.end
            }
            _ => found.push(place),
        }
    }
    found
}

/// The noun after a word such as `for` or `without`.
fn nouns(facts: &Facts, text: &str) -> Vec<Range<usize>> {
    static NOUN: LazyLock<Regex> = LazyLock::new(|| {
        text::pattern(
            r"(?i)\b(?:(?:for|from|of|without|excluding|except|only|within|in|during|with)\s+)+(?:(?:the|a|an|our|my|any)\s+)?([^\W\d_][\w-]*)",
        )
    });
    NOUN.captures_iter(text)
        .filter_map(|found| found.get(1))
        .filter(|noun| may_restrict(facts, noun.as_str()))
        .map(|noun| noun.range())
        .collect()
}
