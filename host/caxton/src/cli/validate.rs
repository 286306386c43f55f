//! `caxton validate`: every fault of a workspace, or of one of its files, at once.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::Usage;
use super::target::Target;
use crate::builtin;
use crate::config::{AgentContext, Checked, Fault, Known, check, check_agent_file};
use crate::workspace::overlap::{self, Overlap};

/// Checks a workspace or an agent and prints every fault with file, line, column, code, reason and remedy.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A workspace's directory, its caxton.toml, or an agent's TOML file; by default the workspace around the current directory
    pub path: Option<PathBuf>,
}

/// Prints the faults. The exit code is 1 where there are any.
///
/// # Errors
/// Where the path does not name anything that can be checked.
pub fn run(args: Args, target: &Target, json: bool) -> anyhow::Result<ExitCode> {
    let subject = match (&args.path, &target.workspace) {
        (Some(path), Some(named)) if path != Path::new(named) => {
            return Err(Usage(format!(
                "two things to check are named, {} and the workspace {named}; leave out one of them",
                path.display()
            ))
            .into());
        }
        (Some(path), _) => Subject::of(path)?,
        (None, Some(named)) => Subject::of(Path::new(named))?,
        (None, None) => Subject::Workspace {
            dir: around()?,
            only: None,
        },
    };
    let builtins: Vec<&str> = builtin::names().collect();
    let found = subject.check(&Known::new(&builtins));
    let found = found.and_then(|found| {
        found.compare(|note| eprintln!("{note}"))?;
        Ok(found.summary)
    });
    let faults = found.as_ref().err().map_or(&[][..], Vec::as_slice);
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", serde_json::to_string_pretty(faults)?)?;
    } else {
        match &found {
            Ok(summary) => writeln!(out, "{summary}: no faults")?,
            Err(faults) => write!(
                out,
                "{}",
                grouped(faults, &subject.prefix(), is_colourful())
            )?,
        }
    }
    Ok(if faults.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The workspace that the current directory lies in; the current directory itself where it lies in none.
fn around() -> anyhow::Result<PathBuf> {
    let current = std::env::current_dir()?;
    let home = current
        .ancestors()
        .find(|dir| dir.join("caxton.toml").is_file());
    Ok(match home {
        Some(home) if home != current => home.to_owned(),
        _ => PathBuf::from("."),
    })
}

/// What is checked.
enum Subject {
    /// A workspace, or one file of it.
    Workspace { dir: PathBuf, only: Option<String> },
    /// An agent that lies in no workspace.
    Agent(PathBuf),
}

impl Subject {
    fn of(path: &Path) -> anyhow::Result<Self> {
        let metadata = path
            .metadata()
            .with_context(|| format!("{} can't be checked; name a directory with a caxton.toml, or an agent's .toml file", path.display()))?;
        if metadata.is_dir() {
            return Ok(Self::Workspace {
                dir: path.to_owned(),
                only: None,
            });
        }
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        // A bare file name has the parent "", which is the current directory.
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        if name == "caxton.toml" {
            return Ok(Self::Workspace {
                dir: parent.to_owned(),
                only: Some(name),
            });
        }
        if !name.ends_with(".toml") {
            bail!(
                "{} is neither a workspace nor TOML; name a directory with a caxton.toml, or an agent's .toml file",
                path.display()
            );
        }
        let home = parent
            .canonicalize()
            .with_context(|| format!("{} can't be checked", path.display()))?;
        let workspace = home
            .parent()
            .filter(|dir| home.ends_with("agents") && dir.join("caxton.toml").is_file());
        Ok(match workspace {
            Some(dir) => Self::Workspace {
                dir: dir.to_owned(),
                only: Some(format!("agents/{name}")),
            },
            None => Self::Agent(path.to_owned()),
        })
    }

    /// Checks it; says what was checked where it has no faults.
    fn check(&self, known: &Known<'_>) -> Result<Found, Vec<Fault>> {
        match self {
            Self::Agent(path) => {
                check_agent_file(path, &path.display().to_string(), &AgentContext::none())
                    .map(|agent| Found::part(format!("agent {}", agent.name)))
            }
            Self::Workspace { dir, only: None } => check(dir, known).map(|checked| Found {
                summary: summary(&checked),
                whole: Some(checked),
            }),
            Self::Workspace {
                dir,
                only: Some(file),
            } => match check(dir, known) {
                Ok(_) => Ok(Found::part(file.clone())),
                Err(faults) => {
                    let faults: Vec<Fault> = faults
                        .into_iter()
                        .filter(|fault| fault.file == *file)
                        .collect();
                    if faults.is_empty() {
                        Ok(Found::part(file.clone()))
                    } else {
                        Err(faults)
                    }
                }
            },
        }
    }

    /// What stands before a fault's file, so that an editor or terminal finds it from here.
    fn prefix(&self) -> String {
        match self {
            Self::Workspace { dir, .. } if dir != Path::new(".") => {
                format!("{}/", dir.display().to_string().trim_end_matches('/'))
            }
            _ => String::new(),
        }
    }
}

/// What has no faults.
struct Found {
    /// One line on what it is.
    summary: String,
    /// What was read, where it is a whole workspace.
    whole: Option<Checked>,
}

impl Found {
    fn part(summary: String) -> Self {
        Self {
            summary,
            whole: None,
        }
    }

    /// Compares the capabilities of a workspace by meaning, and tells those that will be taken for each other.
    ///
    /// # Errors
    /// Those that are closer than the workspace allows.
    fn compare(&self, tell: impl Fn(String)) -> Result<(), Vec<Fault>> {
        let Some(checked) = &self.whole else {
            return Ok(());
        };
        let router = &checked.workspace.router;
        let overlaps = match overlaps(checked) {
            Ok(overlaps) => overlaps,
            Err(why) => {
                tell(format!(
                    "note: capabilities are not compared by meaning: {why}"
                ));
                return Ok(());
            }
        };
        let mut faults = Vec::new();
        for pair in &overlaps {
            match pair.fault(router, &pair.second.agent) {
                Some(fault) => faults.push(fault),
                None => tell(format!("warning: {pair}; {}", Overlap::REMEDY)),
            }
        }
        if faults.is_empty() {
            return Ok(());
        }
        faults.sort();
        Err(faults)
    }
}

/// The capabilities that will be taken for each other.
fn overlaps(checked: &Checked) -> Result<Vec<Overlap>, String> {
    // A model need not be read to say that one agent alone is like no other.
    if checked.agents.len() < 2 {
        return Ok(Vec::new());
    }
    let embedder = caxton_embed::Embedder::open(super::embedding::source());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    let router = &checked.workspace.router;
    runtime.block_on(overlap::overlaps(
        checked.agents.values(),
        router,
        &embedder,
    ))
}

fn summary(checked: &Checked) -> String {
    let agents = match checked.agents.len() {
        1 => "1 agent".to_owned(),
        n => format!("{n} agents"),
    };
    format!("workspace {}, {agents}", checked.workspace.name)
}

/// The faults as people read them: by file, with a count below.
fn grouped(faults: &[Fault], prefix: &str, colour: bool) -> String {
    let paint = |code: &str, text: &str| {
        if colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    };
    let mut out = String::new();
    let mut files = 0;
    let mut last = None;
    for fault in faults {
        if last != Some(&fault.file) {
            files += 1;
            last = Some(&fault.file);
            // A workspace that is not there is named by its own path.
            let path = if fault.file.starts_with('/') {
                fault.file.clone()
            } else {
                format!("{prefix}{}", fault.file)
            };
            out.push_str(&format!("{}\n", paint("1", &path)));
        }
        let place = format!("{}:{}", fault.line, fault.column);
        out.push_str(&format!(
            "  {place:<8}{}: {}\n",
            paint("31", fault.code),
            fault.reason
        ));
        out.push_str(&format!(
            "  {:<8}{} {}\n",
            "",
            paint("32", "remedy:"),
            fault.remedy
        ));
    }
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    out.push_str(&format!(
        "\n{} in {}\n",
        count(faults.len(), "fault"),
        count(files, "file")
    ));
    out
}

fn is_colourful() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(dir: &Path, name: &str, text: &str) {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn codes(path: &Path) -> Vec<String> {
        let faults = Subject::of(path)
            .unwrap()
            .check(&Known::new(&["csv"]))
            .err()
            .unwrap_or_default();
        faults
            .iter()
            .map(|fault| format!("{} {}", fault.file, fault.code))
            .collect()
    }

    #[test]
    fn a_workspace_or_one_of_its_files_can_be_checked() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), "caxton.toml", "name = \"w\"\nx = 1");
        write(
            dir.path(),
            "agents/a.toml",
            "name = \"a\"\ndescription = \"d\"\ntools = [\"cvs__*\"]",
        );
        write(
            dir.path(),
            "b.toml",
            "name = \"a\"\ndescription = \"d\"\ntools = [\"cvs__*\"]",
        );
        assert_eq!(
            codes(dir.path()),
            ["caxton.toml unknown-key", "agents/a.toml unknown-component"]
        );
        assert_eq!(
            codes(&dir.path().join("caxton.toml")),
            ["caxton.toml unknown-key"]
        );
        assert_eq!(
            codes(&dir.path().join("agents/a.toml")),
            ["agents/a.toml unknown-component"]
        );
        let alone = dir.path().join("b.toml");
        assert_eq!(
            codes(&alone),
            [format!("{} name-mismatch", alone.display())]
        );
        assert!(Subject::of(&dir.path().join("gone")).is_err());
        write(dir.path(), "x.csv", "");
        assert!(Subject::of(&dir.path().join("x.csv")).is_err());
    }

    #[test]
    fn faults_are_grouped_by_file() {
        let fault = |file: &str, line| Fault {
            file: file.to_owned(),
            line,
            column: 7,
            code: "unknown-key",
            reason: "`modle` is not a key here".to_owned(),
            remedy: "did you mean `model`?".to_owned(),
        };
        let faults = [
            fault("caxton.toml", 2),
            fault("caxton.toml", 31),
            fault("agents/a.toml", 1),
        ];
        insta::assert_snapshot!(grouped(&faults, "desk/", false));
        assert!(grouped(&faults[..1], "", true).contains("\x1b[31munknown-key\x1b[0m"));
    }
}
