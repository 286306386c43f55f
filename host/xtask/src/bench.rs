//! `cargo xtask bench`: what Caxton costs, as ratios against a reference measured in the same run.

use std::path::Path;

use anyhow::Result;

use crate::shell::{self, cargo, cargo_command, has, say};
use crate::{components, setup};

/// The benchmarks of embeddings, which need the model alone.
const EMBED: &str = "embed";

/// The benchmarks of memory, which need nothing.
const MEMORY: [&str; 5] = ["memory", "thousands", "peers", "walk", "million"];

/// Builds and runs the benchmarks; `filter` picks some by name.
pub fn run(root: &Path, filter: Option<&str>) -> Result<()> {
    let wanted = |name: &str| filter.is_none_or(|filter| name.contains(filter));
    setup::model(root)?;
    if wanted(EMBED) {
        embed(root)?;
    }
    if MEMORY.into_iter().any(wanted) {
        memory(filter)?;
    }
    if filter.is_some_and(|filter| filter == EMBED || MEMORY.contains(&filter)) {
        return Ok(());
    }
    server(root, filter)
}

/// Embeddings, beside ONNX Runtime.
fn embed(root: &Path) -> Result<()> {
    let mut bench = cargo_command();
    bench.args(["bench", "--package", "caxton-embed", "--bench", "embed"]);
    match setup::onnx_runtime(root) {
        Ok(python) => {
            bench.env("CAXTON_REFERENCE_PYTHON", python);
        }
        Err(error) => say(&format!("ONNX Runtime is not measured: {error:#}")),
    }
    say("measuring embeddings");
    shell::run(&mut bench)
}

/// Memory, beside sqlite-vec and usearch where these can be built.
fn memory(filter: Option<&str>) -> Result<()> {
    let mut args = vec!["bench", "--package", "caxton-memory", "--bench", "memory"];
    if has("c++") {
        args.extend(["--features", "peers"]);
    } else {
        say("sqlite-vec and usearch are not measured: they need a C++ compiler");
    }
    args.push("--");
    args.extend(filter.filter(|filter| *filter != MEMORY[0]));
    say("measuring memory (filling a million entities takes a few minutes)");
    cargo(&args)
}

/// The server with its components.
fn server(root: &Path, filter: Option<&str>) -> Result<()> {
    setup::wasm_targets()?;
    components::build(root)?;
    components::build_guests(root)?;
    components::precompile(root, "release")?;
    if filter.is_none_or(|filter| "providers".contains(filter))
        && let Err(error) = setup::litellm(root)
    {
        say(&format!("LiteLLM is not measured: {error:#}"));
    }
    say("building the benchmarks, optimised (the first time this takes several minutes)");
    let mut args = vec!["bench", "--package", "caxton", "--bench", "caxton", "--"];
    args.extend(filter);
    cargo(&args)
}
