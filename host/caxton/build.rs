//! Makes the table of built-in components from the files that `cargo xtask` built: `*.wasm` in `target/components`, or in the
//! directory that `CAXTON_COMPONENTS_DIR` names.

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
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in dir.read_dir().map_err(missing)? {
        let path = entry.map_err(missing)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "wasm")
        {
            files.push(path);
        }
    }
    let mut entries: Vec<(String, &PathBuf)> =
        files.iter().map(|path| (stem(path), path)).collect();
    entries.sort();
    let mut table = String::from(
        "/// Names and code, sorted by name.\nstatic BUILTINS: &[(&str, &[u8])] = &[\n",
    );
    for (name, path) in entries {
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(
            table,
            "    ({name:?}, include_bytes!({:?})),",
            path.display().to_string()
        )
        .map_err(|e| e.to_string())?;
    }
    table.push_str("];\n");
    std::fs::write(out.join("builtins.rs"), table)
        .map_err(|e| format!("can't write the table of built-in components: {e}"))
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}
