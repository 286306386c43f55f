//! The words of a text, by which texts are held against each other where their meaning is not known, or does not tell them
//! apart: `port 8080` and `port 8081` mean nearly the same.

use std::collections::BTreeSet;

/// Words that stand in every text. What denies is not among them.
const COMMON: &[&str] = &[
    "a", "about", "am", "an", "and", "are", "as", "at", "be", "been", "but", "by", "can", "could",
    "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his", "how", "i",
    "i'm", "if", "in", "into", "is", "it", "it's", "its", "me", "my", "of", "on", "or", "our",
    "she", "so", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "to", "us", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will",
    "with", "would", "you", "your",
];

/// What divides sentences and says nothing.
const DIVIDING: &str = ".,;:!?…\"'‘“”„«»()[]。，！？、；：「」（）";

/// The words of `text` in lower case, without those that stand in every text.
pub(super) fn content_words(text: &str) -> BTreeSet<String> {
    words(text)
        .filter(|word| !COMMON.contains(&word.as_str()))
        .collect()
}

/// The words of `text` in lower case, in its order.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    let inside = |c: char| c.is_alphanumeric() || c == '\'' || c == '’' || c == '-';
    text.split(move |c| !inside(c))
        .map(|word| word.trim_matches(['\'', '’', '-']))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_lowercase().replace('’', "'"))
}

/// All words of `text` in lower case and in its order, with the signs that belong to them: `C++` is not `C#`, nor `-5` `5`. Texts
/// that have the same say the same.
pub(super) fn spelled(text: &str) -> Vec<String> {
    text.replace('’', "'")
        .split_whitespace()
        .map(|word| word.trim_matches(|c| DIVIDING.contains(c)).to_lowercase())
        .filter(|word| !["", "-", "–", "—"].contains(&word.as_str()))
        .collect()
}

/// A text in one line, without control characters.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// How much two sets of words have in common: 0 to 1 (Jaccard).
pub(super) fn overlap(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f32 {
    let all = one.union(other).count();
    match all {
        0 => 0.0,
        all => one.intersection(other).count() as f32 / all as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_say_something_are_found() {
        let check = |text: &str, expected: &[&str]| {
            let words = content_words(text);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            assert_eq!(words, expected, "{text}");
        };
        check("", &[]);
        check("It is what it is.", &[]);
        check(
            "The server listens on port 8080.",
            &["8080", "listens", "port", "server"],
        );
        check(
            "I don’t like tea, I do 'like' co-ops",
            &["co-ops", "don't", "like", "tea"],
        );
        check("Ich mag Äpfel", &["ich", "mag", "äpfel"]);
    }

    #[test]
    fn what_is_spelled_alike_says_the_same() {
        let check = |one: &str, other: &str, expected: bool| {
            assert_eq!(spelled(one) == spelled(other), expected, "{one} {other}");
        };
        check("I’m “Anna”, the lead!", "i'm anna the LEAD", true);
        check("We sell tea (green).", "We sell tea - green", true);
        check("Anna reports to Bob.", "Bob reports to Anna.", false);
        check("I am the team lead.", "I was the team lead.", false);
        check("We use C++.", "We use C#.", false);
        check("The offset is 5.", "The offset is -5.", false);
        check("It costs $5.", "It costs 5%.", false);
        check("Alert where x < 5.", "Alert where x > 5.", false);
    }
}
