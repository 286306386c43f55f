//! Texts with spans of time, and what is read of them.

use super::*;

fn check(text: &str, known: Option<(&str, &str)>, expected: &[(&str, Option<(&str, &str)>)]) {
    let found = periods(text, known);
    let shown: Vec<(&str, Option<(String, String)>)> = found
        .iter()
        .map(|period| {
            let side = |side: &Option<String>| side.clone().unwrap_or_default();
            let span = period.span.as_ref();
            (
                &text[period.place.clone()],
                span.map(|span| (side(&span.from), side(&span.until))),
            )
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(phrase, span)| {
            (
                *phrase,
                span.map(|(from, until)| (from.to_owned(), until.to_owned())),
            )
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn spans_are_read() {
    let year = Some(("2025-01-04", "2025-12-31"));
    for (text, phrase, span) in [
        ("in March", "March", Some(("2025-03-01", "2025-04-01"))),
        (
            "revenue in december",
            "december",
            Some(("2025-12-01", "2026-01-01")),
        ),
        (
            "in Feb 2024",
            "Feb 2024",
            Some(("2024-02-01", "2024-03-01")),
        ),
        (
            "on 29 February 2024",
            "29 February 2024",
            Some(("2024-02-29", "2024-03-01")),
        ),
        (
            "on March 31, 2025",
            "March 31, 2025",
            Some(("2025-03-31", "2025-04-01")),
        ),
        ("on 30 February", "30 February", None),
        ("in Q3", "Q3", Some(("2025-07-01", "2025-10-01"))),
        ("2024 Q4", "2024 Q4", Some(("2024-10-01", "2025-01-01"))),
        (
            "the last quarter of 2025",
            "last quarter of 2025",
            Some(("2025-10-01", "2026-01-01")),
        ),
        (
            "in the first half of 2025",
            "first half of 2025",
            Some(("2025-01-01", "2025-07-01")),
        ),
        ("in H2", "H2", Some(("2025-07-01", "2026-01-01"))),
        (
            "during 2025-03",
            "2025-03",
            Some(("2025-03-01", "2025-04-01")),
        ),
        ("in 2023", "2023", Some(("2023-01-01", "2024-01-01"))),
        ("2025 revenue", "2025", Some(("2025-01-01", "2026-01-01"))),
        ("before June", "June", Some(("", "2025-06-01"))),
        ("after June", "June", Some(("2025-07-01", ""))),
        ("since 2025-05-02", "2025-05-02", Some(("2025-05-02", ""))),
        ("up to June", "June", Some(("", "2025-07-01"))),
        (
            "from March to May",
            "March to May",
            Some(("2025-03-01", "2025-06-01")),
        ),
        (
            "between March and June",
            "March and June",
            Some(("2025-03-01", "2025-07-01")),
        ),
        (
            "in March and April",
            "March and April",
            Some(("2025-03-01", "2025-05-01")),
        ),
        ("in March and June", "March and June", None),
        ("not in March", "March", None),
        ("except for March", "March", None),
        ("other than March", "March", None),
        ("at the end of March", "March", None),
        ("in the week of March 3", "March 3", None),
        ("on 3/10/2025", "3/10/2025", None),
        ("last month", "last month", None),
        ("on Mondays", "Mondays", None),
        ("in the summer", "in the summer", None),
    ] {
        check(text, year, &[(phrase, span)]);
    }
}

#[test]
fn a_year_is_guessed_only_where_there_is_one() {
    let years = Some(("2023-06-10", "2025-02-03"));
    check(
        "in March",
        years,
        &[("March", Some(("2024-03-01", "2024-04-01")))],
    );
    check("in July", years, &[("July", None)]);
    check("in March", None, &[("March", None)]);
    check(
        "in March 2020",
        None,
        &[("March 2020", Some(("2020-03-01", "2020-04-01")))],
    );
}

#[test]
fn what_is_no_time_is_left_alone() {
    let year = Some(("2025-01-04", "2025-12-31"));
    for text in [
        "",
        "May I see it",
        "you may ask",
        "they march on",
        "by month and quarter",
        "over 2000",
        "more than 2025",
        "top 2025 rows",
        "$2025",
        "1,2025",
        "the weekday with the most",
        "Janet and Marc",
        "ünder",
    ] {
        check(text, year, &[]);
    }
}
