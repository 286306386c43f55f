//! Who would get a message.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{config, routing};

/// For which message a route is wanted.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteRequest {
    /// The message.
    pub content: String,
    /// The capability that is wanted, also with a requirement on its version: `charting@^1.2`.
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
    /// The router component that decided, two joined by `+` where both were weighed; `null` where there was no choice.
    pub router: Option<String>,
    /// How far the best agent is before the second, from 0 to 1.
    #[serde(default)]
    pub margin: f32,
    /// The first router's best score from which it is sure: `threshold` under `[router]` of caxton.toml.
    #[serde(default)]
    pub threshold: f32,
    /// The first router's margin from which it is sure: `margin` there.
    #[serde(default)]
    pub margin_min: f32,
    /// The first router was unsure, so its opinion and that of the fallback were weighed.
    #[serde(default)]
    pub combined: bool,
    /// What each router that was asked thinks.
    #[serde(default)]
    pub opinions: Vec<Opinion>,
    /// Who gets the message where the agent fails before it has acted, in that order.
    #[serde(default)]
    pub stand_ins: Vec<Ranked>,
}

/// What one router thinks of a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Opinion {
    /// The router component.
    pub router: String,
    /// The agents that it thinks fit, best first.
    pub ranked: Vec<Ranked>,
    /// How far the best is before the second, from 0 to 1.
    pub margin: f32,
    /// One sentence on why.
    pub reason: String,
}

/// A capability that comes near to what was asked for.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Near {
    /// The capability.
    pub capability: String,
    /// The agent that offers it, where a message was compared with what agents offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// How well an agent fits.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Ranked {
    /// The agent.
    pub agent: String,
    /// From 0 to 1.
    pub score: f32,
}

impl Route {
    /// A route as routers with these settings found it.
    pub fn of(route: routing::Route, settings: &config::Router) -> Self {
        let margin = route.margin();
        let combined = route.is_combined();
        let routing::Route {
            agent,
            score,
            reason,
            ranked,
            cached,
            router,
            opinions,
            stand_ins,
        } = route;
        Self {
            agent,
            score,
            ranked: shown(ranked),
            reason,
            cached,
            router,
            margin,
            threshold: settings.threshold,
            margin_min: settings.margin,
            combined,
            opinions: opinions.into_iter().map(Opinion::from).collect(),
            stand_ins: shown(stand_ins),
        }
    }
}

impl From<routing::Opinion> for Opinion {
    fn from(opinion: routing::Opinion) -> Self {
        Self {
            margin: opinion.margin(),
            router: opinion.router,
            ranked: shown(opinion.ranked),
            reason: opinion.reason,
        }
    }
}

fn shown(ranked: Vec<(String, f32)>) -> Vec<Ranked> {
    let ranked = ranked.into_iter();
    ranked
        .map(|(agent, score)| Ranked { agent, score })
        .collect()
}
