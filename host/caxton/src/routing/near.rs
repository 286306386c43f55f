//! What people can do for whom no agent was found: the capabilities that come nearest to the message.

use std::sync::Arc;

use crate::config::Capability;
use crate::workspace::{Agent, Workspace, texts};

/// How many are told.
const TOLD_MAX: usize = 3;

/// A capability that comes near to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Near {
    /// The capability.
    pub capability: String,
    /// The agent that offers it.
    pub agent: String,
}

/// The capabilities nearest to `content`: by meaning where the model is there, and by the words that they share with it.
pub(super) async fn capabilities(
    workspace: &Workspace,
    content: &str,
    agents: &[&Arc<Agent>],
) -> Vec<Near> {
    let offered: Vec<(&str, &Capability)> = agents
        .iter()
        .flat_map(|agent| {
            let offered = agent.config.capabilities.iter();
            offered.map(|capability| (agent.config.name.as_str(), capability))
        })
        .collect();
    let told: Vec<String> = offered.iter().map(|(_, known)| known.text()).collect();
    let near = texts::ranked(workspace.embedder(), &told, content).await;
    let near = near.into_iter().filter(|(_, score)| *score > 0.0);
    let near = near.take(TOLD_MAX).map(|(place, _)| {
        let (agent, capability) = offered[place];
        Near {
            capability: capability.name.clone(),
            agent: agent.to_owned(),
        }
    });
    near.collect()
}
