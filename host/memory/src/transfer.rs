//! Memory as JSON Lines: a header, then entities, then relations, each with all that another file needs to take it in.
//! Entities are known by scope and name, for numbers mean something in one file only. Importing merges, so the same file
//! imported twice changes nothing the second time, and an import that broke off is gone on with by importing again.

mod export;
mod import;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::scope::Scope;

pub use export::Export;
pub use import::{Import, Imported};

/// The version of the lines. A reader refuses one that it does not know.
const VERSION: u32 = 1;

/// The most bytes of a line: an entity with all that it may hold, escaped.
const LINE_BYTES_MAX: usize = 16 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Line {
    /// The first line.
    CaxtonMemory {
        version: u32,
        exported_ms: i64,
    },
    Entity(EntityLine),
    Relation(RelationLine),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntityLine {
    scope: Scope,
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    observations: Vec<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    created_ms: i64,
    updated_ms: i64,
    /// 384 numbers of half precision, little-endian, in base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vector: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationLine {
    source: End,
    #[serde(rename = "type")]
    kind: String,
    target: End,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    created_ms: i64,
}

/// An entity as a relation names it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    scope: Scope,
    name: String,
}
