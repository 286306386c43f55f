//! The offline provider with the real tools, run natively: questions as people ask them over the template's CSV file.
//! There are no vectors here, so words alone must find the way; a server with its model does at least as well.

mod restrictions;
mod support;

use support::check;

#[test]
fn questions_about_a_table_are_answered() {
    use serde_json::json;
    check(
        "Which region has the highest total revenue in data/sales.csv? Draw a bar chart of revenue by region.",
        &[
            ("csv__describe", json!({})),
            (
                "csv__aggregate",
                json!({"group_by": ["region"], "metrics": ["sum(revenue)"], "sort": ["sum(revenue) desc"]}),
            ),
            ("ask_agent", json!(null)),
        ],
        &[
            "has the highest total revenue: ",
            "From the agent for charting:\nThe chart is saved as charts/1.svg",
        ],
    );
    check(
        "What is the average unit price per product in data/sales.csv?",
        &[(
            "csv__aggregate",
            json!({"group_by": ["product"], "metrics": ["mean(unit_price)"]}),
        )],
        &["Average unit price by product:"],
    );
    check(
        "How many orders per region are in data/sales.csv?",
        &[(
            "csv__aggregate",
            json!({"group_by": ["region"], "metrics": ["count"]}),
        )],
        &["Count by region:"],
    );
    check(
        "Total revenue by month in data/sales.csv",
        &[(
            "csv__aggregate",
            json!({"group_by": ["month(date)"], "metrics": ["sum(revenue)"]}),
        )],
        &["Total revenue by month:"],
    );
    check(
        "Top 3 products by revenue in data/sales.csv",
        &[(
            "csv__aggregate",
            json!({"group_by": ["product"], "metrics": ["sum(revenue)"], "sort": ["sum(revenue) desc"], "limit": 3}),
        )],
        &["has the highest total revenue"],
    );
    check(
        "What is in this table? (the file is data/sales.csv)",
        &[("csv__describe", json!({}))],
        &["columns", "revenue"],
    );
    check(
        "Show the rows of data/sales.csv where revenue is over 5000",
        &[(
            "csv__filter",
            json!({"where": [{"column": "revenue", "op": "gt", "value": 5000}]}),
        )],
        &["| revenue |"],
    );
}

#[test]
fn other_questions_find_other_tools() {
    use serde_json::json;
    check(
        "What is 17 * 23?",
        &[("calc__evaluate", json!({"expression": "17 * 23"}))],
        &["391"],
    );
    check(
        "How much is 15% of 80?",
        &[("calc__evaluate", json!(null))],
        &["12"],
    );
    check(
        "What is 17.5 % of 1,240?",
        &[("calc__evaluate", json!(null))],
        &["217"],
    );
    check(
        "And what is 17.5 % of 980?",
        &[("calc__evaluate", json!(null))],
        &["171.5"],
    );
    check(
        "What time is it in Tokyo?",
        &[("time__now", json!({"zone": "Tokyo"}))],
        &["Asia/Tokyo"],
    );
    check(
        "How many days are between 2024-01-01 and 2024-03-04?",
        &[(
            "time__difference",
            json!({"from": "2024-01-01", "to": "2024-03-04"}),
        )],
        &["63"],
    );
    check(
        "What is 2 + 2, and what time is it in Paris?",
        &[
            ("calc__evaluate", json!(null)),
            ("time__now", json!({"zone": "Paris"})),
        ],
        &["4", "Europe/Paris"],
    );
    check(
        "Mean and median of 3, 5 and 8.5",
        &[("calc__statistics", json!(null))],
        &[],
    );
    check("Hello!", &[], &["offline demo"]);
    check("Write a poem about autumn leaves", &[], &["offline demo"]);
}
