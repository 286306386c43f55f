//! The granted directories, and how a path that a caller gives lies in one of them. The host holds the walls: a path that
//! leads out is refused there too. Here it is told in words that help.

use std::path::{Path, PathBuf};

/// How a directory is granted, for messages.
const GRANT: &str = "files = [{ path = \"data\", mode = \"read\" }]";

/// A granted directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Its name for callers, without slashes at the ends; empty where the whole tree of the guest is one directory.
    pub name: String,
    /// Where it is.
    pub directory: PathBuf,
    /// Whether files may be written.
    pub is_writable: bool,
}

/// A path in a granted directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As callers write it, such as `data/sales.csv`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Whether files may be written there.
    pub is_writable: bool,
}

impl Root {
    /// Makes a root of a directory that callers know as `name`.
    #[cfg(any(test, target_os = "wasi"))]
    pub fn new(name: &str, directory: impl Into<PathBuf>, is_writable: bool) -> Self {
        let name = name.trim_start_matches("./").trim_matches('/');
        Self {
            name: if name == "." {
                String::new()
            } else {
                name.to_owned()
            },
            directory: directory.into(),
            is_writable,
        }
    }

    /// The root itself as a place.
    pub fn place(&self) -> Place {
        Place {
            name: if self.name.is_empty() {
                ".".to_owned()
            } else {
                self.name.clone()
            },
            path: self.directory.clone(),
            is_writable: self.is_writable,
        }
    }
}

/// Finds the granted directories: those that the host has opened for this call.
#[cfg(target_os = "wasi")]
pub fn granted() -> Vec<Root> {
    use wasip2::filesystem::types::DescriptorFlags;

    let directories = wasip2::filesystem::preopens::get_directories();
    let mut roots: Vec<Root> = directories
        .into_iter()
        .map(|(descriptor, name)| {
            let is_writable = descriptor
                .get_flags()
                .is_ok_and(|flags| flags.contains(DescriptorFlags::MUTATE_DIRECTORY));
            Root::new(&name, &name, is_writable)
        })
        .collect();
    roots.sort_by(|a, b| a.name.cmp(&b.name));
    roots
}

/// Natively nothing is granted: tests bring their own directories.
#[cfg(not(target_os = "wasi"))]
pub fn granted() -> Vec<Root> {
    Vec::new()
}

/// Finds where a walk starts: at `path`, or in every one of `roots` where none is given.
///
/// # Errors
/// A sentence that names the path, the reason and the grant that is missing.
pub fn starts(roots: &[Root], path: Option<&str>) -> Result<Vec<Place>, String> {
    match path.filter(|path| !path.is_empty()) {
        Some(path) => Ok(vec![find(roots, path)?]),
        None if roots.is_empty() => Err(format!(
            "no directory is granted. Add one to the component's grants in caxton.toml: {GRANT}"
        )),
        None => Ok(roots.iter().map(Root::place).collect()),
    }
}

/// Finds the place of `path` in one of `roots`.
///
/// # Errors
/// A sentence that names the path, the reason and the grant that is missing.
pub fn find(roots: &[Root], path: &str) -> Result<Place, String> {
    if roots.is_empty() {
        return Err(format!(
            "{path:?} can't be read: no directory is granted. Add one to the component's grants in caxton.toml: {GRANT}"
        ));
    }
    if path.contains('\0') {
        return Err(format!("{path:?} is no path: it contains a zero byte"));
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_some() => {}
            ".." => {
                return Err(format!(
                    "{path:?} leads out of the granted directories, which are {}",
                    names(roots)
                ));
            }
            part => parts.push(part),
        }
    }
    let clean = parts.join("/");
    // The longest name wins where one granted directory lies in another.
    let inside = roots
        .iter()
        .filter_map(|root| rest(&root.name, &clean).map(|rest| (root, rest)))
        .max_by_key(|(root, _)| root.name.len());
    if let Some((root, rest)) = inside {
        return Ok(place(root, rest));
    }
    // A bare name is looked for in each directory, as a person would.
    let here: Vec<Place> = roots
        .iter()
        .map(|root| place(root, &clean))
        .filter(|place| !clean.is_empty() && place.path.exists())
        .collect();
    match here.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(format!(
            "{path:?} is not in a granted directory, which are {}. To grant another, add it in caxton.toml: {GRANT}",
            names(roots)
        )),
        several => Err(format!(
            "{path:?} could be {}; give the whole path",
            several
                .iter()
                .map(|place| place.name.as_str())
                .collect::<Vec<_>>()
                .join(" or ")
        )),
    }
}

fn place(root: &Root, rest: &str) -> Place {
    let name = [root.name.as_str(), rest]
        .iter()
        .filter(|part| !part.is_empty())
        .copied()
        .collect::<Vec<_>>()
        .join("/");
    let path = if rest.is_empty() {
        root.directory.clone()
    } else {
        root.directory.join(rest)
    };
    Place {
        name: if name.is_empty() {
            ".".to_owned()
        } else {
            name
        },
        path,
        is_writable: root.is_writable,
    }
}

/// The part of `path` below `root`; nothing where it does not lie in it.
fn rest<'a>(root: &str, path: &'a str) -> Option<&'a str> {
    if root.is_empty() {
        return Some(path);
    }
    let rest = path.strip_prefix(root)?;
    if rest.is_empty() {
        Some(rest)
    } else {
        rest.strip_prefix('/')
    }
}

/// The granted directories for a message.
pub fn names(roots: &[Root]) -> String {
    let shown = |root: &Root| {
        format!(
            "`{}` ({})",
            root.place().name,
            if root.is_writable {
                "read and write"
            } else {
                "read"
            }
        )
    };
    roots.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// Says why the file system refused `place`, and what to do.
pub fn refused(place: &Place, error: &std::io::Error) -> String {
    use std::io::ErrorKind;

    let name = &place.name;
    match error.kind() {
        ErrorKind::NotFound => match siblings(&place.path) {
            siblings if siblings.is_empty() => format!("there is no `{name}`"),
            siblings => format!(
                "there is no `{name}`; beside it are {}",
                siblings.join(", ")
            ),
        },
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => format!(
            "`{name}` was refused: it leads out of the granted directory (through a link, perhaps), or the grant does not allow it ({})",
            if place.is_writable {
                "mode = \"write\""
            } else {
                "mode = \"read\""
            }
        ),
        ErrorKind::IsADirectory => format!("`{name}` is a directory; list it instead"),
        ErrorKind::NotADirectory => format!("`{name}` is not a directory"),
        ErrorKind::AlreadyExists => {
            format!("`{name}` is there already; set `mode` to overwrite or append")
        }
        _ => format!("`{name}` can't be used: {error}"),
    }
}

/// A few names beside a path that is missing, the similar ones first.
fn siblings(path: &Path) -> Vec<String> {
    const SHOWN_MAX: usize = 5;
    let wanted = path
        .file_name()
        .map(|name| name.to_string_lossy().to_lowercase())
        .unwrap_or_default();
    let Some(entries) = path
        .parent()
        .and_then(|parent| std::fs::read_dir(parent).ok())
    else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(Result::ok)
        .take(500)
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let common = |name: &str| {
        name.to_lowercase()
            .chars()
            .filter(|c| wanted.contains(*c))
            .count()
    };
    names.sort_by(|a, b| common(b).cmp(&common(a)).then_with(|| a.cmp(b)));
    names.truncate(SHOWN_MAX);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_granted_directories() {
        let data = tempfile::tempdir().expect("a directory");
        std::fs::write(data.path().join("sales.csv"), "a").expect("a file");
        let roots = [
            Root::new("/data/", data.path(), false),
            Root::new("data/out", "/nowhere", true),
        ];
        for (path, expected) in [
            ("data/sales.csv", Ok("data/sales.csv")),
            ("/data/sales.csv", Ok("data/sales.csv")),
            ("./data//x/../sales.csv", Ok("data/sales.csv")),
            ("data", Ok("data")),
            ("data/out/x", Ok("data/out/x")),
            ("sales.csv", Ok("data/sales.csv")),
            ("../etc/passwd", Err("leads out")),
            ("data/../../etc/passwd", Err("leads out")),
            (
                "/etc/passwd",
                Err(
                    "not in a granted directory, which are `data` (read), `data/out` (read and write)",
                ),
            ),
            ("database/x", Err("not in a granted directory")),
            ("data/\0", Err("zero byte")),
            ("", Err("not in a granted directory")),
        ] {
            match (find(&roots, path), expected) {
                (Ok(place), Ok(name)) => assert_eq!(place.name, name, "{path}"),
                (Err(error), Err(needle)) => assert!(error.contains(needle), "{path}: {error}"),
                (outcome, _) => panic!("{path}: {outcome:?}"),
            }
        }
        assert!(find(&roots, "data/out/x").is_ok_and(|place| place.is_writable));
        assert!(find(&[], "x").is_err_and(|error| error.contains(GRANT)));
        let whole = [Root::new(".", data.path(), false)];
        assert_eq!(
            find(&whole, "/sales.csv").map(|place| place.name),
            Ok("sales.csv".to_owned())
        );
    }

    #[test]
    fn what_is_missing_is_told_with_its_neighbours() {
        let data = tempfile::tempdir().expect("a directory");
        std::fs::write(data.path().join("sales.csv"), "a").expect("a file");
        let place =
            find(&[Root::new("data", data.path(), false)], "data/sale.csv").expect("a place");
        let error = std::fs::read(&place.path).expect_err("missing");
        assert_eq!(
            refused(&place, &error),
            "there is no `data/sale.csv`; beside it are sales.csv"
        );
    }
}
