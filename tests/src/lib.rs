//! Support for end-to-end tests: starting the real server on a free port, running the real command line, and speaking with
//! the server over sockets, politely or not, and being the server of its model. A test that needs this program
//! or a guest says so where it was not built.

#![allow(clippy::missing_panics_doc, reason = "a test that can't go on panics")]

mod command;
mod model_server;
mod raw;
mod server;
mod stream;
mod upstream;

use std::path::PathBuf;

pub use command::{Ran, caxton, caxton_with};
pub use model_server::{Gate, ModelServer, Say, Seen};
pub use raw::Raw;
pub use server::{Answer, Server, answered, write};
pub use stream::{Stream, Told};
pub use upstream::{Received, Upstream, reply};

/// The directory that cargo puts programs into, and `cargo xtask` components.
fn target() -> PathBuf {
    // Cargo tells a test where its package is; what was compiled in may have been compiled for another copy of it.
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = package.parent().expect("the repository");
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir))
}

/// The program under test, built with the same profile as the tests.
pub fn program() -> PathBuf {
    let test = std::env::current_exe().expect("the test knows where it is");
    // …/PROFILE/deps/TEST
    let profile = test
        .ancestors()
        .nth(2)
        .and_then(|dir| dir.file_name())
        .expect("cargo's layout");
    let program = target()
        .join(profile)
        .join(format!("caxton{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is not there; `cargo build -p caxton` builds it, and so does `cargo xtask test`",
        program.display()
    );
    program
}

/// The file of one of our own components.
pub fn component(name: &str) -> PathBuf {
    let file = target().join("components").join(format!("{name}.wasm"));
    assert!(
        file.is_file(),
        "{} is not there; `cargo xtask build` builds it",
        file.display()
    );
    file
}

/// The directory of the embedding model.
pub fn model() -> PathBuf {
    let dir = target().join("model");
    assert!(
        dir.join("model.safetensors").is_file(),
        "{} is not there; `cargo xtask test` fetches it",
        dir.display()
    );
    dir
}

/// The file of a guest under `tests/guests`.
pub fn guest(name: &str) -> PathBuf {
    let file = target().join("guests").join(format!("{name}.wasm"));
    assert!(
        file.is_file(),
        "{} is not there; `cargo xtask test` builds it",
        file.display()
    );
    file
}
