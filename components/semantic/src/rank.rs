//! Ranking candidates by the cosine similarities of their texts to the message. The similarities come from the host.

use caxton_sdk::router::{Candidate, Capability, Decision, Score};

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

/// Gives the texts of `candidate` that are compared with a message: one for each capability, then one for its description
/// where it has one, or where it has nothing else.
pub fn texts(candidate: &Candidate) -> impl Iterator<Item = String> {
    let capabilities = candidate.capabilities.iter();
    let capabilities = capabilities.map(|of| text(&of.name, &of.description));
    let described = is_described(candidate);
    let own = described.then(|| text(&candidate.agent, &candidate.description));
    capabilities.chain(own)
}

fn is_described(candidate: &Candidate) -> bool {
    candidate.capabilities.is_empty() || !candidate.description.trim().is_empty()
}

fn text(name: &str, description: &str) -> String {
    let mut text = String::with_capacity(name.len() + description.len() + 8);
    push_readable(&mut text, name);
    let description = description.trim();
    if !description.is_empty() {
        text.push_str(": ");
        text.push_str(description);
    }
    text
}

/// Ranks `candidates` by the similarities of their [`texts`] to the message, one after the other. Scores below `threshold`
/// are left out.
pub fn decide(candidates: &[Candidate], similarities: &[f32], threshold: f32) -> Decision {
    let mut rest = similarities;
    let mut ranked: Vec<(&Candidate, &[f32], f32)> = candidates
        .iter()
        .map(|candidate| {
            let described = is_described(candidate);
            let texts = candidate.capabilities.len() + usize::from(described);
            let (own, others) = rest.split_at(texts.min(rest.len()));
            rest = others;
            (candidate, own, calibrated(cosine(own, described)))
        })
        .collect();
    ranked.sort_by(|a, b| b.2.total_cmp(&a.2));
    let reason = match ranked.first() {
        None => "there are no agents to choose from".to_owned(),
        Some((best, similarities, score)) => {
            let (agent, why) = (&best.agent, closest(best, similarities));
            if *score >= threshold {
                format!("{agent}: {why}")
            } else {
                format!(
                    "no agent is close enough: {agent} comes nearest with {score:.2} of {threshold:.2}; {why}"
                )
            }
        }
    };
    Decision {
        ranked: ranked
            .iter()
            .filter(|(_, _, score)| *score >= threshold)
            .map(|(candidate, _, score)| Score {
                agent: candidate.agent.clone(),
                score: *score,
            })
            .collect(),
        reason,
    }
}

/// What of a candidate is closest to the message, for people.
fn closest(candidate: &Candidate, similarities: &[f32]) -> String {
    let numbered = similarities.iter().enumerate();
    let Some((at, best)) = numbered.max_by(|a, b| a.1.total_cmp(b.1)) else {
        return String::new();
    };
    match candidate.capabilities.get(at) {
        Some(Capability { name, .. }) => {
            format!("its capability \"{name}\" is closest to the message (cosine {best:.2})")
        }
        None => format!("its description is closest to the message (cosine {best:.2})"),
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

/// Turns a name such as `data-analysis` or `webFetch` into words that the model knows, and appends them.
fn push_readable(words: &mut String, name: &str) {
    let mut before_is_lower = false;
    for c in name.chars() {
        match c {
            '-' | '_' | '.' | '/' => words.push(' '),
            'a'..='z' | '0'..='9' | ' ' => words.push(c),
            _ => {
                if c.is_uppercase() && before_is_lower {
                    words.push(' ');
                }
                words.extend(c.to_lowercase());
            }
        }
        before_is_lower = c.is_lowercase();
    }
}

#[cfg(test)]
mod tests {
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
        let texts = |candidate| super::texts(&candidate).collect::<Vec<_>>();
        assert_eq!(
            texts(candidate(
                "webFetcher",
                "Gets pages.",
                &[("data-analysis", "sums tables"), ("bar_charts", " ")],
            )),
            [
                "data analysis: sums tables",
                "bar charts",
                "web fetcher: Gets pages."
            ]
        );
        assert_eq!(texts(candidate("plain", "", &[])), ["plain"]);
    }

    #[test]
    fn the_closest_comes_first_and_far_ones_are_left_out() {
        let analyst = candidate(
            "analyst",
            "Answers questions about tables.",
            &[("data-analysis", "sums tables")],
        );
        let artist = candidate("artist", "", &[("charting", "draws charts")]);
        let decision = decide(&[analyst, artist], &[0.12, 0.08, 0.42], 0.35);
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
        let artist = [candidate("artist", "", &[("charting", "draws charts")])];
        let decision = decide(&artist, &[0.04], 0.35);
        assert!(decision.ranked.is_empty());
        assert!(
            decision
                .reason
                .starts_with("no agent is close enough: artist"),
            "{}",
            decision.reason
        );
        assert!(decide(&[], &[], 0.35).ranked.is_empty());
        // Numbers that no model should give must not break the order.
        assert!(decide(&artist, &[f32::NAN], 0.35).ranked.is_empty());
        assert!(decide(&artist, &[], 0.35).ranked.is_empty());
    }
}
