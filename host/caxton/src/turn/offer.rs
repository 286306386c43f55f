//! What a model is offered: the tools that its agent's allowlist has, under names that providers accept; `find_tools` where they
//! are too many for a request; those of its memory; and `ask_agent` where other agents can do something that this one can't.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use caxton_embed::Embedder;
use caxton_sandbox::llm_types::{Message, Part, ToolSpec};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::memory;
use super::state::{self as turn, ASK_AGENT, FIND_TOOLS};
use crate::config;
use crate::workspace::State;
use crate::workspace::tool::{Tool, best};

/// The most characters of a name that providers take.
const NAME_MAX: usize = 64;

/// How deeply agents may ask agents. Each level is a turn with a budget of its own.
pub(super) const DEPTH_MAX: u32 = 4;

/// How many tools one search adds to those on offer.
const FOUND_MAX: usize = 8;

/// The most characters of a tool's description that a search tells; the rest comes with the tool.
const TOLD_CHARS_MAX: usize = 200;

/// How many capabilities of others an agent is told of.
const CAPABILITIES_TOLD_MAX: usize = 100;

/// What there is to offer to a model. What of it is on offer at the moment, the turn's state says.
pub(super) struct Offer {
    /// The tools that the agent may call, by the names that models know them by; in the order of their full names.
    tools: Vec<(String, Arc<Tool>)>,
    /// How many of them a request has from the beginning.
    tools_max: usize,
    /// What is offered beside them: the ways to other agents and to more tools, those of memory, and what the client has
    /// itself.
    beside: Vec<ToolSpec>,
    /// The names of the client's own tools.
    client: BTreeSet<String>,
}

/// What a search for tools found: what the model is told, and the tools by the names that it knows them by.
pub(super) struct Found {
    pub(super) text: String,
    pub(super) tools: Vec<(String, String)>,
}

impl Offer {
    /// Collects what `agent` may use, and what the client has. Where both have a tool of the same name, the client means its own.
    /// `chain` are the agents that wait for the agent's answer, itself included.
    pub(super) fn new(
        state: &State,
        agent: &config::Agent,
        chain: &[String],
        depth: u32,
        client: &[ToolSpec],
    ) -> Self {
        let taken: BTreeSet<String> = client.iter().map(|tool| tool.name.clone()).collect();
        let own = state.tools.all().iter();
        let mut names = HashSet::new();
        let mut tools = Vec::new();
        let may = |name: &str| agent.may_call(name) && !agent.may_remember_by(name);
        for tool in own.filter(|tool| may(&tool.name)) {
            let name = accepted(&tool.name, |name| {
                names.contains(name)
                    || name == ASK_AGENT
                    || name == FIND_TOOLS
                    || agent.may_remember_by(name)
            });
            names.insert(name.clone());
            if !taken.contains(&name) {
                tools.push((name, Arc::clone(tool)));
            }
        }
        let mut beside = Vec::new();
        if tools.len() > agent.tools_max {
            beside.push(find_tools(tools.len()));
        }
        beside.extend(memory::specs(agent));
        if depth < DEPTH_MAX {
            beside.extend(ask_agent(state, agent, chain));
        }
        beside.retain(|spec| !taken.contains(&spec.name));
        beside.extend(client.iter().cloned());
        Self {
            tools,
            tools_max: agent.tools_max,
            beside,
            client: taken,
        }
    }

    /// What is on offer from the beginning, by the name that the model knows, with the full name: of more tools than a request
    /// has room for those that the conversation has used, the latest first, and then those that serve the message best.
    pub(super) async fn first(
        &self,
        embedder: Option<&Embedder>,
        message: &str,
        history: &[Message],
    ) -> BTreeMap<String, String> {
        let beside = self.beside.iter().map(|spec| spec.name.clone());
        let beside = beside.filter(|name| !self.client.contains(name));
        let beside = beside.map(|name| (name.clone(), name));
        let own = |(name, tool): &(String, Arc<Tool>)| (name.clone(), tool.name.clone());
        if self.tools.len() <= self.tools_max {
            return self.tools.iter().map(own).chain(beside).collect();
        }
        let used = self.used(history);
        let best = self.best(embedder, message).await;
        let mut names = BTreeMap::new();
        // What was used before may be of no use now, so it gets half of the room at most.
        for tool in used.into_iter().take(self.tools_max / 2).chain(best) {
            if names.len() == self.tools_max {
                break;
            }
            names.extend([own(tool)]);
        }
        names.extend(beside);
        names
    }

    /// Looks for tools that serve a purpose. `on_offer` are the names of those that the model has.
    pub(super) async fn find(
        &self,
        embedder: Option<&Embedder>,
        purpose: &str,
        on_offer: &BTreeMap<String, String>,
    ) -> Found {
        let best = self.best(embedder, purpose).await;
        let best = &best[..best.len().min(FOUND_MAX)];
        let lines = best.iter().map(|(name, tool)| {
            let told = shortened(&tool.definition.description);
            let had = match on_offer.contains_key(name) {
                true => " (you had it already)",
                false => "",
            };
            format!("- {name}{had}: {told}")
        });
        let lines: Vec<String> = lines.collect();
        let new = best.iter().filter(|(name, _)| !on_offer.contains_key(name));
        Found {
            text: format!(
                "You can call these now, the most fitting first. If none of them fits, describe in other words what you need.\n{}",
                lines.join("\n")
            ),
            tools: new
                .map(|(name, tool)| (name.clone(), tool.name.clone()))
                .collect(),
        }
    }

    /// What a model is told of the tools on offer: first those that were on offer from the beginning, so that what a provider
    /// has read of them before still holds.
    pub(super) fn specs(&self, state: &turn::State) -> Vec<ToolSpec> {
        let spec = |(name, tool): &(String, Arc<Tool>)| ToolSpec {
            name: name.clone(),
            description: tool.definition.description.clone(),
            input_schema: tool.definition.input_schema.clone(),
        };
        let found = |name: &String| state.found.contains(name);
        let first = self
            .tools
            .iter()
            .filter(|(name, _)| state.tools.contains_key(name) && !found(name));
        let later = state
            .found
            .iter()
            .filter_map(|found| self.tools.iter().find(|(name, _)| name == found));
        let mut specs: Vec<ToolSpec> = first.map(spec).collect();
        specs.extend(self.beside.iter().cloned());
        specs.extend(later.map(spec));
        specs
    }

    /// Whether there is nothing to offer.
    pub(super) fn is_empty(&self) -> bool {
        self.tools.is_empty() && self.beside.is_empty()
    }

    /// All tools, those first that serve `purpose` best.
    async fn best(&self, embedder: Option<&Embedder>, purpose: &str) -> Vec<&(String, Arc<Tool>)> {
        let tools = self.tools.iter().map(|(_, tool)| Arc::clone(tool));
        let best = best(embedder, tools.collect(), purpose).await;
        let by_name: HashMap<&str, _> = self
            .tools
            .iter()
            .map(|entry| (entry.1.name.as_str(), entry))
            .collect();
        best.iter()
            .filter_map(|tool| by_name.get(tool.name.as_str()).copied())
            .collect()
    }

    /// The tools that were called in `history`, the latest first.
    fn used(&self, history: &[Message]) -> Vec<&(String, Arc<Tool>)> {
        let parts = history.iter().rev().flat_map(|message| &message.parts);
        let mut met = HashSet::new();
        let calls = parts.filter_map(|part| match part {
            Part::Call(call) if met.insert(&call.name) => Some(&call.name),
            _ => None,
        });
        calls
            .filter_map(|called| self.tools.iter().find(|(name, _)| name == called))
            .collect()
    }
}

/// The tool that finds more tools, of which there are `all`.
fn find_tools(all: usize) -> ToolSpec {
    let description = format!(
        "Finds tools that you were not shown: there are {all}, and you have those that seemed to fit. What is found can be called from then on. Look here before you say that you can't do something."
    );
    let schema = json!({
        "type": "object",
        "properties": {
            "purpose": { "type": "string", "description": "What you want to do, such as: convert a currency" }
        },
        "required": ["purpose"],
        "additionalProperties": false
    });
    ToolSpec {
        name: FIND_TOOLS.to_owned(),
        description,
        input_schema: schema.to_string(),
    }
}

/// The beginning of a description, on one line.
fn shortened(description: &str) -> String {
    let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(TOLD_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The tool that asks another agent, where there is one to ask for something that this agent can't do itself.
fn ask_agent(state: &State, agent: &config::Agent, chain: &[String]) -> Option<ToolSpec> {
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for (capability, offering) in state.capabilities() {
        let Some(delegate) = agent
            .delegate(capability)
            .filter(|_| !agent.offers(capability))
        else {
            continue;
        };
        let others = offering
            .into_iter()
            .filter(|other| !chain.contains(&other.config.name));
        let told: Vec<_> = others
            .flat_map(|other| {
                let offered = other.config.capabilities.iter();
                let meant = offered.filter(|c| c.name == capability && delegate.takes(&c.version));
                meant.map(|c| (c, &other.config))
            })
            .collect();
        if told.is_empty() {
            continue;
        }
        let told = told.into_iter().map(|(c, other)| {
            if c.description.is_empty() {
                &other.description
            } else {
                &c.description
            }
        });
        let told = told.map(String::as_str).collect::<Vec<_>>().join("; ");
        if lines.len() < CAPABILITIES_TOLD_MAX {
            lines.push(format!("- {capability}: {}", shortened(&told)));
        }
        names.push(capability);
    }
    if names.is_empty() {
        return None;
    }
    let mut description = format!(
        "Asks another agent to do what you can't do yourself, and gives its answer. It sees only the message, so put all data that it needs into it. Capabilities:\n{}",
        lines.join("\n")
    );
    let mut capability =
        json!({ "type": "string", "description": "What the other agent must be able to do." });
    match names.len() - lines.len() {
        0 => capability["enum"] = json!(names),
        // What others can do must not take the place of the message. What is not listed can be asked for all the same.
        more => description.push_str(&format!(
            "\nand {more} more; ask for what you need by a name such as these"
        )),
    }
    let schema = json!({
        "type": "object",
        "properties": {
            "capability": capability,
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
