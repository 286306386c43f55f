//! The official conformance suite of the Model Context Protocol against a real server that has the suite's fixtures as a
//! component: both protocol versions, every scored scenario.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::node;
use crate::setup::shown;
use crate::shell::say;
use crate::suite::{Server, Summary, remove};

/// The suite's package and version. Its lists of scenarios are frozen by protocol version; its own version decides how
/// they are checked.
const SUITE: (&str, &str) = ("@modelcontextprotocol/conformance", "0.2.0-alpha.12");

/// The oldest Node.js that the suite runs on.
const NODE_MAJOR_MIN: u32 = 22;

/// The protocol versions that are checked: the last one with a handshake, and the first without.
const VERSIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// The workspace that the server is started with. The suite calls its fixtures by their bare names.
const WORKSPACE: &str = r#"name = "conformance"

[components.conformance]
source = "components/conformance.wasm"
prefix = ""
"#;

/// Runs the suite against the server program `server`, with the fixtures among the built guests.
///
/// # Errors
/// Where the suite can't be installed, or the server does not start. A failing scenario is part of the summary.
pub fn run(root: &Path, server: &Path) -> Result<Summary> {
    let dir = root.join("target/conformance");
    let node = node::install(root, &dir, &[SUITE], NODE_MAJOR_MIN)?;
    let server = start(root, &dir, server)?;
    let mut summary = Summary::default();
    for version in VERSIONS {
        say(&format!(
            "MCP conformance suite, protocol version {version}"
        ));
        let results = dir.join(version);
        remove(&results)?;
        let output = Command::new(&node)
            .arg(dir.join("node_modules").join(SUITE.0).join("dist/index.js"))
            .args([
                "server",
                "--url",
                &format!("{}/mcp", server.address),
                "--requirements",
                version,
                "--output-dir",
            ])
            .arg(&results)
            .output()
            .context("the conformance suite could not be started")?;
        let report = String::from_utf8_lossy(&output.stdout);
        std::fs::write(results.with_extension("log"), &*report)?;
        let tally = Tally::read(&report);
        if tally.scenarios == 0 {
            bail!(
                "the conformance suite ended without results ({}): {}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        add(&mut summary, version, &tally, &shown(root, &results));
    }
    Ok(summary)
}

/// Starts the server with a workspace that has the fixtures.
fn start(root: &Path, dir: &Path, program: &Path) -> Result<Server> {
    let workspace = dir.join("workspace");
    remove(&workspace)?;
    std::fs::create_dir_all(workspace.join("components"))?;
    std::fs::write(workspace.join("caxton.toml"), WORKSPACE)?;
    let fixtures = root.join("target/guests/conformance.wasm");
    std::fs::copy(&fixtures, workspace.join("components/conformance.wasm")).with_context(|| {
        format!(
            "the suite's fixtures are not built: {} is missing",
            shown(root, &fixtures)
        )
    })?;
    Server::start(root, program, &workspace, &dir.join("server.log"))
}

fn add(summary: &mut Summary, version: &str, tally: &Tally, results: &str) {
    summary.passed += tally.passed;
    summary.failed += tally.failed;
    let verdict = if tally.failed == 0 { "ok" } else { "FAILED" };
    let unscored = match (tally.unscored, tally.unscored_failing.as_slice()) {
        (0, _) => String::new(),
        (count, []) => format!("; {count} more that are not scored passed"),
        (count, failing) => format!(
            "; {count} more are not scored, of which {} do not pass: {}",
            failing.len(),
            failing.join(", ")
        ),
    };
    let (passed, failed, scenarios) = (tally.passed, tally.failed, tally.scenarios);
    summary.lines.push(format!("MCP conformance {version}: {verdict}. {passed} checks passed; {failed} failed; {scenarios} scored scenarios{unscored}"));
    for scenario in &tally.failing {
        summary
            .lines
            .push(format!("  {scenario} failed; see {results}"));
    }
}

/// What the suite's summary says of one protocol version.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    scenarios: usize,
    passed: u64,
    failed: u64,
    failing: Vec<String>,
    unscored: usize,
    unscored_failing: Vec<String>,
}

impl Tally {
    /// Reads `✓ NAME: 2 passed, 0 failed` for every scenario, and `✗ NAME (reason)` for those that are not scored.
    fn read(report: &str) -> Self {
        let summary = report
            .split_once("=== SUMMARY ===")
            .map_or("", |(_, summary)| summary);
        let (scored, unscored) = summary
            .split_once("Not scored for")
            .unwrap_or((summary, ""));
        let mut tally = Self::default();
        let mut not_scored = Vec::new();
        for line in unscored.lines().map(str::trim) {
            let Some((mark, rest)) = line.split_once(' ') else {
                continue;
            };
            let name = rest.split(' ').next().unwrap_or(rest);
            match mark {
                "✓" => not_scored.push(name),
                "✗" => {
                    not_scored.push(name);
                    tally.unscored_failing.push(name.to_owned());
                }
                _ => {}
            }
        }
        tally.unscored = not_scored.len();
        for line in scored.lines().map(str::trim) {
            let Some((name, counts)) = line
                .strip_prefix(['✓', '✗'])
                .and_then(|rest| rest.trim().split_once(": "))
            else {
                continue;
            };
            if not_scored.contains(&name) {
                continue;
            }
            let mut numbers = counts
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|digits| digits.parse::<u64>().ok());
            let (Some(passed), Some(failed)) = (numbers.next(), numbers.next()) else {
                continue;
            };
            tally.scenarios += 1;
            tally.passed += passed;
            tally.failed += failed;
            if failed > 0 {
                tally.failing.push(name.to_owned());
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suites_summary_is_read() {
        let report = "✓ noise: 9 passed, 9 failed\n=== SUMMARY ===\n✓ ping: 2 passed, 0 failed\n✗ caching: 5 passed, 1 failed\n✗ tasks-lifecycle: 0 passed, 3 failed\n\nTotal: 7 passed, 4 failed\n\nNot scored for 2026-07-28: 1 scenario(s) run, 1 failing. These do not affect conformance.\n  ✗ tasks-lifecycle (extension)\n";
        let expected = Tally {
            scenarios: 2,
            passed: 7,
            failed: 1,
            failing: vec!["caching".to_owned()],
            unscored: 1,
            unscored_failing: vec!["tasks-lifecycle".to_owned()],
        };
        assert_eq!(Tally::read(report), expected);
        assert_eq!(Tally::read("nothing"), Tally::default());
    }
}
