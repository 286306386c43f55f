//! JSON that a caller gives, as a value or as text, with errors that point at the place.

use caxton_sdk::Value;
use serde::de::IgnoredAny;

/// How much of the line around a fault is shown on either side, in characters.
const EXCERPT_CHARS: usize = 30;

/// Reads `text` as one JSON value.
///
/// # Errors
/// A sentence with line, column, reason and the text around the place. `what` names the argument.
pub fn parse(what: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| fault(what, text, &error))
}

/// Checks that `text` is one JSON value.
///
/// # Errors
/// As `parse`.
pub fn check(what: &str, text: &str) -> Result<(), String> {
    serde_json::from_str::<IgnoredAny>(text)
        .map(|_| ())
        .map_err(|error| fault(what, text, &error))
}

fn fault(what: &str, text: &str, error: &serde_json::Error) -> String {
    let reason = error.to_string();
    // The library appends the place, which is told here in our own way.
    let reason = reason.split(" at line ").next().unwrap_or(&reason);
    if text.trim().is_empty() {
        return format!("`{what}` is empty; it must be a JSON value.");
    }
    let (line, column) = (error.line(), error.column());
    let shown = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    // The column counts bytes; the excerpt must not split a character.
    let at = shown.floor_char_boundary(column.saturating_sub(1));
    let before: String = shown[..at]
        .chars()
        .rev()
        .take(EXCERPT_CHARS)
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    let after: String = shown[at..].chars().take(EXCERPT_CHARS).collect();
    let characters = shown[..at].chars().count() + 1;
    let hint = hint(reason, &after, &before);
    format!(
        "`{what}` is not JSON: {reason} at line {line}, column {characters}, here: {before}⟨here⟩{after}{hint}"
    )
}

/// The usual slips, and what to do about them.
fn hint(reason: &str, after: &str, before: &str) -> &'static str {
    if after.starts_with('\'') {
        " (JSON puts texts in double quotation marks)"
    } else if reason.starts_with("trailing comma") {
        " (JSON allows no comma after the last item)"
    } else if after.starts_with('/') || after.starts_with('#') {
        " (JSON has no comments)"
    } else if reason.starts_with("key must be a string") {
        " (JSON puts keys in double quotation marks)"
    } else if reason.starts_with("EOF") {
        " (the text ends too early: a bracket or quotation mark is not closed)"
    } else if reason.starts_with("trailing characters") && before.trim_end().ends_with(['}', ']']) {
        " (there is a second value: for JSON Lines put the lines into an array)"
    } else if after.starts_with("NaN")
        || after.starts_with("undefined")
        || after.starts_with("True")
        || after.starts_with("None")
    {
        " (JSON knows only true, false, null, numbers, texts, arrays and objects)"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_pointed_at() {
        for (text, needles) in [
            (
                "{\"a\": 1,}",
                vec!["line 1", "no comma after the last item", "⟨here⟩"],
            ),
            (
                "{\n  \"ä\": 'x'\n}",
                vec!["line 2, column 8", "⟨here⟩'x'", "double quotation marks"],
            ),
            ("[1, 2", vec!["ends too early"]),
            ("{a: 1}", vec!["keys in double quotation marks"]),
            ("{} {}", vec!["second value"]),
            ("// hi", vec!["no comments"]),
            ("  ", vec!["`text` is empty"]),
            (&"[".repeat(1000), vec!["recursion limit"]),
        ] {
            let error = parse("text", text).expect_err(text);
            for needle in needles {
                assert!(error.contains(needle), "{text}: {error}");
            }
            assert!(check("text", text).is_err());
        }
        assert!(parse("text", " [1] ").is_ok());
    }
}
