//! Capabilities that will be taken for each other: those of different agents whose texts mean nearly the same. A capability
//! that several agents offer under one name is meant so, and their work is shared out instead.

use caxton_embed::{Embedder, Vector, dot};

use super::Workspace;
use super::texts::vectors;
use crate::config::{Agent, Fault, Router};

/// Up to how many capabilities are compared. Every one is held against every other, so twice as many cost four times as
/// much; this many take a tenth of a second.
const CAPABILITIES_MAX: usize = 2048;

/// How many pairs are told, the closest ones. Nobody reads more, and with `overlap = 0` every pair would be one.
const PAIRS_MAX: usize = 1024;

/// For how many pairs phrases are looked for. Whoever has more begins with the closest.
const EXPLAINED_MAX: usize = 32;

/// How many phrases are told of a pair.
const PHRASES_MAX: usize = 2;

/// One capability of one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// The agent.
    pub agent: String,
    /// The capability's name.
    pub capability: String,
    /// What routers read of it.
    text: String,
}

/// Two capabilities that will be taken for each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Overlap {
    /// The one.
    pub first: Side,
    /// The other.
    pub second: Side,
    /// How close their texts are, at most 1.
    pub cosine: f32,
    /// What a message may say that fits both: phrases from their own texts, those first that fit the other one best.
    pub phrases: Vec<String>,
}

impl std::fmt::Display for Overlap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            first,
            second,
            cosine,
            phrases,
        } = self;
        write!(
            f,
            "`{}` of `{}` and `{}` of `{}` are easily taken for each other (cosine {cosine:.2})",
            first.capability, first.agent, second.capability, second.agent
        )?;
        for (place, phrase) in phrases.iter().enumerate() {
            let before = if place == 0 { ", as in" } else { " or" };
            write!(f, "{before} \"{phrase}\"")?;
        }
        Ok(())
    }
}

impl Overlap {
    /// What to do about it.
    pub const REMEDY: &str = "say in each description what the other one is not for, or give both the same name so that they share the work";

    /// Whether it is of this agent.
    pub fn is_of(&self, agent: &str) -> bool {
        self.first.agent == agent || self.second.agent == agent
    }

    /// The same as a fault of this agent's file, where it is closer than the workspace allows.
    pub fn fault(&self, router: &Router, agent: &str) -> Option<Fault> {
        let max = router.overlap_max.filter(|max| self.cosine > *max)?;
        Some(Fault {
            file: format!("agents/{agent}.toml"),
            line: 1,
            column: 1,
            code: "capabilities-overlap",
            reason: format!("{self}; `overlap_max` under [router] in caxton.toml is {max}"),
            remedy: Self::REMEDY.to_owned(),
        })
    }
}

/// Two capabilities that are close, by their places: how close, the one, and a later one.
type Pair = (f32, usize, usize);

impl Workspace {
    /// The capabilities of its agents that will be taken for each other, the closest first, 1,024 pairs at most.
    ///
    /// # Errors
    /// A sentence on why they are not compared: there are too many, or the model is not there.
    pub async fn overlaps(&self) -> Result<Vec<Overlap>, String> {
        self.compared(None).await
    }

    /// As [`Self::overlaps`], those of one agent alone: it costs less, for the others are not compared with each other.
    ///
    /// # Errors
    /// As [`Self::overlaps`].
    pub async fn overlaps_of(&self, agent: &str) -> Result<Vec<Overlap>, String> {
        self.compared(Some(agent)).await
    }

    async fn compared(&self, of: Option<&str>) -> Result<Vec<Overlap>, String> {
        let state = self.state();
        let Some(embedder) = self.embedder() else {
            return Err("there is no embedding model".to_owned());
        };
        let agents = state.agents.values().map(|agent| &agent.config);
        compare(agents, &state.config.router, embedder, of).await
    }
}

/// The capabilities of `agents` that are as close as `router` says or closer, the closest first, 1,024 pairs at most.
///
/// # Errors
/// A sentence on why they are not compared.
pub async fn overlaps<'a>(
    agents: impl IntoIterator<Item = &'a Agent>,
    router: &Router,
    embedder: &Embedder,
) -> Result<Vec<Overlap>, String> {
    compare(agents, router, embedder, None).await
}

/// As [`overlaps`]; where one agent is named, only its capabilities are compared with those of the others.
pub(super) async fn compare<'a>(
    agents: impl IntoIterator<Item = &'a Agent>,
    router: &Router,
    embedder: &Embedder,
    of: Option<&str>,
) -> Result<Vec<Overlap>, String> {
    let sides = sides(agents);
    if sides.len() > CAPABILITIES_MAX {
        let many = sides.len();
        return Err(format!(
            "{many} capabilities are too many; at most {CAPABILITIES_MAX} are compared"
        ));
    }
    // One agent's own capabilities lead to it all the same, and a model need not be read for them.
    if sides.iter().all(|side| side.agent == sides[0].agent) {
        return Ok(Vec::new());
    }
    let least = router
        .overlap_max
        .map_or(router.overlap, |max| max.min(router.overlap));
    let texts: Vec<&str> = sides.iter().map(|side| side.text.as_str()).collect();
    let vectors = vectors(embedder, &texts).await;
    let vectors = vectors.map_err(|e| e.to_string())?;
    let of = of.map(str::to_owned);
    // Millions of pairs would hold up all that this thread has to do.
    let compared = tokio::task::spawn_blocking(move || {
        let pairs = close(&sides, &vectors, least, of.as_deref());
        (pairs, sides, vectors)
    });
    let (pairs, sides, vectors) = compared.await.map_err(|e| e.to_string())?;
    let mut found = Vec::with_capacity(pairs.len());
    for (place, (cosine, first, second)) in pairs.into_iter().enumerate() {
        let mut overlap = Overlap {
            first: sides[first].clone(),
            second: sides[second].clone(),
            cosine,
            phrases: Vec::new(),
        };
        if place < EXPLAINED_MAX {
            let shared = shared(&overlap, &vectors[first], &vectors[second], embedder);
            overlap.phrases = shared.await.map_err(|e| e.to_string())?;
        }
        found.push(overlap);
    }
    Ok(found)
}

fn sides<'a>(agents: impl IntoIterator<Item = &'a Agent>) -> Vec<Side> {
    let agents = agents.into_iter();
    let sides = agents.flat_map(|agent| {
        let offered = agent.capabilities.iter();
        offered.map(|capability| Side {
            agent: agent.name.clone(),
            capability: capability.name.clone(),
            text: capability.text(),
        })
    });
    sides.collect()
}

/// The pairs that are as close as `least` or closer, of one agent or of all; the closest first, [`PAIRS_MAX`] at most.
fn close(sides: &[Side], vectors: &[Vector], least: f32, of: Option<&str>) -> Vec<Pair> {
    let mut found: Vec<Pair> = Vec::new();
    for (at, (first, a)) in sides.iter().zip(vectors).enumerate() {
        if of.is_some_and(|agent| agent != first.agent) {
            continue;
        }
        // One agent's are held against all, for they are not met again from the other side.
        let from = if of.is_some() { 0 } else { at + 1 };
        for (other, (second, b)) in sides.iter().zip(vectors).enumerate().skip(from) {
            if first.agent == second.agent || first.capability == second.capability {
                continue;
            }
            let cosine = dot(a, b).clamp(-1.0, 1.0);
            if cosine >= least {
                found.push((cosine, at.min(other), at.max(other)));
            }
        }
        // Not after each one, so that it costs little.
        if found.len() > 2 * PAIRS_MAX {
            keep_closest(&mut found);
        }
    }
    keep_closest(&mut found);
    found
}

/// Puts the closest first, and forgets those that are too many.
fn keep_closest(pairs: &mut Vec<Pair>) {
    pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    pairs.truncate(PAIRS_MAX);
}

/// The phrases of both texts that are least clearly meant for the one that they are from.
async fn shared(
    overlap: &Overlap,
    first: &Vector,
    second: &Vector,
    embedder: &Embedder,
) -> Result<Vec<String>, caxton_embed::Error> {
    let (of_first, of_second) = (phrases(&overlap.first.text), phrases(&overlap.second.text));
    let all: Vec<&str> = of_first.iter().chain(&of_second).copied().collect();
    let near = vectors(embedder, &all).await?;
    let mut leads: Vec<(f32, &str)> = Vec::new();
    for (place, (phrase, vector)) in all.iter().zip(&near).enumerate() {
        let lead = dot(vector, first) - dot(vector, second);
        let own = if place < of_first.len() { lead } else { -lead };
        if leads.iter().all(|(_, known)| known != phrase) {
            leads.push((own, phrase));
        }
    }
    leads.sort_by(|a, b| a.0.total_cmp(&b.0));
    let told = leads.into_iter().take(PHRASES_MAX);
    Ok(told.map(|(_, phrase)| phrase.to_owned()).collect())
}

/// The parts of a text that could be a request: those of at least two words, or else the whole.
fn phrases(text: &str) -> Vec<&str> {
    let parts = text
        .split(['.', ';', ',', ':', '(', ')'])
        .flat_map(|part| part.split(" and "))
        .map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| part.contains(' ')).collect();
    if parts.is_empty() { vec![text] } else { parts }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn side(agent: &str, capability: &str) -> Side {
        Side {
            agent: agent.to_owned(),
            capability: capability.to_owned(),
            text: format!("{capability} of {agent}"),
        }
    }

    fn vector(angle: f32) -> Vector {
        let mut numbers = [0.0; 384];
        (numbers[0], numbers[1]) = (angle.cos(), angle.sin());
        Arc::new(numbers)
    }

    #[test]
    fn only_near_texts_of_different_agents_and_names_overlap() {
        let check = |given: &[(&str, &str, f32)], of: Option<&str>, expected: &[(&str, &str)]| {
            let sides: Vec<Side> = given.iter().map(|(a, c, _)| side(a, c)).collect();
            let vectors: Vec<Vector> = given.iter().map(|(.., angle)| vector(*angle)).collect();
            let found = close(&sides, &vectors, 0.9, of);
            let names: Vec<(&str, &str)> = found
                .iter()
                .map(|(_, a, b)| (sides[*a].agent.as_str(), sides[*b].agent.as_str()))
                .collect();
            assert_eq!(names, expected, "{given:?} {of:?}");
        };
        check(&[], None, &[]);
        check(&[("a", "x", 0.0), ("b", "y", 0.2)], None, &[("a", "b")]);
        check(&[("a", "x", 0.0), ("b", "y", 0.6)], None, &[]);
        check(&[("a", "x", 0.0), ("a", "y", 0.0)], None, &[]);
        check(&[("a", "x", 0.0), ("b", "x", 0.0)], None, &[]);
        let three = [("a", "x", 0.0), ("b", "y", 0.2), ("c", "z", 0.25)];
        check(&three, None, &[("b", "c"), ("a", "b"), ("a", "c")]);
        check(&three, Some("b"), &[("b", "c"), ("a", "b")]);
        check(&three, Some("d"), &[]);
    }

    #[test]
    fn of_many_pairs_the_closest_are_told() {
        let (mut sides, mut vectors) = (Vec::new(), Vec::new());
        for n in 0..128_u8 {
            sides.push(side(&n.to_string(), &n.to_string()));
            vectors.push(vector((f32::from(n) / 128.0).powi(2)));
        }
        let found = close(&sides, &vectors, 0.0, None);
        let mut all: Vec<f32> = Vec::new();
        for (at, a) in vectors.iter().enumerate() {
            all.extend(vectors[at + 1..].iter().map(|b| dot(a, b).clamp(-1.0, 1.0)));
        }
        all.sort_by(|a, b| b.total_cmp(a));
        all.truncate(PAIRS_MAX);
        let told: Vec<f32> = found.iter().map(|(cosine, ..)| *cosine).collect();
        assert_eq!(told, all);
    }

    #[test]
    fn what_is_too_close_is_a_fault_of_the_file_that_is_named() {
        let told = Overlap {
            first: side("a", "charts"),
            second: side("b", "plots"),
            cosine: 0.987,
            phrases: vec!["draws bars".to_owned(), "draws lines".to_owned()],
        };
        let router = |overlap_max| Router {
            overlap_max,
            ..Router::default()
        };
        for allowed in [None, Some(0.99)] {
            assert_eq!(told.fault(&router(allowed), "a"), None);
        }
        let fault = told.fault(&router(Some(0.95)), "b").expect("a fault");
        assert_eq!(
            (fault.file.as_str(), fault.code),
            ("agents/b.toml", "capabilities-overlap")
        );
        for part in [
            "0.99",
            "as in \"draws bars\" or \"draws lines\"",
            "`overlap_max` under [router] in caxton.toml is 0.95",
        ] {
            assert!(fault.reason.contains(part), "{part}: {}", fault.reason);
        }
    }

    #[test]
    fn a_text_falls_into_phrases() {
        for (text, expected) in [
            ("charting", &["charting"][..]),
            (
                "bar charts: draws bars, lines and pie charts (also in colour).",
                &["bar charts", "draws bars", "pie charts", "also in colour"],
            ),
            ("", &[""]),
        ] {
            assert_eq!(phrases(text), expected, "{text}");
        }
    }
}
