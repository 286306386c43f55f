//! Whole requests against tools as real components describe them, with a stand-in that runs the calls.

use caxton_sdk::provider::{Message, Part, Request, Role, ToolCall, ToolOutput, ToolSpec};
use caxton_sdk::testing::provider;
use serde_json::{Value, json};

use super::*;
use crate::say;

fn spec(name: &str, description: &str, properties: Value, required: &[&str]) -> ToolSpec {
    let schema = json!({"type": "object", "properties": properties, "required": required});
    ToolSpec {
        name: name.into(),
        description: description.into(),
        input_schema: schema.to_string(),
    }
}

fn describe() -> ToolSpec {
    spec(
        "csv__describe",
        "Describes a CSV file: its columns with their types, ranges and most frequent values.",
        json!({"path": {"type": "string", "description": "The CSV file."}}),
        &["path"],
    )
}

fn aggregate() -> ToolSpec {
    let aggregations = json!({"type": "array", "items": {"type": "object", "required": ["column", "function"], "properties": {
        "column": {"type": "string", "description": "The column with numbers."}, "function": {"enum": ["sum", "mean", "count", "min", "max"]}}}});
    spec(
        "csv__aggregate",
        "Groups the rows of a CSV file by columns and calculates sums, averages, counts, the largest or smallest value of each group.",
        json!({"path": {"type": "string"}, "group_by": {"type": "array", "items": {"type": "string"}, "description": "The columns to group by."}, "aggregations": aggregations}),
        &["path", "group_by", "aggregations"],
    )
}

fn chart() -> ToolSpec {
    let data = json!({"type": "object", "required": ["columns", "rows"], "properties": {"columns": {"type": "array"}, "rows": {"type": "array"}}});
    spec(
        "chart__render",
        "Draws a bar, line, scatter or pie chart from a table as SVG.",
        json!({"type": {"enum": ["bar", "line", "scatter", "pie"]}, "data": data, "title": {"type": "string"}}),
        &["type", "data"],
    )
}

fn ask_agent() -> ToolSpec {
    spec(
        "ask_agent",
        "Asks another agent to do what you can't do yourself. Put all data that it needs into the message. Capabilities:\n- charting: draws charts from data\n- web-fetch: gets web pages",
        json!({"capability": {"type": "string", "enum": ["charting", "web-fetch"]}, "message": {"type": "string"}}),
        &["capability", "message"],
    )
}

fn spec_of_data_agent() -> ToolSpec {
    spec(
        "ask_agent",
        "Asks another agent. Capabilities:\n- data-analysis: answers questions about the data in CSV files",
        json!({"capability": {"type": "string", "enum": ["data-analysis"]}, "message": {"type": "string"}}),
        &["capability", "message"],
    )
}

/// What the tools give.
fn run(name: &str, _arguments: &Value) -> (String, bool) {
    let text = match name {
        "csv__describe" => json!({"rows": 6, "columns": [
            {"name": "date", "type": "date"},
            {"name": "region", "type": "text", "values": ["North", "South"]},
            {"name": "units", "type": "integer"},
            {"name": "revenue", "type": "number"},
        ]})
        .to_string(),
        "csv__aggregate" => json!({"columns": ["region", "sum_revenue"], "rows": [["North", 300.5], ["South", 700]]}).to_string(),
        "chart__render" => "Bar chart with 2 bars.\n[image/svg+xml, 4 kB, saved as files/chart-render-1.svg]".to_owned(),
        "ask_agent" => format!("Here is your chart: files/chart-render-1.svg\n\n{}", say::NOTE),
        "files__list" => json!({"entries": [{"path": "data/sales.csv", "kind": "file"}, {"path": "data/notes.md", "kind": "file"}]}).to_string(),
        _ => return (format!("no tool {name}"), true),
    };
    (text, false)
}

/// Plays a conversation to its end; gives the calls and the answer.
fn play(question: &str, tools: Vec<ToolSpec>) -> (Vec<(String, Value)>, String) {
    play_with(question, tools, &run)
}

fn play_with(
    question: &str,
    tools: Vec<ToolSpec>,
    run: &dyn Fn(&str, &Value) -> (String, bool),
) -> (Vec<(String, Value)>, String) {
    let message = provider::message(Role::User, vec![provider::text(question)]);
    let mut request = Request {
        tools,
        ..provider::request("demo", vec![message])
    };
    let mut calls = Vec::new();
    for round in 0..20 {
        let situation = Situation::of(&request).expect("a request");
        let plan = next(&situation, &|_, _| None);
        if plan.calls.is_empty() {
            return (calls, say::answer(&situation, &plan));
        }
        let (mut asked, mut given) = (Vec::new(), Vec::new());
        for (at, call) in plan.calls.into_iter().enumerate() {
            let id = format!("{round}_{at}");
            let (text, is_error) = run(&call.tool, &call.arguments);
            asked.push(Part::Call(ToolCall {
                id: id.clone(),
                name: call.tool.clone(),
                arguments: call.arguments.to_string(),
            }));
            given.push(Part::Output(ToolOutput { id, text, is_error }));
            calls.push((call.tool, call.arguments));
        }
        request.messages.push(Message {
            role: Role::Assistant,
            parts: asked,
        });
        request.messages.push(Message {
            role: Role::User,
            parts: given,
        });
    }
    panic!("{question}: it goes on for ever: {calls:?}");
}

fn sums() -> Value {
    json!({"path": "data/sales.csv", "group_by": ["region"], "aggregations": [{"column": "revenue", "function": "sum"}]})
}

#[test]
fn a_question_and_a_chart_take_describe_aggregate_and_chart() {
    let (calls, answer) = play(
        "Which region sold the most in data/sales.csv? Draw a bar chart of revenue by region.",
        vec![describe(), aggregate(), chart()],
    );
    let table =
        json!({"columns": ["region", "sum_revenue"], "rows": [["North", 300.5], ["South", 700]]});
    assert_eq!(
        calls,
        [
            (
                "csv__describe".to_owned(),
                json!({"path": "data/sales.csv"})
            ),
            ("csv__aggregate".to_owned(), sums()),
            (
                "chart__render".to_owned(),
                json!({"type": "bar", "data": table, "title": "Revenue by region"})
            ),
        ]
    );
    assert!(
        answer.starts_with(
            "South has the highest total revenue: 700, 70.0% of the total of 1,000.50."
        ),
        "{answer}"
    );
    assert!(
        answer.contains("saved as files/chart-render-1.svg"),
        "{answer}"
    );
    assert!(answer.ends_with(say::NOTE), "{answer}");
}

#[test]
fn a_chart_that_another_agent_draws_gets_the_table_in_the_message() {
    let question =
        "Which region sold the most in data/sales.csv? Draw a bar chart of revenue by region.";
    let (calls, answer) = play(question, vec![describe(), aggregate(), ask_agent()]);
    assert_eq!(
        calls
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["csv__describe", "csv__aggregate", "ask_agent"]
    );
    assert_eq!(calls[2].1["capability"], "charting");
    assert!(
        answer
            .contains("From the agent for charting:\nHere is your chart: files/chart-render-1.svg"),
        "{answer}"
    );
    assert_eq!(answer.matches(say::NOTE).count(), 1, "{answer}");

    // The other agent finds the table in the text, and needs no file.
    let message = calls[2].1["message"].as_str().expect("a message");
    let (calls, _) = play(message, vec![chart()]);
    assert_eq!(calls.len(), 1, "{message}");
    assert_eq!(
        calls[0].1["data"]["rows"],
        json!([["North", 300.5], ["South", 700]])
    );
    assert_eq!(calls[0].1["type"], "bar");
}

#[test]
fn a_chart_alone_brings_its_data() {
    let (calls, _) = play(
        "Draw a pie chart of revenue by region from data/sales.csv",
        vec![describe(), aggregate(), chart()],
    );
    assert_eq!(
        calls
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["csv__describe", "csv__aggregate", "chart__render"]
    );
    assert_eq!(calls[1].1, sums());
    assert_eq!(calls[2].1["type"], "pie");
}

#[test]
fn an_agent_that_only_draws_asks_for_the_data() {
    let answer = |name: &str, arguments: &Value| match name {
        "ask_agent" => (
            "Total units by region:\n- North: 3\n- South: 4".to_owned(),
            false,
        ),
        name => run(name, arguments),
    };
    let (calls, _) = play_with(
        "Draw a pie chart of units by region",
        vec![chart(), spec_of_data_agent()],
        &answer,
    );
    assert_eq!(
        calls
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["ask_agent", "chart__render"]
    );
    assert_eq!(
        calls[0].1,
        json!({"capability": "data-analysis", "message": "Units by region"})
    );
    assert_eq!(
        calls[1].1["data"],
        json!({"columns": ["region", "total units"], "rows": [["North", 3], ["South", 4]]})
    );

    let (calls, text) = play_with(
        "Which region sold the fewest?",
        vec![chart(), spec_of_data_agent()],
        &answer,
    );
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert!(
        text.starts_with("From the agent for data-analysis:\nNorth has the lowest total units: 3"),
        "{text}"
    );

    let question = "How many units per region? Plot it as a line chart.";
    let (calls, _) = play_with(question, vec![chart(), spec_of_data_agent()], &answer);
    assert_eq!(
        calls
            .iter()
            .filter(|(name, _)| name == "chart__render")
            .count(),
        1,
        "{calls:?}"
    );
    assert_eq!(calls[0].1["message"], "How many units per region");
    assert_eq!(calls[1].1["type"], "line");
}

#[test]
fn a_file_that_nobody_names_is_looked_for() {
    let list = spec(
        "files__list",
        "Lists files in a directory.",
        json!({"path": {"type": "string"}, "recursive": {"type": "boolean"}}),
        &[],
    );
    let (calls, _) = play(
        "What is the total revenue by region?",
        vec![list, describe(), aggregate()],
    );
    assert_eq!(
        calls
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>(),
        ["files__list", "csv__describe", "csv__aggregate"]
    );
    assert_eq!(calls[2].1, sums());
}

#[test]
fn failures_are_told_and_end_the_plan() {
    let broken = |name: &str, _: &Value| (format!("{name} is out of order"), true);
    let (calls, answer) = play_with(
        "Total revenue by region in data/sales.csv?",
        vec![describe(), aggregate(), chart()],
        &broken,
    );
    assert!(calls.len() <= 3, "{calls:?}");
    assert!(
        answer.contains("csv__describe") && answer.contains("out of order"),
        "{answer}"
    );
}

#[test]
fn what_fits_no_tool_is_answered_with_what_does() {
    for question in ["Sing me a song about the sea", "Hello!", "?", "🦀", ""] {
        let (calls, answer) = play(question, vec![describe(), chart()]);
        assert_eq!(calls, [], "{question}");
        assert!(
            answer.contains("offline demo")
                && answer.contains("`csv__describe`: Describes a CSV file")
                && answer.contains("[model]"),
            "{answer}"
        );
    }
    assert!(play("Hello", Vec::new()).1.contains("no tools"));
}

#[test]
fn no_request_goes_on_for_ever() {
    let empty = |_: &str, _: &Value| (String::new(), false);
    let odd = |_: &str, _: &Value| (r#"{"columns":[{"name":"x"}],"rows":[]}"#.to_owned(), false);
    for question in [
        "Draw a chart. Draw a chart. Draw a chart of data/a.csv and draw a chart of data/b.csv.",
        "describe describe describe data/a.csv by x per y for each z",
        "chart {\"columns\":[\"a\"],\"rows\":[]}",
    ] {
        for run in [
            &run as &dyn Fn(&str, &Value) -> (String, bool),
            &empty,
            &odd,
        ] {
            let (calls, _) = play_with(
                question,
                vec![describe(), aggregate(), chart(), ask_agent()],
                run,
            );
            assert!(calls.len() <= 12, "{calls:?}");
        }
    }
}

#[test]
fn a_tool_that_fits_without_its_data_is_not_denied_in_the_same_answer() {
    let (calls, answer) = play("Draw a bar chart", vec![chart()]);
    assert!(calls.is_empty(), "{calls:?}");
    assert!(
        answer.contains("the tool `chart__render` fits, but I found no data for it"),
        "{answer}"
    );
    assert!(!answer.contains("I found none"), "{answer}");
    let (_, answer) = play("Sing me a song", vec![chart()]);
    assert!(answer.contains("I found none for this request"), "{answer}");
}

#[test]
fn what_another_agent_could_not_restrict_is_told_on() {
    let note = "I could not restrict this to “last week”; the numbers are for all rows.";
    let run = |name: &str, arguments: &Value| match name {
        "ask_agent" => (
            format!("Total revenue by region:\n- North: 3\n- South: 4\n{note}"),
            false,
        ),
        _ => run(name, arguments),
    };
    let question = "Draw a bar chart of revenue by region last week";
    let (calls, answer) = play_with(question, vec![chart(), spec_of_data_agent()], &run);
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert_eq!(answer.matches("could not restrict").count(), 1, "{answer}");
}
