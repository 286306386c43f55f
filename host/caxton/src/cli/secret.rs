//! `caxton secret`: keeps the secrets of a workspace in its `secrets.age`. Works on files alone: a server is not asked.

use std::collections::BTreeSet;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow, bail};
use caxton_sandbox::SecretValue;
use clap::Subcommand;
use serde::Serialize;
use zeroize::Zeroizing;

use super::output::{self, Style};
use super::target::{SETTINGS, Target};
use super::{Output, Usage};
use crate::config::{Fault, SecretUse, secret_use};
use crate::secrets::{self, Found, Key, Lookup, Place, SecretsFile};

const EXAMPLES: &str = "\
A component gets a secret by its name, in caxton.toml:
  [[components.openai.secrets]]
  host = \"https://api.openai.com\"
  header = \"authorization\"
  value = \"Bearer ${OPENAI_API_KEY}\"

A variable of that name in the environment comes before the file secrets.age, which is encrypted
and may be committed. Its key is the age identity in CAXTON_SECRETS_KEY, or in the file that
CAXTON_SECRETS_KEY_FILE names, or in ~/.config/caxton/secrets.key.";

/// Keep a workspace's secrets, encrypted.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Set a secret to what is typed, or to standard input.
    Set {
        /// Its name, as in `${NAME}`.
        name: String,
    },
    /// List the names of secrets, where each comes from and which components want it.
    List {
        #[command(flatten)]
        output: Output,
    },
    /// Remove a secret from the file.
    Remove {
        /// Its name.
        name: String,
    },
    /// Print the public key by which others can let you read their secrets; makes a key where there is none.
    Key {
        #[command(flatten)]
        output: Output,
    },
}

/// A secret as it is listed.
#[derive(Debug, Serialize)]
struct Line {
    name: String,
    /// `environment`, `file` or `missing`.
    source: &'static str,
    /// Whether the file has it too, or only it.
    in_file: bool,
    components: BTreeSet<String>,
}

/// Does it.
///
/// # Errors
/// Wrong usage; where there is no workspace, or its files or the key can't be used.
pub fn run(args: Args, target: &Target) -> Result<ExitCode> {
    match args.command {
        Command::Set { name } => set(&workspace(target)?, &name)?,
        Command::List { output } => list(&workspace(target)?, output.json)?,
        Command::Remove { name } => remove(&workspace(target)?, &name)?,
        Command::Key { output } => key(target, output.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn workspace(target: &Target) -> Result<PathBuf> {
    match (target.directory()?, &target.workspace) {
        (Some(dir), _) => Ok(dir),
        (None, Some(name)) => bail!(
            "there is no directory `{name}`, and secrets are kept in a workspace's directory; name one with a {SETTINGS}"
        ),
        (None, None) => bail!(
            "there is no workspace here: no {SETTINGS} in this directory or above; go to one, or name it with --workspace"
        ),
    }
}

fn set(dir: &Path, name: &str) -> Result<()> {
    if !secrets::is_name(name) {
        return Err(Usage(format!(
            "`{}` can't be the name of a secret; use letters, digits and _, such as API_KEY",
            name.escape_debug()
        ))
        .into());
    }
    // Before the value is asked for, so that nobody types it in vain.
    let wanted = wanted(dir)?;
    let (key, made) = match SecretsFile::is_in(dir) {
        true => (Key::find(dir, &env), false),
        false => match Key::find_or_make(dir, &env) {
            Ok((key, made)) => (Ok(key), made),
            Err(error) => (Err(error), false),
        },
    };
    let key = key.map_err(|error| refused(error.into()))?;
    drop(SecretsFile::open(dir, &key).map_err(refused)?);
    let value = value(name)?;
    let _lock = SecretsFile::lock(dir).map_err(refused)?;
    let mut file = SecretsFile::open(dir, &key).map_err(refused)?;
    let before = file.values.insert(name.to_owned(), value);
    write(&file, dir, &key, &wanted)?;
    if made {
        output::remark(format_args!(
            "made the key {}; keep a copy of it: without it {} can't be read",
            key.place,
            secrets::FILE
        ));
    }
    let done = if before.is_some() { "changed" } else { "set" };
    output::line(format_args!(
        "{done} {name} in {}; a running server reads it when it starts again",
        dir.join(secrets::FILE).display()
    ))?;
    if env(name).is_some_and(|value| !value.is_empty()) {
        output::remark(format_args!(
            "the environment has {name} too, and comes first"
        ));
    }
    if !wanted.names.contains_key(name) {
        output::remark(format_args!(
            "no component wants it yet; write \"${{{name}}}\" in [[components.NAME.secrets]]"
        ));
    }
    Ok(())
}

fn list(dir: &Path, json: bool) -> Result<()> {
    let wanted = wanted(dir)?;
    let file = SecretsFile::read(dir, &env).map_err(refused)?;
    let names: BTreeSet<&String> = wanted.names.keys().chain(file.values.keys()).collect();
    let lookup = Lookup::new(dir, &env);
    let lines: Vec<Line> = names
        .into_iter()
        .map(|name| Line {
            name: name.clone(),
            source: match lookup.find(name) {
                Found::Value(_) if env(name).is_some_and(|value| !value.is_empty()) => {
                    "environment"
                }
                Found::Value(_) => "file",
                Found::Missing { .. } | Found::Unreadable(_) => "missing",
            },
            in_file: file.values.contains_key(name),
            components: wanted.names.get(name).cloned().unwrap_or_default(),
        })
        .collect();
    if json {
        return output::json(&lines);
    }
    let style = Style::of_stdout();
    let rows: Vec<_> = lines
        .iter()
        .map(|line| {
            let source = match line.source {
                "environment" if line.in_file => "environment, before the file".to_owned(),
                "missing" => style.red("missing"),
                source => source.to_owned(),
            };
            let users: Vec<&str> = line.components.iter().map(String::as_str).collect();
            [line.name.clone(), source, users.join(", ")]
        })
        .collect();
    output::table(
        ["NAME", "FROM", "COMPONENTS"],
        &rows,
        "There are no secrets; set one with `caxton secret set NAME`.",
    )
}

fn remove(dir: &Path, name: &str) -> Result<()> {
    let wanted = wanted(dir)?;
    let missing = || {
        anyhow!(
            "{} has no secret `{}`; `caxton secret list` shows what there is",
            secrets::FILE,
            name.escape_debug()
        )
    };
    if !SecretsFile::is_in(dir) {
        return Err(missing());
    }
    let key = Key::find(dir, &env).map_err(|error| refused(error.into()))?;
    let _lock = SecretsFile::lock(dir).map_err(refused)?;
    let mut file = SecretsFile::open(dir, &key).map_err(refused)?;
    file.values.remove(name).ok_or_else(missing)?;
    write(&file, dir, &key, &wanted)?;
    output::line(format_args!("removed {name}"))?;
    if let Some(users) = wanted.names.get(name) {
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        output::remark(format_args!("still wanted by {}", users.join(", ")));
    }
    Ok(())
}

fn key(target: &Target, json: bool) -> Result<()> {
    #[derive(Serialize)]
    struct Shown {
        recipient: String,
        place: String,
        made: bool,
    }
    // A key belongs to a user, not to a workspace; one that lies in a workspace is refused.
    let dir = target.directory()?.unwrap_or_default();
    let (key, made) = Key::find_or_make(&dir, &env).map_err(|error| refused(error.into()))?;
    let recipient = key.recipient().context("there is no key")?.to_string();
    if json {
        return output::json(&Shown {
            recipient,
            place: key.place.to_string(),
            made,
        });
    }
    output::line(recipient)?;
    if let (true, Place::File(path)) = (made, &key.place) {
        output::remark(format_args!(
            "made the key {}; keep a copy of it",
            path.display()
        ));
    }
    Ok(())
}

/// What `caxton.toml` says of secrets.
fn wanted(dir: &Path) -> Result<SecretUse> {
    secret_use(dir).map_err(|faults| {
        let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
        anyhow!("{}", lines.join("\n"))
    })
}

/// Writes the file for the one who does, and for those whom `caxton.toml` names.
fn write(file: &SecretsFile, dir: &Path, key: &Key, wanted: &SecretUse) -> Result<()> {
    let mut recipients: Vec<_> = key.recipient().into_iter().collect();
    recipients.extend(&wanted.recipients);
    recipients.sort();
    recipients.dedup();
    file.write(dir, &recipients).map_err(refused)
}

/// Asks for a value where a person sits there, else takes standard input. Never an argument: those are seen by everybody on
/// the machine, and kept by shells.
fn value(name: &str) -> Result<SecretValue> {
    const BYTES_MAX: u64 = 16 << 10;
    let text = if std::io::stdin().is_terminal() {
        rpassword::prompt_password(format!("{name}: ")).context("the value can't be read")?
    } else {
        let mut text = String::with_capacity(BYTES_MAX as usize + 1);
        let mut input = std::io::stdin().lock().take(BYTES_MAX + 1);
        input
            .read_to_string(&mut text)
            .context("standard input can't be read as text")?;
        text
    };
    let text = Zeroizing::new(text);
    // The line break is that of `echo`, not the secret's.
    let value = text.strip_suffix('\n').unwrap_or(&text);
    let value = value.strip_suffix('\r').unwrap_or(value);
    if value.is_empty() {
        bail!("the value of {name} is empty; type it, or give it on standard input");
    }
    if value.len() as u64 > BYTES_MAX {
        bail!("the value of {name} is longer than {BYTES_MAX} bytes, which no header may be");
    }
    if !value
        .bytes()
        .all(|byte| (b' '..=b'~').contains(&byte) || byte == b'\t')
    {
        bail!(
            "the value of {name} has a line break or another character that is not printable ASCII, which no header may have; give it without"
        );
    }
    Ok(SecretValue::new(value))
}

fn refused(error: secrets::Error) -> anyhow::Error {
    anyhow!(
        "{} can't be used: {error}; {}",
        secrets::FILE,
        error.remedy()
    )
}

fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
