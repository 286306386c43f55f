//! What everyday words mean for tools: which operation `the most` asks for, which chart `share` asks for, which sign
//! `at least` stands for. Tables, and the few rules that read them.

use crate::text;

/// Words that name a value of an enumeration without being it.
#[rustfmt::skip]
const SYNONYMS: &[(&str, &[&str])] = &[
    ("sum",     &["total", "totals", "altogether", "overall", "summed"]),
    ("mean",    &["average", "avg", "averages", "typical"]),
    ("avg",     &["average", "mean", "averages", "typical"]),
    ("average", &["avg", "mean", "averages", "typical"]),
    ("count",   &["how many", "number of", "counts", "how often"]),
    ("min",     &["minimum", "smallest", "cheapest", "earliest", "shortest"]),
    ("max",     &["maximum", "largest", "biggest", "latest", "longest"]),
    ("median",  &["middle"]),
    ("line",    &["over time", "trend", "development", "by month", "by year", "by day", "by date", "per month", "per year", "per day", "monthly", "yearly", "daily", "curve"]),
    ("pie",     &["share", "shares", "proportion", "proportions", "percentage", "breakdown"]),
    ("scatter", &["correlation", "against", "versus", "vs", "relationship"]),
    ("bar",     &["bars", "column chart", "compare", "comparison"]),
    ("desc",    &["descending", "most", "top", "highest", "largest", "biggest", "best", "decreasing"]),
    ("descending", &["most", "top", "highest", "largest", "biggest", "best", "decreasing"]),
    ("asc",     &["ascending", "least", "lowest", "smallest", "fewest", "worst", "increasing"]),
    ("ascending", &["least", "lowest", "smallest", "fewest", "worst", "increasing"]),
];

/// Values that are the reasonable guess where one is needed and the request names none.
const GUESSES: &[&str] = &["auto", "sum", "bar", "text", "desc"];

/// What a request's words ask a tool to do, in words that descriptions of tools use.
#[rustfmt::skip]
const OPERATIONS: &[(&[&str], &str)] = &[
    (&["chart", "plot", "graph", "diagram", "draw", "visualize", "visualise", "bars", "pie", "histogram"], "draw chart"),
    (&["most", "least", "highest", "lowest", "best", "worst", "fewest", "total", "totals", "average", "sum", "mean", "per", "each", "how many", "by"], "group aggregate sum average"),
    (&["only", "where", "filter", "whose"], "filter rows"),
    (&["columns", "structure", "what is in", "overview", "looks like"], "describe columns"),
    (&["web page", "website", "http", "https", "download", "url"], "fetch url"),
    (&["what time", "clock", "what day", "today"], "current time now"),
];

/// Whether `text` holds `phrase` as whole words, whatever their case.
pub fn says(text: &str, phrase: &str) -> bool {
    let (words, phrase) = (text::words(text), text::words(phrase));
    !phrase.is_empty() && words.windows(phrase.len()).any(|window| window == phrase)
}

/// Whether a question asks for the largest (`true`) or the smallest (`false`) of something.
pub fn superlative(text: &str) -> Option<bool> {
    const MOST: &[&str] = &[
        "most", "highest", "largest", "biggest", "best", "top", "greatest", "maximum", "max",
        "leading",
    ];
    const LEAST: &[&str] = &[
        "least", "lowest", "smallest", "fewest", "worst", "bottom", "minimum", "min",
    ];
    if MOST.iter().any(|word| says(text, word)) {
        Some(true)
    } else if LEAST.iter().any(|word| says(text, word)) {
        Some(false)
    } else {
        None
    }
}

/// Whether `text` names the value `value` of an enumeration, itself or by a synonym.
pub fn names(text: &str, value: &str) -> bool {
    let stems = text::stems(text);
    let wanted = text::stems(value);
    let itself = value.len() > 2
        && !wanted.is_empty()
        && stems.windows(wanted.len()).any(|window| window == wanted);
    itself || synonyms(value).iter().any(|synonym| says(text, synonym))
}

fn synonyms(value: &str) -> &'static [&'static str] {
    SYNONYMS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(value))
        .map_or(&[], |(_, synonyms)| synonyms)
}

/// Which of `values` to take where the request names none.
pub fn guess(values: &[&str]) -> Option<usize> {
    GUESSES.iter().find_map(|guess| {
        values
            .iter()
            .position(|value| value.eq_ignore_ascii_case(guess))
    })
}

/// A request with the words of the first operation added in which tools describe what it asks for.
pub fn expanded(text: &str) -> String {
    // A chart of totals by region is first of all a chart.
    match OPERATIONS
        .iter()
        .find(|(asked, _)| asked.iter().any(|word| says(text, word)))
    {
        Some((_, operation)) => format!("{text}; {operation}"),
        None => text.to_owned(),
    }
}

/// Whether a text asks for a picture.
pub fn asks_for_drawing(text: &str) -> bool {
    OPERATIONS.iter().any(|(asked, operation)| {
        operation.starts_with("draw") && asked.iter().any(|word| says(text, word))
    })
}

/// Whether a text asks for something that is found by grouping and adding up.
pub fn asks_for_totals(text: &str) -> bool {
    says(text, "how much")
        || OPERATIONS.iter().any(|(asked, operation)| {
            operation.starts_with("group") && asked.iter().any(|word| says(text, word))
        })
}

/// How a cell is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    Contains,
    /// Equal to one of several.
    Among,
}

impl Comparison {
    /// Every comparison with its phrases in requests, longest first, and its names in enumerations.
    #[rustfmt::skip]
    const ALL: &'static [(Self, &'static [&'static str], &'static [&'static str])] = &[
        (Self::AtLeast,  &["greater than or equal to", "at least", "no less than", ">=", "from"], &[">=", "gte", "ge", "at_least", "at-least", "greater_or_equal"]),
        (Self::AtMost,   &["less than or equal to", "at most", "no more than", "up to", "<="],    &["<=", "lte", "le", "at_most", "at-most", "less_or_equal"]),
        (Self::NotEqual, &["is not", "not equal to", "other than", "!=", "<>"],                    &["!=", "ne", "neq", "<>", "not_equals", "not-equals", "is_not"]),
        (Self::Greater,  &["greater than", "more than", "larger than", "is over", "is above", "over", "above", "exceeds", "after", ">"], &[">", "gt", "greater", "greater_than", "greater-than"]),
        (Self::Less,     &["less than", "fewer than", "smaller than", "is under", "is below", "under", "below", "before", "<"], &["<", "lt", "less", "less_than", "less-than"]),
        (Self::Contains, &["contains", "containing", "includes"],                                  &["contains", "like", "includes"]),
        (Self::Among,    &[], &["in", "one_of", "any_of"]),
        (Self::Equal,    &["is equal to", "equals", "equal to", "is", "are", "was", "==", "="],    &["=", "==", "eq", "equals", "equal", "is"]),
    ];

    /// Reads a comparison at the start of `text`; gives it with the rest.
    pub fn read(text: &str) -> Option<(Self, &str)> {
        let text = text.trim_start();
        for (comparison, phrases, _) in Self::ALL {
            for phrase in *phrases {
                let Some(head) = text.get(..phrase.len()) else {
                    continue;
                };
                let rest = &text[phrase.len()..];
                let ends = !phrase.ends_with(char::is_alphabetic)
                    || !rest.starts_with(char::is_alphanumeric);
                if head.eq_ignore_ascii_case(phrase) && ends {
                    return Some((*comparison, rest));
                }
            }
        }
        None
    }

    /// As people write it between a column and a value.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "≠",
            Self::Less => "<",
            Self::AtMost => "≤",
            Self::Greater => ">",
            Self::AtLeast => "≥",
            Self::Contains => "containing",
            Self::Among => "among",
        }
    }

    /// Which of `values`, an enumeration of operators, means this comparison.
    pub fn among(self, values: &[&str]) -> Option<usize> {
        let (_, _, names) = Self::ALL
            .iter()
            .find(|(comparison, ..)| *comparison == self)?;
        values
            .iter()
            .position(|value| names.iter().any(|name| name.eq_ignore_ascii_case(value)))
    }

    /// Whether `values` are operators at all.
    pub fn are_operators(values: &[&str]) -> bool {
        Self::Equal.among(values).is_some()
            && (Self::Greater.among(values).is_some() || Self::NotEqual.among(values).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_name_values() {
        for (text, value, expected) in [
            ("the average price", "mean", true),
            ("how many rows are there", "count", true),
            ("draw a bar chart", "bar", true),
            ("draw some bars", "bar", true),
            ("its share of the whole", "pie", true),
            ("is it in there", "is", false),
            ("summary", "sum", false),
            ("revenue by region", "line", false),
        ] {
            assert_eq!(names(text, value), expected, "{text}: {value}");
        }
        assert_eq!(guess(&["count", "sum"]), Some(1));
        assert_eq!(guess(&["x", "y"]), None);
        assert_eq!(superlative("Which sold the most?"), Some(true));
        assert_eq!(superlative("the fewest units"), Some(false));
        assert_eq!(superlative("almost all"), None);
    }

    #[test]
    fn comparisons_are_read() {
        for (text, expected) in [
            (" is over 10", Some((Comparison::Greater, " 10"))),
            (">= 3", Some((Comparison::AtLeast, " 3"))),
            (" is North", Some((Comparison::Equal, " North"))),
            (" island", None),
            ("= 'x'", Some((Comparison::Equal, " 'x'"))),
            ("", None),
            (" ünder", None),
        ] {
            assert_eq!(Comparison::read(text), expected, "{text}");
        }
        assert_eq!(Comparison::Greater.among(&["eq", "gt"]), Some(1));
        assert!(Comparison::are_operators(&["eq", "ne", "lt"]));
        assert!(!Comparison::are_operators(&["sum", "mean"]));
    }
}
