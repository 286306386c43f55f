//! A copy of the workspace's whole database, taken while the server runs.

use std::path::PathBuf;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::header;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::super::super::body::Params;
use super::super::super::{State, wire};
use super::{Problem, workspace};

/// How much of the copy is read at once.
const PIECE_BYTES: usize = 256 << 10;

/// A file that is removed when nobody needs it any more.
struct Copied(PathBuf);

impl Drop for Copied {
    fn drop(&mut self) {
        // Where it can't be removed, it lies among the server's own files, and is named as what it is.
        drop(std::fs::remove_file(&self.0));
    }
}

/// Download a copy of the database.
///
/// All that the workspace keeps in it: what is remembered, and conversations, turns and the state of components as well. It is one
/// state of an SQLite file, taken while reading and writing go on.
#[utoipa::path(get, operation_id = "backup_memory", path = "/api/v1/workspaces/{workspace}/memory/backup", tag = "memory",
    params(("workspace" = String, Path, description = "Its name, or `default`")),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/vnd.sqlite3"),
        (status = "4XX", body = wire::Problem, content_type = "application/problem+json")))]
pub async fn backup(
    Shared(state): Shared<State>,
    Params(name): Params<String>,
) -> Result<Response, Problem> {
    let workspace = workspace(&state, &name)?;
    let name = format!("backup-{}.db", caxton_memory::new_id());
    let copied = Copied(workspace.data().join(name));
    let bytes = workspace.store().backup(&copied.0).await?;
    let file = File::open(&copied.0).await;
    let file = file.map_err(|error| Problem::internal(&error))?;
    let pieces = stream::try_unfold((file, copied), |(mut file, copied)| async {
        let mut piece = vec![0; PIECE_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        let piece = (read > 0).then(|| (Bytes::from(piece), (file, copied)));
        Ok::<_, std::io::Error>(piece)
    });
    let head = [
        (header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
    ];
    Ok((head, Body::from_stream(pieces)).into_response())
}
