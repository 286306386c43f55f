//! A client's name for a message, under which it can be sent again without a second turn.

use super::error::Error;

/// A client's name for one message (the draft standard header `Idempotency-Key`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name.
    pub key: String,
    /// A digest of the message, by which another one under the same name is found out.
    pub digest: String,
}

/// Whether the message under this key is the one that was known under it, by the digest of that one.
///
/// # Errors
/// [`Error::KeyReused`].
pub(super) fn same(key: &Key, digest: &str) -> Result<(), Error> {
    if key.digest == digest {
        return Ok(());
    }
    let key = key.key.clone();
    Err(Error::KeyReused { key })
}
