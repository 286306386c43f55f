//! What `config.json` says of the network, as far as it matters here.

use serde::Deserialize;

use crate::{DIMENSIONS, TOKENS_MAX};

/// Attention heads of a layer.
pub(crate) const HEADS: usize = 12;

/// Numbers in a row between the two products of the feed-forward part.
pub(crate) const INTERMEDIATE: usize = 4 * DIMENSIONS;

/// `config.json`
#[derive(Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) vocab_size: usize,
    hidden_size: usize,
    pub(crate) num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    pub(crate) max_position_embeddings: usize,
    pub(crate) layer_norm_eps: f64,
    hidden_act: String,
}

impl Config {
    /// Reads `config.json` and checks that it describes a network that the kernels were made for.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        let config: Config = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let equal = [
            ("hidden_size", config.hidden_size, DIMENSIONS),
            ("num_attention_heads", config.num_attention_heads, HEADS),
            ("intermediate_size", config.intermediate_size, INTERMEDIATE),
        ];
        for (name, found, wanted) in equal {
            if found != wanted {
                return Err(format!("{name} is {found}, and must be {wanted}"));
            }
        }
        if config.max_position_embeddings < TOKENS_MAX {
            let positions = config.max_position_embeddings;
            return Err(format!(
                "max_position_embeddings is {positions}, and must be at least {TOKENS_MAX}"
            ));
        }
        if config.hidden_act != "gelu" {
            return Err(format!(
                "hidden_act is {:?}, and must be \"gelu\"",
                config.hidden_act
            ));
        }
        Ok(config)
    }
}
