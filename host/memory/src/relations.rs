//! Relations: what one entity has to do with another. One is known by its ends and its type; its metadata can be given
//! anew. It is seen where both its ends are.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::audit::note_edit;
use crate::entities::check::{check_kind, check_metadata, metadata_json};
use crate::entities::rows::{kind_number, not_found};
use crate::entities::{ENTITIES_MAX, Memory};
use crate::error::{Error, Fault, stored, within};
use crate::scope::{Seen, View};
use crate::store::now_ms;

/// What a relation is known by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelationKey {
    /// The entity that it is said of.
    pub source: i64,
    /// Its type, such as `works-at`: 1 to 256 bytes, no control characters.
    #[serde(rename = "type")]
    pub kind: String,
    /// The entity at its other end.
    pub target: i64,
}

/// A relation to be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRelation {
    /// The entity that it is said of.
    pub source: i64,
    /// Its type.
    pub kind: String,
    /// The entity at its other end.
    pub target: i64,
    /// Anything else; 64 KiB at most.
    pub metadata: Map<String, Value>,
}

/// A relation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    /// The entity that it is said of.
    pub source: i64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The entity at its other end.
    pub target: i64,
    /// Anything else.
    pub metadata: Map<String, Value>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
}

/// Which relations of an entity are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Those that are said of it.
    Out,
    /// Those that it is the target of.
    In,
    /// All.
    #[default]
    Both,
}

impl Memory {
    /// Keeps relations, 10,000 at most, all or none, and returns how many are new. One that is there gets those keys of the
    /// metadata that are given.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an end that is not in view; [`Error::Unfit`], [`Error::Limit`]; any error of the database.
    pub async fn relate(&self, new: Vec<NewRelation>) -> Result<usize, Error> {
        within("the relations of a call", new.len(), ENTITIES_MAX)?;
        for relation in &new {
            check_kind(&relation.kind)?;
            check_metadata(&relation.metadata)?;
        }
        let view = self.view.clone();
        self.store
            .write(move |connection| {
                let seen = view.seen(connection)?;
                let now = now_ms();
                let mut relate = Relate::new(connection, &view, &seen);
                for relation in &new {
                    relate.one(relation, now)?;
                }
                relate.note()
            })
            .await
    }

    /// Takes relations away, and returns how many there were in view.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 10,000; any error of the database.
    pub async fn unrelate(&self, relations: Vec<RelationKey>) -> Result<usize, Error> {
        within("the relations of a call", relations.len(), ENTITIES_MAX)?;
        let view = self.view.clone();
        self.store
            .write(move |connection| {
                let seen = view.seen(connection)?;
                let mut gone = Vec::new();
                for key in relations {
                    let RelationKey { source, kind, target } = &key;
                    let sql = "SELECT source_scope, target_scope FROM relations \
                               WHERE source = ?1 AND target = ?3 AND kind = (SELECT id FROM kinds WHERE name = ?2)";
                    let mut statement = connection.prepare_cached(sql)?;
                    let scopes = statement.query_row(params![source, kind, target], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    });
                    let scopes: Option<(i64, i64)> = scopes.optional()?;
                    if scopes.is_some_and(|(a, b)| seen.sees(a) && seen.sees(b)) {
                        let sql = "DELETE FROM relations \
                                   WHERE source = ?1 AND target = ?3 AND kind = (SELECT id FROM kinds WHERE name = ?2)";
                        let mut statement = connection.prepare_cached(sql)?;
                        statement.execute(params![source, kind, target])?;
                        gone.push(format!("{source} -{kind}-> {target}"));
                    }
                }
                if !gone.is_empty() {
                    let detail = format!("took away {}", gone.join(", "));
                    note_edit(connection, &view.by, "memory-unrelate", "", &detail)?;
                }
                Ok(gone.len())
            })
            .await
    }

    /// Lists up to `limit` relations of an entity (10,000 at most): of one of these types, or of any where there are none.
    /// One that leads back to its own source is given once.
    ///
    /// # Errors
    /// [`Error::NotFound`]; any error of the database.
    pub async fn relations(
        &self,
        entity: i64,
        direction: Direction,
        kinds: Vec<String>,
        limit: usize,
    ) -> Result<Vec<Relation>, Error> {
        self.read(move |connection, seen| {
            if scope_of(connection, &seen, entity)?.is_none() {
                return Err(not_found(entity).into());
            }
            let Some(kinds) = kind_numbers(connection, &kinds)? else {
                return Ok(Vec::new());
            };
            let limit = limit.min(ENTITIES_MAX);
            let mut steps = Vec::new();
            steps_from(
                connection, &seen, entity, direction, &kinds, limit, &mut steps,
            )?;
            steps
                .into_iter()
                .map(|step| relation(connection, step))
                .collect()
        })
        .await
    }
}

/// Relations that are kept in one transaction.
pub(crate) struct Relate<'a> {
    connection: &'a Connection,
    view: &'a View,
    seen: &'a Seen,
    scopes: HashMap<i64, i64>,
    kept: Vec<String>,
    new: usize,
}

impl<'a> Relate<'a> {
    pub(crate) fn new(connection: &'a Connection, view: &'a View, seen: &'a Seen) -> Self {
        Relate {
            connection,
            view,
            seen,
            scopes: HashMap::new(),
            kept: Vec::new(),
            new: 0,
        }
    }

    /// Keeps a relation.
    pub(crate) fn one(&mut self, relation: &NewRelation, created_ms: i64) -> Result<(), Fault> {
        let NewRelation {
            source,
            kind,
            target,
            metadata,
        } = relation;
        let source_scope = self.scope(*source)?;
        let target_scope = self.scope(*target)?;
        let number = kind_number(self.connection, kind)?;
        // Keys that are given replace those that are there; a second time nothing changes.
        let sql = "SELECT coalesce(metadata, '{}') FROM relations WHERE source = ?1 AND kind = ?2 AND target = ?3";
        let mut statement = self.connection.prepare_cached(sql)?;
        let old: Option<String> = statement
            .query_row(params![source, number, target], |row| row.get(0))
            .optional()?;
        match old {
            None => {
                let sql = "INSERT INTO relations (source, kind, target, source_scope, target_scope, metadata, created_ms) \
                           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
                let mut statement = self.connection.prepare_cached(sql)?;
                let metadata = metadata_json(metadata);
                statement.execute(params![
                    source,
                    number,
                    target,
                    source_scope,
                    target_scope,
                    metadata,
                    created_ms
                ])?;
                self.new += 1;
            }
            Some(old) => {
                let old: Map<String, Value> = stored("metadata", &old)?;
                let mut both = old.clone();
                both.extend(metadata.clone());
                if both == old {
                    return Ok(());
                }
                check_metadata(&both)?;
                let sql = "UPDATE relations SET metadata = ?4 WHERE source = ?1 AND kind = ?2 AND target = ?3";
                let mut statement = self.connection.prepare_cached(sql)?;
                statement.execute(params![source, number, target, metadata_json(&both)])?;
            }
        }
        self.kept.push(format!("{source} -{kind}-> {target}"));
        Ok(())
    }

    /// Notes in the audit log what was kept, and returns how many relations are new.
    pub(crate) fn note(self) -> Result<usize, Fault> {
        if !self.kept.is_empty() {
            let detail = format!("kept {}", self.kept.join(", "));
            note_edit(self.connection, &self.view.by, "memory-relate", "", &detail)?;
        }
        Ok(self.new)
    }

    fn scope(&mut self, id: i64) -> Result<i64, Fault> {
        if let Some(scope) = self.scopes.get(&id) {
            return Ok(*scope);
        }
        let scope = scope_of(self.connection, self.seen, id)?.ok_or_else(|| not_found(id))?;
        self.scopes.insert(id, scope);
        Ok(scope)
    }
}

/// The scope of an entity, where there is one of that number in view.
pub(crate) fn scope_of(
    connection: &Connection,
    seen: &Seen,
    id: i64,
) -> Result<Option<i64>, Fault> {
    let mut statement = connection.prepare_cached("SELECT scope FROM entities WHERE id = ?1")?;
    let scope = statement.query_row([id], |row| row.get(0)).optional()?;
    Ok(scope.filter(|scope| seen.sees(*scope)))
}

/// The numbers of types: `Some` of none for all types, `None` where none of them exists.
pub(crate) fn kind_numbers(
    connection: &Connection,
    kinds: &[String],
) -> Result<Option<Vec<i64>>, Fault> {
    let mut numbers = Vec::with_capacity(kinds.len());
    for kind in kinds {
        let mut statement = connection.prepare_cached("SELECT id FROM kinds WHERE name = ?1")?;
        numbers.extend(
            statement
                .query_row([kind], |row| row.get::<_, i64>(0))
                .optional()?,
        );
    }
    Ok((kinds.is_empty() || !numbers.is_empty()).then_some(numbers))
}

/// A relation without what is said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Step {
    pub(crate) source: i64,
    pub(crate) kind: i64,
    pub(crate) target: i64,
}

/// Adds to `steps` the relations in view of an entity in view, until there are `limit`; returns whether these are all.
pub(crate) fn steps_from(
    connection: &Connection,
    seen: &Seen,
    entity: i64,
    direction: Direction,
    kinds: &[i64],
    limit: usize,
    steps: &mut Vec<Step>,
) -> Result<bool, Fault> {
    let out = "SELECT kind, target, target_scope FROM relations WHERE source = ?1";
    let back = "SELECT kind, source, source_scope FROM relations WHERE target = ?1";
    let both = [(Direction::Out, out), (Direction::In, back)];
    for (one, sql) in both {
        if direction != Direction::Both && direction != one {
            continue;
        }
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([entity])?;
        while let Some(row) = rows.next()? {
            let (kind, other, scope): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let again = direction == Direction::Both && one == Direction::In && other == entity;
            if !seen.sees(scope) || again || !(kinds.is_empty() || kinds.contains(&kind)) {
                continue;
            }
            if steps.len() == limit {
                return Ok(false);
            }
            let (source, target) = match one {
                Direction::In => (other, entity),
                _ => (entity, other),
            };
            steps.push(Step {
                source,
                kind,
                target,
            });
        }
    }
    Ok(true)
}

/// Reads what is said about a relation.
pub(crate) fn relation(connection: &Connection, step: Step) -> Result<Relation, Fault> {
    let sql = "SELECT source, kinds.name, target, metadata, created_ms \
               FROM relations JOIN kinds ON kinds.id = relations.kind WHERE source = ?1 AND kind = ?2 AND target = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![step.source, step.kind, step.target])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    of_row(row)
}

/// A relation from a row of source, type, target, metadata and time.
pub(crate) fn of_row(row: &Row<'_>) -> Result<Relation, Fault> {
    let metadata = row
        .get_ref(3)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?;
    Ok(Relation {
        source: row.get(0)?,
        kind: row.get(1)?,
        target: row.get(2)?,
        metadata: metadata
            .map(|text| stored("metadata", text))
            .transpose()?
            .unwrap_or_default(),
        created_ms: row.get(4)?,
    })
}
