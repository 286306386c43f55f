//! What one agent may ask others for: a capability by its name or a pattern, and in which versions.

use std::fmt;

use semver::{Version, VersionReq};

use super::fault::{Refusal, quoted};
use super::glob::Glob;

/// What an agent may ask others for: `charting`, `chart*`, or `charting@^1.2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegate {
    /// Which capabilities.
    pub capability: Glob,
    /// In which versions; any where absent.
    pub version: Option<VersionReq>,
}

impl Delegate {
    /// Any capability, in any version.
    pub(super) fn anything() -> Option<Self> {
        Self::parse("*").ok()
    }

    /// Reads `PATTERN` or `PATTERN@REQUIREMENT`.
    ///
    /// # Errors
    /// Where the pattern or the requirement does not parse.
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let (pattern, version) = split_version(text).map_err(|reason| {
            Refusal::new(
                "bad-requirement",
                format!(
                    "is {}, and what stands after the `@` is no requirement on a version: {reason}",
                    quoted(text)
                ),
                "write a requirement such as `charting@^1.2`, or leave it out for any version",
            )
        })?;
        Ok(Self {
            capability: Glob::parse(pattern)?,
            version,
        })
    }

    /// Whether it takes this version.
    pub fn takes(&self, version: &Version) -> bool {
        takes(self.version.as_ref(), version)
    }

    /// What is asked for where a model asks for `asked`, which may name versions itself: both have to fit.
    pub fn within(&self, asked: &str) -> String {
        match (&self.version, asked.split_once('@')) {
            (None, _) => asked.to_owned(),
            (Some(version), None) => format!("{asked}@{version}"),
            (Some(version), Some((name, more))) => format!("{name}@{version}, {more}"),
        }
    }
}

impl fmt::Display for Delegate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.capability)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// Whether a version is one of those that are wanted. Where none is said, all are, pre-releases too.
pub fn takes(wanted: Option<&VersionReq>, version: &Version) -> bool {
    wanted.is_none_or(|wanted| wanted.matches(version))
}

/// Takes `NAME` or `NAME@REQUIREMENT` apart. A requirement is written as Cargo's are (<https://docs.rs/semver>): `1.2` and
/// `^1.2` mean 1.2 or any later 1.x.
///
/// # Errors
/// What is wrong with the requirement.
pub fn split_version(text: &str) -> Result<(&str, Option<VersionReq>), String> {
    let Some((name, requirement)) = text.split_once('@') else {
        return Ok((text, None));
    };
    if requirement.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    match VersionReq::parse(requirement.trim()) {
        // `*` asks for nothing.
        Ok(parsed) => Ok((name.trim(), Some(parsed).filter(|r| *r != VersionReq::STAR))),
        Err(why) => Err(why.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_requirements_are_taken_apart() {
        let check = |text: &str, expected: Option<(&str, &str)>| {
            let read = split_version(text).ok();
            let read = read
                .map(|(name, version)| (name, version.map_or(String::new(), |v| v.to_string())));
            let read = read
                .as_ref()
                .map(|(name, version)| (*name, version.as_str()));
            assert_eq!(read, expected, "{text}");
        };
        check("charting", Some(("charting", "")));
        check("charting@^1.2", Some(("charting", "^1.2")));
        check("charting @ 1.2", Some(("charting", "^1.2")));
        check("charting@>=1.2, <1.5", Some(("charting", ">=1.2, <1.5")));
        check("charting@*", Some(("charting", "")));
        for wrong in [
            "charting@",
            "charting@ ",
            "charting@new",
            "charting@1.2@1.3",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn what_a_model_asks_for_stays_within_what_it_may() {
        let check = |delegate: &str, asked: &str, expected: &str| {
            let delegate = Delegate::parse(delegate).unwrap();
            let within = delegate.within(asked);
            assert_eq!(within, expected);
            assert!(split_version(&within).is_ok(), "{within}");
        };
        check("*", "charting", "charting");
        check("chart*", "charting@2", "charting@2");
        check("charting@^1.2", "charting", "charting@^1.2");
        check("charting@^1.2", "charting@<1.5", "charting@^1.2, <1.5");
    }

    #[test]
    fn no_requirement_takes_every_version() {
        let check = |wanted: &str, version: &str, expected: bool| {
            let delegate = Delegate::parse(wanted).unwrap();
            let version = Version::parse(version).unwrap();
            assert_eq!(delegate.takes(&version), expected, "{wanted} {version}");
        };
        check("a", "1.0.0-beta", true);
        check("a@1.2", "1.3.0", true);
        check("a@1.2", "1.1.9", false);
        check("a@1.2", "2.0.0", false);
    }
}
