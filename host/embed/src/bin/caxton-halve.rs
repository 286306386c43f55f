//! Writes a model's weights at half their size, for a program that carries them: `caxton-halve IN OUT`, two safetensors
//! files.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let paths: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [from, to] = paths.as_slice() else {
        eprintln!(
            "give two files: the weights, and where they are to be written at half their size"
        );
        return ExitCode::from(2);
    };
    let halved = std::fs::read(from)
        .map_err(|error| error.to_string())
        .and_then(|file| caxton_embed::halved(&file))
        .map_err(|reason| format!("{}: {reason}", from.display()));
    let written = halved.and_then(|halved| {
        std::fs::write(to, halved).map_err(|error| format!("{}: {error}", to.display()))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}
