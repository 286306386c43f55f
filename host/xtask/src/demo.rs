//! `cargo xtask demo`: from a fresh clone to two agents answering a question over a CSV file, with nothing hidden: every
//! step is a command that a user can type.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::shell::{self, cargo, say};
use crate::{components, setup};

const QUESTION: &str = "Which region has the highest total revenue in data/sales.csv? Draw a bar chart of revenue by region.";

/// Runs the demo; see [`crate::Command::Demo`].
pub fn run(root: &Path, keep: bool, own: &[String]) -> Result<()> {
    let started = Instant::now();
    setup::wasm_targets()?;
    setup::model(root)?;
    components::build(root)?;
    components::precompile(root, "dev")?;
    say("building the server (the first time this takes several minutes)");
    cargo(&["build", "--package", "caxton"])?;

    let caxton = root
        .join("target/debug")
        .join(format!("caxton{}", std::env::consts::EXE_SUFFIX));
    let workspace = root.join("target/demo");
    let (question, file) = question(own)?;
    if workspace.exists() {
        let _ = Command::new(&caxton)
            .args(["stop", "--data"])
            .arg(workspace.join(".caxton"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        std::fs::remove_dir_all(&workspace)?;
    }
    say(&format!(
        "caxton init {} --template data-analyst",
        setup::shown(root, &workspace)
    ));
    run_quiet(
        Command::new(&caxton)
            .arg("init")
            .arg(&workspace)
            .args(["--template", "data-analyst"]),
    )?;
    if let Some(file) = file {
        let name = file.file_name().context("the file has no name")?;
        std::fs::copy(&file, workspace.join("data").join(name))
            .with_context(|| format!("{} can't be read", file.display()))?;
    }

    say("caxton serve");
    let mut server = Server::start(&caxton, &workspace)?;
    println!(
        "    {} after {:.1} s",
        server.address,
        started.elapsed().as_secs_f64()
    );

    say(&format!("caxton send \"{question}\""));
    println!();
    let answer = shell::run(
        Command::new(&caxton)
            .args(["send", "--server", &server.address, &question])
            .current_dir(&workspace),
    );
    println!();
    std::io::stdout().flush()?;
    if answer.is_err() {
        server.stop();
        answer?;
    }
    charts(root, &workspace);
    next_steps(root, &caxton, &workspace, &server.address, keep);
    if keep {
        server.leave()
    } else {
        server.stop()
    }
    Ok(())
}

/// The question, and the user's own file where there is one.
fn question(own: &[String]) -> Result<(String, Option<PathBuf>)> {
    let Some(file) = own.first() else {
        return Ok((QUESTION.to_owned(), None));
    };
    let file = PathBuf::from(file);
    if !file.is_file() {
        bail!(
            "{} is not a file; give a CSV file and a question: cargo xtask demo -- FILE.csv \"question\"",
            file.display()
        );
    }
    let name = file
        .file_name()
        .context("the file has no name")?
        .to_string_lossy()
        .into_owned();
    let asked = own
        .get(1)
        .cloned()
        .unwrap_or_else(|| "What is in this table?".to_owned());
    let question = if asked.contains(&name) {
        asked
    } else {
        format!("{asked} (the file is data/{name})")
    };
    Ok((question, Some(file)))
}

fn run_quiet(command: &mut Command) -> Result<()> {
    let output = command.output()?;
    if !output.status.success() {
        bail!(
            "{command:?} failed:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}

/// Says where the charts are that the agents drew.
fn charts(root: &Path, workspace: &Path) {
    fn collect(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|e| e == "svg") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    collect(workspace, &mut found);
    for chart in found {
        println!("The chart: {}", setup::shown(root, &chart));
    }
}

fn next_steps(root: &Path, caxton: &Path, workspace: &Path, address: &str, keep: bool) {
    let caxton = setup::shown(root, caxton);
    let workspace = setup::shown(root, workspace);
    println!("\nTry next:");
    if keep {
        println!("  {caxton} --server {address} tool list");
        println!("  curl {address}/api/v1/workspaces/default/agents");
        println!("  an MCP client on {address}/mcp");
        println!("  {caxton} stop --data {workspace}/.caxton");
    } else {
        println!(
            "  cargo xtask demo --keep                         the same, and the server stays"
        );
        println!("  cargo xtask demo -- FILE.csv \"your question\"    your own table");
        println!("  {caxton} serve --workspace {workspace}    this workspace again");
    }
    println!("  docs/writing-a-tool.md                          your own tool in Rust");
}

/// A server that is stopped when the demo ends, however it ends.
struct Server {
    child: Option<Child>,
    address: String,
}

impl Server {
    fn start(caxton: &Path, workspace: &Path) -> Result<Self> {
        let log = std::fs::File::create(workspace.join("server.log"))?;
        let mut child = Command::new(caxton)
            .args(["serve", "--listen", "127.0.0.1:0", "--workspace"])
            .arg(workspace)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .context("the server could not be started")?;
        let stdout = child.stdout.take().context("the server has no output")?;
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some(at) = line.find("http://") {
                let address = line[at..]
                    .split_whitespace()
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                return Ok(Self {
                    child: Some(child),
                    address,
                });
            }
        }
        let _ = child.wait();
        bail!(
            "the server did not start:\n{}",
            std::fs::read_to_string(workspace.join("server.log")).unwrap_or_default()
        )
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // Asked politely, so that it ends calls in flight.
            let asked = Command::new("kill")
                .arg(child.id().to_string())
                .status()
                .is_ok_and(|status| status.success());
            if !asked {
                let _ = child.kill();
            }
            let _ = child.wait();
        }
    }

    fn leave(&mut self) {
        self.child = None;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
