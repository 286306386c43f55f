//! File name patterns: `*`, `**`, `?`, `[a-z]` and `{a,b}`.

use regex::Regex;

/// The longest pattern, in characters.
const PATTERN_CHARS_MAX: usize = 500;

/// A pattern that a path matches or not.
#[derive(Debug)]
pub struct Glob {
    pattern: Regex,
    /// It has a slash, so it is matched against the path and not only the name.
    has_slash: bool,
}

impl Glob {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence on what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.chars().count() > PATTERN_CHARS_MAX {
            return Err(format!(
                "the pattern is longer than {PATTERN_CHARS_MAX} characters"
            ));
        }
        let mut regex = String::from("(?s)^");
        let mut characters = text.chars().peekable();
        let mut depth = 0;
        while let Some(c) = characters.next() {
            match c {
                '*' if characters.next_if_eq(&'*').is_some() => {
                    // `**/` also stands for no directory at all.
                    regex.push_str(if characters.next_if_eq(&'/').is_some() {
                        "(?:.*/)?"
                    } else {
                        ".*"
                    });
                }
                '*' => regex.push_str("[^/]*"),
                '?' => regex.push_str("[^/]"),
                '[' => {
                    regex.push('[');
                    if characters.next_if(|c| matches!(c, '!' | '^')).is_some() {
                        regex.push('^');
                    }
                    let mut closed = false;
                    for c in characters.by_ref() {
                        if c == ']' && !regex.ends_with(['[', '^']) {
                            closed = true;
                            break;
                        }
                        if matches!(c, '\\' | '[' | ']' | '&' | '~') {
                            regex.push('\\');
                        }
                        regex.push(c);
                    }
                    if !closed {
                        return Err(format!("the pattern {text:?} has a [ without a ]"));
                    }
                    regex.push(']');
                }
                '{' => {
                    depth += 1;
                    regex.push_str("(?:");
                }
                '}' if depth > 0 => {
                    depth -= 1;
                    regex.push(')');
                }
                ',' if depth > 0 => regex.push('|'),
                '\\' => regex.push_str(&regex::escape(
                    &characters.next().unwrap_or('\\').to_string(),
                )),
                c => regex.push_str(&regex::escape(&c.to_string())),
            }
        }
        if depth > 0 {
            return Err(format!("the pattern {text:?} has a {{ without a }}"));
        }
        regex.push('$');
        let pattern = Regex::new(&regex)
            .map_err(|error| format!("the pattern {text:?} is not understood: {error}"))?;
        Ok(Self {
            pattern,
            has_slash: text.contains('/'),
        })
    }

    /// Whether the path, relative to where the search began, matches.
    pub fn matches(&self, path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.pattern
            .is_match(if self.has_slash { path } else { name })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, path, expected) in [
            ("*.csv", "a/b/sales.csv", true),
            ("*.csv", "sales.csv.bak", false),
            ("a/*.csv", "a/x.csv", true),
            ("a/*.csv", "a/b/x.csv", false),
            ("a/**/*.csv", "a/x.csv", true),
            ("a/**/*.csv", "a/b/c/x.csv", true),
            ("**", "a/b", true),
            ("?.{csv,tsv}", "x.tsv", true),
            ("[!a-c].md", "b.md", false),
            ("[]x].md", "].md", true),
            ("a.b", "axb", false),
            ("\\*.md", "*.md", true),
            ("ü*.md", "über.md", true),
        ] {
            assert_eq!(
                Glob::parse(pattern).map(|glob| glob.matches(path)),
                Ok(expected),
                "{pattern} {path}"
            );
        }
        for pattern in ["[a", "{a,b", &"a".repeat(501), "[z-a]"] {
            assert!(Glob::parse(pattern).is_err(), "{pattern}");
        }
    }
}
