//! Secrets on their way out and never back: the host puts them into the headers of requests to their origin, and masks
//! them wherever an answer or an error repeats them. Masking is a second line: an answer that is compressed or encodes
//! them otherwise is not seen through, and so requests that carry a secret ask for plain answers.

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue};

use super::refused::Refused;
use crate::grants::{Origin, Secret};

/// Shorter secrets are not masked in answers: they would be found in text that has nothing to do with them.
const NEEDLE_BYTES_MIN: usize = 6;

/// Puts the secrets for `origin` into `headers`, in place of what the component may have put there.
pub(super) fn add(
    secrets: &[Secret],
    origin: &Origin,
    headers: &mut HeaderMap,
) -> Result<(), Refused> {
    for secret in secrets.iter().filter(|secret| same(&secret.origin, origin)) {
        let unusable = |what: &str| {
            Refused::Invalid(format!(
                "the secret for `{}` can't be sent: its {what}; correct it in caxton.toml",
                secret.origin
            ))
        };
        let name = HeaderName::from_bytes(secret.header.as_bytes())
            .map_err(|_| unusable("header has no valid name"))?;
        let mut value = HeaderValue::from_str(secret.value.reveal())
            .map_err(|_| unusable("value has characters that no header may have"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(())
}

/// Whether two origins are the same, whatever their grants say of addresses.
pub(super) fn same(a: &Origin, b: &Origin) -> bool {
    a.scheme == b.scheme && a.port == b.port && same_host(&a.host, &b.host)
}

/// Whether two hosts are the same, an address in any of its spellings included.
pub(super) fn same_host(a: &str, b: &str) -> bool {
    a == b
        || matches!((a.parse::<std::net::IpAddr>(), b.parse::<std::net::IpAddr>()), (Ok(a), Ok(b)) if a == b)
}

/// Masks secrets in what comes back. Keeps the length, so that lengths told in headers stay right.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    /// Longest first.
    needles: Vec<Vec<u8>>,
    held: BytesMut,
}

impl Mask {
    pub(super) fn new(secrets: &[Secret]) -> Self {
        let mut needles: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let value = secret.value.reveal().trim();
            // In `Bearer TOKEN` the token alone is as secret as the whole.
            let token = value.rsplit_once(' ').map(|(_, token)| token);
            needles.extend(
                [Some(value), token]
                    .into_iter()
                    .flatten()
                    .filter(|n| n.len() >= NEEDLE_BYTES_MIN)
                    .map(|n| n.as_bytes().to_vec()),
            );
        }
        needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Self {
            needles,
            held: BytesMut::new(),
        }
    }

    /// Masks a text.
    pub(super) fn text(&self, text: String) -> String {
        if self.needles.is_empty() {
            return text;
        }
        let mut bytes = text.into_bytes();
        self.cover(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Masks the values of headers.
    pub(super) fn headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut().filter(|_| !self.needles.is_empty()) {
            let mut bytes = value.as_bytes().to_vec();
            if self.cover(&mut bytes) {
                *value = HeaderValue::from_bytes(&bytes).unwrap_or(HeaderValue::from_static(""));
            }
        }
    }

    /// Masks the next piece of a body. What may be the beginning of a secret is held back until more is known.
    pub(super) fn feed(&mut self, piece: Bytes) -> Bytes {
        if self.needles.is_empty() {
            return piece;
        }
        self.held.extend_from_slice(&piece);
        let mut all = std::mem::take(&mut self.held);
        self.cover(&mut all);
        self.held = all.split_off(all.len() - self.undecided(&all));
        all.freeze()
    }

    /// Gives what was held back, at the end of a body.
    pub(super) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held).freeze()
    }

    /// Overwrites every secret in `bytes`; says whether there was one.
    fn cover(&self, bytes: &mut [u8]) -> bool {
        let mut found = false;
        for needle in self.needles.iter() {
            let mut from = 0;
            while let Some(at) = find(&bytes[from..], needle) {
                bytes[from + at..from + at + needle.len()].fill(b'*');
                from += at + needle.len();
                found = true;
            }
        }
        found
    }

    /// How many bytes at the end may be the beginning of a secret.
    fn undecided(&self, bytes: &[u8]) -> usize {
        let longest = |needle: &Vec<u8>| {
            (1..needle.len().min(bytes.len() + 1))
                .rev()
                .find(|n| bytes.ends_with(&needle[..*n]))
                .unwrap_or(0)
        };
        self.needles.iter().map(longest).max().unwrap_or(0)
    }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == first) {
        if bytes[from + at..].starts_with(needle) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
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

    #[test]
    fn secrets_are_masked_wherever_the_body_is_cut() {
        let text = b"data: Bearer sk-hunter2 and sk-hunter2, not sk-hunter3; Bearer sk-hunte";
        let expected = b"data: ***************** and **********, not sk-hunter3; Bearer sk-hunte";
        for size in 1..text.len() {
            let mut mask = mask(&["Bearer sk-hunter2"]);
            let mut out = Vec::new();
            for piece in text.chunks(size) {
                out.extend_from_slice(&mask.feed(Bytes::copy_from_slice(piece)));
            }
            out.extend_from_slice(&mask.finish());
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(expected),
                "in pieces of {size}"
            );
        }
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
