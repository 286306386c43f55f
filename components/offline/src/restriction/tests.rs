//! Texts, and which rows they are about.

use serde_json::json;

use super::*;

fn sales() -> Facts {
    let mut facts = Facts::default();
    facts.add_result(
        &json!({"columns": [
            {"name": "date", "type": "date", "min": "2024-01-03", "max": "2024-12-30"},
            {"name": "region", "type": "text", "values": ["North", "South", "North Sea"]},
            {"name": "unit_price", "type": "number"},
            {"name": "units", "type": "integer"},
            {"name": "revenue", "type": "number"},
        ]})
        .to_string(),
    );
    facts
}

fn check(text: &str, expected: &[(&str, &[(&str, Comparison, Value)])]) {
    let found = restrictions(&sales(), text);
    let shown: Vec<(&str, Vec<(&str, Comparison, Value)>)> = found
        .iter()
        .map(|found| {
            let conditions = found.conditions.iter().map(|condition| {
                (
                    condition.column.as_str(),
                    condition.comparison,
                    condition.value.clone(),
                )
            });
            (found.phrase.as_str(), conditions.collect())
        })
        .collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(phrase, conditions)| (*phrase, conditions.to_vec()))
        .collect();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn conditions_are_read() {
    use Comparison::*;
    check(
        "rows where region is South",
        &[("South", &[("region", Equal, json!("South"))])],
    );
    check(
        "rows where region is Narnia",
        &[("region is Narnia", &[("region", Equal, json!("Narnia"))])],
    );
    check(
        "revenue over 1,000 please",
        &[("revenue over 1,000", &[("revenue", Greater, json!(1000))])],
    );
    check(
        "unit price >= 2.5",
        &[("unit price >= 2.5", &[("unit_price", AtLeast, json!(2.5))])],
    );
    check(
        "with more than 10 units",
        &[("more than 10", &[("units", Greater, json!(10))])],
    );
    check(
        "units between 5 and 7",
        &[(
            "units between 5 and 7",
            &[("units", AtLeast, json!(5)), ("units", AtMost, json!(7))],
        )],
    );
    check(
        "how much did North sell",
        &[("North", &[("region", Equal, json!("North"))])],
    );
    check(
        "the north sea region",
        &[("north sea", &[("region", Equal, json!("North Sea"))])],
    );
    check(
        "all but the South",
        &[("South", &[("region", NotEqual, json!("South"))])],
    );
    let both = ("region", Among, json!(["South", "North"]));
    check(
        "South and North",
        &[
            ("South", std::slice::from_ref(&both)),
            ("North", std::slice::from_ref(&both)),
        ],
    );
    check(
        "date after 2024-05-01",
        &[("2024-05-01", &[("date", AtLeast, json!("2024-05-02"))])],
    );
}

#[test]
fn what_no_column_expresses_is_found_too() {
    for (text, phrases) in [
        ("orders over 5000", vec!["over 5000"]),
        ("10 or more pieces", vec!["10 or more"]),
        ("revenue above average", vec!["above average"]),
        ("revenue of Blue Door", vec!["Blue Door"]),
        ("revenue of \"blue door\"", vec!["blue door"]),
        ("revenue for sofas last week", vec!["sofas", "last week"]),
        (
            "rows where the note mentions a fair",
            vec!["the note mentions a fair"],
        ),
        ("only South, but not North", vec!["South", "North"]),
    ] {
        let found = restrictions(&sales(), text);
        let shown: Vec<&str> = found.iter().map(|found| found.phrase.as_str()).collect();
        assert_eq!(shown, phrases, "{text}");
        assert!(
            found.iter().all(|found| found.conditions.is_empty()),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn other_words_restrict_nothing() {
    for text in [
        "",
        "which region is the best",
        "Draw a bar chart of revenue by region, titled \"Our year\"",
        "Total revenue by month in data/March.csv",
        "in descending order, from highest to lowest",
        "average unit price for each region with the number of orders",
        "Top 3 regions by units, as a table",
    ] {
        check(text, &[]);
    }
}
