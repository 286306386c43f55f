//! What becomes of two routers' opinions: when the first one's stands alone, and how both are weighed where it does not.
//! Nothing here asks anybody.

use std::collections::HashMap;

use crate::workspace::Opinion;

/// How much the first router's score counts where both are weighed; the rest is the second's. On the requests of
/// `tests/data/routing` that are there for tuning, 0.6 to 0.7 do best for meaning first and words second.
const FIRST_SHARE: f32 = 0.6;

/// The weighed score from which an agent fits. A router leaves out by itself whom it thinks unfit; where it was unsure and
/// another was asked, this says whether both together are sure enough. Measured as above: eight of ten requests that are
/// for nobody stay below it.
const WEIGHED_MIN: f32 = 0.25;

/// Why an opinion does not stand alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Doubt {
    /// No agent fits.
    Nobody,
    /// The best score is too low.
    Low {
        /// The best score.
        best: f32,
        /// From where it would do.
        threshold: f32,
    },
    /// The best two are too close.
    Close {
        /// How far they are from each other.
        margin: f32,
        /// From where it would do.
        least: f32,
    },
}

impl std::fmt::Display for Doubt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Nobody => write!(f, "no agent fits"),
            Self::Low { best, threshold } => {
                write!(f, "its best score {best:.2} is below {threshold:.2}")
            }
            Self::Close { margin, least } => {
                write!(
                    f,
                    "its best two are {margin:.3} apart, less than {least:.3}"
                )
            }
        }
    }
}

impl Opinion {
    /// How far the best agent is before the second; its whole score where there is no second.
    pub fn margin(&self) -> f32 {
        margin(&self.ranked)
    }

    /// Why another router should be heard too. Nothing where this one is sure.
    pub fn doubt(&self, threshold: f32, least: f32) -> Option<Doubt> {
        let Some((_, best)) = self.ranked.first() else {
            return Some(Doubt::Nobody);
        };
        let margin = self.margin();
        if *best < threshold {
            Some(Doubt::Low {
                best: *best,
                threshold,
            })
        } else if margin < least {
            Some(Doubt::Close { margin, least })
        } else {
            None
        }
    }
}

/// How far the best of these is before the second; its whole score where there is no second.
pub fn margin(ranked: &[(String, f32)]) -> f32 {
    match ranked {
        [] => 0.0,
        [(_, only)] => *only,
        [(_, best), (_, second), ..] => best - second,
    }
}

/// Weighs both opinions: the sum of an agent's scores, 0.6 of the first router's and 0.4 of the second's, where one that a
/// router left out counts as 0. Best first; those below a quarter are left out.
pub fn weigh(first: &Opinion, second: &Opinion) -> Vec<(String, f32)> {
    let mut sums: Vec<(String, f32)> = Vec::with_capacity(first.ranked.len());
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(first.ranked.len());
    for (opinion, share) in [(first, FIRST_SHARE), (second, 1.0 - FIRST_SHARE)] {
        for (agent, score) in &opinion.ranked {
            let place = *places.entry(agent).or_insert(sums.len());
            match sums.get_mut(place) {
                Some((_, sum)) => *sum += share * score,
                None => sums.push((agent.clone(), share * score)),
            }
        }
    }
    sums.retain(|(_, sum)| *sum >= WEIGHED_MIN);
    // A stable sort: among equals the first router's order holds.
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(router: &str, ranked: &[(&str, f32)]) -> Opinion {
        Opinion {
            router: router.to_owned(),
            ranked: ranked
                .iter()
                .map(|(agent, score)| ((*agent).to_owned(), *score))
                .collect(),
            reason: String::new(),
        }
    }

    #[test]
    fn a_router_is_unsure_below_the_threshold_and_within_the_margin() {
        for (ranked, expected) in [
            (&[][..], Some(Doubt::Nobody)),
            (&[("a", 0.7)], None),
            (
                &[("a", 0.69)],
                Some(Doubt::Low {
                    best: 0.69,
                    threshold: 0.7,
                }),
            ),
            (&[("a", 0.75), ("b", 0.5)], None),
            (
                &[("a", 0.75), ("b", 0.75)],
                Some(Doubt::Close {
                    margin: 0.0,
                    least: 0.01,
                }),
            ),
        ] {
            assert_eq!(
                opinion("r", ranked).doubt(0.7, 0.01),
                expected,
                "{ranked:?}"
            );
        }
    }

    #[test]
    fn both_opinions_count() {
        let check = |first: &[(&str, f32)], second: &[(&str, f32)], expected: &[&str]| {
            let weighed = weigh(&opinion("one", first), &opinion("two", second));
            let agents: Vec<&str> = weighed.iter().map(|(agent, _)| agent.as_str()).collect();
            assert_eq!(agents, expected, "{first:?} {second:?}");
            assert!(weighed.iter().all(|(_, score)| (0.0..=1.0).contains(score)));
        };
        check(&[("a", 0.5), ("b", 0.45)], &[("b", 0.5)], &["b", "a"]);
        check(&[("a", 0.6), ("b", 0.3)], &[("b", 0.1)], &["a"]);
        // A strong opinion of the second router is enough where the first one has none, and a weak one is not.
        check(&[], &[("c", 0.7), ("d", 0.5)], &["c"]);
        check(&[("a", 0.31)], &[], &[]);
        check(&[], &[], &[]);
        // Equal sums keep the first router's order.
        check(&[("b", 0.5), ("a", 0.5)], &[], &["b", "a"]);
    }
}
