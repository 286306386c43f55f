//! Questions about some of the rows: what restricts them becomes a filter, or the answer says that it did not.

use caxton_sdk::serde_json::{Value, json};

use crate::support::{ask, check};

/// The filter for a span of days, the last one not included.
fn span(from: &str, until: &str) -> Value {
    json!([
        {"column": "date", "op": "ge", "value": from},
        {"column": "date", "op": "lt", "value": until},
    ])
}

fn check_filter(question: &str, conditions: &Value, needles: &[&str]) {
    let question = format!("{question} in data/sales.csv?");
    let (calls, answer) = ask(&question);
    let filters: Vec<&Value> = calls.iter().map(|(_, given)| &given["where"]).collect();
    assert!(
        filters.contains(&conditions),
        "{question}\n{calls:?}\n{answer}"
    );
    for needle in needles {
        assert!(
            answer.contains(needle),
            "{question}\nlacks {needle:?}\n{calls:?}\n{answer}"
        );
    }
    assert!(
        !answer.contains("could not restrict"),
        "{question}\n{answer}"
    );
}

#[test]
fn spans_of_time_become_filters() {
    for (question, from, until, needle) in [
        (
            "Total revenue in March",
            "2025-03-01",
            "2025-04-01",
            "Total revenue: 26,079.50.",
        ),
        (
            "What is the average revenue in Q3",
            "2025-07-01",
            "2025-10-01",
            "Average revenue: 1,089.89.",
        ),
        (
            "Total revenue in the third quarter of 2025",
            "2025-07-01",
            "2025-10-01",
            "57,764.30",
        ),
        (
            "Total revenue in 2024",
            "2024-01-01",
            "2025-01-01",
            "Total revenue: 0.",
        ),
        (
            "Total revenue from March to May",
            "2025-03-01",
            "2025-06-01",
            "72,441.35",
        ),
        (
            "Total revenue between March and May 2025",
            "2025-03-01",
            "2025-06-01",
            "72,441.35",
        ),
        (
            "Total revenue on 2025-01-04",
            "2025-01-04",
            "2025-01-05",
            "809.55",
        ),
        (
            "Total revenue on 4 January",
            "2025-01-04",
            "2025-01-05",
            "809.55",
        ),
    ] {
        check_filter(
            question,
            &span(from, until),
            &[needle, "Only rows with date from "],
        );
    }
    let (_, answer) = ask("Only look at March. What is the total revenue in data/sales.csv?");
    assert!(answer.contains("26,079.50"), "{answer}");
    let until_june = json!([{"column": "date", "op": "lt", "value": "2025-06-01"}]);
    check_filter("Total revenue before June", &until_june, &["110,284.46"]);
}

#[test]
fn values_and_comparisons_become_filters() {
    let one = |column: &str, op: &str, value: Value| json!([{"column": column, "op": op, "value": value}]);
    for (question, filter, needle) in [
        (
            "Total revenue in West and East",
            one("region", "in", json!(["West", "East"])),
            "147,997.32",
        ),
        (
            "Total revenue except West",
            one("region", "ne", json!("West")),
            "153,838.90",
        ),
        (
            "Total revenue of keyboards",
            one("product", "eq", json!("Keyboard")),
            "9,768.57",
        ),
        (
            "Total revenue where quantity is more than 10",
            one("quantity", "gt", json!(10)),
            "35,440.02",
        ),
        (
            "Total revenue with a quantity of more than 10",
            one("quantity", "gt", json!(10)),
            "35,440.02",
        ),
    ] {
        check_filter(question, &filter, &[needle]);
    }
    let both = json!([
        {"column": "region", "op": "eq", "value": "West"},
        {"column": "date", "op": "ge", "value": "2025-03-01"},
        {"column": "date", "op": "lt", "value": "2025-04-01"},
    ]);
    let (calls, answer) = ask("Total revenue of West in March in data/sales.csv");
    let mut given = calls
        .iter()
        .find_map(|(_, given)| given["where"].as_array().cloned())
        .unwrap_or_default();
    given.sort_by_key(|condition| condition["column"] == "date");
    assert_eq!(json!(given), both, "{answer}");
    assert!(answer.contains("9,748.05"), "{answer}");
}

#[test]
fn what_could_not_be_restricted_is_said() {
    for (question, phrase) in [
        ("Total revenue last month in data/sales.csv", "last month"),
        ("Total revenue on Mondays in data/sales.csv", "Mondays"),
        (
            "Total revenue in March and May in data/sales.csv",
            "March and May",
        ),
        ("Total revenue except March in data/sales.csv", "March"),
        (
            "Total revenue of orders with more than 10 items in data/sales.csv",
            "more than 10",
        ),
        ("Total revenue in Narnia in data/sales.csv", "Narnia"),
        (
            "Total revenue of Praha Print or \"Blue Door\" in data/sales.csv",
            "Blue Door",
        ),
        ("Total revenue in winter in data/sales.csv", "winter"),
        ("Total revenue of desks in data/sales.csv", "desks"),
        (
            "Total revenue only for new customers in data/sales.csv",
            "new",
        ),
        ("Total revenue on 3/10/2025 in data/sales.csv", "3/10/2025"),
        ("Total revenue for sofas in data/sales.csv", "sofas"),
        (
            "Draw a bar chart of revenue by region last year, data/sales.csv",
            "last year",
        ),
    ] {
        let (calls, answer) = ask(question);
        assert!(
            answer.contains("could not restrict") && answer.contains(phrase),
            "{question}\n{calls:?}\n{answer}"
        );
    }
}

#[test]
fn questions_about_all_rows_have_no_such_note() {
    for question in [
        "Total revenue by month in data/sales.csv",
        "Which month had the highest total revenue in data/sales.csv?",
        "May I see the total revenue of all orders in data/sales.csv?",
        "Top 3 products by revenue in data/sales.csv",
        "What is in this table? (the file is data/sales.csv)",
        "What is the average unit price per product in data/sales.csv?",
        "How much revenue is there in total in the file data/sales.csv?",
        "Show the revenue for each region in descending order, from data/sales.csv",
        "Please describe the columns in data/sales.csv for me",
        "What is 5 more than 10?",
        "What time is it in Tokyo?",
    ] {
        let (calls, answer) = ask(question);
        assert!(
            !answer.contains("could not restrict") && !answer.contains("Only rows"),
            "{question}\n{calls:?}\n{answer}"
        );
    }
}

#[test]
fn given_numbers_are_calculated_and_not_looked_up() {
    for question in [
        "Sum 1, 2 and 3",
        "Add 1, 2 and 3",
        "What is the sum of 1, 2 and 3?",
    ] {
        check(
            question,
            &[("calc__evaluate", json!({"expression": "1 + 2 + 3"}))],
            &["6"],
        );
    }
}

#[test]
fn a_chart_of_some_rows_is_drawn_of_these() {
    let (calls, answer) =
        ask("Draw a bar chart of revenue by region in March, from data/sales.csv");
    let message = calls
        .iter()
        .find(|(name, _)| name == "ask_agent")
        .map(|(_, given)| given["message"].to_string())
        .unwrap_or_default();
    assert!(message.contains("9748.05"), "{calls:?}\n{answer}");
    assert!(!answer.contains("could not restrict"), "{answer}");
}
