//! Writing memory out, a piece at a time: no transaction stays open between two pieces, however slowly they are taken.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusqlite::{Connection, OptionalExtension, params};

use super::{End, EntityLine, Line, RelationLine, VERSION};
use crate::entities::{Memory, select_after};
use crate::error::{Error, Fault};
use crate::relations::of_row;
use crate::scope::{Seen, named};
use crate::store::now_ms;

/// Rows of one piece.
const ROWS: usize = 500;

/// An export under way. What is remembered or changed meanwhile may be in it or not.
#[derive(Debug)]
pub struct Export {
    memory: Memory,
    with_vectors: bool,
    at: At,
}

#[derive(Debug, Clone, Copy)]
enum At {
    Header,
    /// After the entity of that number.
    Entities(i64),
    /// After the relation of that source, type and target.
    Relations(i64, i64, i64),
    End,
}

impl Memory {
    /// Exports what the view sees as JSON Lines. Vectors make up three quarters of it; without them whoever imports it has
    /// to embed the texts again.
    pub fn export(&self, with_vectors: bool) -> Export {
        Export {
            memory: self.clone(),
            with_vectors,
            at: At::Header,
        }
    }
}

impl Export {
    /// Gives the next piece, some whole lines, or `None` at the end.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        loop {
            let (at, with_vectors) = (self.at, self.with_vectors);
            let read = move |connection: &Connection, seen| match at {
                At::Header => {
                    let mut bytes = Vec::new();
                    let exported_ms = now_ms();
                    let version = VERSION;
                    write(
                        &mut bytes,
                        &Line::CaxtonMemory {
                            version,
                            exported_ms,
                        },
                    )?;
                    Ok((bytes, At::Entities(0)))
                }
                At::Entities(after) => entities(connection, &seen, after, with_vectors),
                At::Relations(a, b, c) => relations(connection, &seen, (a, b, c)),
                At::End => Ok((Vec::new(), At::End)),
            };
            let (bytes, next) = self.memory.read(read).await?;
            self.at = next;
            if !bytes.is_empty() {
                return Ok(Some(bytes));
            }
            if matches!(next, At::End) {
                return Ok(None);
            }
        }
    }
}

fn entities(
    connection: &Connection,
    seen: &Seen,
    after: i64,
    with_vectors: bool,
) -> Result<(Vec<u8>, At), Fault> {
    let (entities, last) = select_after(connection, seen, after, ROWS)?;
    let mut bytes = Vec::new();
    for entity in entities {
        let sql = "SELECT value FROM vectors WHERE entity = ?1";
        // A vector of an earlier text is no part of the export: it would pass for one of this text.
        let vector: Option<Vec<u8>> = match with_vectors && entity.embedded {
            true => connection
                .prepare_cached(sql)?
                .query_row([entity.id], |row| row.get(0))
                .optional()?,
            false => None,
        };
        let line = EntityLine {
            scope: entity.scope,
            name: entity.name,
            kind: entity.kind,
            observations: entity.observations,
            metadata: entity.metadata,
            created_ms: entity.created_ms,
            updated_ms: entity.updated_ms,
            vector: vector.map(|value| STANDARD.encode(value)),
        };
        write(&mut bytes, &Line::Entity(line))?;
    }
    Ok((bytes, last.map_or(At::Relations(0, 0, 0), At::Entities)))
}

fn relations(
    connection: &Connection,
    seen: &Seen,
    (source, kind, target): (i64, i64, i64),
) -> Result<(Vec<u8>, At), Fault> {
    let sql = "SELECT source, kinds.name, target, metadata, created_ms, kind, source_scope, target_scope \
               FROM relations JOIN kinds ON kinds.id = relations.kind \
               WHERE (source, kind, target) > (?1, ?2, ?3) ORDER BY source, kind, target LIMIT ?4";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![source, kind, target, ROWS as i64])?;
    let mut bytes = Vec::new();
    let mut next = At::End;
    while let Some(row) = rows.next()? {
        let relation = of_row(row)?;
        next = At::Relations(relation.source, row.get(5)?, relation.target);
        if !seen.sees(row.get(6)?) || !seen.sees(row.get(7)?) {
            continue;
        }
        let line = RelationLine {
            source: end(connection, relation.source)?,
            kind: relation.kind,
            target: end(connection, relation.target)?,
            metadata: relation.metadata,
            created_ms: relation.created_ms,
        };
        write(&mut bytes, &Line::Relation(line))?;
    }
    Ok((bytes, next))
}

fn end(connection: &Connection, id: i64) -> Result<End, Fault> {
    let sql = "SELECT scopes.name, entities.name FROM entities JOIN scopes ON scopes.id = entities.scope WHERE entities.id = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let (scope, name): (String, String) =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let scope = named(&scope)?;
    Ok(End { scope, name })
}

fn write(bytes: &mut Vec<u8>, line: &Line) -> Result<(), Fault> {
    serde_json::to_writer(&mut *bytes, line).map_err(|source| {
        Fault::Named(Error::Stored {
            what: "memory",
            source: std::sync::Arc::new(source),
        })
    })?;
    bytes.push(b'\n');
    Ok(())
}
