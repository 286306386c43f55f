//! Names that a person or a model may have meant.

/// How many names are suggested.
const SUGGESTED_MAX: usize = 3;

/// Gives at most three of `known` that look like `name`: those that contain it or are contained in it, and those that
/// differ in few letters; the nearest first.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Vec<String> {
    // What is longer is no misspelling, and comparing it would only cost time.
    const CHARS_MAX: usize = 128;
    if name.is_empty() || name.chars().count() > CHARS_MAX {
        return Vec::new();
    }
    let plain = fold(name);
    let mut near: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|candidate| Some((distance(&plain, &fold(candidate))?, candidate)))
        .collect();
    near.sort_unstable();
    near.into_iter()
        .take(SUGGESTED_MAX)
        .map(|(_, name)| name.to_owned())
        .collect()
}

fn fold(name: &str) -> String {
    name.chars()
        .map(|c| {
            if matches!(c, '-' | '.' | '/' | ' ') {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// How far two names are apart, or nothing where they have little in common.
fn distance(name: &str, candidate: &str) -> Option<usize> {
    // Without the component's name, or with the wrong one, the tool's own name still tells.
    let tail = |text: &str| text.rsplit("__").next().unwrap_or(text).to_owned();
    let (own, theirs) = (tail(name), tail(candidate));
    if own == theirs {
        return Some(0);
    }
    let whole = strsim::osa_distance(name, candidate);
    let longest = name.chars().count().max(candidate.chars().count());
    if whole * 3 <= longest {
        return Some(whole);
    }
    let inside =
        own.len() >= 3 && candidate.contains(&own) || theirs.len() >= 3 && name.contains(&theirs);
    inside.then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let known = [
            "calc__eval",
            "calc__stats",
            "chart__render",
            "csv__describe",
            "csv__filter",
        ];
        let check =
            |name: &str, expected: &[&str]| assert_eq!(nearest(name, known), expected, "{name}");
        check("csv__descibe", &["csv__describe"]);
        check("csv-describe", &["csv__describe"]);
        check("filter", &["csv__filter"]);
        check("table__filter", &["csv__filter"]);
        check("render_chart", &["chart__render"]);
        check("weather", &[]);
        check("", &[]);
        check(&"x".repeat(1000), &[]);
    }
}
