//! The embedder with the real model, which `cargo xtask test` puts into `target/model`.

mod bounds;
mod reference;
mod sources;

use std::path::PathBuf;
use std::sync::OnceLock;

use caxton_embed::{Embedder, Source};

/// The model's directory: `CAXTON_MODEL_DIR`, or `target/model` of this repository.
pub fn model_directory() -> PathBuf {
    let directory = std::env::var_os("CAXTON_MODEL_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/model"),
        PathBuf::from,
    );
    assert!(
        directory.join("model.safetensors").is_file(),
        "the embedding model is not in {}: `cargo xtask test` fetches it",
        directory.display()
    );
    directory
}

/// The model, read once for all tests that do not mind sharing it.
pub fn shared() -> Embedder {
    static SHARED: OnceLock<Embedder> = OnceLock::new();
    SHARED
        .get_or_init(|| Embedder::open(Source::Directory(model_directory())))
        .clone()
}
