//! Headings for what is drawn, made of the order to draw it.

use crate::text;

/// Turns an order into a heading: `Draw a bar chart of revenue by region` into `Revenue by region`. Nothing where it
/// only points at something said before, as `Plot it` does.
pub fn heading(clause: &str) -> Option<String> {
    const NOISE: &[&str] = &[
        "please",
        "can",
        "could",
        "you",
        "draw",
        "plot",
        "make",
        "create",
        "show",
        "render",
        "give",
        "visualize",
        "visualise",
        "chart",
        "graph",
        "me",
        "us",
        "a",
        "an",
        "the",
        "bar",
        "line",
        "pie",
        "scatter",
        "diagram",
        "picture",
        "with",
        "of",
        "for",
        "showing",
        "that",
        "shows",
        "as",
        "simple",
        "nice",
        "it",
        "this",
        "them",
        "these",
    ];
    let clause = text::without_paths(clause);
    // `… as a line chart` says how, not what.
    let what = clause
        .rfind(" as a")
        .filter(|at| *at > 0)
        .map_or(clause.as_str(), |at| &clause[..at]);
    let mut words: Vec<&str> = what
        .split_whitespace()
        .skip_while(|word| NOISE.contains(&word.to_lowercase().as_str()))
        .collect();
    while words
        .last()
        .is_some_and(|word| matches!(word.to_lowercase().as_str(), "in" | "from" | "of" | "file"))
    {
        words.pop();
    }
    let rest = words.join(" ");
    let mut characters = rest.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).take(80).collect())
}
