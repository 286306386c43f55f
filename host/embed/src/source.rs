//! Where the model's three files come from, and reading them.

use std::borrow::Cow;
use std::path::PathBuf;

use crate::bert::{Bert, Config};
use crate::tokens::Tokens;

/// Where the model comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A directory with `config.json`, `tokenizer.json` and `model.safetensors`.
    Directory(PathBuf),
    /// The contents of these files, as a program that carries the model has them.
    Bytes {
        /// `config.json`
        config: &'static [u8],
        /// `tokenizer.json`
        tokenizer: &'static [u8],
        /// `model.safetensors`
        weights: &'static [u8],
    },
    /// There is none, and this is why, with what to do about it.
    Absent(String),
}

/// Tokeniser and network, ready to use.
pub(crate) struct Model {
    pub(crate) tokens: Tokens,
    pub(crate) bert: Bert,
}

impl Source {
    /// Reads the model: 91 MB, so this takes a while. The error says what is wrong with which file.
    pub(crate) fn load(&self) -> Result<Model, String> {
        let of =
            |name: &'static str| move |reason: String| format!("{}: {reason}", self.place(name));
        let config = self.file("config.json")?;
        let config = Config::parse(&config).map_err(of("config.json"))?;
        let tokenizer = self.file("tokenizer.json")?;
        let tokens = Tokens::parse(&tokenizer, config.vocab_size).map_err(of("tokenizer.json"))?;
        let weights = self.file("model.safetensors")?;
        let bert =
            Bert::load(&config, &weights).map_err(|e| of("model.safetensors")(e.to_string()))?;
        Ok(Model { tokens, bert })
    }

    fn file(&self, name: &'static str) -> Result<Cow<'static, [u8]>, String> {
        match self {
            Source::Directory(directory) => std::fs::read(directory.join(name))
                .map(Cow::Owned)
                .map_err(|error| format!("can't read {}: {error}", self.place(name))),
            Source::Bytes {
                config,
                tokenizer,
                weights,
            } => Ok(Cow::Borrowed(match name {
                "config.json" => config,
                "tokenizer.json" => tokenizer,
                _ => weights,
            })),
            Source::Absent(reason) => Err(reason.clone()),
        }
    }

    fn place(&self, name: &str) -> String {
        match self {
            Source::Directory(directory) => directory.join(name).display().to_string(),
            Source::Bytes { .. } | Source::Absent(_) => format!("the embedded {name}"),
        }
    }
}
