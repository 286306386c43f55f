//! The components that are part of this program. `build.rs` makes the table from what `cargo xtask` built.

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// The code of the built-in component `name`.
pub fn get(name: &str) -> Option<&'static [u8]> {
    let found = BUILTINS
        .binary_search_by(|(builtin, _)| (*builtin).cmp(name))
        .ok()?;
    Some(BUILTINS[found].1)
}

/// The names of all built-in components, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|(name, _)| *name)
}
