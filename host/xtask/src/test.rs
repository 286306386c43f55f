//! `cargo xtask test`: every check and test. All of them run even when one fails; the summaries come last.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Result, bail};

use crate::shell::{cargo_command, has, say};
use crate::suite::Summary;
use crate::{clients, components, conformance, setup};

/// What one check gave.
enum Verdict {
    Passed,
    Failed(String),
    Skipped(String),
}

/// The summaries so far, and the counts.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    passed: u64,
    failed: u64,
    skipped: u64,
}

/// Runs everything.
///
/// # Errors
/// Where any check or test failed.
pub fn run(root: &Path) -> Result<()> {
    setup::wasm_targets()?;
    setup::model(root)?;
    components::build(root)?;
    components::build_guests(root)?;
    components::precompile(root, "dev")?;

    let mut report = Report::default();
    report.check("cargo fmt", || cargo_check(&["fmt", "--all", "--check"]));
    report.check("cargo clippy", || {
        cargo_check(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ])
    });
    report.check("cargo doc", documentation);
    report.check("cargo deny", deny);
    report.tests(&["build", "--package", "caxton"])?;
    report.tests(&["test", "--workspace", "--no-fail-fast"])?;
    let server = root
        .join("target/debug")
        .join(format!("caxton{}", std::env::consts::EXE_SUFFIX));
    report.suite("MCP conformance", conformance::run(root, &server));
    report.suite("clients", clients::run(root, &server));

    println!();
    for line in &report.lines {
        println!("{line}");
    }
    println!(
        "{} passed, {} failed, {} skipped",
        report.passed, report.failed, report.skipped
    );
    if report.failed > 0 {
        bail!("{} checks or tests failed", report.failed);
    }
    Ok(())
}

impl Report {
    /// Runs one check that either passes or does not.
    fn check(&mut self, name: &str, check: impl FnOnce() -> Result<Verdict>) {
        say(name);
        let started = Instant::now();
        let verdict = check().unwrap_or_else(|error| Verdict::Failed(format!("{error:#}")));
        let seconds = started.elapsed().as_secs();
        let text = match verdict {
            Verdict::Passed => {
                self.passed += 1;
                "ok".to_owned()
            }
            Verdict::Failed(reason) => {
                self.failed += 1;
                format!("FAILED: {reason}")
            }
            Verdict::Skipped(reason) => {
                self.skipped += 1;
                format!("skipped: {reason}")
            }
        };
        self.lines.push(format!("{name}: {text} ({seconds} s)"));
    }

    /// Adds what a suite found that asked the server that was built.
    fn suite(&mut self, name: &str, found: Result<Summary>) {
        match found {
            Ok(summary) => {
                self.passed += summary.passed;
                self.failed += summary.failed;
                self.lines.extend(summary.lines);
            }
            Err(error) => {
                self.failed += 1;
                self.lines.push(format!("{name}: FAILED: {error:#}"));
            }
        }
    }

    /// Runs cargo, shows what it prints, and adds up the summaries of its test binaries.
    fn tests(&mut self, args: &[&str]) -> Result<()> {
        say(&format!("cargo {}", args.join(" ")));
        let mut child = cargo_command().args(args).stdout(Stdio::piped()).spawn()?;
        let mut binaries = 0;
        let (mut passed, mut failed, mut ignored) = (0, 0, 0);
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines() {
                let line = line?;
                println!("{line}");
                if let Some(rest) = line.strip_prefix("test result: ") {
                    binaries += 1;
                    passed += count(rest, "passed");
                    failed += count(rest, "failed");
                    ignored += count(rest, "ignored");
                }
            }
        }
        let status = child.wait()?;
        self.passed += passed;
        self.failed += failed;
        self.skipped += ignored;
        if !status.success() && failed == 0 {
            self.failed += 1;
            self.lines
                .push(format!("cargo {}: FAILED ({status})", args.join(" ")));
        } else if binaries > 0 {
            let verdict = if failed == 0 { "ok" } else { "FAILED" };
            self.lines.push(format!("test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; {binaries} test binaries"));
        }
        Ok(())
    }
}

/// The number before `word` in a summary line.
fn count(line: &str, word: &str) -> u64 {
    let mut before = line
        .split([' ', ';'])
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .skip_while(|w| *w != word)
        .skip(1);
    before
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

fn cargo_check(args: &[&str]) -> Result<Verdict> {
    let status = cargo_command().args(args).status()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed(format!("cargo {} ({status})", args.join(" ")))
    })
}

fn documentation() -> Result<Verdict> {
    let status = cargo_command()
        .args(["doc", "--workspace", "--no-deps", "--quiet"])
        .env("RUSTDOCFLAGS", "-D warnings")
        .status()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed(format!("cargo doc ({status})"))
    })
}

/// Licences, sources and banned crates; the advisory list needs the network and is left to a scheduled run.
fn deny() -> Result<Verdict> {
    if !has("cargo-deny") {
        return Ok(Verdict::Skipped(
            "cargo-deny is not installed (cargo install cargo-deny --locked)".to_owned(),
        ));
    }
    let status = Command::new("cargo-deny")
        .args([
            "--log-level",
            "error",
            "check",
            "bans",
            "licenses",
            "sources",
        ])
        .status()?;
    Ok(if status.success() {
        Verdict::Passed
    } else {
        Verdict::Failed(format!("cargo deny ({status})"))
    })
}
