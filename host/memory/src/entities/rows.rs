//! The rows of an entity, written within a transaction.
//!
//! The same name in the same scope is the same entity: what is given is merged into it. Observations that it lacks are
//! appended, keys of the metadata replace those of the same name, the type stays. Nothing is merged away, so two who
//! remember at once both find what they said.

use rusqlite::{Connection, OptionalExtension, params};

use super::check::{check, metadata_json};
use super::{Entity, NewEntity, select, text};
use crate::audit::note_edit;
use crate::error::{Error, Fault, within};
use crate::index::{Edit, Row};
use crate::scope::{self, Scope, Seen, View};
use crate::store::now_ms;
use crate::vectors::{self, STORED_BYTES};

/// What came of remembering something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is new.
    Created,
    /// Its scope had an entity of that name, which now also holds what was new in this one.
    Merged,
    /// All of it was known.
    Unchanged,
}

impl Outcome {
    /// The name that JSON uses.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::Merged => "merged",
            Outcome::Unchanged => "unchanged",
        }
    }
}

/// An entity that was remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Remembered {
    /// The entity's number.
    pub id: i64,
    /// What came of it.
    pub outcome: Outcome,
}

/// An entity to be put into a scope, checked, with what only an import knows of it.
pub(crate) struct Put {
    pub(crate) scope: Scope,
    pub(crate) new: NewEntity,
    pub(crate) value: Option<Box<[u8; STORED_BYTES]>>,
    /// When it was created and changed, where it comes from another file.
    pub(crate) times: Option<(i64, i64)>,
}

impl Put {
    pub(super) fn of(scope: &Scope, new: NewEntity) -> Result<Put, Error> {
        check(&new)?;
        Ok(Put {
            scope: scope.clone(),
            value: new.vector.as_deref().map(vectors::encode).transpose()?,
            new,
            times: None,
        })
    }
}

/// The most bytes of entities that one transaction adds to, for others wait until it is done: a few words for each of many
/// large entities would take minutes.
const ADDED_TO_BYTES_MAX: usize = 64 << 20;

/// Puts entities into their scopes and notes it in the audit log.
pub(crate) fn remember(
    connection: &Connection,
    view: &View,
    puts: &[&Put],
) -> Result<(Vec<Remembered>, Vec<Edit>), Fault> {
    let (mut done, mut edits) = (Vec::with_capacity(puts.len()), Vec::new());
    let (mut created, mut merged) = (Vec::new(), Vec::new());
    // Most calls put all into one scope, and often of one type.
    let mut last_scope: Option<(&Scope, i64)> = None;
    let mut added_to = 0;
    for put in puts {
        let scope = match last_scope {
            Some((scope, number)) if *scope == put.scope => number,
            _ => {
                view.check(&put.scope)?;
                scope::number_or_new(connection, &put.scope)?
            }
        };
        last_scope = Some((&put.scope, scope));
        let (remembered, row) = match id_of(connection, scope, &put.new.name)? {
            None => create(connection, scope, put)?,
            Some(id) => {
                let old = select(connection, &Seen(None), id)?.ok_or_else(|| not_found(id))?;
                added_to += old.observations.iter().map(String::len).sum::<usize>();
                let what = "the bytes of the entities that a call adds to";
                within(what, added_to, ADDED_TO_BYTES_MAX)?;
                merge(connection, scope, old, put)?
            }
        };
        match remembered.outcome {
            Outcome::Created => created.push(remembered.id),
            Outcome::Merged => merged.push(remembered.id),
            Outcome::Unchanged => {}
        }
        edits.extend(row.map(Edit::Put));
        done.push(remembered);
    }
    if !edits.is_empty() {
        let target = match puts {
            [first, rest @ ..] if rest.iter().all(|put| put.scope == first.scope) => {
                first.scope.to_string()
            }
            _ => String::new(),
        };
        let detail = match (&created, &merged) {
            (created, merged) if merged.is_empty() => format!("created {}", Numbers(created)),
            (created, merged) if created.is_empty() => format!("merged into {}", Numbers(merged)),
            (created, merged) => {
                format!(
                    "created {}; merged into {}",
                    Numbers(created),
                    Numbers(merged)
                )
            }
        };
        note_edit(connection, &view.by, "memory-remember", &target, &detail)?;
    }
    Ok((done, edits))
}

fn create(
    connection: &Connection,
    scope: i64,
    put: &Put,
) -> Result<(Remembered, Option<Box<Row>>), Fault> {
    let now = now_ms();
    let (created, updated) = put.times.unwrap_or((now, now));
    let observations = each_once(&put.new.observations);
    let sql = "INSERT INTO entities (scope, kind, name, observations, metadata, created_ms, updated_ms, version, embedded) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 1, ?8)";
    let kind = kind_number(connection, &put.new.kind)?;
    connection.prepare_cached(sql)?.execute(params![
        scope,
        kind,
        put.new.name,
        json(&observations)?,
        metadata_json(&put.new.metadata),
        created,
        updated,
        put.value.is_some()
    ])?;
    let id = connection.last_insert_rowid();
    let text = text(&put.new.name, &observations);
    write_text(connection, id, &text)?;
    if let Some(value) = &put.value {
        write_vector(connection, id, &**value)?;
    }
    let row = Row {
        id,
        scope,
        kind,
        updated_ms: updated,
        text,
        metadata: put.new.metadata.clone(),
        vector: put.value.clone(),
    };
    let outcome = Outcome::Created;
    Ok((Remembered { id, outcome }, Some(Box::new(row))))
}

/// Adds what is new in `put` to the entity of that name.
fn merge(
    connection: &Connection,
    scope: i64,
    old: Entity,
    put: &Put,
) -> Result<(Remembered, Option<Box<Row>>), Fault> {
    let id = old.id;
    let mut new = NewEntity {
        name: old.name.clone(),
        kind: old.kind.clone(),
        observations: old.observations.clone(),
        metadata: old.metadata.clone(),
        vector: None,
    };
    append_new(&mut new.observations, &put.new.observations);
    let (created, updated) = match put.times {
        Some((created, updated)) => (old.created_ms.min(created), old.updated_ms.max(updated)),
        None => (old.created_ms, old.updated_ms.max(now_ms())),
    };
    // Of two files the later one knows better; who speaks now is later than any.
    let given_wins = put
        .times
        .is_none_or(|(_, updated)| updated >= old.updated_ms);
    for (key, value) in &put.new.metadata {
        if given_wins || !new.metadata.contains_key(key) {
            new.metadata.insert(key.clone(), value.clone());
        }
    }
    check(&new)?;
    let same_text = new.observations == old.observations;
    let same = same_text && new.metadata == old.metadata && (put.value.is_none() || old.embedded);
    if same && (put.times.is_none() || (created, updated) == (old.created_ms, old.updated_ms)) {
        let outcome = Outcome::Unchanged;
        return Ok((Remembered { id, outcome }, None));
    }
    let value = match &put.value {
        Some(_) if same_text && old.embedded => None,
        Some(value) => Some(match stored_vector(connection, id)? {
            Some(before) if old.embedded => {
                let weight = |observations: usize| observations.max(1) as f32;
                let mean = vectors::between(
                    &vectors::decode(&*before),
                    weight(old.observations.len()),
                    &vectors::decode(&**value),
                    weight(put.new.observations.len()),
                );
                vectors::encode(&mean)?
            }
            _ => value.clone(),
        }),
        None => None,
    };
    let embedded = value.is_some() || (old.embedded && same_text);
    let version = old.version + i64::from(!same_text);
    let times = (created, updated);
    let row = update(
        connection, &new, &old, scope, version, embedded, times, value,
    )?;
    let outcome = Outcome::Merged;
    Ok((Remembered { id, outcome }, Some(row)))
}

/// Writes an entity's new state over its `old` one, and gives what the index is to know of it.
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub(super) fn update(
    connection: &Connection,
    new: &NewEntity,
    old: &Entity,
    scope: i64,
    version: i64,
    embedded: bool,
    (created, updated): (i64, i64),
    value: Option<Box<[u8; STORED_BYTES]>>,
) -> Result<Box<Row>, Fault> {
    let id = old.id;
    let kind = kind_number(connection, &new.kind)?;
    let sql = "UPDATE entities SET kind = ?2, name = ?3, observations = ?4, metadata = ?5, created_ms = ?6, updated_ms = ?7, \
               version = ?8, embedded = ?9 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute(params![
        id,
        kind,
        new.name,
        json(&new.observations)?,
        metadata_json(&new.metadata),
        created,
        updated,
        version,
        embedded
    ])?;
    let text = text(&new.name, &new.observations);
    if version != old.version {
        let sql = "DELETE FROM entity_texts WHERE rowid = ?1";
        connection.prepare_cached(sql)?.execute([id])?;
        write_text(connection, id, &text)?;
    }
    let vector = match value {
        Some(value) => {
            write_vector(connection, id, &*value)?;
            Some(value)
        }
        None => stored_vector(connection, id)?,
    };
    Ok(Box::new(Row {
        id,
        scope,
        kind,
        updated_ms: updated,
        text,
        metadata: new.metadata.clone(),
        vector,
    }))
}

/// Deletes an entity; its vector and relations go with it.
pub(crate) fn erase(connection: &Connection, id: i64) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM entity_texts WHERE rowid = ?1",
        "DELETE FROM entities WHERE id = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([id])?;
    }
    Ok(())
}

pub(crate) fn not_found(id: i64) -> Error {
    Error::NotFound {
        what: "entity",
        id: id.to_string(),
    }
}

/// The number of a type, which gets one where it has none.
pub(crate) fn kind_number(connection: &Connection, kind: &str) -> Result<i64, Fault> {
    let sql = "SELECT id FROM kinds WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    if let Some(number) = statement.query_row([kind], |row| row.get(0)).optional()? {
        return Ok(number);
    }
    connection
        .prepare_cached("INSERT INTO kinds (name) VALUES (?1)")?
        .execute([kind])?;
    Ok(connection.last_insert_rowid())
}

pub(super) fn id_of(connection: &Connection, scope: i64, name: &str) -> Result<Option<i64>, Fault> {
    let sql = "SELECT id FROM entities WHERE scope = ?1 AND name = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement
        .query_row(params![scope, name], |row| row.get(0))
        .optional()?)
}

/// What is said twice in one entity is kept once.
pub(super) fn each_once(observations: &[String]) -> Vec<String> {
    let mut once = Vec::with_capacity(observations.len());
    append_new(&mut once, observations);
    once
}

fn append_new(observations: &mut Vec<String>, given: &[String]) {
    let known: std::collections::HashSet<_> = observations.iter().cloned().collect();
    let mut told = std::collections::HashSet::new();
    for observation in given {
        if !known.contains(observation) && told.insert(observation) {
            observations.push(observation.clone());
        }
    }
}

fn json(observations: &[String]) -> Result<String, Fault> {
    serde_json::to_string(observations).map_err(|source| {
        Fault::Named(Error::Stored {
            what: "observations",
            source: std::sync::Arc::new(source),
        })
    })
}

fn write_text(connection: &Connection, id: i64, text: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO entity_texts (rowid, text) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.execute(params![id, text])?;
    Ok(())
}

pub(super) fn write_vector(connection: &Connection, id: i64, value: &[u8]) -> Result<(), Fault> {
    let sql = "INSERT INTO vectors (entity, value) VALUES (?1, ?2) ON CONFLICT (entity) DO UPDATE SET value = excluded.value";
    connection
        .prepare_cached(sql)?
        .execute(params![id, value])?;
    Ok(())
}

fn stored_vector(
    connection: &Connection,
    id: i64,
) -> Result<Option<Box<[u8; STORED_BYTES]>>, Fault> {
    let sql = "SELECT value FROM vectors WHERE entity = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let value = statement.query_row([id], |row| row.get::<_, [u8; STORED_BYTES]>(0));
    Ok(value.optional()?.map(Box::new))
}

/// Numbers for people: `1-3, 7`.
pub(crate) struct Numbers<'a>(pub(crate) &'a [i64]);

impl std::fmt::Display for Numbers<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut numbers = self.0.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let mut separator = "";
        for run in numbers.chunk_by(|a, b| a + 1 == *b) {
            match run {
                [one] => write!(f, "{separator}{one}")?,
                [first, .., last] => write!(f, "{separator}{first}-{last}")?,
                [] => {}
            }
            separator = ", ";
        }
        Ok(())
    }
}
