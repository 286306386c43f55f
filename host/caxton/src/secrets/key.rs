//! The key of the secrets file: an age identity outside the workspace, in the environment or in a file of the user's own.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::age::{self, Identity, Recipient};
use super::lookup::Env;

/// The key itself, for machines.
const VARIABLE: &str = "CAXTON_SECRETS_KEY";
/// Where the key is, instead of the usual place.
const FILE_VARIABLE: &str = "CAXTON_SECRETS_KEY_FILE";
/// The usual place, in the user's directory for settings.
const FILE: &str = "caxton/secrets.key";

/// Who can read secrets here.
#[derive(Debug)]
pub struct Key {
    /// One at least. The first is for whom files are written.
    pub identities: Vec<Identity>,
    /// Where they are from.
    pub place: Place,
}

/// Where a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the environment.
    Variable,
    /// In a file.
    File(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str(VARIABLE),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none where one is looked for.
    #[error("there is no key in {path}", path = path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The environment does not say where it could be.
    #[error("it is not known where its key is: neither {VARIABLE} nor HOME is set")]
    Nowhere,
    /// Others can read it.
    #[error("others can read its key: {path} has the mode {mode:04o}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It lies beside what it locks.
    #[error("its key {path} lies in the workspace, where components and repositories get at it", path = path.display())]
    Inside {
        /// The file.
        path: PathBuf,
    },
    /// It is no key.
    #[error("{place} {source}")]
    Malformed {
        /// Where it is from.
        place: Place,
        /// What is wrong.
        #[source]
        source: age::KeyError,
    },
    /// It can't be read or written.
    #[error("its key {path} can't be used: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system gives no random numbers.
    #[error("no key can be made: {0}")]
    Random(#[from] getrandom::Error),
}

impl Error {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing { path } => {
                format!("copy the key to {}, or set {VARIABLE}", path.display())
            }
            Self::Nowhere => format!("set {VARIABLE} to the key, or {FILE_VARIABLE} to its file"),
            Self::Open { path, .. } => format!("chmod 600 {}", path.display()),
            Self::Inside { .. } => format!("move it elsewhere, and set {FILE_VARIABLE}"),
            Self::Malformed { .. } => {
                "give the key that `caxton secret set` or `age-keygen` made".to_owned()
            }
            Self::Io { .. } => "make it a file that this user may read".to_owned(),
            Self::Random(_) => "try again".to_owned(),
        }
    }
}

impl Key {
    /// The key of this user, for the workspace in `dir`.
    ///
    /// # Errors
    /// Where there is none, it is malformed, or it is not kept as a key should be.
    pub fn find(dir: &Path, env: Env<'_>) -> Result<Self, Error> {
        match place(env)? {
            Found::Text(text) => Self::parse(&text, Place::Variable),
            Found::At(path) => Self::read(path, dir),
        }
    }

    /// The same; makes a key where there is no file yet, and says so.
    ///
    /// # Errors
    /// As [`Key::find`].
    pub fn find_or_make(dir: &Path, env: Env<'_>) -> Result<(Self, bool), Error> {
        match Self::find(dir, env) {
            Err(Error::Missing { path }) if is_inside(&path, dir) => Err(Error::Inside { path }),
            Err(Error::Missing { path }) => {
                make(&path)?;
                Ok((Self::read(path, dir)?, true))
            }
            found => found.map(|key| (key, false)),
        }
    }

    /// For whom files are written.
    pub fn recipient(&self) -> Option<Recipient> {
        self.identities.first().map(Identity::recipient)
    }

    fn read(path: PathBuf, dir: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(&path).map(Zeroizing::new);
        let text = text.map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => Error::Missing { path: path.clone() },
            _ => Error::Io {
                path: path.clone(),
                source,
            },
        })?;
        let mode = mode(&path).map_err(|source| Error::Io {
            path: path.clone(),
            source,
        })?;
        if mode & 0o077 != 0 {
            return Err(Error::Open { path, mode });
        }
        if is_inside(&path, dir) {
            return Err(Error::Inside { path });
        }
        Self::parse(&text, Place::File(path))
    }

    /// Reads a file of `age-keygen`: a key a line, and remarks.
    fn parse(text: &str, place: Place) -> Result<Self, Error> {
        let lines = text.lines().map(str::trim);
        let identities: Result<Vec<Identity>, _> = lines
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(str::parse)
            .collect();
        let identities = match identities {
            Ok(none) if none.is_empty() => Err(age::KeyError::Identity),
            read => read,
        };
        match identities {
            Ok(identities) => Ok(Self { identities, place }),
            Err(source) => Err(Error::Malformed { place, source }),
        }
    }
}

enum Found {
    Text(Zeroizing<String>),
    At(PathBuf),
}

fn place(env: Env<'_>) -> Result<Found, Error> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty());
    if let Some(text) = set(VARIABLE) {
        return Ok(Found::Text(Zeroizing::new(text)));
    }
    if let Some(path) = set(FILE_VARIABLE) {
        return Ok(Found::At(path.into()));
    }
    // After the XDG Base Directory Specification, which wants relative paths to be ignored.
    let settings = set("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute());
    let settings = settings.or_else(|| Some(Path::new(&set("HOME")?).join(".config")));
    settings
        .map(|dir| Found::At(dir.join(FILE)))
        .ok_or(Error::Nowhere)
}

/// Whether `path`, which need not be there yet, lies in `dir`.
fn is_inside(path: &Path, dir: &Path) -> bool {
    let path = std::path::absolute(path).unwrap_or_default();
    let found = path.ancestors().find_map(|part| part.canonicalize().ok());
    let inside = |dir: PathBuf| found.is_some_and(|path| path.starts_with(dir));
    dir.canonicalize().is_ok_and(inside)
}

/// Writes a new key to `path`, for this user's eyes only.
fn make(path: &Path) -> Result<(), Error> {
    let identity = Identity::generate()?;
    let text = Zeroizing::new(format!(
        "# The key of secrets.age files. Keep a copy of it: without it they can't be read.\n# public key: {}\n{}\n",
        identity.recipient(),
        *identity.reveal()
    ));
    let write = || {
        let mut dir = DirBuilder::new();
        let mut file = OpenOptions::new();
        file.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
            dir.mode(0o700);
            file.mode(0o600);
        }
        dir.recursive(true)
            .create(path.parent().unwrap_or(Path::new(".")))?;
        let mut file = file.open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    write().map_err(|source| Error::Io {
        path: path.to_owned(),
        source,
    })
}

/// Who may do what with a file; where the system does not say, nobody else anything.
fn mode(path: &Path) -> io::Result<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(fs::metadata(path)?.permissions().mode() & 0o7777)
    }
    #[cfg(not(unix))]
    {
        fs::metadata(path).map(|_| 0o600)
    }
}
