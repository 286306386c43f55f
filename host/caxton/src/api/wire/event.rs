//! What happens in a workspace.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::workspace::event::{self, Kind};

/// Something that happened. The event's name in the stream is its kind.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Event {
    /// An agent is new, different, gone, or in another state: event `agent`.
    Agent {
        /// Milliseconds since 1970, UTC.
        time_ms: u64,
        /// The agent.
        agent: String,
        /// `added`, `replaced`, `removed`, `restarted`, `failed` or `recovered`.
        change: String,
        /// Why, where it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A component is new, different or gone: event `component`.
    Component {
        /// Milliseconds since 1970, UTC.
        time_ms: u64,
        /// The component.
        component: String,
        /// SHA-256 of its bytes.
        digest: String,
        /// `added`, `replaced` or `removed`.
        change: String,
    },
    /// A message was given to an agent: event `route`.
    Route {
        /// Milliseconds since 1970, UTC.
        time_ms: u64,
        /// The agent.
        agent: String,
        /// How well it fits, from 0 to 1.
        score: f32,
        /// The router that chose.
        router: Option<String>,
        /// The decision was taken from the cache.
        cached: bool,
        /// Why.
        reason: String,
    },
    /// A turn ended: event `turn`.
    Turn {
        /// Milliseconds since 1970, UTC.
        time_ms: u64,
        /// Its id.
        turn: String,
        /// Its conversation.
        conversation: String,
        /// The agent that answered.
        agent: String,
        /// Why it failed; nothing where it worked.
        code: Option<String>,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// A tool was called: event `tool_call`.
    Tool {
        /// Milliseconds since 1970, UTC.
        time_ms: u64,
        /// The tool.
        tool: String,
        /// Its component.
        component: String,
        /// Why it failed; nothing where it worked.
        code: Option<String>,
        /// How long it took, in microseconds.
        duration_us: u64,
    },
}

impl Event {
    /// The event's name in the stream, and what is sent with it.
    pub fn of(event: &event::Event) -> (&'static str, Self) {
        let time_ms = event.time_ms;
        match event.kind.clone() {
            Kind::Agent {
                name,
                change,
                reason,
            } => (
                "agent",
                Self::Agent {
                    time_ms,
                    agent: name,
                    change: change.name().to_owned(),
                    reason,
                },
            ),
            Kind::Component {
                name,
                digest,
                change,
            } => (
                "component",
                Self::Component {
                    time_ms,
                    component: name,
                    digest,
                    change: change.name().to_owned(),
                },
            ),
            Kind::Route {
                agent,
                score,
                router,
                cached,
                reason,
            } => (
                "route",
                Self::Route {
                    time_ms,
                    agent,
                    score,
                    router,
                    cached,
                    reason,
                },
            ),
            Kind::Tool {
                name,
                component,
                code,
                duration_us,
            } => (
                "tool_call",
                Self::Tool {
                    time_ms,
                    tool: name,
                    component,
                    code: code.map(str::to_owned),
                    duration_us,
                },
            ),
            Kind::Turn {
                id,
                conversation,
                agent,
                code,
                duration_ms,
            } => (
                "turn",
                Self::Turn {
                    time_ms,
                    turn: id,
                    conversation,
                    agent,
                    code,
                    duration_ms,
                },
            ),
        }
    }
}
