//! What the names of workspaces, components, agents and capabilities may look like. Names stand in URLs, file names, tool names
//! and on the command line, so they are plain ASCII.

use semver::Version;

use super::fault::{Refusal, quoted};
use super::prompt::Variable;

/// The longest name. Tool names join a component's name and a tool's, and clients cut at 128 characters.
pub const NAME_CHARS_MAX: usize = 64;

/// Checks the name of a workspace, component or agent: a letter, then letters, digits, `-` and `_`, at most 64; never two `_` in a
/// row, because `COMPONENT__TOOL` is how tools are named.
///
/// # Errors
/// `bad-name`, saying what is wrong with it.
pub fn check(name: &str) -> Result<(), Refusal> {
    let why = if name.is_empty() {
        "which is empty"
    } else if name.chars().count() > NAME_CHARS_MAX {
        "which is longer than 64 characters"
    } else if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        "which does not begin with a letter"
    } else if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    {
        "which has characters other than letters, digits, `-` and `_`"
    } else if name.contains("__") || name.ends_with('_') {
        "which has `__` in it or ends in `_`; that would make `COMPONENT__TOOL` ambiguous"
    } else {
        return Ok(());
    };
    let remedy = match suggestion(name) {
        Some(better) => format!("use a name such as `{better}`"),
        None => "use a name such as `sales-desk`".to_owned(),
    };
    Err(Refusal::new(
        "bad-name",
        format!("is {}, {why}", quoted(name)),
        remedy,
    ))
}

/// Checks the name of an agent. `auto` is kept for routing by meaning.
///
/// # Errors
/// `bad-name`, saying what is wrong with it.
pub fn check_agent(name: &str) -> Result<(), Refusal> {
    check(name)?;
    if name == "auto" {
        return Err(Refusal::new(
            "bad-name",
            "is `auto`, which stands for the agent that the router chooses",
            "give the agent a name of its own",
        ));
    }
    Ok(())
}

/// Checks the name of a component. `memory` is kept for the tools of agents that remember.
///
/// # Errors
/// `bad-name`, saying what is wrong with it.
pub fn check_component(name: &str) -> Result<(), Refusal> {
    check(name)?;
    if name == "memory" {
        return Err(Refusal::new(
            "bad-name",
            "is `memory`, and tools that begin with `memory__` are those of agents that remember",
            "give the component a name of its own",
        ));
    }
    Ok(())
}

/// Checks the name of an agent's parameter, which stands between the braces of prompts: a letter, then letters, digits, `-` and
/// `_`, at most 64. Those of the built-in variables are taken.
///
/// # Errors
/// `bad-name`, saying what is wrong with it.
pub fn check_parameter(name: &str) -> Result<(), Refusal> {
    if Variable::ALL
        .iter()
        .any(|variable| variable.as_str() == name)
    {
        return Err(Refusal::new(
            "bad-name",
            format!(
                "is {}, which is a variable that every prompt has",
                quoted(name)
            ),
            format!("give the parameter a name of its own, such as `my_{name}`"),
        ));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.len() <= NAME_CHARS_MAX
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(plain)
    {
        return Ok(());
    }
    let reason = format!(
        "is {}, which is not a letter and then letters, digits, `-` and `_`, at most 64",
        quoted(name)
    );
    let remedy = match suggestion(name) {
        Some(better) => format!("use a name such as `{better}`"),
        None => "use a name such as `region`".to_owned(),
    };
    Err(Refusal::new("bad-name", reason, remedy))
}

/// Checks the name of a capability: lower-case words joined by `-`, at most 64 characters.
///
/// # Errors
/// `bad-capability`, saying what is wrong with it.
pub fn check_capability(name: &str) -> Result<(), Refusal> {
    let words_ok = name.split('-').all(|word| {
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    });
    if words_ok && name.len() <= NAME_CHARS_MAX {
        return Ok(());
    }
    let remedy = match suggestion(&name.to_ascii_lowercase().replace('_', "-")) {
        Some(better) => format!("write `{better}`"),
        None => "write a name such as `data-analysis`".to_owned(),
    };
    let reason = format!(
        "is {}, which is not lower-case words joined by `-` within 64 characters",
        quoted(name)
    );
    Err(Refusal::new("bad-capability", reason, remedy))
}

/// Makes a valid name out of `text`, or nothing where too little of it is usable.
pub fn suggestion(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.chars().take(NAME_CHARS_MAX) {
        let c = if c.is_ascii_alphanumeric() || c == '_' {
            c
        } else {
            '-'
        };
        let doubled = (c == '-' || c == '_') && name.ends_with(['-', '_']);
        if !doubled && (!name.is_empty() || c.is_ascii_alphabetic()) {
            name.push(c);
        }
    }
    let name = name.trim_end_matches(['-', '_']);
    (!name.is_empty()).then(|| name.to_owned())
}

/// Parses the full version of an agent, such as `1.0.0` (Semantic Versioning 2.0.0).
///
/// # Errors
/// `bad-version` with what is wrong.
pub fn version(text: &str) -> Result<Version, Refusal> {
    Version::parse(text).map_err(|error| {
        Refusal::new(
            "bad-version",
            format!("is {}: {error}", quoted(text)),
            "write three numbers, such as \"1.0.0\"",
        )
    })
}

/// Parses the version of a capability, where `1` and `1.2` are enough; what is left out is 0.
///
/// # Errors
/// `bad-version` with what is wrong.
pub fn short_version(text: &str) -> Result<Version, Refusal> {
    let numbers = text.split('.').count();
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    match (plain, numbers) {
        (true, 1) => version(&format!("{text}.0.0")),
        (true, 2) => version(&format!("{text}.0")),
        _ => version(text),
    }
    .map_err(|refusal| Refusal {
        reason: format!("is {}, which is not a version", quoted(text)),
        remedy: "write one to three numbers, such as \"1.2\"".to_owned(),
        ..refusal
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, ok) in [
            ("sales-desk", true),
            ("a", true),
            ("my_tool2", true),
            ("", false),
            ("2fast", false),
            ("a__b", false),
            ("a_", false),
            ("a b", false),
            ("../etc", false),
            ("agént", false),
            ("a\nb", false),
        ] {
            assert_eq!(check(name).is_ok(), ok, "{name}");
        }
        assert!(check(&"a".repeat(65)).is_err());
        assert!(check_agent("auto").is_err());
        for (name, ok) in [
            ("region", true),
            ("max__rows_", true),
            ("Request", true),
            ("request", false),
            ("", false),
            ("1st", false),
            ("a b", false),
            ("a}}", false),
        ] {
            assert_eq!(check_parameter(name).is_ok(), ok, "{name}");
        }
    }

    #[test]
    fn capabilities_and_versions() {
        for (name, ok) in [
            ("data-analysis", true),
            ("x2", true),
            ("Data", false),
            ("a--b", false),
            ("-a", false),
            ("", false),
        ] {
            assert_eq!(check_capability(name).is_ok(), ok, "{name}");
        }
        assert_eq!(
            check_capability("Data Analysis").unwrap_err().remedy,
            "write `data-analysis`"
        );
        assert_eq!(short_version("1.2").unwrap(), Version::new(1, 2, 0));
        assert_eq!(short_version("3").unwrap(), Version::new(3, 0, 0));
        for bad in ["", "one", "1.2.3.4", "1..2", "v1", "01.2"] {
            assert!(short_version(bad).is_err(), "{bad}");
        }
        assert!(version("1.2").is_err());
    }

    #[test]
    fn a_suggested_name_is_valid() {
        for text in [
            "My Sales Desk!",
            "2024 report",
            "a__b",
            "__",
            "日本",
            "my.dir",
            "-x-",
        ] {
            if let Some(name) = suggestion(text) {
                assert!(check(&name).is_ok(), "{text} -> {name}");
            }
        }
        assert_eq!(
            suggestion("My Sales Desk!").as_deref(),
            Some("My-Sales-Desk")
        );
    }
}
