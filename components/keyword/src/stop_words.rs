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

/// Whether `word`, in lower case, is one of them.
pub fn is_stop_word(word: &str) -> bool {
    if word.len() > LENGTH_MAX {
        return false;
    }
    let mut place = hash(word.as_bytes());
    // It ends: most places are free.
    while TABLE[place] != 0 {
        if STOP_WORDS[usize::from(TABLE[place]) - 1] == word {
            return true;
        }
        place = (place + 1) % PLACES;
    }
    false
}

/// FNV-1a, folded.
const fn hash(word: &[u8]) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    let mut at = 0;
    while at < word.len() {
        hash = (hash ^ word[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    (hash ^ hash >> 16) as usize % PLACES
}

const fn table() -> [u16; PLACES] {
    let mut table = [0; PLACES];
    let mut number = 0;
    while number < STOP_WORDS.len() {
        let mut place = hash(STOP_WORDS[number].as_bytes());
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
