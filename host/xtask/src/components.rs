//! Building our components: each crate under `components/` (and each guest of the tests) for the target that its
//! manifest names, then made a component where cargo gives only a core module.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;
use wit_component::ComponentEncoder;

use crate::shell::{cargo_command, output, run, say};

/// Builds our own components into `target/components`.
pub fn build(root: &Path) -> Result<()> {
    build_workspace(
        root,
        &root.join("components"),
        &root.join("target"),
        &root.join("target/components"),
    )
}

/// Compiles our own components for this kind of machine, so that the server that is built next starts with them compiled.
/// `profile` is the server's.
pub fn precompile(root: &Path, profile: &str) -> Result<()> {
    say("compiling the components to machine code");
    let host = output("rustc", &["--print", "host-tuple"])?;
    let dir = root.join("target/components");
    let mut cargo = cargo_command();
    cargo
        .args(["run", "--quiet", "--profile", profile])
        .args(["--package", "caxton-sandbox", "--bin", "caxton-precompile"])
        .args(["--", host.trim()])
        .arg(dir);
    run(&mut cargo)
}

/// Builds the guests of the tests into `target/guests`.
pub fn build_guests(root: &Path) -> Result<()> {
    let dir = root.join("tests/guests");
    build_workspace(
        &dir,
        &dir,
        &root.join("target/guests-build"),
        &root.join("target/guests"),
    )
}

/// Builds every package of the cargo workspace at `workspace` that lies under `under` and has a `[package.metadata.caxton]`.
fn build_workspace(workspace: &Path, under: &Path, target_dir: &Path, out: &Path) -> Result<()> {
    let metadata = cargo_command()
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(workspace)
        .output()?;
    if !metadata.status.success() {
        bail!(
            "cargo metadata failed in {}: {}",
            workspace.display(),
            String::from_utf8_lossy(&metadata.stderr)
        );
    }
    let metadata: Value = serde_json::from_slice(&metadata.stdout)?;
    let mut by_target: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        if let (true, Some(target)) = (
            Path::new(manifest).starts_with(under),
            package["metadata"]["caxton"]["target"].as_str(),
        ) {
            by_target
                .entry(target.to_owned())
                .or_default()
                .push(package["name"].as_str().unwrap_or_default().to_owned());
        }
    }
    std::fs::create_dir_all(out)?;
    let mut built: Vec<PathBuf> = Vec::new();
    for (target, packages) in &by_target {
        say(&format!(
            "building {} components for {target}: {}",
            packages.len(),
            packages.join(", ")
        ));
        let mut cargo = cargo_command();
        cargo
            .current_dir(workspace)
            .args(["build", "--profile", "component", "--target", target])
            .arg("--target-dir")
            .arg(target_dir);
        for package in packages {
            cargo.args(["--package", package]);
        }
        run(&mut cargo)?;
        for package in packages {
            let file = target_dir
                .join(target)
                .join("component")
                .join(format!("{}.wasm", package.replace('-', "_")));
            let wasm = std::fs::read(&file)
                .with_context(|| format!("{} was not built", file.display()))?;
            let component = componentize(&wasm)
                .with_context(|| format!("{package} can't be made a component"))?;
            let short = package.strip_prefix("caxton-").unwrap_or(package);
            let path = out.join(format!("{short}.wasm"));
            // An unchanged file keeps its time, so that the server is not built again.
            if std::fs::read(&path).ok().as_deref() != Some(&component) {
                std::fs::write(&path, &component)?;
            }
            built.push(path);
        }
    }
    for entry in std::fs::read_dir(out)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "wasm") && !built.contains(&path) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Gives a component: the bytes themselves where they are one, else the core module encoded by the WIT that its bindings
/// left in it.
fn componentize(wasm: &[u8]) -> Result<Vec<u8>> {
    if wasm.get(4..8) == Some(&[0x0d, 0, 1, 0]) {
        return Ok(wasm.to_vec());
    }
    ComponentEncoder::default()
        .validate(true)
        .module(wasm)?
        .encode()
}
