//! "Did you mean …": the nearest of several known words.

/// Gives the word of `known` that `word` was probably meant to be, or nothing where none is near.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // A key of a thousand characters is no misspelling, and comparing it would only cost time.
    const CHARS_MAX: usize = 64;
    let length = word.chars().count();
    if length > CHARS_MAX {
        return None;
    }
    let plain = fold(word);
    // A third of the word may be wrong: `modle` is `model`, `fuel` is not `tools`.
    let distance_max = (length / 3).max(1);
    known
        .into_iter()
        // Every character more or less is one that is wrong; that is told without comparing, and among thousands it counts.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= distance_max)
        .map(|candidate| (strsim::osa_distance(&plain, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= distance_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Letter case and the choice between `-` and `_` are the commonest slips, and cost nothing.
fn fold(word: &str) -> String {
    word.chars()
        .map(|c| {
            if c == '-' {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Gives a remedy that names the nearest of `known`, else lists them all after `list`.
pub(crate) fn did_you_mean(word: &str, known: &[&str], list: &str) -> String {
    match nearest(word, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "remove it".to_owned(),
        None => format!("{list}: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let known = ["model", "router", "components", "limits", "tool_rounds"];
        for (word, expected) in [
            ("modle", Some("model")),
            ("Model", Some("model")),
            ("component", Some("components")),
            ("tool-rounds", Some("tool_rounds")),
            ("limit", Some("limits")),
            ("colour", None),
            ("", None),
            (&"x".repeat(100_000), None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word:.20}");
        }
    }
}
