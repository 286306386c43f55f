//! A copy of the workspace's whole database, taken while the server runs.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use http::{StatusCode, header};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::super::super::body::Params;
use super::super::super::{State, wire};
use super::{Problem, workspace};
use crate::workspace::Workspace;

/// How much of the copy is read at once.
const PIECE_BYTES: usize = 256 << 10;

/// How long a client may take for a piece. Until it has all of them there is a copy on the disk.
const PIECE_TIME: Duration = Duration::from_secs(60);

/// One copy at a time, for each is as large as the database.
static ONE: Semaphore = Semaphore::const_new(1);

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
    let workspace = workspace(&state, &name)?.clone();
    let one = ONE.try_acquire().map_err(|_| {
        let detail = "a copy is being downloaded already; try again when that is done";
        Problem::new(StatusCode::CONFLICT, "backup-running", detail)
    })?;
    // A client that goes away does not end what is under way, so a task that stays has the file, and removes it.
    let copying = tokio::spawn(async move { copy(&workspace, one).await });
    let copied = copying.await.map_err(|error| Problem::internal(&error))?;
    let (file, bytes, held) = copied?;
    let (pieces, taken) = mpsc::channel(2);
    tokio::spawn(send(file, held, pieces));
    let pieces = stream::unfold(taken, |mut taken| async {
        taken.recv().await.map(|piece| (piece, taken))
    });
    let head = [
        (header::CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (header::CONTENT_LENGTH, bytes.to_string()),
    ];
    Ok((head, Body::from_stream(pieces)).into_response())
}

/// What is held for as long as a copy is needed.
type Held = (Option<Copied>, SemaphorePermit<'static>);

/// Copies the database: the file, and its bytes.
async fn copy(
    workspace: &Workspace,
    one: SemaphorePermit<'static>,
) -> Result<(File, u64, Held), Problem> {
    let copied = Copied(workspace.backup_file());
    let bytes = workspace.store().backup(&copied.0).await?;
    let file = File::open(&copied.0).await;
    let file = file.map_err(|error| Problem::internal(&error))?;
    // An open file needs no name, and without one nothing is left of it, however the server ends.
    let copied = (!cfg!(unix)).then_some(copied);
    Ok((file, bytes, (copied, one)))
}

/// Gives a file to a client, as long as that goes on taking it. One that is cut short lacks bytes of the length that it was told.
async fn send(mut file: File, held: Held, pieces: Sender<io::Result<Bytes>>) {
    loop {
        let mut piece = vec![0; PIECE_BYTES];
        let piece = match file.read(&mut piece).await {
            Ok(0) => break,
            Ok(read) => {
                piece.truncate(read);
                Ok(Bytes::from(piece))
            }
            Err(error) => Err(error),
        };
        let is_last = piece.is_err();
        match timeout(PIECE_TIME, pieces.send(piece)).await {
            Ok(Ok(())) if !is_last => {}
            _ => break,
        }
    }
    drop((file, held));
}
