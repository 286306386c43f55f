//! What others wrote against what we wrote: OpenAI's official clients ask our server, and our providers ask a mock of their
//! vendors' servers that behaves well and badly. The checks themselves are the scripts in `tests/clients`; they print a line
//! for each, `ok NAME` or `FAILED NAME: REASON`.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};

use crate::node;
use crate::setup::shown;
use crate::shell::{has, run as run_command, say};
use crate::suite::{Server, Summary, address, remove};

/// The mock of OpenAI, Anthropic, Gemini and Ollama, with its version.
const MOCK: (&str, &str) = ("@copilotkit/aimock", "1.43.0");

/// OpenAI's clients: for JavaScript from npm, for Python from its package index.
const JAVASCRIPT: (&str, &str) = ("openai", "7.55.0");
const PYTHON: (&str, &str) = ("openai", "3.52.0");

/// The oldest Node.js that the mock and the client run on.
const NODE_MAJOR_MIN: u32 = 20;

/// What stands in the workspace's files for the address of the mock.
const ADDRESS_BLANK: &str = "http://mock";

/// Runs all of them against the server program `program`.
///
/// # Errors
/// Where something can't be installed, or the mock or the server does not start. A check that fails is part of the summary.
pub fn run(root: &Path, program: &Path) -> Result<Summary> {
    let dir = root.join("target/clients");
    let node = node::install(root, &dir, &[MOCK, JAVASCRIPT], NODE_MAJOR_MIN)?;
    let (python, modules) = install_python(root, &dir)?;
    // Packages are found from where a script lies.
    let scripts = dir.join("scripts");
    remove(&scripts)?;
    copy(&root.join("tests/clients"), &scripts, &str::to_owned)?;

    let providers = Providers::start(Command::new(&node).arg(scripts.join("providers.mjs")))?;
    let workspace = dir.join("workspace");
    remove(&workspace)?;
    copy(&scripts.join("workspace"), &workspace, &|text| {
        text.replace(ADDRESS_BLANK, &providers.upstream)
    })?;
    let server = Server::start(root, program, &workspace, &dir.join("server.log"))?;

    let mut summary = Summary::default();
    let name = format!("openai Python {}", PYTHON.1);
    let mut client = Command::new(python);
    client
        .arg(scripts.join("openai_client.py"))
        .arg(&server.address)
        .env("PYTHONPATH", modules);
    add(&mut summary, &name, &printed(&name, &mut client)?);

    let name = format!("openai JavaScript {}", JAVASCRIPT.1);
    let mut client = Command::new(node);
    client
        .arg(scripts.join("openai_client.mjs"))
        .arg(&server.address);
    add(&mut summary, &name, &printed(&name, &mut client)?);

    let name = format!("providers with aimock {}", MOCK.1);
    say(&name);
    add(&mut summary, &name, &providers.check(&server.address)?);
    Ok(summary)
}

/// Adds a line for one script, and one for each of its checks that failed.
fn add(summary: &mut Summary, name: &str, printed: &str) {
    let passed = printed
        .lines()
        .filter(|line| line.starts_with("ok "))
        .count() as u64;
    let failures: Vec<&str> = printed
        .lines()
        .filter(|line| line.starts_with("FAILED"))
        .collect();
    let failed = failures.len() as u64;
    // A script that checks nothing is not a script that finds nothing.
    if passed + failed == 0 {
        summary.failed += 1;
        summary
            .lines
            .push(format!("clients: {name}: FAILED. It checked nothing"));
        return;
    }
    summary.passed += passed;
    summary.failed += failed;
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    summary.lines.push(format!(
        "clients: {name}: {verdict}. {passed} checks passed; {failed} failed"
    ));
    let shown = failures.iter().map(|failure| format!("  {failure}"));
    summary.lines.extend(shown);
}

/// Runs a script to its end, and gives what it printed. That it broke off is a check that failed.
fn printed(name: &str, script: &mut Command) -> Result<String> {
    say(name);
    let output = script
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{name} could not be started"))?;
    let mut printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        printed.push_str(&format!("FAILED: it ended too soon ({})\n", output.status));
    }
    Ok(printed)
}

/// Puts OpenAI's client for Python below `dir`. Gives the Python to run it with, and the directory of its modules.
fn install_python(root: &Path, dir: &Path) -> Result<(&'static str, PathBuf)> {
    let python = if has("python3") { "python3" } else { "python" };
    let (name, version) = PYTHON;
    let modules = dir.join("python");
    // The last thing that an installation writes.
    if modules
        .join(format!("{name}-{version}.dist-info/RECORD"))
        .exists()
    {
        return Ok((python, modules));
    }
    let package = format!("{name}=={version}");
    say(&format!(
        "installing {package} with pip into {}",
        shown(root, &modules)
    ));
    remove(&modules)?;
    run_command(Command::new(python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-warn-conflicts", &package, "--target"])
        .arg(&modules)
        .env("PIP_ROOT_USER_ACTION", "ignore"))
    .with_context(|| format!("{package} could not be installed; that needs `python3` 3.10 or later with `pip`, and its package index"))?;
    Ok((python, modules))
}

/// The script that checks the providers, which is the upstream of the clients' checks, too. It ends when this is dropped.
struct Providers {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    /// Where the upstream listens.
    upstream: String,
}

impl Providers {
    fn start(script: &mut Command) -> Result<Self> {
        let mut child = script
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the mock of the providers' servers could not be started")?;
        let stdin = child.stdin.take().context("it has no standard input")?;
        let stdout = child.stdout.take().context("it has no standard output")?;
        let mut started = Self {
            child,
            stdin,
            stdout: BufReader::new(stdout),
            upstream: String::new(),
        };
        let mut line = String::new();
        started.stdout.read_line(&mut line)?;
        started.upstream = address(&line)
            .context("the mock of the providers' servers ended before it was ready")?;
        Ok(started)
    }

    /// Has the providers of the server at `server` checked, and gives what was printed. As [`printed`].
    fn check(mut self, server: &str) -> Result<String> {
        writeln!(self.stdin, "{server}")?;
        let mut printed = String::new();
        for line in self.stdout.by_ref().lines() {
            printed.push_str(&line?);
            printed.push('\n');
        }
        let status = self.child.wait()?;
        if !status.success() {
            printed.push_str(&format!("FAILED: it ended too soon ({status})\n"));
        }
        Ok(printed)
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Copies a directory of texts, each as `changed` gives it.
fn copy(from: &Path, to: &Path, changed: &dyn Fn(&str) -> String) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in
        std::fs::read_dir(from).with_context(|| format!("can't read {}", from.display()))?
    {
        let (path, target) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if path.is_dir() {
            copy(&path, &target, changed)?;
        } else {
            let text = std::fs::read_to_string(&path)?;
            std::fs::write(target, changed(&text))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scripts_checks_are_counted() {
        for (printed, passed, failed, lines) in [
            (
                "ok a\nok b\n",
                2,
                0,
                &["clients: x: ok. 2 checks passed; 0 failed"][..],
            ),
            (
                "ok a\nnoise\nFAILED b: 1 !== 2\n",
                1,
                1,
                &[
                    "clients: x: FAILED. 1 checks passed; 1 failed",
                    "  FAILED b: 1 !== 2",
                ],
            ),
            ("", 0, 1, &["clients: x: FAILED. It checked nothing"]),
        ] {
            let mut summary = Summary::default();
            add(&mut summary, "x", printed);
            assert_eq!(
                (summary.passed, summary.failed),
                (passed, failed),
                "{printed}"
            );
            assert_eq!(summary.lines, lines, "{printed}");
        }
    }
}
