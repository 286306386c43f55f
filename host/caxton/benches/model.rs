//! The embedding model, as `cargo xtask bench` fetches it.

use std::path::PathBuf;

use caxton_embed::{Embedder, Settings, Source, State};
use tokio::runtime::Runtime;

/// A runtime as the server's.
pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// The model with a cache of so many bytes, read.
pub fn open(runtime: &Runtime, cache_bytes_max: usize) -> Embedder {
    let model = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/model");
    let settings = Settings {
        cache_bytes_max,
        ..Settings::default()
    };
    let embedder = Embedder::open_with(Source::Directory(model), settings);
    let state = runtime.block_on(embedder.loaded());
    assert_eq!(state, State::Ready, "run `cargo xtask bench`");
    embedder
}
