//! From text to comparable words: splitting, lower case and a light English stemmer. What is done with the words is in `rank`.

use crate::stop_words::{Hash, is_hashed_stop_word, is_stop_word};

/// What a byte is in lower case; 0 where it is no letter or digit of ASCII.
static LOWER: [u8; 256] = lower();

const fn lower() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
}

/// A word as it was written and the stem by which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// As written, in lower case.
    pub text: String,
    /// Compared with other stems.
    pub stem: String,
}

/// The words of `text`, at most `max` of them; see [`visit`].
pub fn words(text: &str, max: usize) -> Vec<Word> {
    let mut found = Vec::new();
    visit(
        text,
        max,
        |_| true,
        |text, stem| {
            found.push(Word {
                text: text.to_owned(),
                stem: stem.to_owned(),
            });
        },
    );
    found
}

/// Splits `text` into words and gives each to `seen`, as written in lower case and as its stem, at most `max` of them: at
/// everything that is not a letter or digit, and inside `camelCase`, whose whole is a word as well, so that `LogQL` is
/// found by "logql", "log" and "QL". Scripts without spaces (Chinese, Japanese, Thai) give overlapping pairs of
/// characters instead, which is the usual way to match them without a dictionary. Stop words are left out. It is called
/// for every text of every agent with each message, so it keeps nothing, and of a word whose [`head`] is not `wanted` no more
/// than that it is there: both texts are empty then.
pub fn visit(text: &str, max: usize, wanted: impl Fn(u16) -> bool, seen: impl FnMut(&str, &str)) {
    let mut visit = Visit {
        left: max,
        wanted,
        seen,
        stem: String::new(),
    };
    if text.is_ascii() {
        visit.ascii(text);
    } else {
        visit.any(text);
    }
}

/// The first two bytes of a word, which are also those of its stem.
pub fn head(word: &str) -> u16 {
    let mut bytes = word.bytes();
    let mut next = || bytes.next().unwrap_or_default();
    u16::from_be_bytes([next(), next()])
}

struct Visit<W, F> {
    /// How many words may still be told.
    left: usize,
    wanted: W,
    seen: F,
    stem: String,
}

impl<W: Fn(u16) -> bool, F: FnMut(&str, &str)> Visit<W, F> {
    /// Tells the words of a text, whatever it is written in.
    fn any(&mut self, text: &str) {
        for run in text.split(|c: char| !c.is_alphanumeric()) {
            if self.left == 0 {
                return;
            }
            self.word(&run.to_lowercase());
            if run.chars().skip(1).any(char::is_uppercase) {
                self.pieces(run);
            }
        }
    }

    /// The same of an ASCII text, which is what nearly all agents say of themselves. Each byte is looked at once, and nothing is
    /// copied of a word that is not wanted.
    fn ascii(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() && self.left > 0 {
            let (start, mut hash, mut has_case) = (at, Hash::default(), false);
            for byte in &bytes[start..] {
                let lower = LOWER[usize::from(*byte)];
                if lower == 0 {
                    break;
                }
                hash = hash.with(lower);
                has_case |= lower != *byte && at > start;
                at += 1;
            }
            let run = &text[start..at];
            if !run.is_empty() && !is_hashed_stop_word(run, hash) {
                self.left -= 1;
                self.tell(run);
            }
            if has_case {
                self.pieces(run);
            }
            at += 1;
        }
    }

    /// Tells an ASCII word that says something.
    fn tell(&mut self, word: &str) {
        let lowers = |byte: u8| LOWER[usize::from(byte)];
        let mut bytes = word.bytes().map(lowers).chain([0]);
        let mut next = || bytes.next().unwrap_or_default();
        if (self.wanted)(u16::from_be_bytes([next(), next()])) {
            let lower = word.to_ascii_lowercase();
            self.stem.clone_from(&lower);
            stem(&mut self.stem);
            (self.seen)(&lower, &self.stem);
        } else {
            (self.seen)("", "");
        }
    }

    /// Tells the words inside a word in `camelCase`.
    fn pieces(&mut self, run: &str) {
        let pieces = split_case(run);
        if pieces.len() > 1 {
            for piece in pieces {
                self.word(&piece.to_lowercase());
            }
        }
    }

    /// Tells a word, which is in lower case, unless it says nothing.
    fn word(&mut self, lower: &str) {
        if !lower.is_ascii() && lower.chars().any(is_unspaced) {
            self.pairs(lower);
        } else if self.left > 0 && !lower.is_empty() && !is_stop_word(lower) {
            self.left -= 1;
            if (self.wanted)(head(lower)) {
                lower.clone_into(&mut self.stem);
                stem(&mut self.stem);
                (self.seen)(lower, &self.stem);
            } else {
                (self.seen)("", "");
            }
        }
    }

    /// Tells each two characters that stand together.
    fn pairs(&mut self, lower: &str) {
        let starts: Vec<usize> = lower.char_indices().map(|(at, _)| at).collect();
        for (n, start) in starts.iter().enumerate() {
            let end = starts.get(n + 2).copied().unwrap_or(lower.len());
            let is_pair = n + 1 < starts.len() || starts.len() == 1;
            if is_pair && self.left > 0 {
                self.left -= 1;
                let pair = &lower[*start..end];
                (self.seen)(pair, pair);
            }
        }
    }
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

/// Cuts common English endings off, so that `charts`, `charting` and `charted` meet. Short words stay as they are. It is a
/// good deal lighter than Porter's algorithm on purpose: a wrong merge costs more here than a missed one.
fn stem(word: &mut String) {
    if !word.is_ascii() || word.len() < 4 {
        return;
    }
    let cut = |word: &mut String, bytes: usize| word.truncate(word.len() - bytes);
    if word.ends_with("ies") && word.len() > 4 {
        cut(word, 3);
        word.push('y');
    } else if ["sses", "xes", "ches", "shes"]
        .iter()
        .any(|ending| word.ends_with(ending))
    {
        cut(word, 2);
    } else if word.ends_with('s') && !["ss", "us", "is"].iter().any(|e| word.ends_with(e)) {
        cut(word, 1);
    }
    if word.ends_with("ization") {
        return cut(word, "ation".len());
    }
    for (ending, remains) in [("ion", 4), ("ing", 3), ("ed", 3), ("ly", 4), ("er", 4)] {
        if word.ends_with(ending) && word.len() - ending.len() >= remains {
            cut(word, ending.len());
            undouble(word);
            break;
        }
    }
    // `analyse` and `analysing`, `chart` and `charted` meet without the silent letter.
    if word.ends_with('e') && word.len() > 3 {
        cut(word, 1);
    }
}

/// Turns the `plott` of `plotting` into `plot`.
fn undouble(root: &mut String) {
    let bytes = root.as_bytes();
    let doubled = bytes.len() > 3 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2];
    if doubled && !matches!(bytes[bytes.len() - 1], b'l' | b's' | b'z') {
        root.truncate(root.len() - 1);
    }
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
            ("httpFetch", vec!["httpfetch", "http", "fetch"]),
            ("CSVReader", vec!["csvread", "csv", "read"]),
            ("LogQL", vec!["logql", "log", "ql"]),
            ("What is the total?", vec!["total"]),
            ("", vec![]),
            ("—…!", vec![]),
            ("数据分析", vec!["数据", "据分", "分析"]),
            ("Prüfung 42", vec!["prüfung", "42"]),
        ] {
            assert_eq!(stems(text), expected, "{text}");
        }
    }

    fn stem(word: &str) -> String {
        let mut word = word.to_owned();
        super::stem(&mut word);
        word
    }

    #[test]
    fn a_stem_begins_as_its_word_does() {
        for word in words(
            "axes ties flies boxes is us charted plotting analyses ions C é éa 日本 Größe",
            99,
        ) {
            assert_eq!(head(&word.stem), head(&word.text), "{word:?}");
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
