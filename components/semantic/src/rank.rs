//! Ranking candidates by the cosine similarities of their texts to the message. The similarities come from the host.

use caxton_sdk::router::{Candidate, Decision, Score};

/// The cosine at which a message is as likely meant for a candidate as not. Measured with the host's model on the requests
/// of `tests/data/routing` that are there for tuning: half of the fitting pairs lie above 0.24, nineteen of twenty others
/// below 0.21.
const CENTRE: f32 = 0.2;
/// The width of the doubt around `CENTRE`.
const WIDTH: f32 = 0.05;
/// How much the closest capability counts against the description of the agent: one capability that fits is enough, but
/// an agent that is there for such things is the surer choice. On the same requests 0.6 to 0.8 do equally well, and better
/// than either alone.
const CAPABILITY_SHARE: f32 = 0.7;

/// The texts of one candidate that are compared with the message, and what each of them is called in a reason.
pub struct Texts {
    /// What the host embeds: the capabilities, then the description where there is one.
    pub texts: Vec<String>,
    /// For each text, its name for people.
    pub names: Vec<String>,
    /// The last text is the description.
    pub described: bool,
}

/// Gives the texts of `candidate`: one for its description and one for each capability.
pub fn texts(candidate: &Candidate) -> Texts {
    let mut texts = Vec::new();
    let mut names = Vec::new();
    for capability in &candidate.capabilities {
        let name = readable(&capability.name);
        texts.push(if capability.description.trim().is_empty() {
            name
        } else {
            format!("{name}: {}", capability.description.trim())
        });
        names.push(format!("capability \"{}\"", capability.name));
    }
    let described = texts.is_empty() || !candidate.description.trim().is_empty();
    if described {
        let name = readable(&candidate.agent);
        texts.push(if candidate.description.trim().is_empty() {
            name
        } else {
            format!("{name}: {}", candidate.description.trim())
        });
        names.push("description".to_owned());
    }
    Texts {
        texts,
        names,
        described,
    }
}

/// Ranks `candidates`, each given with its texts and their similarities to the message. Scores below `threshold` are
/// left out.
pub fn decide(candidates: &[(&Candidate, Texts, &[f32])], threshold: f32) -> Decision {
    let mut ranked: Vec<(Score, String)> = candidates
        .iter()
        .map(|(candidate, texts, similarities)| {
            let known = &similarities[..similarities.len().min(texts.names.len())];
            let closest = (0..known.len()).max_by(|a, b| known[*a].total_cmp(&known[*b]));
            let best = closest.map_or(-1.0, |at| known[at]);
            let score = calibrated(cosine(known, texts.described));
            let why = closest.map_or_else(String::new, |at| {
                format!(
                    "its {} is closest to the message (cosine {best:.2})",
                    texts.names[at]
                )
            });
            (
                Score {
                    agent: candidate.agent.clone(),
                    score,
                },
                why,
            )
        })
        .collect();
    ranked.sort_by(|a, b| b.0.score.total_cmp(&a.0.score));
    let reason = match ranked.first() {
        None => "there are no agents to choose from".to_owned(),
        Some((best, why)) if best.score >= threshold => format!("{}: {why}", best.agent),
        Some((best, why)) => format!(
            "no agent is close enough: {} comes nearest with {:.2} of {threshold:.2}; {why}",
            best.agent, best.score
        ),
    };
    Decision {
        ranked: ranked
            .into_iter()
            .map(|(score, _)| score)
            .filter(|score| score.score >= threshold)
            .collect(),
        reason,
    }
}

/// The cosine of a candidate, from those of its capabilities and, where it is `described`, of its description, which comes
/// last.
fn cosine(similarities: &[f32], described: bool) -> f32 {
    let best = |some: &[f32]| some.iter().copied().max_by(f32::total_cmp);
    match similarities.split_last() {
        None => -1.0,
        Some((description, capabilities)) if described => match best(capabilities) {
            None => *description,
            Some(best) => CAPABILITY_SHARE * best + (1.0 - CAPABILITY_SHARE) * description,
        },
        Some(_) => best(similarities).unwrap_or(-1.0),
    }
}

/// Turns a cosine into a score from 0 to 1 that reads like a probability.
fn calibrated(cosine: f32) -> f32 {
    1.0 / (1.0 + (-(cosine - CENTRE) / WIDTH).exp())
}

/// Turns a name such as `data-analysis` or `webFetch` into words that the model knows.
fn readable(name: &str) -> String {
    let mut words = String::new();
    let mut before_is_lower = false;
    for c in name.chars() {
        if matches!(c, '-' | '_' | '.' | '/') {
            words.push(' ');
        } else {
            if c.is_uppercase() && before_is_lower {
                words.push(' ');
            }
            words.extend(c.to_lowercase());
        }
        before_is_lower = c.is_lowercase();
    }
    words
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

    #[test]
    fn names_become_words() {
        let texts = texts(&candidate(
            "webFetcher",
            "Gets pages.",
            &[("data-analysis", "sums tables"), ("bar_charts", " ")],
        ));
        assert_eq!(
            texts.texts,
            [
                "data analysis: sums tables",
                "bar charts",
                "web fetcher: Gets pages."
            ]
        );
        assert_eq!(super::texts(&candidate("plain", "", &[])).texts, ["plain"]);
    }

    #[test]
    fn the_closest_comes_first_and_far_ones_are_left_out() {
        let analyst = candidate(
            "analyst",
            "Answers questions about tables.",
            &[("data-analysis", "sums tables")],
        );
        let artist = candidate("artist", "", &[("charting", "draws charts")]);
        let decision = decide(
            &[
                (&analyst, texts(&analyst), &[0.12, 0.08]),
                (&artist, texts(&artist), &[0.42]),
            ],
            0.35,
        );
        assert_eq!(decision.ranked.len(), 1);
        assert_eq!(decision.ranked[0].agent, "artist");
        assert!(decision.ranked[0].score > 0.95 && decision.ranked[0].score < 1.0);
        assert_eq!(
            decision.reason,
            "artist: its capability \"charting\" is closest to the message (cosine 0.42)"
        );
    }

    #[test]
    fn none_is_an_answer() {
        let artist = candidate("artist", "", &[("charting", "draws charts")]);
        let decision = decide(&[(&artist, texts(&artist), &[0.04])], 0.35);
        assert!(decision.ranked.is_empty());
        assert!(
            decision
                .reason
                .starts_with("no agent is close enough: artist"),
            "{}",
            decision.reason
        );
        assert!(decide(&[], 0.35).ranked.is_empty());
        // Numbers that no model should give must not break the order.
        assert!(
            decide(&[(&artist, texts(&artist), &[f32::NAN])], 0.35)
                .ranked
                .is_empty()
        );
        assert!(
            decide(&[(&artist, texts(&artist), &[])], 0.35)
                .ranked
                .is_empty()
        );
    }
}
