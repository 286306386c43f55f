//! Relations, and walks along them.

use caxton_memory as memory;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Entity;

/// That one entity has to do with another.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Relation {
    /// The entity that it leads from.
    pub source: i64,
    /// Its type.
    #[schema(example = "works-at")]
    pub r#type: String,
    /// The entity that it leads to.
    pub target: i64,
    /// Anything else.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Milliseconds since 1970, UTC.
    pub created_ms: i64,
}

impl From<memory::Relation> for Relation {
    fn from(relation: memory::Relation) -> Self {
        Self {
            source: relation.source,
            r#type: relation.kind,
            target: relation.target,
            metadata: relation.metadata,
            created_ms: relation.created_ms,
        }
    }
}

/// Relations.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Relations {
    /// The relations.
    pub relations: Vec<Relation>,
}

/// A relation to be remembered.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRelation {
    /// The entity that it leads from.
    pub source: i64,
    /// Its type, 1 to 256 bytes.
    pub r#type: String,
    /// The entity that it leads to.
    pub target: i64,
    /// Anything else: 64 KiB at most.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
}

/// The direction of relations.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From source to target.
    Out,
    /// From target to source.
    In,
    /// Either.
    #[default]
    Both,
}

impl From<Direction> for memory::Direction {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Out => Self::Out,
            Direction::In => Self::In,
            Direction::Both => Self::Both,
        }
    }
}

/// A walk along relations.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemoryWalk {
    /// Where it starts; what is not there is left out.
    pub from: Vec<i64>,
    /// How many relations away from a start: 1 where absent, 8 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// Along relations of these types only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// In which direction: both where absent.
    #[serde(default)]
    pub direction: Direction,
    /// How many entities, the starts included: 100 where absent, 10,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// What a walk has seen.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemoryGraph {
    /// The nearest first.
    pub entities: Vec<Reached>,
    /// The relations that were followed; both ends are among the entities.
    pub relations: Vec<Relation>,
    /// There was more than the bounds allowed.
    pub truncated: bool,
}

/// An entity that a walk has come to.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Reached {
    /// The entity.
    pub entity: Entity,
    /// How many relations it is away from the nearest start.
    pub depth: usize,
}

impl From<memory::Graph> for MemoryGraph {
    fn from(graph: memory::Graph) -> Self {
        let reached = |reached: memory::Reached| Reached {
            entity: reached.entity.into(),
            depth: reached.depth,
        };
        Self {
            entities: graph.entities.into_iter().map(reached).collect(),
            relations: graph.relations.into_iter().map(Relation::from).collect(),
            truncated: graph.truncated,
        }
    }
}
