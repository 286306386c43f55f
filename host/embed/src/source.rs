//! Where the model's three files come from, and reading them.

use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;

use crate::config::Config;
use crate::engine::{Device, Engine};
use crate::tokens::Tokens;

/// Where the model comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// A directory with `config.json`, `tokenizer.json` and `model.safetensors`. The files are mapped, so they are replaced,
    /// not written into, while they are in use. The weights may be in single or half precision.
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
    pub(crate) engine: Engine,
}

/// A file's contents, which stay where they are; clones share them.
#[derive(Clone)]
pub(crate) enum Contents {
    /// Part of the program.
    Embedded(&'static [u8]),
    /// A file that the kernel reads as it is used.
    Mapped(Arc<Mmap>),
}

impl Deref for Contents {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Contents::Embedded(bytes) => bytes,
            Contents::Mapped(map) => map,
        }
    }
}

impl Source {
    /// Reads the model, to compute on `device` with at most `threads` threads. The error says what is wrong with which file.
    pub(crate) fn load(&self, device: Device, threads: usize) -> Result<Model, String> {
        let of =
            |name: &'static str| move |reason: String| format!("{}: {reason}", self.place(name));
        let config = self.file("config.json")?;
        let config = Config::parse(&config).map_err(of("config.json"))?;
        let tokenizer = self.file("tokenizer.json")?;
        let tokens = Tokens::parse(&tokenizer, config.vocab_size).map_err(of("tokenizer.json"))?;
        let weights = self.file("model.safetensors")?;
        let engine = Engine::load(&config, &weights, device, threads);
        let engine = engine.map_err(of("model.safetensors"))?;
        Ok(Model { tokens, engine })
    }

    fn file(&self, name: &'static str) -> Result<Contents, String> {
        match self {
            Source::Directory(directory) => map(&directory.join(name))
                .map_err(|error| format!("can't read {}: {error}", self.place(name))),
            Source::Bytes {
                config,
                tokenizer,
                weights,
            } => Ok(Contents::Embedded(match name {
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

fn map(path: &Path) -> std::io::Result<Contents> {
    let file = File::open(path)?;
    // SAFETY: the file is read as plain bytes, of which none means anything that Rust relies on. Whoever shortens a model's
    // file in place while a server uses it ends that server, as with any program's mapped files; installing replaces them.
    let map = unsafe { Mmap::map(&file)? };
    Ok(Contents::Mapped(Arc::new(map)))
}
