//! The age file format, version 1 (<https://c2sp.org/age>), for small files and X25519 keys: what the tools `age` and
//! `age-keygen` read and write. The format is ours, so that no build has to compile the 75 crates of its reference
//! implementation; the cryptography is that of `ring` and, for X25519, `orion`.

mod armor;
mod bech32;
mod header;
mod keys;
mod payload;

use ring::hkdf;
use zeroize::Zeroizing;

pub use keys::{Identity, KeyError, Recipient};

use header::Header;

/// A key of the ciphers, derived anew for each use.
type Key = Zeroizing<[u8; 32]>;

/// The key of one file.
type FileKey = Zeroizing<[u8; 16]>;

/// Why a file can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Its form is not that of an age file, or it was changed.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// It is for other keys.
    #[error("it was encrypted for another key")]
    OtherKey,
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// Encrypts `text` for `recipients`, of whom there has to be one at least, and gives the file, which is text too.
///
/// # Errors
/// [`Error::Random`].
pub fn encrypt(text: &[u8], recipients: &[Recipient]) -> Result<String, Error> {
    let mut key = FileKey::default();
    getrandom::fill(&mut *key)?;
    let mut file = header::write(&key, recipients)?;
    file.extend(payload::seal(&key, text)?);
    Ok(armor::write(&file))
}

/// Decrypts a file with whichever of `identities` it is for. The file may be armored or not.
///
/// # Errors
/// [`Error::Damaged`] and [`Error::OtherKey`]. Which key is asked for can't be told: a file does not name its recipients.
pub fn decrypt(file: &[u8], identities: &[Identity]) -> Result<Zeroizing<Vec<u8>>, Error> {
    let binary = match armor::read(file)? {
        Some(binary) => binary,
        None => file.to_vec(),
    };
    let header = Header::read(&binary)?;
    let mut keys = identities.iter().map(|identity| header.key(identity));
    let key = keys.find_map(Result::transpose).ok_or(Error::OtherKey)??;
    header.check(&key)?;
    payload::open(&key, header.payload)
}

/// HKDF-SHA-256 (RFC 5869).
fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Result<Key, Error> {
    let mut key = Key::default();
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], hkdf::HKDF_SHA256)
        .and_then(|derived| derived.fill(&mut *key))
        .map_err(|_| Error::Damaged("a key can't be derived"))?;
    Ok(key)
}

#[cfg(test)]
mod tests;
