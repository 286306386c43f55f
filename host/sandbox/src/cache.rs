//! Compiled code on disk, by the component's digest and the engine that made it. An entry is only used if its own
//! checksum is right; anything else is compiled again and replaced.

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

/// A directory of compiled components; without one, everything is compiled when it is loaded.
pub(crate) struct CodeCache {
    dir: Option<PathBuf>,
    engine_key: String,
}

impl CodeCache {
    pub(crate) fn open(dir: Option<PathBuf>, engine: &Engine) -> Self {
        let engine_key = BuildHasherDefault::<DefaultHasher>::default()
            .hash_one(engine.precompile_compatibility_hash());
        let dir = dir.filter(|dir| match create_private(dir) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(dir = %dir.display(), %error, "compiled components are not cached: the directory can't be used");
                false
            }
        });
        Self {
            dir,
            engine_key: format!("{engine_key:016x}"),
        }
    }

    /// Gives the component compiled from `wasm`, whose digest is `digest`: from the cache, from `made` (what was compiled
    /// from these bytes elsewhere), or compiled now. It is cached then.
    ///
    /// # Safety
    /// `made` has to be what [`Precompiler`](crate::Precompiler) gave for these bytes.
    pub(crate) unsafe fn compiled(
        &self,
        engine: &Engine,
        digest: &str,
        wasm: &[u8],
        made: Option<&[u8]>,
    ) -> wasmtime::Result<Component> {
        let compile = || {
            // SAFETY: see above; wasmtime itself checks that it was made by the same version, with the same settings, and for
            // processors like this one.
            let made = made.and_then(|made| match unsafe { Component::deserialize(engine, made) } {
                Ok(component) => Some((component, made.to_vec())),
                Err(error) => {
                    tracing::debug!(digest, error = %format!("{error:#}"), "code compiled beforehand does not fit this machine");
                    None
                }
            });
            match made {
                Some(made) => Ok(made),
                None => {
                    let component = Component::from_binary(engine, wasm)?;
                    component.serialize().map(|bytes| (component, bytes))
                }
            }
        };
        let Some(dir) = &self.dir else {
            return compile().map(|(component, _)| component);
        };
        let code = dir.join(format!("{digest}-{}.cwasm", self.engine_key));
        let sum = code.with_extension("sha256");
        if let Some(component) = load(engine, &code, &sum) {
            return Ok(component);
        }
        let (component, bytes) = compile()?;
        if let Err(error) = replace(&code, &bytes)
            .and_then(|()| replace(&sum, hex(&Sha256::digest(&bytes)).as_bytes()))
        {
            tracing::warn!(file = %code.display(), %error, "the compiled component could not be cached");
        }
        // Loading what was just written maps it from the file, so that the pages are shared and can be dropped.
        Ok(load(engine, &code, &sum).unwrap_or(component))
    }
}

/// Loads a cache entry if it is whole.
fn load(engine: &Engine, code: &Path, sum: &Path) -> Option<Component> {
    let expected = std::fs::read_to_string(sum).ok()?;
    if file_digest(code).ok()? != expected.trim() {
        tracing::warn!(file = %code.display(), "a compiled component is damaged; it is compiled again");
        return None;
    }
    // SAFETY: the file is one that `compiled` wrote, by its checksum, in a directory that only this user can write to;
    // wasmtime itself checks that it was made by the same version with the same settings.
    match unsafe { Component::deserialize_file(engine, code) } {
        Ok(component) => Some(component),
        Err(error) => {
            tracing::warn!(file = %code.display(), error = %format!("{error:#}"), "a compiled component does not fit this engine; it is compiled again");
            None
        }
    }
}

fn file_digest(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 128 << 10];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hasher.finalize())),
            n => hasher.update(&buffer[..n]),
        }
    }
}

/// Writes a file whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    static SERIAL: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let serial = SERIAL.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let temporary = path.with_extension(format!("tmp-{}-{serial}", std::process::id()));
    let written = std::fs::File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

fn create_private(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
