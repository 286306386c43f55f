//! `cargo xtask dist`: the release archive, one binary that needs nothing beside it.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::shell::{self, cargo, cargo_command, output, say};
use crate::{components, setup};

/// Builds the release binary with components and model inside, and packs it with licence and README.
pub fn run(root: &Path) -> Result<()> {
    setup::wasm_targets()?;
    setup::model(root)?;
    components::build(root)?;
    components::precompile(root, "release")?;
    halve(root)?;
    say("building the release binary (this takes several minutes)");
    cargo(&[
        "build",
        "--release",
        "--package",
        "caxton",
        "--features",
        "model",
    ])?;
    let host = output("rustc", &["--print", "host-tuple"])?;
    let name = format!("caxton-{}-{}", env!("CARGO_PKG_VERSION"), host.trim());
    let dir = root.join("target/dist").join(&name);
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let binary = format!("caxton{}", std::env::consts::EXE_SUFFIX);
    std::fs::copy(root.join("target/release").join(&binary), dir.join(&binary))?;
    for file in ["LICENSE", "README.md"] {
        std::fs::copy(root.join(file), dir.join(file))?;
    }
    let archive = root.join("target/dist").join(format!("{name}.tar.gz"));
    shell::run(
        Command::new("tar")
            .arg("--create")
            .arg("--gzip")
            .arg("--file")
            .arg(&archive)
            .arg("--directory")
            .arg(root.join("target/dist"))
            .arg(&name),
    )?;
    let sum = setup::digest(&archive)?;
    std::fs::write(
        archive.with_extension("gz.sha256"),
        format!("{sum}  {name}.tar.gz\n"),
    )?;
    println!(
        "{} ({:.0} MB)\nSHA-256 {sum}",
        setup::shown(root, &archive),
        std::fs::metadata(&archive)?.len() as f64 / 1e6
    );
    Ok(())
}

/// Writes the model's weights at half their size beside them, for the binary to carry.
fn halve(root: &Path) -> Result<()> {
    let model = root.join("target/model");
    let mut cargo = cargo_command();
    cargo
        .args(["run", "--quiet", "--release"])
        .args(["--package", "caxton-embed", "--bin", "caxton-halve", "--"])
        .arg(model.join("model.safetensors"))
        .arg(model.join("halved.safetensors"));
    shell::run(&mut cargo)
}
