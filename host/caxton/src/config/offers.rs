//! Who offers which capability, so that thousands of agents can be held against each other in no time.

use std::collections::BTreeMap;

use super::glob::Glob;

/// Who offers each capability: one who does, and whether anyone else does.
#[derive(Debug, Default)]
pub(crate) struct Offers<'a> {
    by: BTreeMap<&'a str, (&'a str, bool)>,
}

impl<'a> Offers<'a> {
    /// Takes pairs of who offers and what. A name of who is enough, as long as no two share it.
    pub(crate) fn new(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut by = BTreeMap::new();
        for (who, capability) in pairs {
            let (first, several) = by.entry(capability).or_insert((who, false));
            *several |= *first != who;
        }
        Self { by }
    }

    /// Whether anyone but `who` offers a capability that fits the pattern.
    pub(crate) fn beside(&self, who: &str, pattern: &Glob) -> bool {
        // Names that begin like the pattern stand next to each other.
        self.by
            .range(pattern.head()..)
            .take_while(|(name, _)| name.starts_with(pattern.head()))
            .any(|(name, offer)| is_beside(who, *offer) && pattern.matches(name))
    }

    /// The capabilities that anyone but `who` offers.
    pub(crate) fn names_beside(&self, who: &str) -> impl Iterator<Item = &'a str> {
        self.by
            .iter()
            .filter(move |(_, offer)| is_beside(who, **offer))
            .map(|(name, _)| *name)
    }
}

fn is_beside(who: &str, (first, several): (&str, bool)) -> bool {
    several || first != who
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_asks_itself() {
        let offers = Offers::new([("a", "own"), ("a", "both"), ("a", "both"), ("b", "both")]);
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
        ] {
            let glob = Glob::parse(pattern).unwrap();
            assert_eq!(offers.beside(who, &glob), expected, "{who} {pattern}");
        }
        assert_eq!(offers.names_beside("a").collect::<Vec<_>>(), ["both"]);
    }
}
