//! Which files belong to a workspace: agents in `agents/`, components in `components/`.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::config::fault::{Fault, quoted};
use crate::config::name;
use crate::config::workspace::{self, ComponentSpec};

/// Finds every `agents/*.toml`, by how faults name it. Hidden files, such as an editor's, and files of other kinds are left alone.
pub(super) fn agents(dir: &Path) -> (Vec<(String, PathBuf)>, Vec<Fault>) {
    let (mut paths, faults) = list(&dir.join("agents"), "agents", "toml");
    for (file, _) in &mut paths {
        file.insert_str(0, "agents/");
    }
    (paths, faults)
}

/// Finds every `.wasm` file in `dir`; each is a component of that name, with default limits and nothing granted. `shown` is how
/// the directory is named in faults.
///
/// Returns the components together with the faults, so that one badly named file does not hide the others.
pub fn components_in(dir: &Path, shown: &str) -> (BTreeMap<String, ComponentSpec>, Vec<Fault>) {
    let (paths, mut faults) = list(dir, shown, "wasm");
    let mut components = BTreeMap::new();
    for (file, path) in paths {
        let stem = file.strip_suffix(".wasm").unwrap_or(&file);
        if let Err(refusal) = name::check_component(stem) {
            let reason = format!("the component's name {}", refusal.reason);
            faults.push(at(
                &format!("{shown}/{file}"),
                refusal.code,
                reason,
                "rename the file, or declare it in caxton.toml",
            ));
        } else if !path.is_file() {
            let reason = "is not a regular file".to_owned();
            faults.push(at(
                &format!("{shown}/{file}"),
                "not-a-file",
                reason,
                "put a component in its place, or remove it",
            ));
        } else {
            components.insert(
                stem.to_owned(),
                ComponentSpec::new(workspace::Source::Path(path)),
            );
        }
    }
    (components, faults)
}

/// Lists the files in `dir` with this extension, sorted. A directory that does not exist is empty.
fn list(dir: &Path, shown: &str, extension: &str) -> (Vec<(String, PathBuf)>, Vec<Fault>) {
    let fault = |error: &io::Error| {
        vec![at(
            shown,
            "unreadable-directory",
            format!("can't be listed: {error}"),
            "make it a directory that this user may read",
        )]
    };
    let entries = match dir.read_dir() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return (Vec::new(), Vec::new()),
        Err(error) => return (Vec::new(), fault(&error)),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = match entry {
            Ok(entry) => entry.path(),
            Err(error) => return (Vec::new(), fault(&error)),
        };
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let suffix = name.rsplit_once('.').map(|(_, suffix)| suffix);
        if suffix == Some(extension) && !name.starts_with('.') {
            files.push((name, path));
        }
    }
    files.sort();
    (files, Vec::new())
}

/// A fault of a file or directory as a whole.
pub(super) fn at(shown: &str, code: &'static str, reason: String, remedy: &str) -> Fault {
    Fault {
        file: shown.to_owned(),
        line: 1,
        column: 1,
        code,
        reason: format!("{} {reason}", quoted(shown)),
        remedy: remedy.to_owned(),
    }
}
