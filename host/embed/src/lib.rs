//! Sentence embeddings: the model all-MiniLM-L6-v2 on kernels of our own. It gives the vectors that the model's reference
//! implementation (sentence-transformers) gives: mean of the tokens' last hidden states, length 1, of the text's first 256
//! tokens, lower-cased. It does not fetch the model, and keeps no vector on disk.
//!
//! [`Embedder`] is the handle. In reading order: `embedder` (what callers use), `cache`, `worker` (the thread that
//! computes), `tokens` (text to token ids), `engine` (which network computes), `network` (the network), `kernels` (what its
//! time goes to), `team` (several threads on one text), `source` and `weights` (where the model comes from, and reading it).
//! With the feature `candle` the network is there on candle as well, for graphics cards and as a reference.

mod cache;
#[cfg(feature = "candle")]
mod candle;
mod compare;
mod config;
mod embedder;
mod engine;
mod error;
mod half;
mod kernels;
mod network;
mod source;
mod team;
mod tokens;
mod weights;
mod words;
mod worker;

use std::sync::Arc;

pub use compare::{dot, dot_many};
pub use embedder::{Embedder, Settings, State};
pub use engine::Device;
pub use error::Error;
pub use source::Source;
pub use weights::halved;

/// Numbers in a vector.
pub const DIMENSIONS: usize = 384;

/// The tokens of a text that count, the model's two marks included; the rest is not read. The model's own setting.
pub const TOKENS_MAX: usize = 256;

/// The bytes of a text that are read at most. 256 tokens of any language are shorter; only a text of hundreds of words
/// that each fill a line is cut by this.
pub const TEXT_BYTES_READ: usize = 32 << 10;

/// The most texts in one call.
pub const TEXTS_MAX: usize = 1024;

/// A text's vector: `[384]`, length 1, so that the dot product of two is their cosine similarity.
pub type Vector = Arc<[f32; DIMENSIONS]>;
