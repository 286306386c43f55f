//! Searches, and what they find.

use caxton_memory as memory;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Entity;

/// A search.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySearch {
    /// What is looked for, in words: 64 KiB at most. Without any the latest entities are found.
    #[serde(default)]
    pub text: String,
    /// In one of these scopes only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Of one of these types only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// With all of these values in their metadata only, under the same keys of the first level.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// Changed at this time or later only, in milliseconds since 1970, UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_ms: Option<i64>,
    /// Changed before this time only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<i64>,
    /// With all of these phrases in their texts only. A `*` at the end lets the last word go on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phrases: Vec<String>,
    /// How many hits: 10 where absent, 1,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// How much meaning, words and time count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<SearchWeights>,
    /// The cosine under which meaning does not count, from -1 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity_min: Option<f32>,
}

/// How much each list counts; 0 leaves it out.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SearchWeights {
    /// Nearness in meaning: 1 where absent.
    pub vector: f32,
    /// Common words: 1 where absent.
    pub text: f32,
    /// How lately an entity was changed: 0.1 where absent.
    pub recency: f32,
}

impl Default for SearchWeights {
    fn default() -> Self {
        let memory::Weights {
            vector,
            text,
            recency,
        } = memory::Weights::default();
        Self {
            vector,
            text,
            recency,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemoryHits {
    /// Best first.
    pub hits: Vec<MemoryHit>,
    /// Meaning was looked at. Where it was not, because the embedding model is not there or is busy, words alone decided.
    pub by_meaning: bool,
}

/// Something that was found, with what speaks for it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MemoryHit {
    /// What was found.
    pub entity: Entity,
    /// The sum over the lists of weight / (60 + rank).
    pub score: f64,
    /// Its place by meaning, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vector_rank: Option<u32>,
    /// Its place by words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_rank: Option<u32>,
    /// Its place by time.
    pub recency_rank: u32,
    /// The cosine of its vector and the search's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub similarity: Option<f32>,
    /// How well its words fit (BM25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bm25: Option<f32>,
}

impl From<memory::Hit> for MemoryHit {
    fn from(hit: memory::Hit) -> Self {
        Self {
            entity: hit.entity.into(),
            score: hit.score,
            vector_rank: hit.vector_rank,
            text_rank: hit.text_rank,
            recency_rank: hit.recency_rank,
            similarity: hit.similarity,
            bm25: hit.bm25,
        }
    }
}
