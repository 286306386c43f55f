//! What `caxton init` writes, and what it refuses to touch.

use super::*;
use crate::config::{Checked, Known, check};

const BUILTINS: &[&str] = &[
    "calc",
    "chart",
    "csv",
    "files",
    "http-fetch",
    "json",
    "keyword",
    "offline",
    "openai",
    "semantic",
    "time",
];

fn sound(dir: &Path) -> Checked {
    check(dir, &Known::new(BUILTINS)).unwrap_or_else(|faults| {
        panic!(
            "{}",
            faults.iter().map(|f| format!("{f}\n")).collect::<String>()
        )
    })
}

fn refusal(result: anyhow::Result<impl std::fmt::Debug>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn every_template_is_a_workspace_without_faults() {
    for template in WORKSPACES {
        let parent = tempfile::tempdir().unwrap();
        let dir = parent.path().join("deeper").join("desk");
        let files = write_workspace(&dir, template, "desk").unwrap();
        let checked = sound(&dir);
        assert_eq!(checked.workspace.name, "desk");
        assert!(!checked.agents.is_empty());
        assert!(files.contains(&".gitignore") && files.contains(&"README.md"));
        let text = fs::read_to_string(dir.join("caxton.toml")).unwrap();
        assert!(
            text.contains("# With a key") || text.contains("# Needs no key"),
            "comments are kept"
        );
        assert_eq!(
            fs::read_dir(dir.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        // The README shows the question that is printed.
        let readme = fs::read_to_string(dir.join("README.md")).unwrap();
        assert!(template.name == "chatbot" || readme.contains(template.question));
    }
}

#[test]
fn every_agent_template_fits_into_a_workspace() {
    for template in AGENTS {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("data")).unwrap();
        fs::write(
            dir.path().join("caxton.toml"),
            format!("name = \"w\"\n{}", template.grants),
        )
        .unwrap();
        // The analyst asks for charts, so there must be someone who draws.
        let drawing =
            "name = \"drawer\"\ndescription = \"Draws.\"\ncapabilities = [\"charting\"]\n";
        fs::create_dir(dir.path().join("agents")).unwrap();
        fs::write(dir.path().join("agents/drawer.toml"), drawing).unwrap();
        let path = write_agent(dir.path(), "newcomer", template).unwrap();
        assert!(path.ends_with("agents/newcomer.toml"));
        assert_eq!(sound(dir.path()).agents["newcomer"].name, "newcomer");
        assert!(refusal(write_agent(dir.path(), "newcomer", template)).contains("exists already"));
    }
}

#[test]
fn all_files_of_the_templates_are_part_of_the_program() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
    for template in WORKSPACES {
        let mut todo = vec![home.join(template.name)];
        while let Some(dir) = todo.pop() {
            for path in fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().path())
            {
                if path.is_dir() {
                    todo.push(path);
                    continue;
                }
                let relative = path.strip_prefix(home.join(template.name)).unwrap();
                assert!(
                    template
                        .files
                        .iter()
                        .any(|file| Path::new(file.path) == relative),
                    "{} is not embedded",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn a_directory_in_use_is_not_touched() {
    let template = &WORKSPACES[0];
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    write_workspace(dir.path(), template, "desk").unwrap();
    sound(dir.path());
    assert!(
        refusal(write_workspace(dir.path(), template, "desk")).contains("is a workspace already")
    );

    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "x").unwrap();
    let told = refusal(write_workspace(dir.path(), template, "desk"));
    assert!(told.contains("is not empty: it has thesis.txt"), "{told}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    assert!(write_workspace(&dir.path().join("thesis.txt"), template, "desk").is_err());
    assert!(write_workspace(&dir.path().join("thesis.txt/below"), template, "desk").is_err());
}

#[test]
fn wrong_names_are_told() {
    let told = refusal(find(WORKSPACES, |t| t.name, Some("analyst"), "workspace").map(|t| t.name));
    assert_eq!(
        told,
        "there is no workspace template `analyst`; there are: data-analyst, data-fetcher, chatbot"
    );
    let dir = tempfile::tempdir().unwrap();
    assert!(refusal(write_agent(dir.path(), "a b", &AGENTS[0])).contains("`a b`"));
    assert!(
        refusal(write_agent(dir.path(), "../a", &AGENTS[0]))
            .contains("which does not begin with a letter")
    );
    assert!(refusal(write_agent(dir.path(), "a", &AGENTS[0])).contains("has no caxton.toml"));
}

#[test]
fn a_workspace_is_named_after_its_directory() {
    assert_eq!(
        workspace_name(Path::new("/nonexistent/My Sales Desk")).as_deref(),
        Some("My-Sales-Desk")
    );
    assert_eq!(workspace_name(Path::new("/")), None);
    assert_eq!(shell("it's"), "'it'\\''s'");
    assert_eq!(shell("./desk"), "./desk");
}

#[cfg(unix)]
#[test]
fn what_is_written_has_the_permissions_of_other_files() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("desk");
    write_workspace(&dir, &WORKSPACES[2], "desk").unwrap();
    let agent = write_agent(&dir, "second", &AGENTS[0]).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), mode(&dir.join("agents")));
    assert_eq!(mode(&agent), mode(&dir.join("agents/assistant.toml")));
}
