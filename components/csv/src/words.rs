//! Names that were meant: the nearest of those there are.

/// Gives the name that `wanted` most likely meant: at most a third of its letters differ.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.trim().to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    names
        .map(|name| {
            let lower = name.to_lowercase();
            // One name inside the other is nearer than letters tell: `amount` means `amount_eur`.
            let inside = wanted.len() > 2
                && (lower.contains(&wanted) || (lower.len() > 2 && wanted.contains(&lower)));
            (
                if inside {
                    1.min(allowed)
                } else {
                    distance(&wanted, &lower)
                },
                name,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein's distance: how many letters are added, left out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let changed = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// Gives `count` with the right form of `noun`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
