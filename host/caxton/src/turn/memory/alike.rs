//! Whether what was said is known: by its words where they are the same, else by its meaning and how it begins. The bounds are
//! measured with the model of meanings that the server has.

use std::collections::BTreeSet;

use caxton_memory::{Entity, Hit};

use super::keep::versions;
use super::words::{content_words, overlap, spelled};

/// How near the meanings of two statements are, as a cosine, where one says in other words what the other said.
const SIMILAR: f32 = 0.85;

/// The same where they begin alike, so that one most likely corrects the other: `… is blue`, `… is red`.
const SIMILAR_BEGUN_ALIKE: f32 = 0.75;

/// How much of their words they have in common, where they begin alike and their meaning is not known.
const OVERLAPPING: f32 = 0.6;

/// What is longer was not said by somebody, and is not read for being the same.
const COMPARED_BYTES_MAX: usize = 2 << 10;

/// What of what is kept says what was said.
#[derive(Debug, PartialEq)]
pub(super) enum Known<'e> {
    /// This one, in the same words.
    Already(&'e Entity),
    /// This one, in other words, or it says something else of the same.
    Nearly(&'e Entity),
    /// None.
    Not,
}

/// Holds what was said against the entities nearest to it.
pub(super) fn known<'e>(near: &'e [Hit], said: &str) -> Known<'e> {
    let words = spelled(said);
    let says = |entity: &&Entity| match versions(entity) {
        // What was said before and is not what holds now is said anew.
        Some(mut versions) => versions
            .next_back()
            .is_some_and(|latest| spelled(latest) == words),
        None => entity
            .observations
            .iter()
            .filter(is_short)
            .any(|observation| {
                let alone = spelled(observation);
                alone == words || [spelled(&entity.name), alone].concat() == words
            }),
    };
    if let Some(entity) = near.iter().map(|hit| &hit.entity).find(says) {
        return Known::Already(entity);
    }
    let similar = |hit: &&Hit| {
        let mut versions = versions(&hit.entity).into_iter().flatten();
        versions.any(|version| is_short(&version) && are_alike(version, said, hit.similarity))
    };
    let mut similar: Vec<&Hit> = near.iter().filter(similar).collect();
    similar.sort_by(|a, b| {
        let cosine = |hit: &Hit| hit.similarity.unwrap_or_default();
        cosine(b).total_cmp(&cosine(a))
    });
    match similar.first() {
        Some(hit) => Known::Nearly(&hit.entity),
        None => Known::Not,
    }
}

fn is_short(text: &impl AsRef<str>) -> bool {
    text.as_ref().len() <= COMPARED_BYTES_MAX
}

/// Whether one of two statements says what the other does, or something else of the same.
fn are_alike(one: &str, other: &str, cosine: Option<f32>) -> bool {
    let (words, others) = (content_words(one), content_words(other));
    let begun_alike = begin_alike(one, other);
    let near = match cosine {
        Some(cosine) if begun_alike => cosine >= SIMILAR_BEGUN_ALIKE,
        Some(cosine) => {
            cosine >= SIMILAR && !is_of_another(one, &others) && !is_of_another(other, &words)
        }
        None => begun_alike && overlap(&words, &others) >= OVERLAPPING,
    };
    // The same words in another order, or beside other small ones, may say the opposite.
    near || (!words.is_empty() && words == others)
}

/// Whether two statements have at least half of their words in common at their beginnings, where their subjects stand.
fn begin_alike(one: &str, other: &str) -> bool {
    let (one, other) = (said_words(one), said_words(other));
    let common = one
        .iter()
        .zip(&other)
        .take_while(|(a, b)| a.to_lowercase() == b.to_lowercase());
    common.count() * 2 >= one.len().max(other.len())
}

/// Whether a statement begins with a number or name that the other lacks: `Room 1 …` is not `Room 2 …`, however alike they are.
fn is_of_another(statement: &str, other: &BTreeSet<String>) -> bool {
    let words = said_words(statement);
    let first_half = words.iter().take(words.len().div_ceil(2)).enumerate();
    let named = |place: usize, word: &str| {
        let capital = place > 0 && word.starts_with(char::is_uppercase);
        capital || word.contains(|c: char| c.is_ascii_digit())
    };
    first_half
        .filter(|(place, word)| named(*place, word))
        .any(|(_, word)| !other.contains(&word.to_lowercase()))
}

/// The words of a statement that say something, in its order and as they are written.
fn said_words(statement: &str) -> Vec<&str> {
    let words = statement.split_whitespace();
    let bare = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    bare.filter(|word| !content_words(word).is_empty())
        .collect()
}

#[cfg(test)]
#[path = "alike_tests.rs"]
mod tests;
