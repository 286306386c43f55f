//! Sentence embeddings: the model all-MiniLM-L6-v2 on candle. This is the only crate that knows candle. It gives the vectors
//! that the model's reference implementation (sentence-transformers) gives: mean of the tokens' last hidden states, length
//! 1, of the text's first 256 tokens, lower-cased. It does not fetch the model, and keeps no vector on disk.
//!
//! [`Embedder`] is the handle. In reading order: `embedder` (what callers use), `cache`, `worker` (the thread that
//! computes), `tokens` (text to token ids), `bert` (the network), `source` (where the model's files come from).

mod bert;
mod cache;
mod embedder;
mod error;
mod source;
mod tokens;
mod worker;

use std::sync::Arc;

pub use embedder::{Embedder, Settings, State};
pub use error::Error;
pub use source::Source;

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
