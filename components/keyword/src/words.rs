//! From text to comparable words: splitting, lower case, stop words and a light English stemmer. What is done with the
//! words is in `rank`.

/// Words that say nothing about what a message is for.
const STOP_WORDS: &[&str] = &[
    "a", "about", "all", "am", "an", "and", "any", "are", "as", "at", "be", "been", "but", "by",
    "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "he", "her", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "just", "like", "me", "my", "no", "not",
    "of", "on", "or", "our", "out", "please", "she", "should", "so", "some", "than", "that", "the",
    "their", "them", "then", "there", "these", "they", "this", "those", "to", "up", "us", "was",
    "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would", "you",
    "your",
];

/// A word as it was written and the stem by which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As written, in lower case.
    pub text: String,
    /// Compared with other stems.
    pub stem: String,
}

/// Splits `text` into words, at most `max` of them: at everything that is not a letter or digit, and inside
/// `camelCase`. Scripts without spaces (Chinese, Japanese, Thai) give overlapping pairs of characters instead, which
/// is the usual way to match them without a dictionary. Stop words are left out.
pub fn words(text: &str, max: usize) -> Vec<Word> {
    let mut found = Vec::new();
    for run in text.split(|c: char| !c.is_alphanumeric()) {
        for piece in split_case(run) {
            if found.len() >= max {
                return found;
            }
            let lower = piece.to_lowercase();
            if lower.chars().any(is_unspaced) {
                let characters: Vec<char> = lower.chars().collect();
                if characters.len() == 1 {
                    found.push(Word {
                        stem: lower.clone(),
                        text: lower,
                    });
                } else {
                    found.extend(characters.windows(2).map(|pair| {
                        let text: String = pair.iter().collect();
                        Word {
                            stem: text.clone(),
                            text,
                        }
                    }));
                }
            } else if !lower.is_empty() && !STOP_WORDS.contains(&lower.as_str()) {
                found.push(Word {
                    stem: stem(&lower),
                    text: lower,
                });
            }
        }
    }
    found.truncate(max);
    found
}

/// Splits `httpFetch` into `http`, `Fetch` and `CSVReader` into `CSV`, `Reader`.
fn split_case(run: &str) -> Vec<&str> {
    let characters: Vec<(usize, char)> = run.char_indices().collect();
    let mut pieces = Vec::new();
    let mut start = 0;
    for i in 1..characters.len() {
        let (at, this) = characters[i];
        let before = characters[i - 1].1;
        let next_is_lower = characters.get(i + 1).is_some_and(|(_, c)| c.is_lowercase());
        if this.is_uppercase()
            && (before.is_lowercase() || (before.is_uppercase() && next_is_lower))
        {
            pieces.push(&run[start..at]);
            start = at;
        }
    }
    pieces.push(&run[start..]);
    pieces
}

/// Whether the script of `c` is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}')
}

/// Cuts common English endings, so that `charts`, `charting` and `charted` meet. Short words stay as they are. It is a
/// good deal lighter than Porter's algorithm on purpose: a wrong merge costs more here than a missed one.
fn stem(word: &str) -> String {
    if !word.is_ascii() || word.len() < 4 {
        return word.to_owned();
    }
    let plural = match word {
        w if w.ends_with("ies") && w.len() > 4 => format!("{}y", &w[..w.len() - 3]),
        w if w.ends_with("sses")
            || w.ends_with("xes")
            || w.ends_with("ches")
            || w.ends_with("shes") =>
        {
            w[..w.len() - 2].to_owned()
        }
        w if w.ends_with('s') && !w.ends_with("ss") && !w.ends_with("us") && !w.ends_with("is") => {
            w[..w.len() - 1].to_owned()
        }
        w => w.to_owned(),
    };
    if let Some(root) = plural.strip_suffix("ization") {
        return format!("{root}iz");
    }
    for (ending, remains) in [("ion", 4), ("ing", 3), ("ed", 3), ("ly", 4), ("er", 4)] {
        if let Some(root) = plural.strip_suffix(ending)
            && root.len() >= remains
        {
            return undouble(root);
        }
    }
    // `analyse` and `analysing`, `chart` and `charted` meet without the silent letter.
    plural
        .strip_suffix('e')
        .filter(|root| root.len() >= 3)
        .map_or(plural.clone(), str::to_owned)
}

/// Turns the `plott` of `plotting` into `plot`.
fn undouble(root: &str) -> String {
    let bytes = root.as_bytes();
    let doubled = bytes.len() > 3 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
    let root = if doubled && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z') {
        &root[..root.len() - 1]
    } else {
        root
    };
    root.strip_suffix('e')
        .filter(|root| root.len() >= 3)
        .unwrap_or(root)
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stems(text: &str) -> Vec<String> {
        words(text, 100).into_iter().map(|word| word.stem).collect()
    }

    #[test]
    fn names_and_sentences_give_the_same_words() {
        for (text, expected) in [
            ("data-analysis", vec!["data", "analysis"]),
            ("sum_of_values", vec!["sum", "valu"]),
            ("httpFetch", vec!["http", "fetch"]),
            ("CSVReader", vec!["csv", "read"]),
            ("What is the total?", vec!["total"]),
            ("", vec![]),
            ("—…!", vec![]),
            ("数据分析", vec!["数据", "据分", "分析"]),
            ("Prüfung 42", vec!["prüfung", "42"]),
        ] {
            assert_eq!(stems(text), expected, "{text}");
        }
    }

    #[test]
    fn forms_of_a_word_meet() {
        for group in [
            &["chart", "charts", "charting", "charted"][..],
            &["plot", "plots", "plotting", "plotted"],
            &["query", "queries"],
            &[
                "translate",
                "translates",
                "translation",
                "translating",
                "translated",
            ],
            &["analyse", "analysing", "analysed"],
            &["visualize", "visualizing", "visualization"],
            &["box", "boxes"],
        ] {
            for word in group {
                assert_eq!(stem(word), stem(group[0]), "{word}");
            }
        }
        for (a, b) in [("status", "state"), ("sing", "s"), ("red", "r")] {
            assert_ne!(stem(a), stem(b), "{a} {b}");
        }
    }

    #[test]
    fn a_flood_of_words_is_cut() {
        assert_eq!(words(&"spam ".repeat(100_000), 50).len(), 50);
        assert_eq!(words(&"数".repeat(100_000), 50).len(), 50);
    }
}
