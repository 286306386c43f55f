//! Words that say nothing about what a message is for. Each word of every agent is looked up here with each message, so they
//! are found by a hash that is made when this is compiled.

/// They are ASCII, in lower case.
const STOP_WORDS: &[&str] = &[
    "a",
    "about",
    "after",
    "again",
    "all",
    "also",
    "am",
    "an",
    "and",
    "another",
    "any",
    "anybody",
    "anyone",
    "anything",
    "are",
    "around",
    "as",
    "at",
    "be",
    "because",
    "been",
    "before",
    "being",
    "between",
    "both",
    "but",
    "by",
    "can",
    "cannot",
    "could",
    "d",
    "did",
    "didn",
    "do",
    "does",
    "doesn",
    "doing",
    "don",
    "done",
    "each",
    "either",
    "else",
    "ever",
    "every",
    "everybody",
    "everyone",
    "everything",
    "few",
    "for",
    "from",
    "get",
    "gets",
    "getting",
    "give",
    "gives",
    "go",
    "goes",
    "going",
    "gone",
    "got",
    "had",
    "has",
    "hasn",
    "have",
    "haven",
    "he",
    "hello",
    "her",
    "here",
    "hey",
    "hi",
    "him",
    "his",
    "how",
    "i",
    "if",
    "im",
    "in",
    "into",
    "is",
    "isn",
    "it",
    "its",
    "just",
    "let",
    "like",
    "ll",
    "lot",
    "m",
    "make",
    "makes",
    "making",
    "many",
    "may",
    "maybe",
    "me",
    "might",
    "mine",
    "more",
    "most",
    "much",
    "must",
    "my",
    "myself",
    "need",
    "needs",
    "never",
    "no",
    "nobody",
    "not",
    "nothing",
    "now",
    "of",
    "off",
    "oh",
    "ok",
    "okay",
    "on",
    "once",
    "one",
    "ones",
    "only",
    "onto",
    "or",
    "other",
    "others",
    "our",
    "out",
    "over",
    "own",
    "per",
    "please",
    "put",
    "quite",
    "rather",
    "re",
    "really",
    "s",
    "same",
    "say",
    "says",
    "see",
    "seem",
    "seems",
    "shall",
    "she",
    "should",
    "since",
    "so",
    "some",
    "somebody",
    "somehow",
    "someone",
    "something",
    "still",
    "such",
    "sure",
    "t",
    "take",
    "tell",
    "than",
    "thank",
    "thanks",
    "that",
    "thats",
    "the",
    "their",
    "theirs",
    "them",
    "themselves",
    "then",
    "there",
    "these",
    "they",
    "thing",
    "things",
    "think",
    "this",
    "those",
    "though",
    "through",
    "to",
    "together",
    "too",
    "toward",
    "towards",
    "try",
    "trying",
    "under",
    "until",
    "up",
    "upon",
    "us",
    "use",
    "used",
    "using",
    "ve",
    "very",
    "via",
    "want",
    "wants",
    "was",
    "wasn",
    "way",
    "we",
    "well",
    "went",
    "were",
    "what",
    "whatever",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "who",
    "whom",
    "whose",
    "why",
    "will",
    "with",
    "within",
    "without",
    "won",
    "would",
    "wouldn",
    "yes",
    "yet",
    "you",
    "your",
    "yours",
];

/// Places of the table, a power of two: few enough words for most of them to be alone.
const PLACES: usize = 1024;

/// The words by their hashes, as numbers from 1; where one's place is taken, at the next that is free.
static TABLE: [u16; PLACES] = table();

/// As many bytes as the longest has.
const LENGTH_MAX: usize = length_max();

/// The hash of a word in lower case, made byte by byte (FNV-1a).
#[derive(Clone, Copy)]
pub struct Hash(u32);

impl Default for Hash {
    fn default() -> Self {
        Self::NONE
    }
}

impl Hash {
    const NONE: Self = Self(0x811c_9dc5);

    /// The hash of the word with one more byte.
    pub const fn with(self, byte: u8) -> Self {
        Self((self.0 ^ byte as u32).wrapping_mul(0x0100_0193))
    }

    const fn of(word: &[u8]) -> Self {
        let mut hash = Self::NONE;
        let mut at = 0;
        while at < word.len() {
            hash = hash.with(word[at]);
            at += 1;
        }
        hash
    }

    const fn place(self) -> usize {
        (self.0 ^ self.0 >> 16) as usize % PLACES
    }
}

/// Whether `word`, in lower case, is one of them.
pub fn is_stop_word(word: &str) -> bool {
    word.len() <= LENGTH_MAX && is_hashed_stop_word(word, Hash::of(word.as_bytes()))
}

/// The same of a word in any case, by its hash in lower case.
pub fn is_hashed_stop_word(word: &str, hash: Hash) -> bool {
    let mut place = hash.place();
    // It ends: most places are free.
    while TABLE[place] != 0 {
        if STOP_WORDS[usize::from(TABLE[place]) - 1].eq_ignore_ascii_case(word) {
            return true;
        }
        place = (place + 1) % PLACES;
    }
    false
}

const fn table() -> [u16; PLACES] {
    let mut table = [0; PLACES];
    let mut number = 0;
    while number < STOP_WORDS.len() {
        let mut place = Hash::of(STOP_WORDS[number].as_bytes()).place();
        while table[place] != 0 {
            place = (place + 1) % PLACES;
        }
        number += 1;
        table[place] = number as u16;
    }
    table
}

const fn length_max() -> usize {
    let mut most = 0;
    let mut number = 0;
    while number < STOP_WORDS.len() {
        if STOP_WORDS[number].len() > most {
            most = STOP_WORDS[number].len();
        }
        number += 1;
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_and_others_are_not() {
        for word in STOP_WORDS {
            assert!(is_stop_word(word), "{word}");
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
        }
        for word in ["", "chart", "abou", "abouts", "themselvesx", "ü", "THE"] {
            assert!(!is_stop_word(word), "{word}");
        }
    }
}
