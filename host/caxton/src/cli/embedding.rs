//! Where the embedding model is: inside this program (feature `model`), in the directory that `CAXTON_MODEL` names, or in a
//! directory `model` beside the program or one above it.

use std::path::{Path, PathBuf};

use caxton_embed::Source;

/// The environment variable that names the model's directory.
const VARIABLE: &str = "CAXTON_MODEL";

/// The last file that is written where a model is installed, and the largest.
const WEIGHTS: &str = "model.safetensors";

/// Where the model is.
pub fn source() -> Source {
    if let Some(dir) = std::env::var_os(VARIABLE).filter(|dir| !dir.is_empty()) {
        return Source::Directory(PathBuf::from(dir));
    }
    embedded().unwrap_or_else(beside)
}

#[cfg(feature = "model")]
fn embedded() -> Option<Source> {
    Some(Source::Bytes {
        config: include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../target/model/config.json"
        )),
        tokenizer: include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../target/model/tokenizer.json"
        )),
        weights: include_bytes!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../target/model/halved.safetensors"
        )),
    })
}

#[cfg(not(feature = "model"))]
fn embedded() -> Option<Source> {
    None
}

fn beside() -> Source {
    let program = std::env::current_exe()
        .and_then(|program| program.canonicalize())
        .unwrap_or_default();
    let found = program
        .ancestors()
        .skip(1)
        .take(2)
        .map(|dir| dir.join("model"))
        .find(|dir| has_model(dir));
    found.map_or_else(
        || {
            let place = program.parent().unwrap_or(Path::new(".")).join("model");
            Source::Absent(format!(
                "there is no embedding model in {}; put config.json, tokenizer.json and {WEIGHTS} of all-MiniLM-L6-v2 there, or name their directory in {VARIABLE}",
                place.display()
            ))
        },
        Source::Directory,
    )
}

fn has_model(dir: &Path) -> bool {
    dir.join(WEIGHTS).is_file()
}
