//! The components that are part of this program. `build.rs` makes the table from what `cargo xtask` built.

use caxton_sandbox::{Component, LoadError, Precompiled, Sandbox, Spec};

include!(concat!(env!("OUT_DIR"), "/builtins.rs"));

/// A component that is part of this program.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// The component.
    pub wasm: &'static [u8],
    /// What it was compiled to when this program was built.
    code: Option<Precompiled<'static>>,
}

impl Builtin {
    /// Loads it. Where the program brings no code for this machine, it is compiled.
    ///
    /// # Errors
    /// As those of [`Sandbox::load`].
    pub fn load(&self, sandbox: &Sandbox, spec: Spec) -> Result<Component, LoadError> {
        // SAFETY: the code was compiled when this program was built, by the same sandbox, and is as much a part of the program
        // as everything else in it.
        unsafe { sandbox.load_precompiled(spec, self.wasm, self.code) }
    }
}

/// The built-in component `name`.
pub fn get(name: &str) -> Option<Builtin> {
    let found = BUILTINS
        .binary_search_by(|(builtin, _)| (*builtin).cmp(name))
        .ok()?;
    Some(BUILTINS[found].1)
}

/// The names of all built-in components, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    BUILTINS.iter().map(|(name, _)| *name)
}
