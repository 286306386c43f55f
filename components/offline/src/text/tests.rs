//! Texts, and what is found in them.

use super::*;

#[test]
fn requests_fall_into_clauses() {
    for (request, expected) in [
        (
            "Which region sold the most? Draw a bar chart of revenue by region.",
            vec![
                "Which region sold the most",
                "Draw a bar chart of revenue by region",
            ],
        ),
        (
            "Sum the units and then draw a pie chart",
            vec!["Sum the units", "draw a pie chart"],
        ),
        (
            "units and revenue by region",
            vec!["units and revenue by region"],
        ),
        (
            "What is 3.5 + 1? Thanks!",
            vec!["What is 3.5 + 1", "Thanks"],
        ),
        (
            "Read data/sales.v2.csv, and tell me what is in it",
            vec!["Read data/sales.v2.csv", "tell me what is in it"],
        ),
        (
            "Draw this:\n{\"columns\":[\"a. b\"],\"rows\":[[1]]}",
            vec!["Draw this"],
        ),
        (
            "What is in this table? (the file is data/sales.csv)",
            vec!["What is in this table"],
        ),
        (
            "Draw a chart.\n\nThe data as JSON:\n{\"columns\":[\"a\"],\"rows\":[[1]]}",
            vec!["Draw a chart"],
        ),
        ("", vec![]),
        ("?!", vec![]),
    ] {
        assert_eq!(clauses(request), expected, "{request}");
    }
    assert_eq!(clauses(&"Do it. ".repeat(1000)).len(), CLAUSES_MAX);
}

#[test]
fn paths_are_told_from_other_words() {
    for (text, expected) in [
        ("in data/sales.csv?", vec!["data/sales.csv"]),
        ("open ./notes.md, please", vec!["./notes.md"]),
        ("sales.csv and sales.csv", vec!["sales.csv"]),
        ("the `my-data/a_b.tsv`", vec!["my-data/a_b.tsv"]),
        ("list data/ now", vec!["data/"]),
        ("and/or 3.5 km/h on 1/2", vec![]),
        ("see https://example.com/a/b.csv", vec![]),
        ("version 1.2.3 of example.com", vec![]),
        ("/etc/passwd", vec!["/etc/passwd"]),
    ] {
        assert_eq!(paths(text), expected, "{text}");
    }
}

#[test]
fn values_are_found() {
    assert_eq!(
        urls("Get https://example.com/a?b=1, or (http://x.test)."),
        ["https://example.com/a?b=1", "http://x.test"]
    );
    assert_eq!(
        quotations("say \"hello there\" or 'bye' and don't"),
        ["hello there", "bye"]
    );
    for (text, expected) in [
        ("mean of 3, 5 and 8.5", vec![3.0, 5.0, 8.5]),
        ("over 1,234.5 euros", vec![1234.5]),
        ("on 2024-01-31", vec![]),
        ("-3 degrees, 20%", vec![-3.0, 20.0]),
        ("[1,2,3]", vec![1.0, 2.0, 3.0]),
        ("a1 b2", vec![]),
    ] {
        assert_eq!(numbers(text), expected, "{text}");
    }
    assert_eq!(
        dates("from 2024-01-31 to 2024-03-01T10:00:00Z"),
        ["2024-01-31", "2024-03-01T10:00:00Z"]
    );
    assert_eq!(durations("in 3 days and 2 hours"), ["3 days and 2 hours"]);
    assert_eq!(
        zones("What time is it in New York, or Europe/Paris, or UTC+2?"),
        ["New York", "Europe/Paris", "UTC+2"]
    );
}

#[test]
fn amounts_and_subjects_are_found() {
    for (text, expected) in [
        ("top 3 products", Some(3.0)),
        ("the five largest orders", Some(5.0)),
        ("First ten rows", Some(10.0)),
        ("the largest", None),
        ("3 apples", None),
    ] {
        assert_eq!(how_many(text), expected, "{text}");
    }
    assert_eq!(number_after("depth 3", "depth"), Some(3.0));
    for (text, expected) in [
        ("search for broken links in docs/a.md", Some("broken links")),
        ("Find Keyboard in the data files", Some("Keyboard")),
        ("which files mention the word needle", Some("needle")),
        ("read it", None),
    ] {
        assert_eq!(subject(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn formulas_are_found_in_signs_and_words() {
    for (text, expected) in [
        ("what is 17 * 23", Some("17 * 23")),
        ("17 times 23 please", Some("17 * 23")),
        ("how much is 15% of 80", Some("15 / 100 * 80")),
        ("(1 + 2) * 3 = ?", Some("(1 + 2) * 3")),
        ("calculate sqrt(16)", Some("sqrt(16)")),
        ("1,000 + 1", Some("1000 + 1")),
        ("between 2024-01-31 and now", None),
        ("revenue by region", None),
        ("three plus four", None),
        ("sum 1, 2 and 3", Some("1 + 2 + 3")),
        (
            "what is the sum of the numbers 1.5, -2, and 3",
            Some("1.5 + -2 + 3"),
        ),
        ("add 1,000 and 2 up", Some("1000 + 2")),
        ("the product of 2, 3 and 4", Some("2 * 3 * 4")),
        ("sum 1 and 2 apples", None),
        ("the sum of 2024", None),
    ] {
        assert_eq!(formula(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn numbers_to_compute_with_are_told_from_those_to_compare_with() {
    for (text, expected) in [
        ("sum 1, 2 and 3", true),
        ("the mean of 3 and 5", true),
        ("17 * 23", true),
        ("orders between 100 and 200", false),
        ("revenue over 100 but below 200", false),
        ("top 3 of 2025", false),
        ("sum 1, 2 and 3 in data/sales.csv", false),
    ] {
        assert_eq!(gives_numbers(text), expected, "{text}");
    }
}

#[test]
fn json_is_found_in_text_and_floods_of_brackets_end() {
    let values = json_values("a {\"x\": [1]} b [2] {broken");
    assert_eq!(
        values
            .iter()
            .map(|(_, value)| value.to_string())
            .collect::<Vec<_>>(),
        ["{\"x\":[1]}", "[2]"]
    );
    assert!(json_values(&"[".repeat(1_000_000)).is_empty());
    assert!(json_values(&"{\"a\":".repeat(100_000)).is_empty());
}

#[test]
fn forms_of_a_word_meet() {
    for (a, b) in [
        ("charts", "charting"),
        ("region", "regions"),
        ("sales", "sale"),
        ("category", "categories"),
        ("plotted", "plot"),
    ] {
        assert_eq!(stem(a), stem(b));
    }
    assert_eq!(
        words("csv__groupBy unit_price"),
        ["csv", "group", "by", "unit", "price"]
    );
}
