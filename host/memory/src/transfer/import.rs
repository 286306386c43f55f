//! Taking memory in, as the bytes come. Each batch of lines is one transaction.

use std::ops::Range;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::{End, EntityLine, LINE_BYTES_MAX, Line, RelationLine, VERSION};
use crate::entities::check::{check, check_kind, check_metadata};
use crate::entities::rows::{Outcome, Put, remember};
use crate::entities::{Memory, NewEntity};
use crate::error::{Error, Fault};
use crate::index::Edit;
use crate::relations::{NewRelation, Relate};
use crate::scope::View;
use crate::store::now_ms;
use crate::vectors::{STORED_BYTES, decode, encode};

/// Lines of one transaction, and the bytes after which it ends sooner.
const LINES: usize = 500;
const BATCH_BYTES: usize = 4 << 20;

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Entities that were not there.
    pub created: u64,
    /// Entities that something was added to.
    pub merged: u64,
    /// Entities of which all was known.
    pub unchanged: u64,
    /// Relations that were not there.
    pub relations: u64,
    /// Relations of which an end does not exist.
    pub relations_skipped: u64,
}

/// An import under way. What it has taken in stays, whatever becomes of the rest.
pub struct Import {
    memory: Memory,
    bytes: Vec<u8>,
    line: u64,
    has_header: bool,
    /// What is still to be written, with the number of its line.
    batch: Vec<(u64, Item)>,
    batch_bytes: usize,
    done: Imported,
}

enum Item {
    Entity(Put),
    Relation(RelationLine),
}

impl Memory {
    /// Imports JSON Lines that [`Memory::export`] has written. Every scope in them must be in view. Entities are merged
    /// with those of the same scope and name: observations that these lack are appended; where both have a key of the
    /// metadata, the one that was changed later wins; the earlier creation and the later change stay.
    pub fn import(&self) -> Import {
        Import {
            memory: self.clone(),
            bytes: Vec::new(),
            line: 0,
            has_header: false,
            batch: Vec::new(),
            batch_bytes: 0,
            done: Imported::default(),
        }
    }
}

impl Import {
    /// Takes the next bytes, cut anywhere. Where a line can't be taken, all before it is.
    ///
    /// # Errors
    /// [`Error::Import`] for a line that can't be taken; any error of the database.
    pub async fn feed(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let taken = self.lines(bytes).await;
        if taken.is_err() {
            // What is wrong with a line before this one is told rather.
            self.settle().await?;
        }
        taken
    }

    async fn lines(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.bytes.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.bytes);
            self.take(&line).await?;
        }
        self.bytes.extend_from_slice(rest);
        if self.bytes.len() > LINE_BYTES_MAX {
            self.line += 1;
            return Err(self.wrong(format!("it is longer than {LINE_BYTES_MAX} bytes")));
        }
        Ok(())
    }

    /// Takes what is left, and says what the import did.
    ///
    /// # Errors
    /// As [`Import::feed`].
    pub async fn finish(mut self) -> Result<Imported, Error> {
        let line = std::mem::take(&mut self.bytes);
        if !line.is_empty() {
            let taken = self.take(&line).await;
            self.settle().await?;
            taken?;
        }
        self.settle().await?;
        if !self.has_header {
            self.line += 1;
            return Err(self.wrong("there is no header; give a file that `export` has written"));
        }
        Ok(self.done)
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.line += 1;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let line =
            serde_json::from_slice(bytes).map_err(|source| self.wrong(source.to_string()))?;
        match line {
            Line::CaxtonMemory { version, .. } if version == VERSION => self.has_header = true,
            Line::CaxtonMemory { version, .. } => {
                return Err(self.wrong(format!(
                    "its version is {version}, and this Caxton knows {VERSION}; use the newer one that wrote it"
                )));
            }
            _ if !self.has_header => {
                return Err(
                    self.wrong("the header is missing before it; give the file from its start")
                );
            }
            Line::Entity(entity) => {
                let put = self.put(entity)?;
                self.batch.push((self.line, Item::Entity(put)));
            }
            Line::Relation(relation) => {
                self.check_relation(&relation)
                    .map_err(|error| self.wrong(error.to_string()))?;
                self.batch.push((self.line, Item::Relation(relation)));
            }
        }
        self.batch_bytes += bytes.len();
        if self.batch.len() >= LINES || self.batch_bytes >= BATCH_BYTES {
            self.settle().await?;
        }
        Ok(())
    }

    fn put(&self, line: EntityLine) -> Result<Put, Error> {
        let wrong = |error: Error| self.wrong(error.to_string());
        self.memory.view.check(&line.scope).map_err(wrong)?;
        let value = line
            .vector
            .as_deref()
            .map(|text| self.value(text))
            .transpose()?;
        let new = NewEntity {
            name: line.name,
            kind: line.kind,
            observations: line.observations,
            metadata: line.metadata,
            vector: None,
        };
        check(&new).map_err(wrong)?;
        let now = now_ms();
        Ok(Put {
            scope: line.scope,
            new,
            value,
            // Nothing was changed later than now.
            times: Some((line.created_ms.min(now), line.updated_ms.min(now))),
        })
    }

    fn value(&self, text: &str) -> Result<Box<[u8; STORED_BYTES]>, Error> {
        let bytes = STANDARD
            .decode(text)
            .map_err(|source| self.wrong(source.to_string()))?;
        if bytes.len() != STORED_BYTES {
            return Err(self.wrong(format!(
                "its vector has {} bytes, and {STORED_BYTES} are asked for",
                bytes.len()
            )));
        }
        encode(&decode(&bytes)).map_err(|error| self.wrong(error.to_string()))
    }

    fn check_relation(&self, line: &RelationLine) -> Result<(), Error> {
        self.memory.view.check(&line.source.scope)?;
        self.memory.view.check(&line.target.scope)?;
        check_kind(&line.kind)?;
        check_metadata(&line.metadata)
    }

    fn wrong(&self, reason: impl Into<String>) -> Error {
        Error::Import {
            line: self.line,
            reason: reason.into(),
        }
    }

    /// Writes what waits for the rest of its batch, such as where no more will come.
    ///
    /// # Errors
    /// As [`Import::feed`].
    pub async fn settle(&mut self) -> Result<(), Error> {
        self.batch_bytes = 0;
        let batch = Arc::new(std::mem::take(&mut self.batch));
        if batch.is_empty() {
            return Ok(());
        }
        match self.write(&batch, 0..batch.len()).await {
            Err(Error::Limit { .. } | Error::Unfit { .. }) => {}
            written => return written,
        }
        // One of them does not fit what is there. All before that one do, and it is told by its line.
        for (at, (line, _)) in batch.iter().enumerate() {
            self.write(&batch, at..at + 1).await.map_err(|error| {
                let reason = error.to_string();
                match error {
                    Error::Limit { .. } | Error::Unfit { .. } => Error::Import {
                        line: *line,
                        reason,
                    },
                    other => other,
                }
            })?;
        }
        Ok(())
    }

    /// Writes a part of a batch, in one transaction.
    async fn write(
        &mut self,
        batch: &Arc<Vec<(u64, Item)>>,
        part: Range<usize>,
    ) -> Result<(), Error> {
        let (view, batch) = (self.memory.view.clone(), Arc::clone(batch));
        let work = move |connection: &Connection| write(connection, &view, &batch[part]);
        let more = self.memory.edit(work).await?;
        let done = &mut self.done;
        done.created += more.created;
        done.merged += more.merged;
        done.unchanged += more.unchanged;
        done.relations += more.relations;
        done.relations_skipped += more.relations_skipped;
        Ok(())
    }
}

fn write(
    connection: &Connection,
    view: &View,
    batch: &[(u64, Item)],
) -> Result<(Imported, Vec<Edit>), Fault> {
    let (mut puts, mut relations) = (Vec::new(), Vec::new());
    for (_, item) in batch {
        match item {
            Item::Entity(put) => puts.push(put),
            Item::Relation(relation) => relations.push(relation),
        }
    }
    let mut done = Imported::default();
    let (remembered, edits) = remember(connection, view, &puts)?;
    for one in remembered {
        match one.outcome {
            Outcome::Created => done.created += 1,
            Outcome::Merged => done.merged += 1,
            Outcome::Unchanged => done.unchanged += 1,
        }
    }
    let seen = view.seen(connection)?;
    let mut relate = Relate::new(connection, view, &seen);
    for line in relations {
        match (
            id_of(connection, &line.source)?,
            id_of(connection, &line.target)?,
        ) {
            (Some(source), Some(target)) => {
                let relation = NewRelation {
                    source,
                    kind: line.kind.clone(),
                    target,
                    metadata: line.metadata.clone(),
                };
                relate.one(&relation, line.created_ms)?;
            }
            _ => done.relations_skipped += 1,
        }
    }
    done.relations = relate.note()? as u64;
    Ok((done, edits))
}

fn id_of(connection: &Connection, end: &End) -> Result<Option<i64>, Fault> {
    let sql = "SELECT entities.id FROM entities JOIN scopes ON scopes.id = entities.scope \
               WHERE scopes.name = ?1 AND entities.name = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let id = statement.query_row(params![end.scope.to_string(), end.name], |row| row.get(0));
    Ok(id.optional()?)
}
