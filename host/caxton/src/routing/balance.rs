//! Which of several agents gets a message where nothing but their work decides between them.

use crate::workspace::{Load, State};

/// Agents and how well they fit, best first.
type Ranked = [(String, f32)];

/// The first of those with the least load among the equals of `chosen`, itself included: the agents of which `is_equal` says
/// so. Of equal loads the better score counts, then the name.
pub(super) fn least_loaded<'a>(
    ranked: &'a Ranked,
    chosen: &str,
    is_equal: impl Fn(&str, f32) -> bool,
    load: impl Fn(&str) -> Option<Load>,
) -> Option<&'a (String, f32)> {
    let equals = ranked
        .iter()
        .filter(|(name, score)| name == chosen || is_equal(name, *score));
    let loads = equals.filter_map(|pair| Some((load(&pair.0)?, pair)));
    // The first of several minima is given, and the ranking has the better one first.
    loads.min_by_key(|(load, _)| *load).map(|(_, pair)| pair)
}

/// Whether two agents say the same of themselves, so that no message is meant for one rather than the other.
pub(super) fn are_twins(state: &State, one: &str, other: &str) -> bool {
    let agent = |name: &str| state.agents.get(name).map(|agent| &agent.config);
    match (agent(one), agent(other)) {
        (Some(one), Some(other)) => {
            one.description == other.description && one.capabilities == other.capabilities
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_health_decide_between_equals() {
        let busy = |turns| Load {
            turns,
            ..Load::default()
        };
        let failed = Load {
            failed: true,
            ..Load::default()
        };
        let paused = Load {
            rests: true,
            ..Load::default()
        };
        let idle = Load::default();
        let check = |agents: &[(&str, f32, Load)], expected: Option<&str>| {
            let ranked: Vec<(String, f32)> = agents
                .iter()
                .map(|(name, score, _)| ((*name).to_owned(), *score))
                .collect();
            let load = |name: &str| {
                let found = agents.iter().find(|(known, ..)| *known == name)?;
                Some(found.2)
            };
            let is_equal = |_: &str, score: f32| score > 0.8;
            let chosen = least_loaded(&ranked, "a", is_equal, load);
            let chosen = chosen.map(|(name, _)| name.as_str());
            assert_eq!(chosen, expected, "{agents:?}");
        };
        check(&[], None);
        check(&[("a", 0.9, idle), ("b", 0.9, idle)], Some("a"));
        check(&[("a", 0.9, busy(2)), ("b", 0.895, busy(1))], Some("b"));
        check(&[("a", 0.9, busy(9)), ("b", 0.5, idle)], Some("a"));
        check(
            &[("a", 0.9, busy(9)), ("b", 0.5, idle), ("c", 0.9, busy(8))],
            Some("c"),
        );
        check(&[("a", 0.9, failed), ("b", 0.9, busy(5))], Some("b"));
        check(&[("a", 0.9, paused), ("b", 0.9, failed)], Some("b"));
        check(&[("a", 0.9, paused)], Some("a"));
    }
}
