//! One secret by its name: the environment first, so that a file can be overruled where a server runs.

use std::cell::OnceCell;
use std::path::Path;

use caxton_sandbox::SecretValue;

use super::file::{Error, SecretsFile};

/// Looks up an environment variable.
pub type Env<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// The secrets of a workspace. The file is read when a name is not in the environment, and once only.
pub struct Lookup<'a> {
    dir: &'a Path,
    env: Env<'a>,
    file: OnceCell<Result<SecretsFile, Error>>,
}

/// What is known of a name.
pub enum Found<'l> {
    /// Its value.
    Value(SecretValue),
    /// It is neither in the environment nor in the file.
    Missing {
        /// Whether the environment has it without a value.
        empty: bool,
    },
    /// It is not in the environment, and the file can't be read.
    Unreadable(&'l Error),
}

impl<'a> Lookup<'a> {
    /// For the workspace in `dir`.
    pub fn new(dir: &'a Path, env: Env<'a>) -> Self {
        Self {
            dir,
            env,
            file: OnceCell::new(),
        }
    }

    /// Finds the value of `name`.
    pub fn find(&self, name: &str) -> Found<'_> {
        let set = (self.env)(name).map(SecretValue::new);
        let empty = match set {
            Some(value) if !value.reveal().is_empty() => return Found::Value(value),
            set => set.is_some(),
        };
        match self
            .file
            .get_or_init(|| SecretsFile::read(self.dir, self.env))
        {
            Err(error) => Found::Unreadable(error),
            Ok(file) => match file.values.get(name) {
                Some(value) => Found::Value(value.clone()),
                None => Found::Missing { empty },
            },
        }
    }
}
