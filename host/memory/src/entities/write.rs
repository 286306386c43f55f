//! Remembering, changing and forgetting. Each edit is one transaction with its entry in the audit log; the index follows
//! when that is on disk, before the caller hears of it.

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};

use super::check::check;
use super::rows::{
    Numbers, Put, Remembered, erase, id_of, not_found, remember, update, write_vector,
};
use super::{ENTITIES_MAX, Entity, Memory, NewEntity, select};
use crate::audit::note_edit;
use crate::error::{Error, Fault, within};
use crate::index::Edit;
use crate::scope::{self, Scope};
use crate::store::now_ms;
use crate::vectors::{self, Vector};

/// What of an entity is to be replaced; the rest stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// What it is called.
    pub name: Option<String>,
    /// Its type.
    pub kind: Option<String>,
    /// All that is known about it.
    pub observations: Option<Vec<String>>,
    /// All of its metadata.
    pub metadata: Option<Map<String, Value>>,
    /// The vector of its new text.
    pub vector: Option<Vector>,
    /// The version of the text that was read before; where the entity has another one by now, nothing is changed. `None`
    /// changes whatever is there.
    pub version: Option<i64>,
}

impl Memory {
    /// Remembers entities in a scope, 10,000 at most, all or none, and returns what became of each, in their order. The
    /// same name in the same scope is the same entity: observations that it lacks are appended, keys of the metadata
    /// replace those of the same name, the type stays; where both have vectors and the text has changed, the entity gets
    /// the direction between them, weighted by how many observations each stands for.
    ///
    /// # Errors
    /// [`Error::OutOfView`]; [`Error::Unfit`] for a name, type or vector that can't be kept; [`Error::Limit`] for what is
    /// too large, also where merging makes it so; any error of the database.
    pub async fn remember(
        &self,
        scope: &Scope,
        new: Vec<NewEntity>,
    ) -> Result<Vec<Remembered>, Error> {
        within("the entities of a call", new.len(), ENTITIES_MAX)?;
        let puts = new
            .into_iter()
            .map(|new| Put::of(scope, new))
            .collect::<Result<Vec<_>, _>>()?;
        let view = self.view.clone();
        let work = move |connection: &Connection| {
            remember(connection, &view, &puts.iter().collect::<Vec<_>>())
        };
        self.edit(work).await
    }

    /// Replaces parts of an entity and returns it as it is then. Where its text changes and no vector is given, it keeps
    /// the old vector until [`Memory::set_vectors`] brings a new one.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::EntityChanged`] where it is no longer at the version that was to be changed, so that what
    /// another wrote meanwhile is not lost; [`Error::NameUsed`] where another entity of the scope has the new name; [`Error::Unfit`],
    /// [`Error::Limit`]; any error of the database.
    pub async fn change(&self, id: i64, change: Change) -> Result<Entity, Error> {
        let view = self.view.clone();
        let value = change.vector.as_deref().map(vectors::encode).transpose()?;
        self.edit(move |connection| {
            let seen = view.seen(connection)?;
            let old = select(connection, &seen, id)?.ok_or_else(|| not_found(id))?;
            if let Some(version) = change.version.filter(|version| *version != old.version) {
                let found = old.version;
                return Err(Error::EntityChanged { id, version, found }.into());
            }
            let new = NewEntity {
                name: change.name.unwrap_or_else(|| old.name.clone()),
                kind: change.kind.unwrap_or_else(|| old.kind.clone()),
                observations: change
                    .observations
                    .unwrap_or_else(|| old.observations.clone()),
                metadata: change.metadata.unwrap_or_else(|| old.metadata.clone()),
                vector: None,
            };
            check(&new)?;
            let scope = scope::number_or_new(connection, &old.scope)?;
            if new.name != old.name
                && let Some(id) = id_of(connection, scope, &new.name)?
            {
                let name = new.name;
                return Err(Error::NameUsed { name, id }.into());
            }
            let same_text = new.name == old.name && new.observations == old.observations;
            let embedded = value.is_some() || (old.embedded && same_text);
            let version = old.version + i64::from(!same_text);
            let now = now_ms().max(old.updated_ms);
            let times = (old.created_ms, now);
            let row = update(
                connection, &new, &old, scope, version, embedded, times, value,
            )?;
            note_edit(
                connection,
                &view.by,
                "memory-change",
                &old.scope.to_string(),
                &format!("changed {id}"),
            )?;
            let entity = select(connection, &seen, id)?.ok_or_else(|| not_found(id))?;
            Ok((entity, vec![Edit::Put(row)]))
        })
        .await
    }

    /// Forgets entities with their relations, and returns how many there were in view.
    ///
    /// # Errors
    /// [`Error::Limit`] for more than 10,000; any error of the database.
    pub async fn forget(&self, ids: Vec<i64>) -> Result<usize, Error> {
        within("the entities of a call", ids.len(), ENTITIES_MAX)?;
        let view = self.view.clone();
        self.edit(move |connection| {
            let seen = view.seen(connection)?;
            let mut gone = Vec::new();
            for id in ids {
                let sql = "SELECT scope FROM entities WHERE id = ?1";
                let mut statement = connection.prepare_cached(sql)?;
                let scope = statement.query_row([id], |row| row.get(0)).optional()?;
                if scope.is_some_and(|scope| seen.sees(scope)) {
                    erase(connection, id)?;
                    gone.push(id);
                }
            }
            if !gone.is_empty() {
                let detail = format!("forgot {}", Numbers(&gone));
                note_edit(connection, &view.by, "memory-forget", "", &detail)?;
            }
            Ok((gone.len(), gone.into_iter().map(Edit::Gone).collect()))
        })
        .await
    }

    /// Gives entities the vectors of the texts that they had at these versions, and returns how many took theirs: where
    /// the text has changed since, or the entity is gone or out of view, the vector is dropped.
    ///
    /// # Errors
    /// [`Error::Unfit`] for a vector that has not the length 1; [`Error::Limit`] for more than 10,000; any error of the
    /// database.
    pub async fn set_vectors(&self, vectors: Vec<(i64, i64, Vector)>) -> Result<usize, Error> {
        within("the vectors of a call", vectors.len(), ENTITIES_MAX)?;
        if vectors.is_empty() {
            return Ok(0);
        }
        let encode = |(id, version, vector): (i64, i64, Vector)| {
            Ok((id, version, vectors::encode(&vector)?))
        };
        let values: Vec<_> = vectors
            .into_iter()
            .map(encode)
            .collect::<Result<_, Error>>()?;
        let view = self.view.clone();
        self.edit(move |connection| {
            let seen = view.seen(connection)?;
            let mut edits = Vec::with_capacity(values.len());
            for (id, version, value) in values {
                let sql = "SELECT scope FROM entities WHERE id = ?1 AND version = ?2";
                let mut statement = connection.prepare_cached(sql)?;
                let scope = statement
                    .query_row([id, version], |row| row.get(0))
                    .optional()?;
                if scope.is_some_and(|scope| seen.sees(scope)) {
                    let sql = "UPDATE entities SET embedded = 1 WHERE id = ?1";
                    connection.prepare_cached(sql)?.execute([id])?;
                    write_vector(connection, id, &*value)?;
                    edits.push(Edit::Vector(id, value));
                }
            }
            Ok((edits.len(), edits))
        })
        .await
    }

    /// Runs an edit in the next transaction, and brings the index up to date when that is on disk.
    pub(crate) async fn edit<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<(T, Vec<Edit>), Fault> + Send + 'static,
    {
        let index = self.store.index_handle();
        let after = move |(made, edits): (T, Vec<Edit>)| {
            index.apply(edits);
            made
        };
        self.store.write_then(work, after).await
    }
}
