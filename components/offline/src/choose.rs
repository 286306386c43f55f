//! Choosing: how well each tool, and each capability of another agent that can be asked, fits a clause.

use std::collections::HashMap;

use serde_json::Value;

use crate::facts::{Facts, Similar};
use crate::fill::{self, Filled, Filler};
use crate::schema::{Parameter, Want};
use crate::situation::Tool;
use crate::text;
use crate::words;

/// The score from which a tool is called. Below it, saying that nothing fits is the more helpful answer.
pub const THRESHOLD: f32 = 0.35;
/// The cosine at which a clause and a tool's description are as likely to belong together as not, and the width of the
/// doubt, as measured for the semantic router.
const COSINE_CENTRE: f32 = 0.2;
const COSINE_WIDTH: f32 = 0.045;
/// The share of meaning in a score; the rest is shared words.
const MEANING_SHARE: f32 = 0.6;
/// The sum of rarities of shared words that counts half.
const WORDS_HALF: f32 = 2.5;
/// What it adds when the clause says a word of the tool's own name, such as `chart`: names are chosen with care.
const NAMED: f32 = 0.25;
/// The most that filled arguments can add.
const EVIDENCE_MAX: f32 = 0.5;
/// Words of a tool's name that change something outside. Such a tool is never called by resemblance alone.
const CHANGING: &[&str] = &[
    "write",
    "delete",
    "remove",
    "create",
    "update",
    "set",
    "send",
    "post",
    "put",
    "move",
    "append",
    "overwrite",
    "drop",
];

/// Something that can be called for a clause.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The tool's place in the list of tools.
    pub tool: usize,
    /// Where the tool asks other agents: whom.
    pub target: Option<Target>,
    /// What it does, as one text.
    pub text: String,
}

/// Another agent or capability that a tool can ask.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The parameter that takes its name.
    pub parameter: String,
    /// Its name.
    pub value: Value,
    /// The parameter that takes the message.
    pub message: String,
}

/// An offer with its score for a clause.
#[derive(Debug, Clone)]
pub struct Ranked {
    /// The offer's place in the list of offers.
    pub offer: usize,
    /// From 0 to about 1.5.
    pub score: f32,
    /// Its arguments.
    pub filled: Filled,
}

/// Gives what can be called: each tool once, but a tool that asks other agents once for each of their capabilities.
pub fn offers(tools: &[Tool]) -> Vec<Offer> {
    let mut offers = Vec::new();
    for (at, tool) in tools.iter().enumerate() {
        let targets = targets(tool);
        if targets.is_empty() {
            offers.push(Offer {
                tool: at,
                target: None,
                text: format!(
                    "{}: {}",
                    text::words(&tool.name).join(" "),
                    shortened(&tool.description)
                ),
            });
        }
        offers.extend(targets.into_iter().map(|(target, text)| Offer {
            tool: at,
            target: Some(target),
            text,
        }));
    }
    offers
}

fn shortened(description: &str) -> String {
    description.chars().take(300).collect()
}

/// Reads whom a tool can ask: a parameter for a capability or agent, and one for a message, make it such a tool.
fn targets(tool: &Tool) -> Vec<(Target, String)> {
    let Some(message) = tool
        .parameters
        .iter()
        .find(|parameter| parameter.want == Want::Message)
    else {
        return Vec::new();
    };
    let by_name = |name: &str| {
        tool.parameters
            .iter()
            .find(|parameter| parameter.name == name)
    };
    let Some(parameter) = ["capability", "agent", "to", "skill"]
        .iter()
        .find_map(|name| by_name(name))
    else {
        return Vec::new();
    };
    let described = |name: &str| about(name, tool).unwrap_or_default();
    let names: Vec<String> = match &parameter.want {
        Want::Choice(values) => values
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => listed(&tool.description),
    };
    names
        .into_iter()
        .map(|name| {
            let text = format!("{}: {}", text::words(&name).join(" "), described(&name));
            (
                Target {
                    parameter: parameter.name.clone(),
                    value: Value::String(name),
                    message: message.name.clone(),
                },
                text,
            )
        })
        .collect()
}

/// What the tool's description says after a name, up to the end of the line or item.
fn about(name: &str, tool: &Tool) -> Option<String> {
    let listed = format!("{name}:");
    let at = tool
        .description
        .find(&listed)
        .or_else(|| tool.description.find(name))?;
    let rest = &tool.description[at + name.len()..];
    let end = rest.find(['\n', ';']).unwrap_or(rest.len());
    let text = rest[..end]
        .trim_matches(|c: char| !c.is_alphanumeric())
        .to_owned();
    (!text.is_empty()).then(|| shortened(&text))
}

/// Names that a description lists as `name: what it is`, one on a line.
fn listed(description: &str) -> Vec<String> {
    let name = |line: &str| {
        let line = line.trim_start_matches(['-', '*', ' ', '`']);
        let (name, _) = line.split_once(':').or_else(|| line.split_once(" ("))?;
        let name = name.trim_end_matches('`').trim();
        let is_name = !name.is_empty()
            && name.len() <= 64
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
        is_name.then(|| name.to_owned())
    };
    description.lines().skip(1).filter_map(name).collect()
}

/// Ranks `offers` for a clause, best first, those below the threshold included.
pub fn rank(
    offers: &[Offer],
    tools: &[Tool],
    clause: &str,
    request: &str,
    facts: &Facts,
    similar: Similar<'_>,
) -> Vec<Ranked> {
    let plain = text::without_json(clause);
    let asked = words::expanded(&plain);
    let texts: Vec<String> = offers.iter().map(|offer| offer.text.clone()).collect();
    let shared = shared_words(&asked, &texts);
    let spoken = text::stems(&text::without_paths(&plain));
    // `Sum 1, 2 and 3` has all that it needs: no table is meant.
    let is_self_contained = text::gives_numbers(&plain)
        && facts.mentioned(&plain).is_empty()
        && !["table", "file", "data", "column", "row", "rows", "csv"]
            .iter()
            .any(|word| words::says(&plain, word));
    let cosines = similar(&asked, &texts).filter(|cosines| cosines.len() == texts.len());
    let mut ranked: Vec<Ranked> = offers
        .iter()
        .enumerate()
        .filter(|(_, offer)| is_allowed(&tools[offer.tool], &asked))
        .filter(|(_, offer)| !(is_self_contained && reads_columns(&tools[offer.tool])))
        .map(|(at, offer)| {
            let tool = &tools[offer.tool];
            let filled = Filler {
                clause,
                request,
                facts,
                similar,
                tool_words: &tool.words,
                takes_table: false,
            }
            .fill(&parameters(tool, offer));
            let resemblance = match &cosines {
                Some(cosines) => {
                    MEANING_SHARE * calibrated(cosines[at]) + (1.0 - MEANING_SHARE) * shared[at]
                }
                None => shared[at],
            };
            // A tool that has nothing to work on should at least have been asked for by name.
            let named = match is_named(tool, offer, &spoken) {
                true => NAMED,
                false if filled.wants_table => -NAMED,
                false => 0.0,
            };
            Ranked {
                offer: at,
                score: resemblance + named + filled.evidence.min(EVIDENCE_MAX),
                filled,
            }
        })
        .collect();
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
    ranked
}

/// The parameters that are to be filled: whom to ask is settled by the offer.
fn parameters(tool: &Tool, offer: &Offer) -> Vec<Parameter> {
    let is_settled = |parameter: &&Parameter| {
        offer
            .target
            .as_ref()
            .is_none_or(|target| parameter.name != target.parameter)
    };
    tool.parameters.iter().filter(is_settled).cloned().collect()
}

/// Whether a tool computes with the columns of a table in a file.
fn reads_columns(tool: &Tool) -> bool {
    tool.parameters
        .iter()
        .any(|parameter| parameter.want == Want::Path)
        && tool.parameters.iter().any(fill::wants_columns)
}

fn is_allowed(tool: &Tool, asked: &str) -> bool {
    let asked = text::stems(asked);
    let changing = text::words(&tool.name)
        .into_iter()
        .find(|word| CHANGING.contains(&word.as_str()));
    changing.is_none_or(|word| asked.contains(&text::stem(&word)))
}

/// Whether the clause has a word of the tool's name, or of the capability's that would be asked.
pub fn is_named(tool: &Tool, offer: &Offer, spoken: &[String]) -> bool {
    let name = offer
        .target
        .as_ref()
        .and_then(|target| target.value.as_str())
        .unwrap_or(&tool.name);
    text::stems(name)
        .iter()
        .any(|stem| stem.len() > 2 && !is_common(stem) && spoken.contains(stem))
}

fn calibrated(cosine: f32) -> f32 {
    1.0 / (1.0 + (-(cosine - COSINE_CENTRE) / COSINE_WIDTH).exp())
}

/// How many words a clause shares with each text, 0 to 1: rare words count more, as in BM25.
fn shared_words(asked: &str, texts: &[String]) -> Vec<f32> {
    let documents: Vec<Vec<String>> = texts.iter().map(|text| text::stems(text)).collect();
    let mut holders: HashMap<&str, usize> = HashMap::new();
    for document in &documents {
        let mut own: Vec<&str> = document.iter().map(String::as_str).collect();
        own.sort_unstable();
        own.dedup();
        own.into_iter()
            .for_each(|stem| *holders.entry(stem).or_default() += 1);
    }
    let mut asked = text::stems(asked);
    asked.sort_unstable();
    asked.dedup();
    asked.retain(|stem| stem.len() > 2 && !is_common(stem));
    let total = documents.len() as f32 + 3.0;
    let average =
        documents.iter().map(Vec::len).sum::<usize>() as f32 / documents.len().max(1) as f32;
    documents
        .iter()
        .map(|document| {
            // A long description meets many words by chance: BM25 with the usual constants holds it back.
            let weight =
                2.2 / (1.0 + 1.2 * (0.25 + 0.75 * document.len() as f32 / average.max(1.0)));
            let sum: f32 = asked
                .iter()
                .filter(|stem| document.contains(stem))
                .filter_map(|stem| holders.get(stem.as_str()))
                .map(|holders| {
                    (1.0 + (total - *holders as f32 + 0.5) / (*holders as f32 + 0.5)).ln()
                })
                .sum();
            1.0 - 0.5_f32.powf(weight * sum / WORDS_HALF)
        })
        .collect()
}

fn is_common(stem: &str) -> bool {
    const COMMON: &[&str] = &[
        "the", "and", "for", "with", "what", "which", "that", "this", "from", "are", "was", "you",
        "how", "can", "all", "its", "has", "have", "one", "giv", "use", "tell", "please", "pleas",
    ];
    COMMON.contains(&stem)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema;

    fn tool(name: &str, description: &str, schema: Value) -> Tool {
        Tool {
            name: name.into(),
            description: description.into(),
            words: text::words(&format!("{name} {description}")),
            parameters: schema::parameters(&schema),
        }
    }

    #[test]
    fn agents_are_offered_by_capability() {
        let message = json!({"type": "string"});
        let by_enum = tool(
            "ask_agent",
            "Asks another agent. Capabilities:\n- charting: draws charts from data\n- web-fetch: gets pages",
            json!({"properties": {"capability": {"type": "string", "enum": ["charting", "web-fetch"]}, "message": message}, "required": ["capability", "message"]}),
        );
        let by_list = tool(
            "ask_agent",
            "Asks another agent. Capabilities:\n- charting: draws charts from data\n- web-fetch: gets pages",
            json!({"properties": {"capability": {"type": "string"}, "message": message}, "required": ["capability", "message"]}),
        );
        for tool in [by_enum, by_list] {
            let offers = offers(&[tool]);
            assert_eq!(
                offers
                    .iter()
                    .map(|offer| offer.text.as_str())
                    .collect::<Vec<_>>(),
                ["charting: draws charts from data", "web fetch: gets pages"]
            );
            assert_eq!(
                offers[0].target,
                Some(Target {
                    parameter: "capability".into(),
                    value: json!("charting"),
                    message: "message".into()
                })
            );
        }
    }

    #[test]
    fn words_and_evidence_choose_and_changing_tools_are_held_back() {
        let tools = [
            tool(
                "calc__evaluate",
                "Calculates an expression exactly.",
                json!({"properties": {"expression": {"type": "string"}}, "required": ["expression"]}),
            ),
            tool(
                "time__now",
                "Tells the current time in a zone.",
                json!({"properties": {"zone": {"type": "string"}}}),
            ),
            tool(
                "files__delete",
                "Deletes a file or time.",
                json!({"properties": {"path": {"type": "string"}}, "required": ["path"]}),
            ),
        ];
        let offers = offers(&tools);
        for (clause, expected) in [
            ("what is 17 * 23", "calc__evaluate"),
            ("what time is it", "time__now"),
            ("delete the file a/b.txt", "files__delete"),
        ] {
            let facts = Facts::of_request(clause, &[]);
            let ranked = rank(&offers, &tools, clause, clause, &facts, &|_, _| None);
            assert_eq!(
                tools[offers[ranked[0].offer].tool].name, expected,
                "{clause}"
            );
            assert!(
                ranked[0].score >= THRESHOLD,
                "{clause}: {}",
                ranked[0].score
            );
        }
        let ranked = rank(
            &offers,
            &tools,
            "sing me a song",
            "",
            &Facts::default(),
            &|_, _| None,
        );
        assert!(ranked.iter().all(|ranked| ranked.score < THRESHOLD));
        assert!(ranked.iter().all(|ranked| offers[ranked.offer].tool != 2));
    }
}
