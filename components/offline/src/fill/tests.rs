//! Requests, what is known, and the arguments that must come of them.

use super::*;
use crate::schema::parameters;

fn filled(request: &str, results: &[Value], schema: &Value) -> Filled {
    let mut facts = Facts::of_request(request, &[]);
    results
        .iter()
        .for_each(|result| facts.add_result(&result.to_string()));
    let clauses = text::clauses(request);
    let clause = clauses.last().map_or(request, String::as_str);
    Filler {
        clause,
        request,
        facts: &facts,
        similar: &|_, _| None,
        tool_words: &[],
        takes_table: false,
    }
    .fill(&parameters(schema))
}

fn columns() -> Value {
    json!({"columns": [{"name": "region", "type": "text", "values": ["North"]}, {"name": "units", "type": "integer"}, {"name": "revenue", "type": "number"}]})
}

#[test]
fn an_aggregation_is_filled_from_words_and_columns() {
    let schema = json!({"type": "object", "required": ["path", "group_by", "aggregations"], "properties": {
        "path": {"type": "string"},
        "group_by": {"type": "array", "items": {"type": "string"}, "description": "Columns to group by."},
        "aggregations": {"type": "array", "items": {"type": "object", "required": ["column", "function"], "properties": {
            "column": {"type": "string", "description": "A numeric column."},
            "function": {"enum": ["sum", "mean", "count"]},
        }}},
        "filters": {"type": "array", "items": {"type": "object", "required": ["column", "operator", "value"], "properties": {
            "column": {"type": "string", "description": "The column."}, "operator": {"enum": ["eq", "ne", "gt", "lt"]}, "value": {},
        }}},
        "limit": {"type": "integer"},
    }});
    let filled_one = filled(
        "From data/sales.csv: average revenue by region",
        &[columns()],
        &schema,
    );
    assert_eq!(filled_one.missing, Vec::<String>::new());
    assert_eq!(
        Value::Object(filled_one.arguments),
        json!({"path": "data/sales.csv", "group_by": ["region"], "aggregations": [{"column": "revenue", "function": "mean"}]})
    );
    let filtered = filled(
        "top 3 regions by revenue in data/sales.csv where units over 10",
        &[columns()],
        &schema,
    );
    assert_eq!(filtered.arguments["limit"], json!(3));
    assert_eq!(
        filtered.arguments["filters"],
        json!([{"column": "units", "operator": "gt", "value": 10}])
    );
    let unknown = filled(
        "Which region sold the most in data/sales.csv?",
        &[],
        &schema,
    );
    assert!(unknown.wants_columns && unknown.missing.contains(&"group_by".to_owned()));
}

#[test]
fn a_chart_is_filled_from_the_last_table() {
    let table = json!({"columns": ["region", "sum_revenue"], "rows": [["North", 3], ["South", 4]]});
    let schema = json!({"type": "object", "required": ["type", "data"], "properties": {
        "type": {"enum": ["bar", "line", "pie"]},
        "data": {"type": "array", "items": {"type": "object", "properties": {"label": {"type": "string"}, "value": {"type": "number"}}}},
        "title": {"type": "string"},
    }});
    let chart = filled(
        "Draw a pie chart of revenue by region",
        &[columns(), table.clone()],
        &schema,
    );
    assert_eq!(
        Value::Object(chart.arguments),
        json!({"type": "pie", "title": "Revenue by region", "data": [{"label": "North", "value": 3}, {"label": "South", "value": 4}]})
    );
    assert!(filled("Draw a pie chart", &[], &schema).wants_table);
    // The table has no units, so it is not the one that is asked for.
    assert!(
        filled(
            "Draw a pie chart of units by region",
            &[columns(), table],
            &schema
        )
        .wants_table
    );
}

#[test]
fn other_kinds_of_values_are_found() {
    for (request, property, expected) in [
        (
            "what is 17 * 23?",
            json!({"expression": {"type": "string"}}),
            json!({"expression": "17 * 23"}),
        ),
        (
            "fetch https://example.com/x.",
            json!({"url": {"type": "string"}}),
            json!({"url": "https://example.com/x"}),
        ),
        (
            "what time is it in Tokyo?",
            json!({"zone": {"type": "string"}}),
            json!({"zone": "Tokyo"}),
        ),
        (
            "days between 2024-01-01 and today",
            json!({"from": {"type": "string", "format": "date"}, "to": {"type": "string", "format": "date"}}),
            json!({"from": "2024-01-01", "to": "today"}),
        ),
        (
            "add 3 days to 2024-01-01",
            json!({"duration": {"type": "string"}}),
            json!({"duration": "3 days"}),
        ),
        (
            "mean of 3, 5 and 8",
            json!({"values": {"type": "array", "items": {"type": "number"}}}),
            json!({"values": [3, 5, 8]}),
        ),
        (
            "search for broken links in docs/a.md",
            json!({"query": {"type": "string"}}),
            json!({"query": "broken links"}),
        ),
        (
            "list data/ recursively",
            json!({"path": {"type": "string"}, "recursive": {"type": "boolean"}}),
            json!({"path": "data/", "recursive": false}),
        ),
    ] {
        let required: Vec<&String> = property.as_object().expect("an object").keys().collect();
        let schema = json!({"type": "object", "properties": property, "required": required});
        assert_eq!(
            Value::Object(filled(request, &[], &schema).arguments),
            expected,
            "{request}"
        );
    }
}

#[test]
fn orders_become_headings() {
    for (clause, expected) in [
        ("Draw a bar chart of revenue by region", "Revenue by region"),
        (
            "plot units per month from data/sales.csv",
            "Units per month",
        ),
        ("Plot units as a line chart", "Units"),
        ("Plot it as a line chart", ""),
        ("", ""),
    ] {
        assert_eq!(heading(clause).unwrap_or_default(), expected, "{clause}");
    }
}
