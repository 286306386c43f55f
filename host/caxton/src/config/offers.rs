//! Who offers which capability, so that thousands of agents can be held against each other in no time.

use std::collections::BTreeMap;

use semver::Version;

use super::delegate::Delegate;
use super::glob::Glob;

/// How many versions are told.
const VERSIONS_MAX: usize = 5;

/// Who offers each capability, in which version.
#[derive(Debug, Default)]
pub(crate) struct Offers<'a> {
    by: BTreeMap<&'a str, Vec<(&'a str, &'a Version)>>,
}

impl<'a> Offers<'a> {
    /// Takes who offers what in which version. A name of who is enough, as long as no two share it.
    pub(crate) fn new(offered: impl IntoIterator<Item = (&'a str, &'a str, &'a Version)>) -> Self {
        let mut by: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (who, capability, version) in offered {
            by.entry(capability).or_default().push((who, version));
        }
        Self { by }
    }

    /// Whether anyone but `who` offers a capability that is meant.
    pub(crate) fn beside(&self, who: &str, meant: &Delegate) -> bool {
        self.named(&meant.capability).any(|offers| {
            let mut others = offers.iter().filter(|(other, _)| *other != who);
            others.any(|(_, version)| meant.takes(version))
        })
    }

    /// The versions in which anyone but `who` offers a capability that fits the pattern, some of them; the newest first.
    pub(crate) fn versions_beside(&self, who: &str, pattern: &Glob) -> Vec<String> {
        let offers = self.named(pattern).flatten();
        let others = offers.filter(|(other, _)| *other != who);
        let mut versions: Vec<&Version> = others.map(|(_, version)| *version).collect();
        versions.sort_unstable_by(|a, b| b.cmp(a));
        versions.dedup();
        let told = versions.iter().take(VERSIONS_MAX);
        told.map(ToString::to_string).collect()
    }

    /// Who offers each capability that fits the pattern.
    fn named<'s>(
        &'s self,
        pattern: &'s Glob,
    ) -> impl Iterator<Item = &'s [(&'s str, &'s Version)]> {
        let by: &BTreeMap<&'s str, Vec<(&'s str, &'s Version)>> = &self.by;
        // Names that begin like the pattern stand next to each other.
        by.range(pattern.head()..)
            .take_while(|(name, _)| name.starts_with(pattern.head()))
            .filter(|(name, _)| pattern.matches(name))
            .map(|(_, offers)| offers.as_slice())
    }

    /// The capabilities that anyone but `who` offers.
    pub(crate) fn names_beside(&self, who: &str) -> impl Iterator<Item = &'a str> {
        self.by
            .iter()
            .filter(move |(_, offers)| offers.iter().any(|(other, _)| *other != who))
            .map(|(name, _)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_asks_itself() {
        let (old, new) = (Version::new(1, 0, 0), Version::new(1, 3, 0));
        let offers = Offers::new([
            ("a", "own", &new),
            ("a", "both", &old),
            ("a", "both", &new),
            ("b", "both", &new),
        ]);
        for (who, pattern, expected) in [
            ("a", "own", false),
            ("b", "own", true),
            ("a", "both", true),
            ("b", "both", true),
            ("a", "*", true),
            ("a", "o*", false),
            ("b", "*n", true),
            ("b", "ow", false),
            ("b", "z*", false),
            ("b", "own@1.2", true),
            ("b", "own@2", false),
            ("a", "both@=1.0.0", false),
            ("b", "both@=1.0.0", true),
        ] {
            let meant = Delegate::parse(pattern).unwrap();
            assert_eq!(offers.beside(who, &meant), expected, "{who} {pattern}");
        }
        let both = Glob::parse("bo*").unwrap();
        assert_eq!(offers.versions_beside("b", &both), ["1.3.0", "1.0.0"]);
        assert_eq!(offers.versions_beside("a", &both), ["1.3.0"]);
        assert_eq!(offers.names_beside("a").collect::<Vec<_>>(), ["both"]);
    }
}
