//! `cargo xtask bench`: what Caxton costs, as ratios against a reference measured in the same run.

use std::path::Path;

use anyhow::Result;

use crate::shell::{cargo, say};
use crate::{components, setup};

/// Builds and runs the benchmarks; `filter` picks some by name.
pub fn run(root: &Path, filter: Option<&str>) -> Result<()> {
    setup::wasm_targets()?;
    setup::model(root)?;
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
