//! Which network computes: our own on the CPU, or the one on candle on a graphics card. Where there is no card, or this
//! program was built without support for one, the CPU computes, and the log says so.

use crate::DIMENSIONS;
use crate::config::Config;
use crate::network::Network;
use crate::source::Contents;

/// What is computed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// The first graphics card, with CUDA; the processor where there is none, or where this crate was built without its
    /// feature `cuda`.
    Cuda,
}

/// A network that computes.
pub(crate) enum Engine {
    Cpu(Box<Network>),
    #[cfg(feature = "candle")]
    Candle(crate::candle::Bert),
}

impl Engine {
    /// Takes the network's weights out of a safetensors file.
    pub(crate) fn load(
        config: &Config,
        file: &Contents,
        device: Device,
        threads: usize,
    ) -> Result<Self, String> {
        if device == Device::Cuda {
            match cuda(config, file) {
                Ok(engine) => return Ok(engine),
                Err(reason) => {
                    tracing::warn!(%reason, "embeddings are computed on the CPU, not with CUDA");
                }
            }
        }
        Network::load(config, file, threads).map(|network| Engine::Cpu(Box::new(network)))
    }

    /// What it computes on, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            Engine::Cpu(network) => network.engine(),
            #[cfg(feature = "candle")]
            Engine::Candle(network) => network.engine(),
        }
    }

    /// Gives a vector for each text, in order. Texts are token ids, 1 to 256 each.
    pub(crate) fn vectors(&mut self, texts: &[&[u32]]) -> Result<Vec<[f32; DIMENSIONS]>, String> {
        match self {
            Engine::Cpu(network) => network.vectors(texts),
            #[cfg(feature = "candle")]
            Engine::Candle(network) => network.vectors(texts).map_err(|e| e.to_string()),
        }
    }
}

#[cfg(feature = "candle")]
fn cuda(config: &Config, file: &Contents) -> Result<Engine, String> {
    let network = candle_core::Device::new_cuda(0)
        .and_then(|device| crate::candle::Bert::load(config, file, device));
    network.map(Engine::Candle).map_err(|e| e.to_string())
}

#[cfg(not(feature = "candle"))]
fn cuda(_: &Config, _: &Contents) -> Result<Engine, String> {
    Err("this program was built without CUDA (feature `cuda` of caxton-embed)".to_owned())
}
