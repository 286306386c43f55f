//! What the tools say of themselves: descriptions in the words of someone who asks, and JSON Schemas of what they take
//! and give.

use caxton_sdk::{Tool, Value, json};

use crate::aggregate;
use crate::condition::Op;
use crate::query::{LIMIT_DEFAULT, LIMIT_MAX};

/// Gives the four tools.
pub fn tools() -> Vec<Tool> {
    vec![describe(), read(), filter(), aggregate()]
        .into_iter()
        .map(|tool| tool.read_only().idempotent().open_world(false))
        .collect()
}

fn describe() -> Tool {
    Tool::new(
        "describe",
        "Describes a CSV file or table: which columns it has, their types, how many rows, missing and distinct values, \
         minimum, maximum, mean and examples. Use it first, to learn the names of the columns: what is in this file, \
         what columns does the data have.",
    )
    .title("Describe a CSV table")
    .input(input(json!({})))
    .output(json!({
        "type": "object",
        "properties": {
            "row_count": { "type": "integer", "minimum": 0 },
            "column_count": { "type": "integer", "minimum": 0 },
            "delimiter": { "type": "string" },
            "columns": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "type": { "enum": ["integer", "decimal", "boolean", "date", "datetime", "text"] },
                        "nulls": { "type": "integer", "minimum": 0 },
                        "distinct": { "type": "integer", "minimum": 0 },
                        "min": scalar(),
                        "max": scalar(),
                        "mean": { "type": ["number", "null"] },
                        "examples": { "type": "array", "items": { "type": "string" } }
                    },
                    "required": ["name", "type", "nulls", "distinct", "min", "max", "mean", "examples"]
                }
            },
            "notes": notes()
        },
        "required": ["row_count", "column_count", "delimiter", "columns", "notes"]
    }))
}

fn read() -> Tool {
    Tool::new(
        "read",
        "Reads rows of a CSV file or table as they are: show the first rows, print the data, list the rows from 100 to \
         150, only some columns.",
    )
    .title("Read rows of a CSV table")
    .input(input(json!({ "columns": columns(), "offset": offset(), "limit": limit(LIMIT_DEFAULT) })))
    .output(rows())
}

fn filter() -> Tool {
    Tool::new(
        "filter",
        "Finds rows of a CSV file or table that meet conditions, and sorts them: which orders are above 1000, show sales \
         in the north, the ten largest, the most recent, rows where a value is missing or contains a word.",
    )
    .title("Filter and sort a CSV table")
    .input(with_conditions(input(json!({
        "where": conditions(),
        "columns": columns(),
        "sort": sort("amount desc"),
        "offset": offset(),
        "limit": limit(LIMIT_DEFAULT)
    }))))
    .output(rows())
}

fn aggregate() -> Tool {
    Tool::new(
        "aggregate",
        "Groups a CSV file or table and calculates totals: total sales by region, average price per product, revenue by \
         month, how many orders per customer, count, sum, mean, median, minimum, maximum of a column for each group. \
         Sums are exact. The result can be drawn by a chart tool as it is.",
    )
    .title("Group and total a CSV table")
    .input(with_conditions(input(json!({
        "group_by": {
            "type": "array",
            "items": { "type": "string" },
            "description": "The columns to group by, such as region; dates can be grouped by year(date), quarter(date), \
                month(date), week(date), day(date), weekday(date) or hour(date). Without any, the whole table is one group.",
            "examples": [["region"], ["month(date)", "region"]]
        },
        "metrics": {
            "type": "array",
            "items": { "type": "string" },
            "description": format!(
                "What to calculate for each group: {}, written like sum(amount); count alone counts rows. A name can be \
                 given with `as`: sum(amount) as revenue. The number of rows where absent.",
                aggregate::Op::NAMES.join(", ")
            ),
            "examples": [["sum(amount)"], ["count", "mean(price)"]]
        },
        "where": conditions(),
        "sort": sort("sum(amount) desc"),
        "limit": limit(LIMIT_MAX)
    }))))
    .output(rows())
}

/// Gives an input schema with what all tools take beside `own`.
fn input(own: Value) -> Value {
    let mut properties = json!({
        "path": {
            "type": "string",
            "description": "The CSV file, in a directory that was granted, such as data/sales.csv."
        },
        "text": { "type": "string", "description": "The CSV itself, instead of a path." },
        "header": {
            "type": "boolean",
            "description": "Whether the first line has the names of the columns; true where absent."
        }
    });
    if let (Some(properties), Value::Object(own)) = (properties.as_object_mut(), own) {
        properties.extend(own);
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn with_conditions(mut schema: Value) -> Value {
    let list = json!({ "type": "array", "items": { "$ref": "#/$defs/condition" }, "minItems": 1 });
    schema["$defs"] = json!({
        "condition": {
            "anyOf": [
                {
                    "type": "object",
                    "properties": {
                        "column": { "type": "string" },
                        "op": { "enum": Op::NAMES },
                        "value": {
                            "type": ["string", "number", "boolean", "array"],
                            "items": { "type": ["string", "number", "boolean"] },
                            "description": "What to compare with: a list for `in`, nothing for is_null and not_null."
                        }
                    },
                    "required": ["column", "op"],
                    "additionalProperties": false
                },
                { "type": "object", "properties": { "and": list }, "required": ["and"], "additionalProperties": false },
                { "type": "object", "properties": { "or": list }, "required": ["or"], "additionalProperties": false }
            ]
        }
    });
    schema
}

fn conditions() -> Value {
    json!({
        "type": "array",
        "items": { "$ref": "#/$defs/condition" },
        "description": "Conditions that must all hold; use {\"or\": [...]} where one is enough. Texts are compared \
            without regard to case. A missing value meets only is_null and ne.",
        "examples": [[{ "column": "amount", "op": "gt", "value": 100 }]]
    })
}

fn columns() -> Value {
    json!({
        "type": "array",
        "items": { "type": "string" },
        "description": "Which columns to give, in this order; all where absent."
    })
}

fn sort(example: &str) -> Value {
    json!({
        "type": "array",
        "items": { "type": "string" },
        "description": format!("What to sort by, most important first; `desc` after it for largest first, as in {example}."),
        "examples": [[example]]
    })
}

fn offset() -> Value {
    json!({ "type": "integer", "minimum": 0, "description": "How many rows to leave out first." })
}

fn limit(default: usize) -> Value {
    json!({
        "type": "integer",
        "minimum": 1,
        "maximum": LIMIT_MAX,
        "default": default,
        "description": "How many rows to give at most."
    })
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean", "null"] })
}

fn notes() -> Value {
    json!({ "type": "array", "items": { "type": "string" }, "description": "What is odd about the table." })
}

fn rows() -> Value {
    json!({
        "type": "object",
        "properties": {
            "columns": { "type": "array", "items": { "type": "string" }, "description": "The names of the columns." },
            "rows": {
                "type": "array",
                "items": { "type": "array", "items": scalar() },
                "description": "The rows; each has a value for each column. Dates are written after ISO 8601."
            },
            "row_count": { "type": "integer", "minimum": 0, "description": "How many rows are given." },
            "total": { "type": "integer", "minimum": 0, "description": "How many rows there are in all." },
            "next_offset": { "type": ["integer", "null"], "description": "Where the next rows begin, if there are more." },
            "notes": notes()
        },
        "required": ["columns", "rows", "row_count", "total", "next_offset", "notes"]
    })
}
