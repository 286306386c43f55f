//! Masks secrets in what comes back, in whatever piece, header or error they are repeated. A second line: the first is that
//! a component never has them. What an upstream has compressed, or encoded in a way that `spellings` does not know, is not
//! seen through.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use super::spellings;
use crate::grants::Secret;

/// Shorter secrets are not masked in answers: they would be found in text that has nothing to do with them.
const NEEDLE_BYTES_MIN: usize = 6;

/// Masks one answer. Keeps the length, so that lengths told in headers stay right. A clone masks another answer.
#[derive(Clone)]
pub(crate) struct Mask {
    needles: Arc<Needles>,
    /// What came and is not given yet, as it came.
    held: BytesMut,
    /// How much at the beginning of what is held belongs to a secret that began before it.
    covered: usize,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

/// What is looked for, by its first byte.
#[derive(Default)]
struct Needles {
    /// Sorted.
    all: Vec<Zeroizing<Vec<u8>>>,
    /// For each byte, which of them begin with it. Empty where there are none at all.
    by_first: Vec<Range<usize>>,
}

/// What stands at the beginning of a text.
enum Here {
    Nothing,
    /// A needle of so many bytes.
    Needle(usize),
    /// All that there is may be the beginning of a needle.
    Beginning,
}

impl Mask {
    /// Looks for these secrets: their values, and what is secret in them by itself.
    pub(crate) fn new(secrets: &[Secret]) -> Self {
        let texts = secrets.iter().flat_map(|secret| secret.value.parts());
        let mut all: Vec<_> = texts
            .filter(|text| text.len() >= NEEDLE_BYTES_MIN)
            .flat_map(spellings::of)
            .filter(|needle| needle.len() >= NEEDLE_BYTES_MIN)
            .collect();
        all.sort_by(|a, b| a.as_slice().cmp(b.as_slice()));
        all.dedup();
        Self {
            needles: Arc::new(Needles::new(all)),
            held: BytesMut::new(),
            covered: 0,
        }
    }

    /// Masks a text.
    pub(crate) fn text(&self, text: String) -> String {
        let (found, _) = self.needles.find(text.as_bytes(), false);
        if found.is_empty() {
            return text;
        }
        let mut bytes = text.into_bytes();
        cover(&mut bytes, &found);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Masks the values of headers.
    pub(super) fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let (found, _) = self.needles.find(value.as_bytes(), false);
            if !found.is_empty() {
                let mut bytes = value.as_bytes().to_vec();
                cover(&mut bytes, &found);
                *value = HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static(""));
            }
        }
    }

    /// Masks the next piece of a body. What may be the beginning of a secret is held back until more is known.
    pub(super) fn feed(&mut self, piece: Bytes) -> Bytes {
        if self.needles.all.is_empty() {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        self.give(true)
    }

    /// Gives what was held back, at the end of a body.
    pub(super) fn finish(&mut self) -> Bytes {
        self.give(false)
    }

    fn give(&mut self, more_may_come: bool) -> Bytes {
        let mut text = std::mem::take(&mut self.held);
        let (mut found, decided) = self.needles.find(&text, more_may_come);
        found.push(0..self.covered);
        let end = found.iter().map(|range| range.end).max().unwrap_or(0);
        // What is held stays as it came: a longer secret may begin with a shorter one.
        self.held = text.split_off(decided);
        self.covered = end.saturating_sub(decided);
        cover(&mut text, &found);
        text.freeze()
    }
}

impl Needles {
    fn new(all: Vec<Zeroizing<Vec<u8>>>) -> Self {
        if all.is_empty() {
            return Self::default();
        }
        let begin_with = |byte: u8| {
            let from = all.partition_point(|needle| needle.first() < Some(&byte));
            from..all.partition_point(|needle| needle.first() <= Some(&byte))
        };
        let by_first = (0..=u8::MAX).map(begin_with).collect();
        Self { all, by_first }
    }

    /// Where there are needles in `text`, and up to where that is certain: all of it where no more may come.
    fn find(&self, text: &[u8], more_may_come: bool) -> (Vec<Range<usize>>, usize) {
        let mut found = Vec::new();
        for (at, byte) in text.iter().enumerate() {
            let candidates = self.by_first.get(usize::from(*byte)).cloned();
            let candidates = candidates.and_then(|range| self.all.get(range));
            match here(candidates.unwrap_or_default(), &text[at..], more_may_come) {
                Here::Nothing => {}
                Here::Needle(length) => found.push(at..at + length),
                Here::Beginning => return (found, at),
            }
        }
        (found, text.len())
    }
}

fn here(candidates: &[Zeroizing<Vec<u8>>], text: &[u8], more_may_come: bool) -> Here {
    let mut here = Here::Nothing;
    // Sorted as they are, a longer one comes after those that it begins with.
    for needle in candidates {
        if text.starts_with(needle) {
            here = Here::Needle(needle.len());
        } else if more_may_come && needle.starts_with(text) {
            return Here::Beginning;
        }
    }
    here
}

/// Overwrites these ranges, as far as they lie in `bytes`.
fn cover(bytes: &mut [u8], ranges: &[Range<usize>]) {
    for range in ranges {
        let end = range.end.min(bytes.len());
        if let Some(secret) = bytes.get_mut(range.start..end) {
            secret.fill(b'*');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grants::SecretValue;

    fn mask(values: &[&str]) -> Mask {
        let secret = |value: &&str| Secret {
            origin: "https://a.example"
                .parse()
                .unwrap_or_else(|e| panic!("{e}")),
            header: "authorization".to_owned(),
            value: SecretValue::new(*value),
        };
        Mask::new(&values.iter().map(secret).collect::<Vec<_>>())
    }

    /// Masks a body that comes in pieces of every size.
    fn check(values: &[&str], text: &str, expected: &str) {
        for size in 1..=text.len() {
            let mut mask = mask(values);
            let mut out = Vec::new();
            for piece in text.as_bytes().chunks(size) {
                out.extend_from_slice(&mask.feed(Bytes::copy_from_slice(piece)));
            }
            out.extend_from_slice(&mask.finish());
            assert_eq!(
                String::from_utf8_lossy(&out),
                expected,
                "in pieces of {size}"
            );
        }
        assert_eq!(mask(values).text(text.to_owned()), expected);
    }

    #[test]
    fn secrets_are_masked_wherever_the_body_is_cut() {
        check(
            &["Bearer sk-hunter2"],
            "data: Bearer sk-hunter2 and sk-hunter2, not sk-hunter3; Bearer sk-hunte",
            "data: ***************** and **********, not sk-hunter3; Bearer sk-hunte",
        );
        // One secret begins with another, ends with the beginning of another, and lies in another.
        check(
            &["hunter2", "hunter2-hunter2"],
            "hunter2-hunter2-hunter2, hunter2-hunter3",
            "***********************, *******-hunter3",
        );
        check(
            &["abcdef-xyzxyz", "xyzxyz-uvw"],
            "abcdef-xyzxyz-uvw, abcdef-xyzxy",
            "*****************, abcdef-xyzxy",
        );
    }

    #[test]
    fn other_spellings_of_secrets_are_masked() {
        check(
            &["Bearer a/b+c\"d&e"],
            r#"{"got":"a/b+c\"d&e","php":"a\/b+c\"d&e","go":"a/b+c\"d\u0026e"}"#,
            r#"{"got":"**********","php":"***********","go":"***************"}"#,
        );
        check(
            &["Bearer a/b+c\"d&e"],
            "?key=a%2Fb%2Bc%22d%26e&k=a%2fb%2bc%22d%26e",
            "?key=*****************&k=*****************",
        );
        // "Bearer sk-hunter2", and "x:Bearer sk-hunter2"; at its ends a secret shares a digit with what stands there.
        check(
            &["Bearer sk-hunter2"],
            "QmVhcmVyIHNrLWh1bnRlcjI= eDpCZWFyZXIgc2staHVudGVyMg==",
            "**********************I= eDp**********************g==",
        );
    }

    #[test]
    fn text_without_a_secret_is_not_held_back() {
        let mut mask = mask(&["Bearer sk-hunter2"]);
        assert_eq!(mask.feed(Bytes::from_static(b"data: 1\n\n")), "data: 1\n\n");
        assert_eq!(mask.feed(Bytes::from_static(b"x sk-h")), "x ");
        assert_eq!(mask.feed(Bytes::from_static(b"i")), "sk-hi");
    }

    #[test]
    fn short_secrets_are_left_alone() {
        assert_eq!(mask(&["12345"]).text("12345".to_owned()), "12345");
    }
}
