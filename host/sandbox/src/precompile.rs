//! Compiling components beforehand: what is delivered with a program need not be compiled where it first runs.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

use wasmtime::Engine;

use crate::engine::{self, Settings};
use crate::error::LoadError;

/// What x86-64 processors have since about 2013 (most of the level x86-64-v3). Those that lack it compile for themselves.
const X86_64: [&str; 12] = [
    "has_cmpxchg16b",
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
    "has_popcnt",
    "has_avx",
    "has_avx2",
    "has_fma",
    "has_bmi1",
    "has_bmi2",
    "has_lzcnt",
];

/// Compiles components for machines of one kind. What it gives is for
/// [`load_precompiled`](crate::Sandbox::load_precompiled) of a sandbox of this version.
pub struct Precompiler {
    engine: Engine,
}

impl Precompiler {
    /// A compiler for `target`, such as `x86_64-unknown-linux-gnu`.
    ///
    /// # Errors
    /// [`LoadError::Host`] where code for it can't be made.
    pub fn new(target: &str) -> Result<Self, LoadError> {
        let host = |reason: wasmtime::Error| LoadError::Host {
            name: target.to_owned(),
            reason: format!("{reason:#}"),
        };
        let mut config = engine::config(&Settings::default());
        config.target(target).map_err(host)?;
        if target.starts_with("x86_64-") {
            for flag in X86_64 {
                // SAFETY: the code says what it needs, and is not loaded where that is missing.
                unsafe { config.cranelift_flag_enable(flag) };
            }
        }
        let engine = Engine::new(&config).map_err(host)?;
        Ok(Self { engine })
    }

    /// Differs between compilers that give different code.
    pub fn key(&self) -> String {
        let key = BuildHasherDefault::<DefaultHasher>::default()
            .hash_one(self.engine.precompile_compatibility_hash());
        format!("{key:016x}")
    }

    /// Compiles a component.
    ///
    /// # Errors
    /// [`LoadError::Malformed`] where it is none.
    pub fn compile(&self, name: &str, wasm: &[u8]) -> Result<Vec<u8>, LoadError> {
        self.engine
            .precompile_component(wasm)
            .map_err(|e| LoadError::Malformed {
                name: name.to_owned(),
                reason: format!("{e:#}"),
            })
    }
}
