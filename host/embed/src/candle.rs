//! The network on candle, in single precision: what a graphics card computes, and what our own kernels are held against. A
//! batch is a rectangle of token ids; shorter texts are padded at the end, and the padding is masked out.

use candle_core::safetensors::SliceSafetensors;
use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops::{layer_norm, softmax_last_dim};

use crate::config::{Config, HEADS, INTERMEDIATE};
use crate::{DIMENSIONS, TOKENS_MAX};

/// The network's weights.
pub(crate) struct Bert {
    /// `[vocabulary, 384]`
    words: Tensor,
    /// What each place in a text adds, `[256, 384]`: position and the type of the first (here only) segment together.
    places: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    device: Device,
}

struct Layer {
    /// Query, key and value as one product: `[1152, 384]`. The query's part holds the factor 1/√32 of the attention.
    query_key_value: Linear,
    attention_output: Linear,
    attention_norm: Norm,
    intermediate: Linear,
    output: Linear,
    output_norm: Norm,
}

impl Bert {
    /// Takes the weights out of a safetensors file, to compute on `device`.
    pub(crate) fn load(config: &Config, file: &[u8], device: Device) -> Result<Self> {
        let weights = Weights {
            device: &device,
            file: SliceSafetensors::new(file)?,
            eps: config.layer_norm_eps as f32,
        };
        let position = "embeddings.position_embeddings.weight";
        let positions = weights.tensor(position, &[config.max_position_embeddings, DIMENSIONS])?;
        let types = weights.tensor("embeddings.token_type_embeddings.weight", &[2, DIMENSIONS])?;
        let places = positions
            .narrow(0, 0, TOKENS_MAX)?
            .broadcast_add(&types.narrow(0, 0, 1)?)?;
        let words = "embeddings.word_embeddings.weight";
        Ok(Bert {
            words: weights.tensor(words, &[config.vocab_size, DIMENSIONS])?,
            places,
            norm: weights.norm("embeddings")?,
            layers: (0..config.num_hidden_layers)
                .map(|n| weights.layer(&format!("encoder.layer.{n}")))
                .collect::<Result<_>>()?,
            device,
        })
    }

    /// What it computes on, for people.
    pub(crate) fn engine(&self) -> String {
        format!("{:?}, candle", self.device.location())
    }

    /// Gives a vector for each text, in order. Texts are token ids, 1 to 256 each; the work grows with their number times
    /// the length of the longest.
    pub(crate) fn vectors(&self, texts: &[&[u32]]) -> Result<Vec<[f32; DIMENSIONS]>> {
        let length = texts.iter().map(|ids| ids.len()).max().unwrap_or(0);
        if length == 0 {
            return Ok(Vec::new());
        }
        let mut ids = Vec::with_capacity(texts.len() * length);
        let mut mask = Vec::with_capacity(texts.len() * length);
        for text in texts {
            ids.extend_from_slice(text);
            ids.resize(ids.len() + length - text.len(), 0);
            mask.extend(std::iter::repeat_n(1f32, text.len()));
            mask.resize(ids.len(), 0.);
        }
        let padded = mask.contains(&0.);
        let mask = Tensor::from_vec(mask, (texts.len(), length), &self.device)?;
        let hidden = self.hidden(ids, texts.len(), length, padded.then_some(&mask))?;
        let mean = pool(&hidden, &mask)?;
        mean.to_vec2::<f32>()?
            .into_iter()
            .map(|row| {
                row.try_into()
                    .map_err(|_| candle_core::Error::Msg("a vector of another width".into()))
            })
            .collect()
    }

    /// The last hidden states, `[texts, length, 384]`.
    fn hidden(
        &self,
        ids: Vec<u32>,
        texts: usize,
        length: usize,
        mask: Option<&Tensor>,
    ) -> Result<Tensor> {
        let ids = Tensor::from_vec(ids, texts * length, &self.device)?;
        let words = self
            .words
            .index_select(&ids, 0)?
            .reshape((texts, length, DIMENSIONS))?;
        let places = self.places.narrow(0, 0, length)?;
        let input = words
            .broadcast_add(&places)?
            .reshape((texts * length, DIMENSIONS))?;
        let mut hidden = self.norm.apply(&input)?;
        // Added to the attention's scores: nothing for a token, and for padding so little that its share is 0.
        let bias = match mask {
            Some(mask) => Some(mask.affine(1e9, -1e9)?.reshape((texts, 1, 1, length))?),
            None => None,
        };
        for layer in &self.layers {
            let context = layer.attend(&hidden, (texts, length), bias.as_ref())?;
            let attended = layer.attention_output.apply(&context)?;
            let middle = layer.attention_norm.apply(&(attended + hidden)?)?;
            let wide = layer.intermediate.apply(&middle)?.gelu_erf()?;
            hidden = layer
                .output_norm
                .apply(&(layer.output.apply(&wide)? + middle)?)?;
        }
        hidden.reshape((texts, length, DIMENSIONS))
    }
}

impl Layer {
    /// Self-attention: from `[texts * length, 384]` to the same shape.
    fn attend(
        &self,
        hidden: &Tensor,
        (texts, length): (usize, usize),
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (heads, width) = (HEADS, DIMENSIONS / HEADS);
        let all = self
            .query_key_value
            .apply(hidden)?
            .reshape((texts, length, 3, heads, width))?;
        let part = |n: usize| {
            all.narrow(2, n, 1)?
                .squeeze(2)?
                .transpose(1, 2)?
                .contiguous()
        };
        let (query, key, value) = (part(0)?, part(1)?, part(2)?);
        let mut scores = query.matmul(&key.t()?)?;
        if let Some(bias) = bias {
            scores = scores.broadcast_add(bias)?;
        }
        let context = softmax_last_dim(&scores)?.matmul(&value)?;
        context
            .transpose(1, 2)?
            .contiguous()?
            .reshape((texts * length, DIMENSIONS))
    }
}

/// The mean over each text's tokens, scaled to length 1: `[texts, 384]`.
fn pool(hidden: &Tensor, mask: &Tensor) -> Result<Tensor> {
    let sum = hidden.broadcast_mul(&mask.unsqueeze(2)?)?.sum(1)?;
    let mean = sum.broadcast_div(&mask.sum_keepdim(1)?)?;
    let length = mean
        .sqr()?
        .sum_keepdim(D::Minus1)?
        .sqrt()?
        .clamp(1e-12f32, f32::MAX)?;
    mean.broadcast_div(&length)
}

/// `x · weightᵀ + bias`, with `weight` `[out, in]`.
struct Linear {
    weight: Tensor,
    bias: Tensor,
}

impl Linear {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
    eps: f32,
}

impl Norm {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        layer_norm(&x.contiguous()?, &self.weight, &self.bias, self.eps)
    }
}

/// The file, and what every norm needs.
struct Weights<'a> {
    device: &'a Device,
    file: SliceSafetensors<'a>,
    eps: f32,
}

impl Weights<'_> {
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor> {
        let tensor = self.file.load(name, self.device)?;
        if tensor.dims() != shape {
            let found = tensor.dims();
            candle_core::bail!("{name} has the shape {found:?}, and must have {shape:?}");
        }
        tensor.to_dtype(DType::F32)
    }

    fn linear(&self, name: &str, output: usize, input: usize) -> Result<Linear> {
        Ok(Linear {
            weight: self.tensor(&format!("{name}.weight"), &[output, input])?,
            bias: self.tensor(&format!("{name}.bias"), &[output])?,
        })
    }

    fn norm(&self, name: &str) -> Result<Norm> {
        Ok(Norm {
            weight: self.tensor(&format!("{name}.LayerNorm.weight"), &[DIMENSIONS])?,
            bias: self.tensor(&format!("{name}.LayerNorm.bias"), &[DIMENSIONS])?,
            eps: self.eps,
        })
    }

    fn layer(&self, name: &str) -> Result<Layer> {
        let square =
            |part: &str| self.linear(&format!("{name}.attention.{part}"), DIMENSIONS, DIMENSIONS);
        let (query, key, value) = (
            square("self.query")?,
            square("self.key")?,
            square("self.value")?,
        );
        let scale = 1. / ((DIMENSIONS / HEADS) as f64).sqrt();
        let query_key_value = Linear {
            weight: Tensor::cat(&[(query.weight * scale)?, key.weight, value.weight], 0)?,
            bias: Tensor::cat(&[(query.bias * scale)?, key.bias, value.bias], 0)?,
        };
        let wide = INTERMEDIATE;
        Ok(Layer {
            query_key_value,
            attention_output: square("output.dense")?,
            attention_norm: self.norm(&format!("{name}.attention.output"))?,
            intermediate: self.linear(&format!("{name}.intermediate.dense"), wide, DIMENSIONS)?,
            output: self.linear(&format!("{name}.output.dense"), DIMENSIONS, wide)?,
            output_norm: self.norm(&format!("{name}.output"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::network::Network;
    use crate::source::Contents;

    #[test]
    fn our_kernels_compute_what_candle_computes() {
        let directory = std::env::var_os("CAXTON_MODEL_DIR").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/model"),
            PathBuf::from,
        );
        let config = std::fs::read(directory.join("config.json")).unwrap();
        let config = Config::parse(&config).unwrap();
        let file = std::fs::read(directory.join("model.safetensors")).unwrap();
        let file = Contents::Embedded(file.leak());
        let reference = Bert::load(&config, &file, Device::Cpu).unwrap();
        let mut ours = Network::load(&config, &file, 2).unwrap();
        let texts: Vec<Vec<u32>> = [2, 3, 12, 64, 65, 256]
            .map(|length| {
                (0..length)
                    .map(|n| (n * 7919 + length * 31) % 30_000)
                    .collect()
            })
            .to_vec();
        let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
        let expected = reference.vectors(&texts).unwrap();
        for (expected, found) in expected.iter().zip(ours.vectors(&texts).unwrap()) {
            let cosine = crate::dot(expected, &found);
            assert!(cosine > 0.999_99, "{cosine}");
        }
    }
}
