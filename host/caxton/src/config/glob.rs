//! Patterns for allowlists: `*` stands for any characters, `?` for one; everything else is itself.

use std::fmt;

use super::fault::{Refusal, quoted};

/// A pattern such as `csv__*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glob(String);

impl Glob {
    /// The longest pattern. A tool's full name has at most 130 characters.
    pub const CHARS_MAX: usize = 256;

    /// Parses a pattern.
    ///
    /// # Errors
    /// `bad-pattern` where it is empty, too long, or has characters that no name has.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let why = if text.is_empty() {
            "which is empty"
        } else if text.chars().count() > Self::CHARS_MAX {
            "which is longer than 256 characters"
        } else if !text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.*?".contains(c))
        {
            "which has characters that no name has"
        } else {
            return Ok(Self(text.to_owned()));
        };
        let remedy = "use letters, digits, `_`, `-`, `.`, `*` for any characters and `?` for one";
        Err(Refusal::new(
            "bad-pattern",
            format!("is {}, {why}", quoted(text)),
            remedy,
        ))
    }

    /// Parses a pattern over the ids of models, in which providers use any characters.
    ///
    /// # Errors
    /// `bad-pattern` where it is empty, too long, or has control characters or spaces around it.
    pub fn parse_model(text: &str) -> Result<Self, Refusal> {
        let why = if text.trim().is_empty() {
            "which is empty"
        } else if text.chars().count() > Self::CHARS_MAX {
            "which is longer than 256 characters"
        } else if text.trim() != text || text.chars().any(char::is_control) {
            "which has spaces around it or control characters"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(Refusal::new(
            "bad-pattern",
            format!("is {}, {why}", quoted(text)),
            "write a model's id as its provider knows it; `*` stands for any characters and `?` for one",
        ))
    }

    /// Whether `name` fits the pattern. The time is bounded by the product of both lengths.
    pub fn matches(&self, name: &str) -> bool {
        // Almost every pattern is a name or ends in its only star; both are told without a table of states, which counts where
        // thousands of agents are held against each other.
        match self.split() {
            (_, "") => self.0 == name,
            (head, "*") => name.starts_with(head),
            (head, _) => {
                name.starts_with(head)
                    && self.states_after(name).last() == Some(&self.0.chars().count())
            }
        }
    }

    /// Whether some name that begins with `prefix` and goes on after it could fit.
    pub fn may_match_after(&self, prefix: &str) -> bool {
        match self.split() {
            (head, "") => head.len() > prefix.len() && head.starts_with(prefix),
            (head, _) if head.starts_with(prefix) => true,
            (head, _) if !prefix.starts_with(head) => false,
            (_, wild) if wild.starts_with('*') => true,
            _ => self.states_may_match_after(prefix),
        }
    }

    /// The characters before the first wildcard: what every name that fits begins with.
    pub fn head(&self) -> &str {
        self.split().0
    }

    /// The pattern up to its first wildcard, and from there on.
    fn split(&self) -> (&str, &str) {
        self.0
            .split_at(self.0.find(['*', '?']).unwrap_or(self.0.len()))
    }

    fn states_may_match_after(&self, prefix: &str) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        self.states_after(prefix).into_iter().any(|state| {
            state < pattern.len() || (state > 0 && pattern.get(state - 1) == Some(&'*'))
        })
    }

    /// Whether it has no wildcard, so that it fits exactly one name.
    pub fn is_literal(&self) -> bool {
        !self.0.contains(['*', '?'])
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives, in ascending order, how many characters of the pattern may have been used up when `text` has been read.
    fn states_after(&self, text: &str) -> Vec<usize> {
        let pattern: Vec<char> = self.0.chars().collect();
        // A star may stand for nothing, so where a state stands before one, it also stands behind it.
        let close = |alive: &mut Vec<bool>| {
            for (index, c) in pattern.iter().enumerate() {
                if *c == '*' && alive[index] {
                    alive[index + 1] = true;
                }
            }
        };
        let mut alive = vec![false; pattern.len() + 1];
        alive[0] = true;
        close(&mut alive);
        for c in text.chars() {
            let mut next = vec![false; pattern.len() + 1];
            for (index, expected) in pattern
                .iter()
                .enumerate()
                .filter(|(index, _)| alive[*index])
            {
                match expected {
                    '*' => next[index] = true,
                    '?' => next[index + 1] = true,
                    expected if *expected == c => next[index + 1] = true,
                    _ => {}
                }
            }
            close(&mut next);
            alive = next;
        }
        alive
            .iter()
            .enumerate()
            .filter_map(|(index, alive)| alive.then_some(index))
            .collect()
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_or_do_not() {
        for (pattern, name, expected) in [
            ("csv__*", "csv__describe", true),
            ("csv__*", "csv__", true),
            ("csv__*", "csvx__describe", false),
            ("*", "anything", true),
            ("chart__render", "chart__render", true),
            ("chart__render", "chart__render2", false),
            ("*__re?d", "files__read", true),
            ("*__re?d", "files__red", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b*c", "aXbX", false),
            ("?", "ä", true),
            ("ab?", "ab", false),
            ("**", "", true),
        ] {
            assert_eq!(
                Glob::parse(pattern).unwrap().matches(name),
                expected,
                "{pattern} {name}"
            );
        }
        // A pattern that would take a backtracking matcher longer than the universe has existed.
        let hostile = Glob::parse(&"a*".repeat(128)).unwrap();
        assert!(!hostile.matches(&"a".repeat(127)));
    }

    #[test]
    fn which_components_a_pattern_may_reach() {
        for (pattern, prefix, expected) in [
            ("csv__*", "csv__", true),
            ("csv__describe", "csv__", true),
            ("csv__", "csv__", false),
            ("cs*", "csv__", true),
            ("*", "csv__", true),
            ("chart__*", "csv__", false),
            ("csv", "csv__", false),
            ("*__render", "csv__", true),
        ] {
            assert_eq!(
                Glob::parse(pattern).unwrap().may_match_after(prefix),
                expected,
                "{pattern} {prefix}"
            );
        }
    }

    #[test]
    fn bad_patterns_are_refused() {
        for bad in ["", "a b", "csv/[a-z]", "{a,b}", "é", &"*".repeat(257)] {
            assert_eq!(Glob::parse(bad).unwrap_err().code, "bad-pattern", "{bad}");
        }
    }
}
