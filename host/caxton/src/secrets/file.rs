//! The file `secrets.age`: names and values as TOML, one a line and sorted, encrypted as text that may stand in a repository.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write as _};
use std::path::Path;

use caxton_sandbox::SecretValue;
use zeroize::Zeroizing;

use super::age::{self, Recipient};
use super::key::{self, Key, Place};
use super::lookup::Env;
use crate::data::DIRECTORY;

/// Its name, beside `caxton.toml`.
pub const FILE: &str = "secrets.age";

/// The file in a workspace's data that is locked while the secrets are changed.
const LOCK: &str = "secrets.lock";

/// More would be no list of secrets, and is not read into memory.
const BYTES_MAX: u64 = 1 << 20;

/// The secrets of one workspace.
#[derive(Debug, Default)]
pub struct SecretsFile {
    /// By name.
    pub values: BTreeMap<String, SecretValue>,
}

/// Why the file can't be read or written. No error shows any part of a value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no key for it.
    #[error("{0}")]
    Key(#[from] key::Error),
    /// It can't be decrypted.
    #[error("{source} (the key is that of {place})")]
    Locked {
        /// Where the key is from.
        place: Place,
        /// What is wrong.
        #[source]
        source: age::Error,
    },
    /// It can't be encrypted.
    #[error("it can't be encrypted: {0}")]
    Encrypt(#[source] age::Error),
    /// What is in it is not a list of secrets.
    #[error("line {line} of what is in it is not NAME = \"value\"")]
    Content {
        /// The line, counted from 1.
        line: usize,
    },
    /// It is far too large, or would be.
    #[error("it has more than {BYTES_MAX} bytes, or would have")]
    TooLarge,
    /// The system refuses.
    #[error("it can't be opened: {0}")]
    Io(#[from] io::Error),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Key(error) => error.remedy(),
            Self::Locked { source: age::Error::OtherKey, .. } => {
                "use the key that it was written with, or have this one added to `recipients` under [secrets] in caxton.toml".to_owned()
            }
            Self::TooLarge => {
                format!("remove secrets that nobody wants with `caxton secret remove`; where that fails, restore {FILE}")
            }
            Self::Locked { .. } => {
                format!("restore {FILE}, or remove it and set its secrets again")
            }
            Self::Content { .. } => {
                format!("remove {FILE} and set its secrets again with `caxton secret set`")
            }
            Self::Encrypt(_) | Self::Io(_) => {
                format!("make {FILE} a file that this user may read and write")
            }
        }
    }
}

impl SecretsFile {
    /// Whether the workspace in `dir` has one.
    pub fn is_in(dir: &Path) -> bool {
        dir.join(FILE).symlink_metadata().is_ok()
    }

    /// Reads the file of the workspace in `dir`. One that is not there has no secrets, and needs no key.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn read(dir: &Path, env: Env<'_>) -> Result<Self, Error> {
        if !Self::is_in(dir) {
            return Ok(Self::default());
        }
        Self::open(dir, &Key::find(dir, env)?)
    }

    /// The same with a key that was found.
    ///
    /// # Errors
    /// All of [`Error`] but those of a key.
    pub fn open(dir: &Path, key: &Key) -> Result<Self, Error> {
        if !Self::is_in(dir) {
            return Ok(Self::default());
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(dir.join(FILE))?;
        file.take(BYTES_MAX + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > BYTES_MAX {
            return Err(Error::TooLarge);
        }
        let text = age::decrypt(&bytes, &key.identities).map_err(|source| Error::Locked {
            place: key.place.clone(),
            source,
        })?;
        Self::parse(&text)
    }

    /// Keeps others from changing the file of the workspace in `dir` until what is given is dropped: who changes it reads it
    /// first, and must not write over what somebody else wrote meanwhile. Waits for its turn.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn lock(dir: &Path) -> Result<fs::File, Error> {
        let dir = dir.join(DIRECTORY);
        fs::create_dir_all(&dir)?;
        // The file itself is replaced when it is written, and a lock does not go over to the new one.
        let mut lock = fs::OpenOptions::new();
        let lock = lock.create(true).truncate(false).write(true);
        let lock = lock.open(dir.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    }

    /// Writes it into the workspace in `dir` for `recipients`, whole or not at all. Without secrets there is no file.
    ///
    /// # Errors
    /// [`Error::Encrypt`], [`Error::Io`], and [`Error::TooLarge`] where it could not be read again; the old one stays then.
    pub fn write(&self, dir: &Path, recipients: &[Recipient]) -> Result<(), Error> {
        let path = dir.join(FILE);
        if self.values.is_empty() {
            return Ok(fs::remove_file(path)?);
        }
        let text = age::encrypt(self.text().as_bytes(), recipients).map_err(Error::Encrypt)?;
        if text.len() as u64 > BYTES_MAX {
            return Err(Error::TooLarge);
        }
        let mut beside = tempfile::Builder::new();
        #[cfg(unix)]
        // As any file of the workspace: what is in it is locked, and the server may run as somebody else.
        beside.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = beside.tempfile_in(dir)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn parse(text: &[u8]) -> Result<Self, Error> {
        let content = |at: usize| {
            let before = text.get(..at).unwrap_or(text);
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            Error::Content { line }
        };
        let utf8 = std::str::from_utf8(text).map_err(|error| content(error.valid_up_to()))?;
        // The parser's own words would show the line.
        let values: BTreeMap<String, String> = toml::from_str(utf8)
            .map_err(|error| content(error.span().map_or(0, |span| span.start)))?;
        let secret = |(name, value)| (name, SecretValue::new(value));
        Ok(Self {
            values: values.into_iter().map(secret).collect(),
        })
    }

    fn text(&self) -> Zeroizing<String> {
        // Every character may become an escape of six; a text that grows would leave copies behind.
        let bytes =
            |(name, value): (&String, &SecretValue)| name.len() + value.reveal().len() * 6 + 8;
        let mut text = Zeroizing::new(String::with_capacity(self.values.iter().map(bytes).sum()));
        for (name, value) in &self.values {
            text.push_str(name);
            text.push_str(" = \"");
            for c in value.reveal().chars() {
                match c {
                    '"' | '\\' => text.extend(['\\', c]),
                    _ if c.is_control() => drop(write!(text, "\\u{:04X}", u32::from(c))),
                    _ => text.push(c),
                }
            }
            text.push_str("\"\n");
        }
        text
    }
}
