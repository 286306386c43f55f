//! Components from the web: fetched once, held against the digest that `caxton.toml` names, and kept. Who wrote the
//! workspace chose the address; what comes from there is believed only if its digest is right.

use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::error::Refused;
use super::files;

/// The longest a download may take. Components are seldom larger than 20 MB.
const TIME_MAX: Duration = Duration::from_secs(120);

/// The most bytes that are read, whatever the server sends.
const BYTES_MAX: usize = 256 << 20;

/// Gives the bytes at `url`, from `kept` where they were fetched before.
pub(super) async fn fetch(
    name: &str,
    url: &str,
    sha256: &str,
    kept: &Path,
) -> Result<Vec<u8>, Refused> {
    let path = kept.join(format!("{sha256}.wasm"));
    if let Ok(bytes) = tokio::fs::read(&path).await
        && digest(&bytes) == sha256
    {
        return Ok(bytes);
    }
    tracing::info!(component = name, url, "fetching a component");
    let refused = |code, reason: String, remedy: &str| {
        Refused::new(
            name,
            code,
            format!("component `{name}` can't be fetched from {url}: {reason}"),
            remedy,
        )
    };
    let bytes = download(url).await.map_err(|reason| {
        refused(
            "download-failed",
            reason,
            "check the address and the connection, or give the path of a file",
        )
    })?;
    let found = digest(&bytes);
    if found != sha256 {
        let reason = format!("its SHA-256 is {found}, and {sha256} was expected");
        return Err(refused(
            "digest-mismatch",
            reason,
            "make sure that the file is the one you mean, then correct `sha256`",
        ));
    }
    let written = bytes.clone();
    // The file is a cache: a server that can't write it fetches again.
    if let Err(e) =
        files::replace(&path, move |file| std::io::Write::write_all(file, &written)).await
    {
        tracing::warn!(component = name, path = %path.display(), error = %e, "a fetched component can't be kept");
    }
    Ok(bytes)
}

async fn download(url: &str) -> Result<Vec<u8>, String> {
    // Another part of the program may have chosen a provider already; then that one is used.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder()
        .timeout(TIME_MAX)
        .https_only(true)
        .no_proxy()
        .build()
        .map_err(|e| chain(&e))?;
    let mut response = client
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|e| chain(&e))?;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| chain(&e))? {
        if bytes.len() + chunk.len() > BYTES_MAX {
            return Err(format!("it has more than {BYTES_MAX} bytes"));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// An error with its causes: reqwest's own text leaves out what went wrong.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
