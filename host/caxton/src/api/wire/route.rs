//! Who would get a message.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::routing;

/// For which message a route is wanted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteRequest {
    /// The message.
    pub content: String,
    /// The capability that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
}

/// Who would get a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Route {
    /// The agent.
    pub agent: String,
    /// How well it fits, from 0 to 1.
    pub score: f32,
    /// All agents that fit, best first.
    pub ranked: Vec<Ranked>,
    /// One sentence on why.
    pub reason: String,
    /// The decision was made earlier, for the same message.
    pub cached: bool,
    /// The router component that decided; `null` where there was no choice.
    pub router: Option<String>,
}

/// How well an agent fits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ranked {
    /// The agent.
    pub agent: String,
    /// From 0 to 1.
    pub score: f32,
}

impl From<routing::Route> for Route {
    fn from(route: routing::Route) -> Self {
        let routing::Route {
            agent,
            score,
            reason,
            ranked,
            cached,
            router,
        } = route;
        let ranked = ranked
            .into_iter()
            .map(|(agent, score)| Ranked { agent, score })
            .collect();
        Self {
            agent,
            score,
            ranked,
            reason,
            cached,
            router,
        }
    }
}
