//! `caxton-precompile TARGET DIR`: compiles every component in a directory for machines of that kind. The code of `NAME.wasm`
//! goes into `NAME.DIGEST.KEY.cwasm` beside it: DIGEST is the component's SHA-256, KEY differs between compilers. What is
//! there already is kept, what belongs to no component is removed.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use caxton_sandbox::Precompiler;
use sha2::{Digest, Sha256};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(target), Some(dir)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: caxton-precompile TARGET DIR");
        return ExitCode::from(2);
    };
    match run(&target.to_string_lossy(), Path::new(&dir)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(target: &str, dir: &Path) -> Result<(), String> {
    let compiler = Precompiler::new(target).map_err(|e| e.to_string())?;
    let mut wanted = Vec::new();
    for path in files(dir, "wasm")? {
        let wasm = std::fs::read(&path).map_err(failed(&path))?;
        let name = path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let digest: String = Sha256::digest(&wasm)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let code = dir.join(format!("{name}.{digest}.{}.cwasm", compiler.key()));
        if !code.exists() {
            let bytes = compiler.compile(&name, &wasm).map_err(failed(&path))?;
            let unfinished = code.with_extension("unfinished");
            std::fs::write(&unfinished, bytes).map_err(failed(&unfinished))?;
            std::fs::rename(&unfinished, &code).map_err(failed(&code))?;
        }
        wanted.push(code);
    }
    for path in files(dir, "cwasm")? {
        if !wanted.contains(&path) {
            std::fs::remove_file(&path).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// The files in `dir` with this extension.
fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for entry in dir.read_dir().map_err(failed(dir))? {
        let path = entry.map_err(failed(dir))?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    Ok(files)
}

fn failed<E: Display>(path: &Path) -> impl Fn(E) -> String {
    move |error| format!("{}: {error}", path.display())
}
