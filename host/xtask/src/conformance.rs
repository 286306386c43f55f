//! The official conformance suite of the Model Context Protocol against a real server that has the suite's fixtures as a
//! component: both protocol versions, every scored scenario.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::setup::shown;
use crate::shell::{run as run_command, say};

/// The suite's package and version. Its lists of scenarios are frozen by protocol version; its own version decides how
/// they are checked.
const SUITE: (&str, &str) = ("@modelcontextprotocol/conformance", "0.2.0-alpha.12");

/// The oldest Node.js that the suite runs on, and the package that brings a newer one where the system's is older.
const NODE_MAJOR_MIN: u32 = 22;
const NODE_PACKAGE: &str = "node@24";

/// The protocol versions that are checked: the last one with a handshake, and the first without.
const VERSIONS: [&str; 2] = ["2025-11-25", "2026-07-28"];

/// The workspace that the server is started with. The suite calls its fixtures by their bare names.
const WORKSPACE: &str = r#"name = "conformance"

[components.conformance]
source = "components/conformance.wasm"
prefix = ""
"#;

/// What the suite found.
#[derive(Debug, Default)]
pub struct Summary {
    /// Checks that passed, in scored scenarios.
    pub passed: u64,
    /// Checks that failed, in scored scenarios.
    pub failed: u64,
    /// A line for each protocol version, and one for each scored scenario that failed.
    pub lines: Vec<String>,
}

/// Runs the suite against the server program `server`, with the fixtures among the built guests.
///
/// # Errors
/// Where the suite can't be installed, or the server does not start. A failing scenario is part of the summary.
pub fn run(root: &Path, server: &Path) -> Result<Summary> {
    let dir = root.join("target/conformance");
    let node = install(root, &dir)?;
    let server = Server::start(root, &dir, server)?;
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
        summary.add(version, &tally, &shown(root, &results));
    }
    Ok(summary)
}

impl Summary {
    fn add(&mut self, version: &str, tally: &Tally, results: &str) {
        self.passed += tally.passed;
        self.failed += tally.failed;
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
        self.lines.push(format!("MCP conformance {version}: {verdict}. {passed} checks passed; {failed} failed; {scenarios} scored scenarios{unscored}"));
        for scenario in &tally.failing {
            self.lines
                .push(format!("  {scenario} failed; see {results}"));
        }
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

/// Puts the suite into `dir`, and a newer Node.js beside it where the system's is too old. Gives the Node.js to run it with.
fn install(root: &Path, dir: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(dir)?;
    let modules = dir.join("node_modules");
    let own_node = modules
        .join(".bin")
        .join(if cfg!(windows) { "node.cmd" } else { "node" });
    let system_node = PathBuf::from("node");
    let node = |candidate: &PathBuf| major(candidate).is_some_and(|major| major >= NODE_MAJOR_MIN);
    let installed =
        std::fs::read_to_string(modules.join(SUITE.0).join("package.json")).unwrap_or_default();
    let suite_is_there = installed.contains(&format!("\"version\": \"{}\"", SUITE.1));
    if suite_is_there
        && let Some(node) = [&system_node, &own_node]
            .into_iter()
            .find(|candidate| node(candidate))
    {
        return Ok(node.clone());
    }
    let suite = format!("{}@{}", SUITE.0, SUITE.1);
    let mut packages = vec![suite.as_str()];
    if !node(&system_node) {
        packages.push(NODE_PACKAGE);
    }
    say(&format!(
        "installing {} with npm into {}",
        packages.join(" and "),
        shown(root, dir)
    ));
    // A package of its own, so that npm does not look for one further up.
    std::fs::write(dir.join("package.json"), "{\"private\":true}\n")?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run_command(Command::new(npm).args(["install", "--no-audit", "--no-fund", "--loglevel", "error"]).args(&packages).current_dir(dir))
        .context("the MCP conformance suite could not be installed; it needs `npm`, which comes with Node.js 22 or later, and its package registry")?;
    let found = [system_node, own_node].into_iter().find(node);
    found.with_context(|| format!("the MCP conformance suite needs Node.js {NODE_MAJOR_MIN} or later; install it, so that `node --version` says so"))
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

/// A running server; ends when this is dropped.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    /// Starts the server with a workspace that has the fixtures, and waits until it says where it listens.
    fn start(root: &Path, dir: &Path, program: &Path) -> Result<Self> {
        let workspace = dir.join("workspace");
        remove(&workspace)?;
        std::fs::create_dir_all(workspace.join("components"))?;
        std::fs::write(workspace.join("caxton.toml"), WORKSPACE)?;
        let fixtures = root.join("target/guests/conformance.wasm");
        std::fs::copy(&fixtures, workspace.join("components/conformance.wasm")).with_context(
            || {
                format!(
                    "the suite's fixtures are not built: {} is missing",
                    shown(root, &fixtures)
                )
            },
        )?;
        let log = dir.join("server.log");
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--workspace"])
            .arg(&workspace)
            .arg("--data")
            .arg(workspace.join("data"))
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(&log)?)
            .spawn()
            .with_context(|| format!("{} could not be started", program.display()))?;
        let mut lines = BufReader::new(
            child
                .stdout
                .take()
                .context("the server has no standard output")?,
        )
        .lines();
        let mut server = Self {
            child,
            address: String::new(),
        };
        // It prints its address when it is ready; where it ends instead, its output ends.
        for line in lines.by_ref() {
            if let Some(address) = address(&line?) {
                server.address = address;
                // What it prints later is read away, so that it never waits for a reader.
                std::thread::spawn(move || lines.for_each(drop));
                return Ok(server);
            }
        }
        bail!(
            "the server ended before it was ready; {} says why:\n{}",
            shown(root, &log),
            std::fs::read_to_string(&log)?
        )
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The address in a line such as `listening on http://127.0.0.1:41235`.
fn address(line: &str) -> Option<String> {
    let start = line.find("http://")?;
    let address: &str = line[start..]
        .split(|c: char| c.is_whitespace() || c == '"')
        .next()?;
    Some(address.trim_end_matches(['/', '.', ',']).to_owned())
}

/// Removes a directory that may not be there.
fn remove(dir: &Path) -> Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("can't remove {}", dir.display()))
        }
        _ => Ok(()),
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

    #[test]
    fn the_servers_address_is_read() {
        for (line, expected) in [
            (
                "listening on http://127.0.0.1:41235",
                Some("http://127.0.0.1:41235"),
            ),
            (
                "{\"url\":\"http://127.0.0.1:41235/\"}",
                Some("http://127.0.0.1:41235"),
            ),
            ("starting", None),
        ] {
            assert_eq!(address(line).as_deref(), expected);
        }
    }
}
