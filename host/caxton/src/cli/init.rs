//! `caxton init`: a new workspace or a new agent from a template. Either all of it is written, or nothing.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde_json::json;

use super::Usage;
use super::target::Target;
use super::templates::{AGENTS, AgentTemplate, File, WORKSPACES, WorkspaceTemplate};
use crate::config::name;

/// Makes a workspace in DIR, or with --agent an agent in the workspace DIR.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The workspace's directory: a new or empty one, or with --agent an existing workspace
    pub dir: Option<PathBuf>,
    /// Adds an agent of this name instead of making a workspace
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// The template; `caxton templates` lists them
    #[arg(long, value_name = "TEMPLATE")]
    pub template: Option<String>,
}

/// Writes the workspace or agent and prints what to do next.
///
/// # Errors
/// [`Usage`] where the template is unknown or no directory is named; or where the directory is not empty, the name is none, or
/// the files can't be written.
pub fn run(args: Args, target: &Target, json: bool) -> anyhow::Result<ExitCode> {
    match &args.agent {
        Some(agent) => new_agent(agent, &home(&args, target)?, &args, json)?,
        None => {
            if let Some(named) = &target.workspace {
                return Err(Usage(format!(
                    "--workspace names the workspace of a new agent; to make a workspace write `caxton init {named}`"
                ))
                .into());
            }
            new_workspace(&args, json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The directory of the workspace that an agent is made in: DIR or --workspace, else the current one.
fn home(args: &Args, target: &Target) -> anyhow::Result<PathBuf> {
    match (&args.dir, &target.workspace) {
        (Some(dir), Some(named)) if dir != Path::new(named) => Err(Usage(format!(
            "two workspaces are named, {} and {named}; leave out one of them",
            dir.display()
        ))
        .into()),
        (Some(dir), _) => Ok(dir.clone()),
        (None, Some(named)) => Ok(PathBuf::from(named)),
        (None, None) => Ok(PathBuf::from(".")),
    }
}

fn new_workspace(args: &Args, json: bool) -> anyhow::Result<()> {
    let Some(dir) = &args.dir else {
        let told = "no directory is named; write `caxton init DIR`, or `caxton init .` for the current one";
        return Err(Usage(told.to_owned()).into());
    };
    let template = find(
        WORKSPACES,
        |t| t.name,
        args.template.as_deref(),
        "workspace",
    )?;
    let name = workspace_name(dir).unwrap_or_else(|| template.name.to_owned());
    let files = write_workspace(dir, template, &name)?;
    let mut out = std::io::stdout().lock();
    if json {
        let made =
            json!({"workspace": name, "path": dir, "template": template.name, "files": files});
        writeln!(out, "{}", serde_json::to_string_pretty(&made)?)?;
        return Ok(());
    }
    writeln!(
        out,
        "Made the workspace {name} from the template {} in {}:",
        template.name,
        dir.display()
    )?;
    for file in files {
        writeln!(out, "  {file}")?;
    }
    writeln!(out, "\nNext:")?;
    if dir != Path::new(".") {
        writeln!(out, "  cd {}", shell(&dir.display().to_string()))?;
    }
    writeln!(
        out,
        "  caxton serve\n  caxton send {}    # in another terminal",
        shell(template.question)
    )?;
    Ok(())
}

fn new_agent(agent: &str, dir: &Path, args: &Args, json: bool) -> anyhow::Result<()> {
    let template = find(AGENTS, |t| t.name, args.template.as_deref(), "agent")?;
    let path = write_agent(dir, agent, template)?;
    let mut out = std::io::stdout().lock();
    if json {
        let made = json!({"agent": agent, "path": path, "template": template.name});
        writeln!(out, "{}", serde_json::to_string_pretty(&made)?)?;
        return Ok(());
    }
    writeln!(
        out,
        "Made the agent {agent} from the template {} in {}.",
        template.name,
        path.display()
    )?;
    if !template.grants.is_empty() {
        writeln!(
            out,
            "\nIts tools work with what they are granted. Unless caxton.toml grants it already, add:\n"
        )?;
        for line in template.grants.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    writeln!(
        out,
        "\nNext:\n  caxton validate {}",
        shell(&dir.display().to_string())
    )?;
    writeln!(
        out,
        "\nA server reads caxton.toml and new agents when it starts. One that runs already takes the agent with\n\
         PUT /api/v1/workspaces/default/agents/{agent}, whose body is the file."
    )?;
    Ok(())
}

/// Finds a template by name; the first where none is named.
fn find<'t, T>(
    all: &'t [T],
    name_of: impl Fn(&T) -> &'static str,
    name: Option<&str>,
    kind: &str,
) -> anyhow::Result<&'t T> {
    let found = match name {
        None => all.first(),
        Some(name) => all.iter().find(|template| name_of(template) == name),
    };
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(&name_of).collect();
        let told = format!(
            "there is no {kind} template `{}`; there are: {}",
            name.unwrap_or_default(),
            names.join(", ")
        );
        Usage(told).into()
    })
}

/// The name of a workspace in `dir`: the directory's own, made plain.
fn workspace_name(dir: &Path) -> Option<String> {
    let path = std::path::absolute(dir).ok()?;
    let full = path.canonicalize().unwrap_or(path);
    name::suggestion(&full.file_name()?.to_string_lossy())
}

/// Writes the template into `dir`. Returns the files that were written, relative to it.
fn write_workspace(
    dir: &Path,
    template: &WorkspaceTemplate,
    name: &str,
) -> anyhow::Result<Vec<&'static str>> {
    let into_existing = is_usable(dir)?;
    let full = std::path::absolute(dir)?;
    let parent = full.parent().with_context(|| {
        format!(
            "{} can't be a workspace: it has no parent directory",
            dir.display()
        )
    })?;
    fs::create_dir_all(parent).with_context(|| format!("{} can't be made", parent.display()))?;
    // Beside the target, because only within one file system a rename is atomic.
    let beside = if into_existing {
        full.as_path()
    } else {
        parent
    };
    let staged = staging(0o777)
        .tempdir_in(beside)
        .with_context(|| format!("nothing can be written in {}", beside.display()))?;
    for File { path, text } in template.files {
        let target = staged.path().join(path);
        let text = if *path == "caxton.toml" {
            named(text, name)?
        } else {
            (*text).to_owned()
        };
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&target, text)
            .with_context(|| format!("{path} can't be written in {}", dir.display()))?;
    }
    if into_existing {
        move_in(staged.path(), &full)
            .with_context(|| format!("the files can't be put into {}", dir.display()))?;
    } else {
        // From here on it is not a temporary directory any more.
        let staged = staged.keep();
        if let Err(error) = fs::rename(&staged, &full) {
            let _ = fs::remove_dir_all(&staged);
            return Err(error).with_context(|| format!("{} can't be made", dir.display()));
        }
    }
    Ok(template.files.iter().map(|file| file.path).collect())
}

/// Whether `dir` exists; refuses it where it is in use. A version control system may have been there first.
fn is_usable(dir: &Path) -> anyhow::Result<bool> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => {
            return Err(error).with_context(|| {
                format!(
                    "{} can't be a workspace; name a new directory",
                    dir.display()
                )
            });
        }
    };
    if dir.join("caxton.toml").symlink_metadata().is_ok() {
        bail!(
            "{} is a workspace already; add an agent with `caxton init --agent NAME`, or name another directory",
            dir.display()
        );
    }
    for entry in entries {
        let name = entry?.file_name();
        if name != ".git" {
            bail!(
                "{} is not empty: it has {}; name a new or empty directory",
                dir.display(),
                name.to_string_lossy()
            );
        }
    }
    Ok(true)
}

/// Moves everything from `staged` into `dir`, `caxton.toml` last, for it is what makes a directory a workspace. What was moved is
/// taken away again where something can't be.
fn move_in(staged: &Path, dir: &Path) -> std::io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(staged)?
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<Result<_, _>>()?;
    entries.sort_by_key(|name| name == "caxton.toml");
    for (index, name) in entries.iter().enumerate() {
        if let Err(error) = fs::rename(staged.join(name), dir.join(name)) {
            for moved in &entries[..index] {
                let _ = fs::rename(dir.join(moved), staged.join(moved));
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Writes the agent `agent` into the workspace `dir`. Returns its path.
fn write_agent(dir: &Path, agent: &str, template: &AgentTemplate) -> anyhow::Result<PathBuf> {
    if let Err(refusal) = name::check_agent(agent) {
        bail!("the agent's name {}; {}", refusal.reason, refusal.remedy);
    }
    if !dir.join("caxton.toml").is_file() {
        bail!(
            "{} is no workspace, it has no caxton.toml; make one with `caxton init DIR`",
            dir.display()
        );
    }
    let agents = dir.join("agents");
    fs::create_dir_all(&agents).with_context(|| format!("{} can't be made", agents.display()))?;
    let path = agents.join(format!("{agent}.toml"));
    let mut staged = staging(0o666)
        .tempfile_in(&agents)
        .with_context(|| format!("nothing can be written in {}", agents.display()))?;
    staged.write_all(named(template.text, agent)?.as_bytes())?;
    match staged.persist_noclobber(&path) {
        Ok(_) => Ok(path),
        Err(failed) if failed.error.kind() == std::io::ErrorKind::AlreadyExists => {
            bail!(
                "{} exists already; choose another name, or edit it",
                path.display()
            )
        }
        Err(failed) => {
            Err(failed.error).with_context(|| format!("{} can't be written", path.display()))
        }
    }
}

/// A builder of temporary files and directories with the permissions that any other would have, for they are there to stay.
fn staging(mode: u32) -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".caxton-init-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The user's mask is taken off when the file is made.
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// The TOML with its `name` changed, comments and all else kept.
fn named(text: &str, name: &str) -> anyhow::Result<String> {
    let mut document: toml_edit::DocumentMut = text.parse()?;
    let value = document
        .get_mut("name")
        .and_then(toml_edit::Item::as_value_mut)
        .context("the template has no name")?;
    let decor = value.decor().clone();
    *value = name.into();
    *value.decor_mut() = decor;
    Ok(document.to_string())
}

/// Quotes an argument for a shell where it needs it.
fn shell(argument: &str) -> String {
    let plain = !argument.is_empty()
        && argument
            .chars()
            .all(|c| c.is_alphanumeric() || "-_./:=+".contains(c));
    if plain {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests;
