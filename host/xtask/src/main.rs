//! The build tool: `cargo xtask demo|test|bench|dist|build`. It sets up what a command needs, says so before it does,
//! and does nothing twice.

mod bench;
mod clients;
mod components;
mod conformance;
mod demo;
mod dist;
mod node;
mod setup;
mod shell;
mod suite;
mod test;

use std::path::PathBuf;

use anyhow::Result;
use clap::{Parser, Subcommand};

/// Build, try, test and measure Caxton.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build everything and watch two agents answer a question over a real CSV file.
    Demo {
        /// Leave the server running.
        #[arg(long)]
        keep: bool,
        /// Your own CSV file, and what you want to know about it.
        #[arg(last = true, num_args = 0..=2, value_names = ["FILE.csv", "QUESTION"])]
        own: Vec<String>,
    },
    /// Run every check and test.
    Test,
    /// Measure, and print ratios against a reference of the same run.
    Bench {
        /// Only the benchmarks whose name contains this.
        filter: Option<String>,
    },
    /// Make the release archive: one binary with the components and the model inside.
    Dist,
    /// Build the components and the server, without running anything.
    Build,
}

fn main() -> Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    std::env::set_current_dir(&root)?;
    match Args::parse().command {
        Command::Demo { keep, own } => demo::run(&root, keep, &own),
        Command::Test => test::run(&root),
        Command::Bench { filter } => bench::run(&root, filter.as_deref()),
        Command::Dist => dist::run(&root),
        Command::Build => {
            setup::wasm_targets()?;
            setup::model(&root)?;
            components::build(&root)?;
            components::precompile(&root, "dev")?;
            shell::cargo(&["build", "--package", "caxton"])
        }
    }
}
