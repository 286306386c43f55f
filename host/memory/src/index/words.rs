//! A text's words, as the index knows them: runs of letters and digits, in lower case and without diacritics, in the manner
//! of SQLite's `unicode61`. Where a script puts no spaces between words, each character is a word.

use icu_normalizer::DecomposingNormalizer;

/// Hands each word of `text` to `take`.
pub(crate) fn words(text: &str, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    if text.is_ascii() {
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                word.push(char::from(byte.to_ascii_lowercase()));
            } else if !word.is_empty() {
                take(&word);
                word.clear();
            }
        }
    } else {
        for c in DecomposingNormalizer::new_nfkd().normalize_iter(text.chars()) {
            if is_mark(c) {
                continue;
            }
            let alone = is_alone(c);
            if (alone || !c.is_alphanumeric()) && !word.is_empty() {
                take(&word);
                word.clear();
            }
            if c.is_alphanumeric() {
                word.extend(c.to_lowercase());
            }
            if alone {
                take(&word);
                word.clear();
            }
        }
    }
    if !word.is_empty() {
        take(&word);
    }
}

/// Signs that change a letter and are often left out in writing: accents, Hebrew points, Arabic vowels. The viramas of
/// Indic scripts, all at the same place of their blocks, are no letters but stand inside words.
fn is_mark(c: char) -> bool {
    match u32::from(c) {
        0x300..=0x36f | 0x591..=0x5c7 | 0x610..=0x61a | 0x64b..=0x65f | 0x670 | 0x200c | 0x200d => {
            true
        }
        code @ 0x900..=0xd7f => code & 0x7f == 0x4d,
        _ => false,
    }
}

/// Characters of scripts without spaces: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
fn is_alone(c: char) -> bool {
    matches!(u32::from(c),
        0xe00..=0xeff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3041..=0x30ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xf900..=0xfaff | 0x20000..=0x3ffff)
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn words_are_found_in_any_script() {
        let check = |text: &str, expected: &[&str]| {
            let mut found = Vec::new();
            words(text, |word| found.push(word.to_owned()));
            assert_eq!(found, expected, "{text:?}");
        };
        check("", &[]);
        check("  --  ", &[]);
        check("Ada Lovelace, b. 1815", &["ada", "lovelace", "b", "1815"]);
        check("Übermäßig café\u{301}", &["ubermaßig", "cafe"]);
        check("İstanbul ǅ ﬁne ①", &["istanbul", "dz", "fine", "1"]);
        check("привет, Мир!", &["привет", "мир"]);
        check("東京タワー x", &["東", "京", "タ", "ワ", "ー", "x"]);
        check("हिन्दी", &["हिनदी"]);
        check("a\0b\u{202e}c 🦀", &["a", "b", "c"]);
    }
}
