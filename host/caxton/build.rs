//! Makes the table of built-in components from the files that `cargo xtask` built: `*.wasm` in `target/components`, or in the
//! directory that `CAXTON_COMPONENTS_DIR` names, each with the code that was compiled from it where that is there
//! (`NAME.DIGEST.KEY.cwasm`).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    println!("cargo::rerun-if-env-changed=CAXTON_COMPONENTS_DIR");
    match table() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("cargo::error={why}");
            ExitCode::FAILURE
        }
    }
}

fn table() -> Result<(), String> {
    let out = PathBuf::from(
        std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: this is run by cargo")?,
    );
    let dir = match std::env::var_os("CAXTON_COMPONENTS_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => {
            let package = std::env::var_os("CARGO_MANIFEST_DIR")
                .ok_or("CARGO_MANIFEST_DIR is not set: this is run by cargo")?;
            Path::new(&package).join("../../target/components")
        }
    };
    let missing = |e: std::io::Error| {
        let dir = dir.display();
        format!(
            "the built-in components are not in {dir}: {e}. Run `cargo xtask build` (or `cargo xtask demo`), which builds them first"
        )
    };
    let dir = dir.canonicalize().map_err(missing)?;
    println!("cargo::rerun-if-changed={}", dir.display());
    let mut components: Vec<(String, PathBuf)> = Vec::new();
    let mut code: BTreeMap<String, (String, PathBuf)> = BTreeMap::new();
    for entry in dir.read_dir().map_err(missing)? {
        let path = entry.map_err(missing)?.path();
        println!("cargo::rerun-if-changed={}", path.display());
        let file = path
            .file_name()
            .map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        match file.split('.').collect::<Vec<_>>()[..] {
            [name, "wasm"] => components.push((name.to_owned(), path)),
            [name, digest, _, "cwasm"] => {
                code.insert(name.to_owned(), (digest.to_owned(), path));
            }
            _ => {}
        }
    }
    components.sort();
    let mut table = String::from("/// Sorted by name.\nstatic BUILTINS: &[(&str, Builtin)] = &[\n");
    for (name, path) in components {
        let include = |path: &Path| format!("include_bytes!({:?})", path.display().to_string());
        let code = match code.get(&name) {
            Some((digest, path)) => {
                let bytes = include(path);
                format!("Some(Precompiled {{ digest: {digest:?}, bytes: {bytes} }})")
            }
            None => "None".to_owned(),
        };
        let wasm = include(&path);
        writeln!(
            table,
            "    ({name:?}, Builtin {{ wasm: {wasm}, code: {code} }}),"
        )
        .map_err(|e| e.to_string())?;
    }
    table.push_str("];\n");
    std::fs::write(out.join("builtins.rs"), table)
        .map_err(|e| format!("can't write the table of built-in components: {e}"))
}
