//! What people can do for whom no agent was found: the capabilities that come nearest to the message.

use std::collections::BTreeSet;
use std::sync::Arc;

use caxton_embed::State;

use crate::config::Capability;
use crate::workspace::{Agent, Workspace};

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

/// The capabilities nearest to `content`, by meaning where the model is there, else by the words that they share with it.
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
    let texts: Vec<String> = offered.iter().map(|(_, known)| known.text()).collect();
    let by_meaning = match workspace.embedder() {
        Some(embedder) if embedder.state() == State::Ready => {
            embedder.similarities_async(content, &texts).await.ok()
        }
        _ => None,
    };
    let near = by_meaning.unwrap_or_else(|| by_words(content, &texts));
    let mut order: Vec<(f32, (&str, &Capability))> = near
        .into_iter()
        .zip(offered)
        .filter(|(near, _)| *near > 0.0)
        .collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told = order.into_iter().take(TOLD_MAX);
    let told = told.map(|(_, (agent, capability))| Near {
        capability: capability.name.clone(),
        agent: agent.to_owned(),
    });
    told.collect()
}

/// How many words each text shares with the message.
fn by_words(content: &str, texts: &[impl AsRef<str>]) -> Vec<f32> {
    let asked = words(content);
    texts
        .iter()
        .map(|text| words(text.as_ref()).intersection(&asked).count() as f32)
        .collect()
}

/// The words of a text, short ones aside.
fn words(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.chars().count() > 3)
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_words_are_counted() {
        let texts = ["bar charts: draws charts", "data: sums tables", ""];
        assert_eq!(
            by_words("CHARTS of tables and bars", &texts),
            [1.0, 1.0, 0.0]
        );
        assert_eq!(by_words("", &texts), [0.0; 3]);
    }
}
