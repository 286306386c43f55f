//! What a model is offered: the tools that its agent's allowlist has, under names that providers accept, and `ask_agent` where
//! other agents can do something that this one can't.

use std::collections::BTreeMap;

use caxton_sandbox::llm_types::ToolSpec;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::state::ASK_AGENT;
use crate::config;
use crate::workspace::State;

/// The most tools of one request: providers take no more.
const TOOLS_MAX: usize = 128;

/// The most characters of a name that providers take.
const NAME_MAX: usize = 64;

/// How deeply agents may ask agents. Each level is a turn with a budget of its own.
pub(super) const DEPTH_MAX: u32 = 4;

/// What a model is offered.
#[derive(Clone)]
pub(super) struct Offer {
    /// The name that the model knows, and the tool's full name.
    pub(super) names: BTreeMap<String, String>,
    /// What the model is told of each.
    pub(super) specs: Vec<ToolSpec>,
}

/// Collects what `agent` may use. `chain` are the agents that wait for its answer, itself included.
pub(super) fn offer(state: &State, agent: &config::Agent, chain: &[String], depth: u32) -> Offer {
    let mut offer = Offer {
        names: BTreeMap::new(),
        specs: Vec::new(),
    };
    for tool in state
        .tools
        .all()
        .iter()
        .filter(|tool| agent.may_call(&tool.name))
    {
        // One place is kept for `ask_agent`.
        if offer.specs.len() + 1 == TOOLS_MAX {
            tracing::warn!(
                agent = agent.name,
                "the agent may call more tools than a model takes; the rest is left out"
            );
            break;
        }
        let name = accepted(&tool.name, |name| {
            offer.names.contains_key(name) || name == ASK_AGENT
        });
        offer.specs.push(ToolSpec {
            name: name.clone(),
            description: tool.definition.description.clone(),
            input_schema: tool.definition.input_schema.clone(),
        });
        offer.names.insert(name, tool.name.clone());
    }
    if depth < DEPTH_MAX
        && let Some(spec) = ask_agent(state, agent, chain)
    {
        offer
            .names
            .insert(ASK_AGENT.to_owned(), ASK_AGENT.to_owned());
        offer.specs.push(spec);
    }
    offer
}

/// The tool that asks another agent, where there is one to ask for something that this agent can't do itself.
fn ask_agent(state: &State, agent: &config::Agent, chain: &[String]) -> Option<ToolSpec> {
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for (capability, offering) in state.capabilities() {
        let others: Vec<_> = offering
            .into_iter()
            .filter(|other| !chain.contains(&other.config.name))
            .collect();
        if others.is_empty() || agent.offers(capability) || !agent.may_ask_for(capability) {
            continue;
        }
        let told = others.iter().flat_map(|other| {
            other
                .config
                .capabilities
                .iter()
                .filter(|c| c.name == capability)
                .map(|c| (c, &other.config))
        });
        let told = told.map(|(c, other)| {
            if c.description.is_empty() {
                &other.description
            } else {
                &c.description
            }
        });
        let told = told.map(String::as_str).collect::<Vec<_>>().join("; ");
        lines.push(format!("- {capability}: {told}"));
        names.push(capability);
    }
    if names.is_empty() {
        return None;
    }
    let description = format!(
        "Asks another agent to do what you can't do yourself, and gives its answer. It sees only the message, so put all data that it needs into it. Capabilities:\n{}",
        lines.join("\n")
    );
    let schema = json!({
        "type": "object",
        "properties": {
            "capability": { "type": "string", "enum": names, "description": "What the other agent must be able to do." },
            "message": { "type": "string", "description": "What it is asked, with all that it needs to know." }
        },
        "required": ["capability", "message"],
        "additionalProperties": false
    });
    Some(ToolSpec {
        name: ASK_AGENT.to_owned(),
        description,
        input_schema: schema.to_string(),
    })
}

/// A tool's name as every provider accepts it: 1 to 64 of `A-Z a-z 0-9 _ -`.
fn accepted(name: &str, taken: impl Fn(&str) -> bool) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if plain.len() <= NAME_MAX && !taken(&plain) {
        return plain;
    }
    // A name that was changed beyond recognition is told apart by a part of its digest.
    let digest: String = Sha256::digest(name)
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let kept: String = plain.chars().take(NAME_MAX - digest.len() - 1).collect();
    format!("{kept}_{digest}")
}

#[cfg(test)]
mod tests {
    use super::accepted;

    #[test]
    fn names_are_made_acceptable_and_stay_apart() {
        assert_eq!(accepted("csv__describe", |_| false), "csv__describe");
        assert_eq!(accepted("a__b.c", |_| false), "a__b_c");
        let long = accepted(&"x".repeat(80), |_| false);
        assert_eq!(long.len(), 64);
        assert_ne!(long, accepted(&format!("{}y", "x".repeat(79)), |_| false));
        let second = accepted("a__b_c", |name| name == "a__b_c");
        assert!(
            second.starts_with("a__b_c_") && second.len() == 15,
            "{second}"
        );
    }
}
