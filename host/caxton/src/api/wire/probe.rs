//! Health and readiness.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The server is alive.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Always `ok`: a server that can't say so says nothing.
    pub status: String,
    /// The version of the server.
    pub version: String,
}

/// Whether the server takes work, and how far what loads in the background has come.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// `ready` or `shutting-down`.
    pub status: String,
    /// The workspace that is served.
    pub workspace: String,
    /// How many agents it has.
    pub agents: usize,
    /// How many components are loaded.
    pub components: usize,
    /// How many tools they have.
    pub tools: usize,
    /// Components that were refused.
    pub refused: Vec<super::RefusedComponent>,
    /// The embedding model: `ready`, `loading`, `unavailable` or `absent`.
    pub embeddings: String,
    /// Why it is not available.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embeddings_reason: Option<String>,
}
