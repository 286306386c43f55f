//! From text to token ids, as the model's `tokenizer.json` says. Two of its settings are replaced: it cuts at 128 tokens
//! where the model was made to read 256, and it pads every text to that length.

use tokenizers::{Tokenizer, TruncationParams};

use crate::TOKENS_MAX;

/// The tokeniser.
pub(crate) struct Tokens(Tokenizer);

impl Tokens {
    /// Reads `tokenizer.json`, whose ids must fit a vocabulary of `vocab_size`.
    pub(crate) fn parse(json: &[u8], vocab_size: usize) -> Result<Self, String> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
        let size = tokenizer.get_vocab_size(true);
        if size > vocab_size {
            return Err(format!(
                "it has {size} tokens, and the model knows {vocab_size}"
            ));
        }
        tokenizer.with_padding(None);
        let truncation = TruncationParams {
            max_length: TOKENS_MAX,
            ..TruncationParams::default()
        };
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(|error| error.to_string())?;
        Ok(Tokens(tokenizer))
    }

    /// Gives the ids of a text's tokens: at least the two marks at its ends, at most [`TOKENS_MAX`].
    pub(crate) fn of(&self, text: &str) -> Result<Vec<u32>, String> {
        let encoding = self
            .0
            .encode_fast(text, true)
            .map_err(|error| error.to_string())?;
        Ok(encoding.get_ids().to_vec())
    }
}
