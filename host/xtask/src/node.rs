//! Node.js for suites that are written for it: packages of fixed versions in a directory of their own, and a Node.js that is
//! new enough to run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::setup::shown;
use crate::shell::{run, say};

/// The package that brings a newer Node.js where the system's is too old.
const NODE_PACKAGE: &str = "node@24";

/// Puts `packages`, pairs of a name and a version, into `dir`, and a newer Node.js beside them where the system's is older
/// than `major_min`. Gives the Node.js to run them with. What is there already is not installed again.
///
/// # Errors
/// Where npm is missing or can't install them, or no Node.js is new enough.
pub fn install(
    root: &Path,
    dir: &Path,
    packages: &[(&str, &str)],
    major_min: u32,
) -> Result<PathBuf> {
    std::fs::create_dir_all(dir)?;
    let modules = dir.join("node_modules");
    let own_node = modules
        .join(".bin")
        .join(if cfg!(windows) { "node.cmd" } else { "node" });
    let system_node = PathBuf::from("node");
    let fits = |node: &PathBuf| major(node).is_some_and(|major| major >= major_min);
    let is_there = |(name, version): &(&str, &str)| {
        std::fs::read_to_string(modules.join(name).join("package.json"))
            .is_ok_and(|found| found.contains(&format!("\"version\": \"{version}\"")))
    };
    if packages.iter().all(is_there)
        && let Some(node) = [&system_node, &own_node]
            .into_iter()
            .find(|node| fits(node))
    {
        return Ok(node.clone());
    }
    let mut wanted: Vec<String> = packages
        .iter()
        .map(|(name, version)| format!("{name}@{version}"))
        .collect();
    if !fits(&system_node) {
        wanted.push(NODE_PACKAGE.to_owned());
    }
    let listed = wanted.join(" and ");
    say(&format!(
        "installing {listed} with npm into {}",
        shown(root, dir)
    ));
    // A package of its own, so that npm does not look for one further up.
    std::fs::write(dir.join("package.json"), "{\"private\":true}\n")?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(Command::new(npm)
        .args(["install", "--no-audit", "--no-fund", "--loglevel", "error"])
        .args(&wanted)
        .current_dir(dir))
    .with_context(|| format!("{listed} could not be installed; that needs `npm`, which comes with Node.js {major_min} or later, and its package registry"))?;
    let found = [system_node, own_node].into_iter().find(fits);
    found.with_context(|| format!("{listed} needs Node.js {major_min} or later; install it, so that `node --version` says so"))
}

/// The major version of a Node.js, where it is one.
fn major(node: &Path) -> Option<u32> {
    let output = Command::new(node)
        .arg("--version")
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}
