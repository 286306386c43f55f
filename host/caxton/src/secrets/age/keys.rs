//! X25519 keys (RFC 7748): the identity that a person keeps, and the recipient that others may know.

use std::fmt;
use std::str::FromStr;

use orion::hazardous::ecc::x25519::{PrivateKey, PublicKey, key_agreement};
use zeroize::Zeroizing;

use super::bech32;

const IDENTITY: &str = "age-secret-key-";
const RECIPIENT: &str = "age";

/// A secret key.
pub struct Identity {
    secret: Zeroizing<[u8; 32]>,
    recipient: Recipient,
}

/// A public key: who can read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient([u8; 32]);

/// A text that is no key. It is not shown: it may be nearly one.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not a secret key.
    #[error("is not an age identity, which begins with AGE-SECRET-KEY-1")]
    Identity,
    /// Not a public key.
    #[error("is not an age recipient, which begins with age1")]
    Recipient,
}

impl Identity {
    /// Makes a new one.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *secret)?;
        Self::new(secret).ok_or(getrandom::Error::UNEXPECTED)
    }

    fn new(secret: Zeroizing<[u8; 32]>) -> Option<Self> {
        let public = PublicKey::try_from(&PrivateKey::from(*secret)).ok()?;
        let recipient = Recipient(public.as_ref().try_into().ok()?);
        Some(Self { secret, recipient })
    }

    /// Its public key.
    pub fn recipient(&self) -> Recipient {
        self.recipient
    }

    /// As it is kept: `AGE-SECRET-KEY-1…`.
    pub fn reveal(&self) -> Zeroizing<String> {
        let mut text = bech32::write(IDENTITY, &*self.secret);
        text.make_ascii_uppercase();
        text
    }

    /// The secret that it shares with whoever has the other half of `public`; nothing where `public` was chosen so that
    /// everybody has it.
    pub(super) fn shared(&self, public: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
        let private = PrivateKey::from(*self.secret);
        let shared = key_agreement(&private, &PublicKey::from(*public)).ok()?;
        let shared = shared.unprotected_as_ref().try_into().ok()?;
        Some(Zeroizing::new(shared))
    }
}

impl Recipient {
    /// The key itself.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Identity {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = bech32::read(IDENTITY, text).ok_or(KeyError::Identity)?;
        // In upper case only, so that it is not taken for the public half.
        if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Err(KeyError::Identity);
        }
        let secret = bytes
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Identity)?;
        Self::new(Zeroizing::new(secret)).ok_or(KeyError::Identity)
    }
}

impl FromStr for Recipient {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let bytes = bech32::read(RECIPIENT, text).ok_or(KeyError::Recipient)?;
        let public = bytes
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Recipient)?;
        Ok(Self(public))
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&bech32::write(RECIPIENT, &self.0))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity of {}", self.recipient())
    }
}
