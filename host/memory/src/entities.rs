//! Entities: what is remembered. Reading them is here, writing them in `entities/write`. [`Memory`] is the only way to
//! them, and it has a [`View`].

pub(crate) mod check;
pub(crate) mod rows;
pub(crate) mod write;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::{Error, Fault, stored};
use crate::index::Ask;
use crate::scope::{Scope, Seen, View, named};
use crate::search::Filter;
use crate::store::Store;
use crate::vectors::Vector;

/// The most entities that one call gives or takes.
pub const ENTITIES_MAX: usize = 10_000;

/// Something to be remembered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewEntity {
    /// What it is called: 1 to 1,024 bytes, no control characters. It is unique in its scope.
    pub name: String,
    /// Its type, such as `person`: 1 to 256 bytes, no control characters.
    pub kind: String,
    /// What is known about it, in sentences: 32 KiB each at most.
    pub observations: Vec<String>,
    /// Anything else; search can ask for equality of its first level. 64 KiB at most.
    pub metadata: Map<String, Value>,
    /// The vector of [`Entity::text`]; where it is missing, [`Memory::unembedded`] lists the entity.
    pub vector: Option<Vector>,
}

impl NewEntity {
    /// [`Entity::text`] of what this becomes where its scope has nothing of its name.
    pub fn text(&self) -> String {
        text(&self.name, &rows::each_once(&self.observations))
    }
}

/// What is remembered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entity {
    /// Its number in this file. None is used twice.
    pub id: i64,
    /// Where it is kept.
    pub scope: Scope,
    /// What it is called.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// What is known about it, oldest first.
    pub observations: Vec<String>,
    /// Anything else.
    pub metadata: Map<String, Value>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
    /// Grows with each change of its text.
    pub version: i64,
    /// Whether it has a vector of this version of its text.
    pub embedded: bool,
}

impl Entity {
    /// What search reads, and what its vector is to be of: name and observations, a line each.
    pub fn text(&self) -> String {
        text(&self.name, &self.observations)
    }
}

pub(crate) fn text(name: &str, observations: &[String]) -> String {
    let bytes = name.len() + observations.iter().map(|o| o.len() + 1).sum::<usize>();
    let mut text = String::with_capacity(bytes);
    text.push_str(name);
    for observation in observations {
        text.push('\n');
        text.push_str(observation);
    }
    text
}

/// Entities in a list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listed {
    /// The one changed last first.
    pub entities: Vec<Entity>,
    /// Whether there are more.
    pub more: bool,
}

/// How much may be read at once, in bytes of observations and metadata: a few large entities weigh as much as thousands of others.
const READ_BYTES_MAX: usize = 4 << 20;

/// Counts what is read at once.
#[derive(Default)]
pub(crate) struct Room(usize);

impl Room {
    /// Counts an entity, and tells whether no other has room after it.
    pub(crate) fn is_full_with(&mut self, entity: &Entity) -> bool {
        let observations = entity.observations.iter().map(|text| text.len() + 32);
        let metadata = entity.metadata.iter();
        let metadata = metadata.map(|(key, value)| key.len() + weight(value));
        self.0 += entity.name.len() + observations.sum::<usize>() + metadata.sum::<usize>();
        self.0 >= READ_BYTES_MAX
    }
}

/// About as many bytes as a value takes.
fn weight(value: &Value) -> usize {
    32 + match value {
        Value::String(text) => text.len(),
        Value::Array(values) => values.iter().map(weight).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| key.len() + weight(value))
            .sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

/// How much is remembered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct MemoryCount {
    /// Entities in view.
    pub entities: u64,
    /// Relations with both ends in view.
    pub relations: u64,
    /// Bytes that the index takes in memory, for all of the file; 0 where nothing was searched yet.
    pub index_bytes: u64,
}

/// A workspace's memory, as one view sees it. What lies outside of the view is answered as if it did not exist.
#[derive(Debug, Clone)]
pub struct Memory {
    pub(crate) store: Store,
    pub(crate) view: View,
}

impl Store {
    /// Gives the memory that `view` sees.
    pub fn memory(&self, view: View) -> Memory {
        Memory {
            store: self.clone(),
            view,
        }
    }
}

impl Memory {
    /// Gives an entity; `None` where there is none of that number in view.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn entity(&self, id: i64) -> Result<Option<Entity>, Error> {
        self.read(move |connection, seen| select(connection, &seen, id))
            .await
    }

    /// Gives the entity of that name.
    ///
    /// # Errors
    /// [`Error::OutOfView`]; any error of the database.
    pub async fn named(&self, scope: &Scope, name: &str) -> Result<Option<Entity>, Error> {
        self.view.check(scope)?;
        let (scope, name) = (scope.to_string(), name.to_owned());
        self.read(move |connection, seen| {
            let sql = "SELECT entities.id FROM entities JOIN scopes ON scopes.id = entities.scope \
                       WHERE scopes.name = ?1 AND entities.name = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let id = statement.query_row([&scope, &name], |row| row.get(0));
            match id.optional()? {
                Some(id) => select(connection, &seen, id),
                None => Ok(None),
            }
        })
        .await
    }

    /// Lists up to `limit` entities (10,000 at most), the one changed last first; fewer where these hold more than 4 MiB.
    /// `before` gives the `updated_ms` and `id` of the last one already seen.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn entities(
        &self,
        filter: Filter,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Result<Listed, Error> {
        let index = self.store.index().await?;
        self.read(move |connection, seen| {
            let mut listed = Listed::default();
            let Some(narrow) = filter.narrow(connection, seen.clone())? else {
                return Ok(listed);
            };
            let limit = limit.min(ENTITIES_MAX);
            // One more than is given tells whether there are more.
            let mut found = index.newest(&Ask::of(narrow), limit + 1, before);
            listed.more = found.len() > limit;
            found.truncate(limit);
            let mut room = Room::default();
            for (place, id) in found.iter().enumerate() {
                if let Some(entity) = select(connection, &seen, *id)? {
                    let is_full = room.is_full_with(&entity);
                    listed.entities.push(entity);
                    if is_full && place + 1 < found.len() {
                        listed.more = true;
                        break;
                    }
                }
            }
            Ok(listed)
        })
        .await
    }

    /// Gives up to `limit` entities (10,000 at most, and 4 MiB) that have no vector, or one of an earlier text. The caller embeds
    /// [`Entity::text`] and hands the vectors to [`Memory::set_vectors`].
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn unembedded(&self, limit: usize) -> Result<Vec<Entity>, Error> {
        self.read(move |connection, seen| {
            let sql = format!("{SELECT} WHERE entities.embedded = 0 ORDER BY entities.id");
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let (mut entities, mut room, mut is_full) = (Vec::new(), Room::default(), false);
            while !is_full
                && entities.len() < limit.min(ENTITIES_MAX)
                && let Some(row) = rows.next()?
            {
                if seen.sees(row.get(1)?) {
                    let entity = entity(row)?;
                    is_full = room.is_full_with(&entity);
                    entities.push(entity);
                }
            }
            Ok(entities)
        })
        .await
    }

    /// Says how much is remembered.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn count(&self) -> Result<MemoryCount, Error> {
        let index_bytes = self.store.index_bytes();
        self.read(move |connection, seen| {
            let sum = |sql: &str| -> Result<u64, Fault> {
                let mut statement = connection.prepare_cached(sql)?;
                let mut rows = statement.query([])?;
                let mut sum = 0;
                while let Some(row) = rows.next()? {
                    if seen.sees(row.get(0)?) && seen.sees(row.get(1)?) {
                        sum += row.get::<_, i64>(2)?.unsigned_abs();
                    }
                }
                Ok(sum)
            };
            Ok(MemoryCount {
                entities: sum("SELECT scope, scope, count(*) FROM entities GROUP BY scope")?,
                relations: sum(
                    "SELECT source_scope, target_scope, count(*) FROM relations GROUP BY 1, 2",
                )?,
                index_bytes,
            })
        })
        .await
    }

    /// Runs `work` on the last commit, with what the view sees of it.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, Seen) -> Result<T, Fault> + Send + 'static,
    {
        let view = self.view.clone();
        self.store
            .read(move |connection| work(connection, view.seen(connection)?))
            .await
    }
}

const SELECT: &str = "SELECT entities.id, entities.scope, scopes.name, entities.name, kinds.name, entities.observations, \
                      entities.metadata, entities.created_ms, entities.updated_ms, entities.version, entities.embedded \
                      FROM entities JOIN scopes ON scopes.id = entities.scope JOIN kinds ON kinds.id = entities.kind";

/// Gives an entity, where there is one of that number in view.
pub(crate) fn select(
    connection: &Connection,
    seen: &Seen,
    id: i64,
) -> Result<Option<Entity>, Fault> {
    let sql = format!("{SELECT} WHERE entities.id = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id])?;
    match rows.next()? {
        Some(row) if seen.sees(row.get(1)?) => Ok(Some(entity(row)?)),
        _ => Ok(None),
    }
}

/// Gives up to `limit` entities in view with a number over `after`, in the order of their numbers, or as many as may be read at
/// once; and the number of the last one looked at.
pub(crate) fn select_after(
    connection: &Connection,
    seen: &Seen,
    after: i64,
    limit: usize,
) -> Result<(Vec<Entity>, Option<i64>), Fault> {
    let sql = format!("{SELECT} WHERE entities.id > ?1 ORDER BY entities.id LIMIT ?2");
    let mut statement = connection.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![after, limit])?;
    let (mut entities, mut last, mut room) = (Vec::new(), None, Room::default());
    while let Some(row) = rows.next()? {
        last = Some(row.get(0)?);
        if seen.sees(row.get(1)?) {
            let entity = entity(row)?;
            let is_full = room.is_full_with(&entity);
            entities.push(entity);
            if is_full {
                break;
            }
        }
    }
    Ok((entities, last))
}

fn entity(row: &Row<'_>) -> Result<Entity, Fault> {
    let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
    let metadata = row
        .get_ref(6)?
        .as_str_or_null()
        .map_err(rusqlite::Error::from)?;
    Ok(Entity {
        id: row.get(0)?,
        scope: named(text(2)?)?,
        name: row.get(3)?,
        kind: row.get(4)?,
        observations: stored("observations", text(5)?)?,
        metadata: metadata
            .map(|text| stored("metadata", text))
            .transpose()?
            .unwrap_or_default(),
        created_ms: row.get(7)?,
        updated_ms: row.get(8)?,
        version: row.get(9)?,
        embedded: row.get(10)?,
    })
}
