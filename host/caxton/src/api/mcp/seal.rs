//! State that a component hands out with a question and wants back with the answer. It goes through the client's hands, so
//! it leaves signed for one workspace, component, item and set of arguments, and comes back unchanged and in time, or not at
//! all. Signed, not encrypted: a client can read it.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How long a question may stay unanswered: a person may sleep over it.
const VALID_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// Names the format and keeps these signatures apart from any other made with the same key.
const FORMAT: &str = "cx1";

/// As many as the block of SHA-256 has: HMAC takes such a key as it is.
const KEY_BYTES: usize = 64;
const EXPIRY_BYTES: usize = 8;

/// Signs state and checks it.
pub struct Seal {
    key: [u8; KEY_BYTES],
}

/// What state is signed for: the same call must be made again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The workspace.
    pub workspace: String,
    /// The component that gave the state.
    pub component: String,
    /// `tool`, `prompt` or `resource`.
    pub kind: &'static str,
    /// The tool's or prompt's name, or the resource's URI.
    pub name: String,
    /// The arguments, as JSON text with sorted keys.
    pub arguments: String,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file can't be read or written.
    #[error(
        "the key file {path} can't be used: {source}; check that the server may read and write its data directory"
    )]
    File {
        /// The file.
        path: String,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// The file does not hold a key.
    #[error(
        "the key file {path} has {size} bytes instead of {KEY_BYTES}; remove it, and a new one is made (open questions are then lost)"
    )]
    Size {
        /// The file.
        path: String,
        /// Its size in bytes.
        size: usize,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers for a key: {0}")]
    Random(getrandom::Error),
}

/// State was not accepted. Deliberately says no more: which part was wrong helps only who forges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`requestState` was not given by this server for this call, or was changed, or is older than a day; make the call again without it"
)]
pub struct Refused;

impl Seal {
    /// A key that lasts as long as this process.
    ///
    /// # Errors
    /// [`KeyError::Random`].
    pub fn ephemeral() -> Result<Self, KeyError> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key).map_err(KeyError::Random)?;
        Ok(Self { key })
    }

    /// The key in the file at `path`, made on first use, so that open questions survive a restart.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn at(path: &Path) -> Result<Self, KeyError> {
        let shown = || path.display().to_string();
        let file_error = |source| KeyError::File {
            path: shown(),
            source,
        };
        match std::fs::File::open(path) {
            Ok(file) => {
                // One byte more than a key has, so that a longer file is noticed without reading all of it.
                let mut bytes = Vec::new();
                file.take(KEY_BYTES as u64 + 1)
                    .read_to_end(&mut bytes)
                    .map_err(file_error)?;
                let size = bytes.len();
                let key = bytes.try_into().map_err(|_| KeyError::Size {
                    path: shown(),
                    size,
                })?;
                Ok(Self { key })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let seal = Self::ephemeral()?;
                create_private(path)
                    .and_then(|mut file| file.write_all(&seal.key).and_then(|()| file.sync_all()))
                    .map_err(file_error)?;
                Ok(seal)
            }
            Err(error) => Err(file_error(error)),
        }
    }

    /// Signs `state`.
    pub fn seal(&self, scope: &Scope, state: &str) -> String {
        self.seal_until(scope, state, now().saturating_add(VALID_FOR.as_secs()))
    }

    /// Gives the state back.
    ///
    /// # Errors
    /// [`Refused`] where it is not exactly what [`Self::seal`] gave for the same scope, or is too old.
    pub fn open(&self, scope: &Scope, sealed: &str) -> Result<String, Refused> {
        let mut parts = sealed.split('.');
        let (Some(FORMAT), Some(body), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused);
        };
        let body = URL_SAFE_NO_PAD.decode(body).map_err(|_| Refused)?;
        let tag = URL_SAFE_NO_PAD.decode(tag).map_err(|_| Refused)?;
        self.mac(scope, &body)
            .verify_slice(&tag)
            .map_err(|_| Refused)?;
        let (expiry, state) = body.split_first_chunk::<EXPIRY_BYTES>().ok_or(Refused)?;
        if u64::from_be_bytes(*expiry) < now() {
            return Err(Refused);
        }
        String::from_utf8(state.to_vec()).map_err(|_| Refused)
    }

    fn seal_until(&self, scope: &Scope, state: &str, expiry: u64) -> String {
        let mut body = expiry.to_be_bytes().to_vec();
        body.extend_from_slice(state.as_bytes());
        let tag = self.mac(scope, &body).finalize().into_bytes();
        format!(
            "{FORMAT}.{}.{}",
            URL_SAFE_NO_PAD.encode(&body),
            URL_SAFE_NO_PAD.encode(tag)
        )
    }

    fn mac(&self, scope: &Scope, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new(&self.key.into());
        let Scope {
            workspace,
            component,
            kind,
            name,
            arguments,
        } = scope;
        for part in [FORMAT, workspace, component, kind, name, arguments] {
            // With its length before it, no part can pass for the end of another.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(body);
        mac
    }
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Creates a file that only its owner can read.
fn create_private(path: &Path) -> std::io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(name: &str, arguments: &str) -> Scope {
        Scope {
            workspace: "w".into(),
            component: "c".into(),
            kind: "tool",
            name: name.into(),
            arguments: arguments.into(),
        }
    }

    #[test]
    fn state_comes_back_only_unchanged_and_for_the_same_call() {
        let seal = Seal::ephemeral().expect("random numbers");
        let sealed = seal.seal(&scope("t", "{}"), "round 1");
        assert_eq!(
            seal.open(&scope("t", "{}"), &sealed).as_deref(),
            Ok("round 1")
        );
        assert_eq!(seal.open(&scope("u", "{}"), &sealed), Err(Refused));
        assert_eq!(seal.open(&scope("t", "{\"a\":1}"), &sealed), Err(Refused));
        assert_eq!(seal.open(&scope("t{", "}"), &sealed), Err(Refused));
        assert_eq!(
            Seal::ephemeral()
                .expect("random numbers")
                .open(&scope("t", "{}"), &sealed),
            Err(Refused)
        );
        for end in 0..sealed.len() {
            assert_eq!(seal.open(&scope("t", "{}"), &sealed[..end]), Err(Refused));
        }
        for bad in [
            "",
            "cx1",
            "cx1..",
            "cx2.AA.AA",
            "cx1.💥.💥",
            &format!("{sealed}-TAMPERED"),
            &format!("{sealed}.x"),
        ] {
            assert_eq!(seal.open(&scope("t", "{}"), bad), Err(Refused), "{bad}");
        }
    }

    #[test]
    fn old_state_is_refused() {
        let seal = Seal::ephemeral().expect("random numbers");
        let sealed = seal.seal_until(&scope("t", "{}"), "x", now() - 1);
        assert_eq!(seal.open(&scope("t", "{}"), &sealed), Err(Refused));
    }

    #[test]
    fn a_key_file_is_made_once_and_used_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("key");
        let sealed = Seal::at(&path).expect("a key").seal(&scope("t", "{}"), "x");
        assert_eq!(
            Seal::at(&path)
                .expect("the same key")
                .open(&scope("t", "{}"), &sealed)
                .as_deref(),
            Ok("x")
        );
        std::fs::write(&path, b"short").expect("written");
        assert!(matches!(
            Seal::at(&path),
            Err(KeyError::Size { size: 5, .. })
        ));
    }
}
