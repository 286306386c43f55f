//! What a turn is asked, beside its message: written down once, when the turn begins, so that a server that takes it up again
//! asks the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::Error;
use super::event::{Asked, Event, Exchange};
use super::offer::DEPTH_MAX;
use super::state::{Found, State};
use crate::config;
use crate::routing::Route;

/// What a turn is asked, beside its message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Task {
    /// How its agent was found.
    pub(super) found: Found,
    /// How many agents wait for this one's answer.
    pub(super) depth: u32,
    /// The agents that wait, and the one that answers; the first is the one that the person asked.
    pub(super) chain: Vec<String>,
    /// The conversation of the first, where this is not its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) origin: Option<String>,
    /// Values for the parameters of the agent's prompts.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) parameters: BTreeMap<String, String>,
    /// How the answer is to be.
    pub(super) asked: Asked,
    /// What was said before, where the client keeps that itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exchange: Option<Exchange>,
    /// It runs to its end, whoever follows.
    pub(super) keep: bool,
}

impl Task {
    /// The task of the agent that is asked in a turn with this one, which belongs to `conversation`.
    ///
    /// # Errors
    /// [`Error::Delegation`] where it waits itself, or too many do.
    pub(super) fn below(&self, route: &Route, conversation: &str) -> Result<Self, Error> {
        let agent = &route.agent;
        let path = || format!("{} → {agent}", self.chain.join(" → "));
        if self.chain.contains(agent) {
            return Err(Error::Delegation {
                reason: format!("the agents would ask each other in a circle: {}", path()),
            });
        }
        if self.depth >= DEPTH_MAX {
            return Err(Error::Delegation {
                reason: format!(
                    "at most {DEPTH_MAX} agents may wait for another one: {}",
                    path()
                ),
            });
        }
        let mut chain = self.chain.clone();
        chain.push(agent.clone());
        let origin = self.origin.as_deref().unwrap_or(conversation);
        Ok(Self {
            found: Found::of(route),
            depth: self.depth + 1,
            chain,
            origin: Some(origin.to_owned()),
            ..Self::default()
        })
    }

    /// The task of an agent that stands in for the one that was chosen.
    pub(super) fn for_stand_in(mut self, agent: &str) -> Self {
        if let Some(last) = self.chain.last_mut() {
            agent.clone_into(last);
        }
        self
    }

    /// The event that tells who answers.
    pub(super) fn routed(&self, conversation: &str, state: &State) -> Event {
        let Found {
            score,
            reason,
            router,
            cached,
        } = state.routed.as_ref().unwrap_or(&self.found).clone();
        Event::Route {
            turn: state.id.clone(),
            conversation: conversation.to_owned(),
            agent: state.agent.clone(),
            score,
            reason,
            router,
            cached,
            depth: self.depth,
        }
    }

    /// Checks that the agent's prompts get what they need, and nothing that they do not know.
    ///
    /// # Errors
    /// [`Error::Parameters`].
    pub(super) fn check_parameters(
        given: &BTreeMap<String, String>,
        agent: &config::Agent,
    ) -> Result<(), Error> {
        let known = || {
            let names: Vec<&str> = agent.parameters.keys().map(String::as_str).collect();
            match names.as_slice() {
                [] => "it takes none".to_owned(),
                names => format!("it takes: {}", names.join(", ")),
            }
        };
        if let Some(name) = given
            .keys()
            .find(|name| !agent.parameters.contains_key(*name))
        {
            let reason = format!(
                "the agent `{}` has no parameter `{}`; {}",
                agent.name,
                name.escape_debug(),
                known()
            );
            return Err(Error::Parameters { reason });
        }
        let missing: Vec<&str> = agent
            .parameters
            .iter()
            .filter(|(name, parameter)| parameter.default.is_none() && !given.contains_key(*name))
            .map(|(name, _)| name.as_str())
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let reason = format!(
            "the agent `{}` needs the parameters {}; give them as `parameters` of the message",
            agent.name,
            missing.join(", ")
        );
        Err(Error::Parameters { reason })
    }

    /// The task as it is written down. Texts and finite numbers can always be.
    pub(super) fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// Reads what was written down. An older server's turns lack what it did not know.
    pub(super) fn read(value: &Value) -> Self {
        Self::deserialize(value).unwrap_or_default()
    }
}
