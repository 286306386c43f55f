//! The header of a file: its key, wrapped for each recipient, and a code that shows whether anybody changed it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use super::{Error, FileKey, Identity, Key, Recipient, derive};

const VERSION: &str = "age-encryption.org/v1";
const X25519: &str = "X25519";
/// What the key that wraps the file's key is derived for.
const WRAP: &[u8] = b"age-encryption.org/v1/X25519";
const COLUMNS: usize = 64;

/// A header that was read.
pub(super) struct Header<'f> {
    stanzas: Vec<Stanza>,
    /// What the code is over.
    signed: &'f [u8],
    code: Vec<u8>,
    /// What comes after it.
    pub(super) payload: &'f [u8],
}

/// A file's key as one X25519 recipient can read it.
struct Stanza {
    share: [u8; 32],
    wrapped: [u8; 32],
}

/// Writes the header of a file with this key.
pub(super) fn write(key: &FileKey, recipients: &[Recipient]) -> Result<Vec<u8>, Error> {
    let mut text = format!("{VERSION}\n");
    for recipient in recipients {
        let ephemeral = Identity::generate()?;
        let share = ephemeral.recipient();
        let shared = ephemeral
            .shared(recipient.bytes())
            .ok_or(Error::Damaged("a recipient's key is no key"))?;
        let cipher = wrapping(&shared, share.bytes(), recipient)?;
        let mut wrapped = key.to_vec();
        cipher
            .seal_in_place_append_tag(nonce(), Aad::empty(), &mut wrapped)
            .map_err(|_| Error::Damaged("its key can't be wrapped"))?;
        text += &format!("-> {X25519} {}\n", BASE64.encode(share.bytes()));
        text += &format!("{}\n", BASE64.encode(wrapped));
    }
    text += "---";
    let code = hmac::sign(&signing(key)?, text.as_bytes());
    text += &format!(" {}\n", BASE64.encode(code));
    Ok(text.into_bytes())
}

impl<'f> Header<'f> {
    /// Reads a header, strictly: there is one way only to write it.
    pub(super) fn read(file: &'f [u8]) -> Result<Self, Error> {
        const FORM: Error = Error::Damaged("its header is not well formed");
        let mut rest = file;
        if line(&mut rest) != Some(VERSION) {
            return Err(Error::Damaged("it is no age file of version 1"));
        }
        let mut stanzas = Vec::new();
        loop {
            let before = rest;
            let first = line(&mut rest).ok_or(FORM)?;
            if let Some(code) = first.strip_prefix("--- ") {
                let signed = file.len() - before.len() + "---".len();
                return Ok(Self {
                    stanzas,
                    signed: &file[..signed],
                    code: BASE64.decode(code).map_err(|_| FORM)?,
                    payload: rest,
                });
            }
            let arguments: Vec<&str> = first.strip_prefix("-> ").ok_or(FORM)?.split(' ').collect();
            let is_word =
                |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic());
            let body = body(&mut rest)
                .filter(|_| arguments.iter().all(is_word))
                .ok_or(FORM)?;
            // Other kinds of recipients have stanzas of their own, which are not ours to understand.
            match arguments.as_slice() {
                [X25519, share] => stanzas.push(Stanza {
                    share: array(&BASE64.decode(share).map_err(|_| FORM)?).ok_or(FORM)?,
                    wrapped: array(&body).ok_or(FORM)?,
                }),
                [X25519, ..] => return Err(FORM),
                _ => {}
            }
        }
    }

    /// The file's key, where `identity` can read it.
    pub(super) fn key(&self, identity: &Identity) -> Result<Option<FileKey>, Error> {
        let recipient = identity.recipient();
        for Stanza { share, wrapped } in &self.stanzas {
            let shared = identity
                .shared(share)
                .ok_or(Error::Damaged("a share in its header is no key"))?;
            let cipher = wrapping(&shared, share, &recipient)?;
            let mut key = Zeroizing::new(*wrapped);
            if let Ok(key) = cipher.open_in_place(nonce(), Aad::empty(), &mut *key) {
                return Ok(array(key).map(FileKey::new));
            }
        }
        Ok(None)
    }

    /// Checks that nobody changed the header.
    pub(super) fn check(&self, key: &FileKey) -> Result<(), Error> {
        hmac::verify(&signing(key)?, self.signed, &self.code)
            .map_err(|_| Error::Damaged("its header was changed"))
    }
}

/// Takes the next line of printable ASCII.
fn line<'f>(rest: &mut &'f [u8]) -> Option<&'f str> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (line, more) = (&rest[..end], &rest[end + 1..]);
    *rest = more;
    let printable = line.iter().all(|byte| (b' '..=b'~').contains(byte));
    std::str::from_utf8(line).ok().filter(|_| printable)
}

/// Takes a stanza's body: full lines, and one that is not.
fn body(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let mut digits = String::new();
    loop {
        let line = line(rest)?;
        digits.push_str(line);
        if line.len() < COLUMNS {
            return BASE64.decode(digits).ok();
        }
        if line.len() > COLUMNS {
            return None;
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

/// The cipher that wraps a file's key for `recipient`.
fn wrapping(shared: &Key, share: &[u8; 32], recipient: &Recipient) -> Result<LessSafeKey, Error> {
    let salt = [*share, *recipient.bytes()].concat();
    cipher(&derive(&**shared, &salt, WRAP)?)
}

/// The key of the header's code.
fn signing(key: &FileKey) -> Result<hmac::Key, Error> {
    let key = derive(&**key, &[], b"header")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &*key))
}

/// ChaCha20-Poly1305 (RFC 8439).
pub(super) fn cipher(key: &Key) -> Result<LessSafeKey, Error> {
    UnboundKey::new(&CHACHA20_POLY1305, &**key)
        .map(LessSafeKey::new)
        .map_err(|_| Error::Damaged("a key has the wrong length"))
}

/// Each wrapping key is used once, so that its nonce may always be the same.
fn nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; 12])
}
