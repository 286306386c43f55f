//! What is remembered: entities here, what relates them in `relation`, what is found among them in `search`, and what an agent
//! was told of them in `told`.

mod relation;
mod search;
mod told;

use caxton_memory as memory;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use relation::{Direction, MemoryGraph, MemoryWalk, NewRelation, Reached, Relation, Relations};
pub use search::{MemoryHit, MemoryHits, MemorySearch, SearchWeights};
pub use told::{Recalled, Remembered};

/// Something that is remembered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Entity {
    /// Its number.
    pub id: i64,
    /// Where it is kept: `global`, `workspace`, `agent:NAME` or `conversation:ID`.
    #[schema(example = "workspace")]
    pub scope: String,
    /// What it is called; unique in its scope.
    pub name: String,
    /// Its type.
    #[schema(example = "person")]
    pub r#type: String,
    /// What is known about it, oldest first.
    pub observations: Vec<String>,
    /// Anything else.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
    /// Grows with each change of its text.
    pub version: i64,
    /// It can be found by meaning as it is now. Where it can't, its vector is still being made.
    pub embedded: bool,
}

impl From<memory::Entity> for Entity {
    fn from(entity: memory::Entity) -> Self {
        Self {
            id: entity.id,
            scope: entity.scope.to_string(),
            name: entity.name,
            r#type: entity.kind,
            observations: entity.observations,
            metadata: entity.metadata,
            created_ms: entity.created_ms,
            updated_ms: entity.updated_ms,
            version: entity.version,
            embedded: entity.embedded,
        }
    }
}

/// A page of entities.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Entities {
    /// The one that was changed last first.
    pub entities: Vec<Entity>,
    /// What to give as `before` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Something to remember, or several things. Where the scope has an entity of that name, what is new is added to that one.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntities {
    /// Where it is to be kept: `global`, `workspace` (where absent), `agent:NAME` or `conversation:ID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// What it is called: 1 to 1,024 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its type, 1 to 256 bytes: `note` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// What is known about it, in sentences: 32 KiB each at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<String>,
    /// Anything else: 64 KiB at most.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// What name and observations, a line each, mean: 384 numbers. Where absent, the server's own model makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<Vec<f32>>,
    /// Several at once, 10,000 at most, all or none; nothing but `scope` stands beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<NewEntity>,
}

/// One of several things to remember.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntity {
    /// What it is called: 1 to 1,024 bytes.
    pub name: String,
    /// Its type, 1 to 256 bytes: `note` where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// What is known about it, in sentences: 32 KiB each at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<String>,
    /// Anything else: 64 KiB at most.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// What name and observations, a line each, mean: 384 numbers. Where absent, the server's own model makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector: Option<Vec<f32>>,
}

/// What became of what was to be remembered: one entity, or a word on each of several.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum StoredEntities {
    /// Of several.
    Several {
        /// In their order.
        entities: Vec<StoredEntity>,
    },
    /// The one, as it is now.
    One(Box<Entity>),
}

/// What was forgotten with a scope.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Forgotten {
    /// How many entities.
    pub entities: u64,
}

/// What became of one of several.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StoredEntity {
    /// Its number.
    pub id: i64,
    /// `created`, `merged` or `unchanged`.
    pub outcome: String,
}

impl From<memory::Remembered> for StoredEntity {
    fn from(remembered: memory::Remembered) -> Self {
        Self {
            id: remembered.id,
            outcome: remembered.outcome.name().to_owned(),
        }
    }
}

/// What of an entity is to be replaced; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EntityChange {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    /// All that is known about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observations: Option<Vec<String>>,
    /// All of its metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
    /// The `version` that was read before. Where the entity has another one by now, nothing is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

/// What an import did.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemoryImported {
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

impl From<memory::Imported> for MemoryImported {
    fn from(imported: memory::Imported) -> Self {
        Self {
            created: imported.created,
            merged: imported.merged,
            unchanged: imported.unchanged,
            relations: imported.relations,
            relations_skipped: imported.relations_skipped,
        }
    }
}
