//! What is remembered as a file: exported, imported, and the whole database as a copy. Nothing is held as a whole.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde_json::json;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, stdin, stdout};

use super::super::Output;
use super::super::client::Client;
use super::super::output::{self, size};
use crate::api::wire;

/// The media type of JSON Lines.
const LINES: &str = "application/jsonl";

#[derive(Debug, clap::Args)]
pub struct Export {
    /// The file, which must not exist [default: standard output].
    file: Option<PathBuf>,
    /// Vectors, too; without them they are made anew where the file is imported.
    #[arg(long)]
    vectors: bool,
    /// Print what was written as JSON; takes a file.
    #[arg(long, requires = "file")]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub struct Import {
    /// The file; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    output: Output,
}

#[derive(Debug, clap::Args)]
pub struct Backup {
    /// The file, which must not exist.
    file: PathBuf,
    #[command(flatten)]
    output: Output,
}

/// Writes what is remembered to a file or standard output.
pub async fn export(client: &Client, args: &Export) -> Result<()> {
    let vectors = if args.vectors { "true" } else { "false" };
    let response = client
        .download(&["memory", "export"], &[("vectors", vectors)])
        .await?;
    match &args.file {
        Some(file) => {
            let bytes = kept(response, file).await?;
            said(file, bytes, args.json)
        }
        None => written(response, &mut stdout()).await.map(drop),
    }
}

/// Takes in what was exported.
pub async fn import(client: &Client, args: &Import) -> Result<()> {
    let file = &args.file;
    let from: Box<dyn AsyncRead + Send + Unpin> = match file.to_str() {
        Some("-") => Box::new(stdin()),
        _ => Box::new(
            File::open(file)
                .await
                .with_context(|| format!("can't read {}", file.display()))?,
        ),
    };
    let imported: wire::MemoryImported = client.upload(&["memory", "import"], LINES, from).await?;
    if args.output.json {
        return output::json(&imported);
    }
    let wire::MemoryImported {
        created,
        merged,
        unchanged,
        relations,
        relations_skipped,
    } = imported;
    output::line(format_args!(
        "{created} new, {merged} added to, {unchanged} known already; {relations} new relations"
    ))?;
    if relations_skipped > 0 {
        output::remark(format_args!(
            "{relations_skipped} relations were left out, because an entity at one end is not there"
        ));
    }
    Ok(())
}

/// Copies the server's database into a file.
pub async fn backup(client: &Client, args: &Backup) -> Result<()> {
    let response = client.download(&["memory", "backup"], &[]).await?;
    let bytes = kept(response, &args.file).await?;
    said(&args.file, bytes, args.output.json)
}

fn said(file: &Path, bytes: u64, json: bool) -> Result<()> {
    let shown = file.display();
    if json {
        return output::json(&json!({ "file": shown.to_string(), "bytes": bytes }));
    }
    output::line(format_args!("wrote {shown} ({})", size(bytes)))
}

/// Writes an answer to a new file, which is there as a whole or not at all.
async fn kept(response: reqwest::Response, file: &Path) -> Result<u64> {
    let shown = file.display();
    if file.exists() {
        return Err(anyhow!("{shown} exists already; give a new name"));
    }
    // A name that nobody knows before, so that nothing waits there to be written over or through.
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.partial", caxton_memory::new_id()));
    let partial = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    // What is remembered is nobody else's business.
    #[cfg(unix)]
    options.mode(0o600);
    let opened = options.open(&partial).await;
    let mut to = opened.with_context(|| format!("can't write {}", partial.display()))?;
    let kept = async {
        let bytes = written(response, &mut to).await?;
        to.sync_all().await?;
        tokio::fs::rename(&partial, file).await?;
        Ok(bytes)
    };
    let kept = kept.await;
    if kept.is_err() {
        drop(tokio::fs::remove_file(&partial).await);
    }
    kept.map_err(|error: anyhow::Error| error.context(format!("can't write {shown}")))
}

async fn written(
    mut response: reqwest::Response,
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<u64> {
    let mut bytes = 0;
    while let Some(piece) = response
        .chunk()
        .await
        .context("the server's answer broke off")?
    {
        to.write_all(&piece).await?;
        bytes += piece.len() as u64;
    }
    to.flush().await?;
    Ok(bytes)
}
