//! Ranking candidates by BM25 (Robertson and Zaragoza, 2009) over their capabilities and descriptions.

use std::collections::{HashMap, HashSet};

use caxton_sdk::router::{Candidate, Decision, Score};

use crate::words::{head, visit, words};

/// How fast repeated words stop to count: the usual value.
const K1: f32 = 1.2;
/// How much long descriptions are held back: the usual value.
const B: f32 = 0.75;
/// How often a capability's name counts against one word of a description: names are chosen, descriptions just written.
const NAME_WEIGHT: f32 = 2.0;
/// Imagined agents that have none of the words. With only one or two real ones every word would look common otherwise.
const BACKGROUND: f32 = 4.0;
/// The BM25 sum that means an even chance. One good word gives about half of this, and on the requests of
/// `tests/data/routing` one word alone is right in a quarter of the cases.
const HALF: f32 = 4.0;
/// Words of a message that are looked at. A pasted document must not cost more than a question.
const MESSAGE_WORDS_MAX: usize = 512;
/// Words of one candidate that are looked at.
const CANDIDATE_WORDS_MAX: usize = 1024;

/// Ranks `candidates` by the words they share with `message`, scores between 0 and 1, best first. Those that share none
/// are left out, so that the list may be empty.
pub fn rank(message: &str, candidates: &[Candidate]) -> Decision {
    let mut seen = HashSet::new();
    let asked: Vec<_> = words(message, MESSAGE_WORDS_MAX)
        .into_iter()
        .filter(|word| seen.insert(word.stem.clone()))
        .collect();
    if asked.is_empty() {
        return Decision {
            ranked: Vec::new(),
            reason: "the message has no words to compare".to_owned(),
        };
    }
    let places: HashMap<&str, usize> = asked
        .iter()
        .enumerate()
        .map(|(at, word)| (word.stem.as_str(), at))
        .collect();
    // Nearly all words of the candidates are none of these, which their first two bytes tell at once.
    let mut heads = vec![false; 1 << 16];
    for word in &asked {
        heads[usize::from(head(&word.stem))] = true;
    }
    let texts: Vec<Document> = candidates
        .iter()
        .map(|candidate| Document::of(candidate, &places, &heads))
        .collect();
    let average = texts.iter().map(|text| text.length).sum::<f32>() / texts.len().max(1) as f32;
    let total = texts.len() as f32 + BACKGROUND;
    let rarities: Vec<f32> = (0..asked.len())
        .map(|at| {
            let has = |text: &&Document| text.frequencies[at] > 0.0;
            let holders = texts.iter().filter(has).count() as f32;
            (1.0 + (total - holders + 0.5) / (holders + 0.5)).ln()
        })
        .collect();

    let mut ranked: Vec<(Score, Vec<&str>)> = Vec::new();
    for (candidate, text) in candidates.iter().zip(&texts) {
        let mut sum = 0.0;
        let mut matched: Vec<(&str, f32)> = Vec::new();
        for ((word, rarity), frequency) in asked.iter().zip(&rarities).zip(&text.frequencies) {
            if *frequency > 0.0 {
                let part = rarity * frequency * (K1 + 1.0)
                    / (frequency + K1 * (1.0 - B + B * text.length / average.max(1.0)));
                sum += part;
                matched.push((&word.text, part));
            }
        }
        if !matched.is_empty() {
            matched.sort_by(|a, b| b.1.total_cmp(&a.1));
            let score = 1.0 - 0.5_f32.powf(sum / HALF);
            ranked.push((
                Score {
                    agent: candidate.agent.clone(),
                    score,
                },
                matched.into_iter().map(|(word, _)| word).collect(),
            ));
        }
    }
    // Equal scores keep the order of the candidates, so that the same message always gives the same answer.
    ranked.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    let reason = match ranked.first() {
        None => "no agent's capabilities or description share a word with the message".to_owned(),
        Some((best, matched)) => {
            let quoted: Vec<String> = matched
                .iter()
                .take(5)
                .map(|word| format!("\"{word}\""))
                .collect();
            format!("{} matches {}", best.agent, quoted.join(", "))
        }
    };
    Decision {
        ranked: ranked.into_iter().map(|(score, _)| score).collect(),
        reason,
    }
}

/// A candidate's words, as far as the message has them.
struct Document {
    /// How often each stem of the message occurs, names counted more: `[asked]`.
    frequencies: Vec<f32>,
    /// How many words there are in all, counted likewise.
    length: f32,
}

impl Document {
    /// `places` says where among the message's words each stem is, `heads` with which two bytes any of them begins.
    fn of(candidate: &Candidate, places: &HashMap<&str, usize>, heads: &[bool]) -> Self {
        let mut document = Self {
            frequencies: vec![0.0; places.len()],
            length: 0.0,
        };
        let mut add = |text: &str, weight: f32| {
            let wanted = |head| heads[usize::from(head)];
            visit(text, CANDIDATE_WORDS_MAX, wanted, |_, stem| {
                if !stem.is_empty()
                    && let Some(at) = places.get(stem)
                {
                    document.frequencies[*at] += weight;
                }
                document.length += weight;
            });
        };
        add(&candidate.agent, 1.0);
        for capability in &candidate.capabilities {
            add(&capability.name, NAME_WEIGHT);
            add(&capability.description, 1.0);
        }
        add(&candidate.description, 1.0);
        document
    }
}

#[cfg(test)]
mod tests {
    use caxton_sdk::router::Capability;

    use super::*;

    fn candidate(agent: &str, description: &str, capabilities: &[(&str, &str)]) -> Candidate {
        Candidate {
            agent: agent.to_owned(),
            description: description.to_owned(),
            capabilities: capabilities
                .iter()
                .map(|(name, description)| Capability {
                    name: (*name).to_owned(),
                    description: (*description).to_owned(),
                })
                .collect(),
        }
    }

    fn desk() -> Vec<Candidate> {
        vec![
            candidate(
                "analyst",
                "Answers questions about tables.",
                &[(
                    "data-analysis",
                    "filters, groups and sums tables and CSV files",
                )],
            ),
            candidate(
                "artist",
                "Draws pictures of numbers.",
                &[("charting", "draws bar, line and pie charts from data")],
            ),
            candidate(
                "fetcher",
                "Gets pages from the web.",
                &[("webFetch", "downloads pages and APIs")],
            ),
        ]
    }

    #[test]
    fn the_agent_with_the_words_comes_first() {
        for (message, expected) in [
            ("Draw a chart of our revenue", Some("artist")),
            ("analysis of the data in sales.csv", Some("analyst")),
            ("fetch this web page", Some("fetcher")),
            ("DOWNLOADING some pages", Some("fetcher")),
            ("Guten Morgen", None),
            ("", None),
            ("the of and", None),
        ] {
            let decision = rank(message, &desk());
            assert_eq!(
                decision.ranked.first().map(|score| score.agent.as_str()),
                expected,
                "{message}: {}",
                decision.reason
            );
            assert!(
                decision
                    .ranked
                    .iter()
                    .all(|score| score.score > 0.0 && score.score < 1.0)
            );
            assert!(
                decision
                    .ranked
                    .windows(2)
                    .all(|pair| pair[0].score >= pair[1].score)
            );
        }
    }

    #[test]
    fn the_reason_names_the_words_that_matched() {
        let decision = rank("Please chart it as a pie", &desk());
        assert!(
            decision.reason.starts_with("artist matches "),
            "{}",
            decision.reason
        );
        assert!(
            decision.reason.contains("\"chart\"") && decision.reason.contains("\"pie\""),
            "{}",
            decision.reason
        );
    }

    #[test]
    fn a_single_candidate_gets_a_useful_score() {
        let decision = rank("draw a bar chart", &desk()[1..2]);
        assert!(
            decision.ranked[0].score > 0.4,
            "{}",
            decision.ranked[0].score
        );
        assert!(rank("anything", &[]).ranked.is_empty());
    }
}
