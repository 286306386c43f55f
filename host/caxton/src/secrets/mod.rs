//! Secrets: where the value of a `${NAME}` comes from. First the environment, then the file `secrets.age` beside
//! `caxton.toml`, which is encrypted with a key that lies elsewhere. What a secret is for is said in `caxton.toml` and checked in
//! `config`; who sends it is the sandbox.
//!
//! Reading order: `lookup`, `file`, `key`, `age` (the file's format).

mod age;
mod file;
mod key;
mod lookup;

pub use age::{KeyError, Recipient};
pub use file::{Error, FILE, SecretsFile};
pub use key::{Key, Place};
pub use lookup::{Env, Found, Lookup};

/// Whether `name` can be the name of a secret: that of an environment variable.
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests;
