//! Tools that are about their schemas: a schema with all of JSON Schema 2020-12 in it, an argument that also travels in an
//! HTTP header, and a result that has a schema of its own.

use caxton_sdk::{Answer, Arguments, Tool, ToolResult, json};
use serde::Deserialize;

/// The tools of this file.
pub fn list() -> Vec<Tool> {
    let vocabulary = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    });
    let header = json!({
        "type": "object",
        "properties": { "region": { "type": "string", "description": "Where to look.", "x-mcp-header": "Region" } }
    });
    let sum_input = json!({
        "type": "object",
        "properties": { "numbers": { "type": "array", "items": { "type": "number" } }, "lie": { "type": "boolean" } },
        "required": ["numbers"],
        "additionalProperties": false
    });
    let sum_output = json!({ "type": "object", "properties": { "sum": { "type": "number" } }, "required": ["sum"] });
    vec![
        Tool::new(
            "json_schema_2020_12_tool",
            "Takes arguments described with the whole vocabulary of JSON Schema.",
        )
        .input(vocabulary),
        Tool::new(
            "test_x_mcp_header",
            "Takes an argument that also travels in a header.",
        )
        .input(header),
        Tool::new(
            "test_structured",
            "Adds numbers; with `lie` its result does not fit its schema.",
        )
        .input(sum_input)
        .output(sum_output),
    ]
}

/// Calls a tool of this file; nothing where it has none of that name.
pub fn call(name: &str, arguments: &Arguments) -> Option<Answer> {
    match name {
        "json_schema_2020_12_tool" => Some(ToolResult::text("The arguments fit.").into()),
        "test_x_mcp_header" => Some(region(arguments)),
        "test_structured" => Some(sum(arguments)),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Region {
    region: Option<String>,
}

fn region(arguments: &Arguments) -> Answer {
    let Region { region } = arguments.parse()?;
    ToolResult::text(format!("region={}", region.as_deref().unwrap_or("none"))).into()
}

#[derive(Deserialize)]
struct Sum {
    numbers: Vec<f64>,
    #[serde(default)]
    lie: bool,
}

fn sum(arguments: &Arguments) -> Answer {
    let Sum { numbers, lie } = arguments.parse()?;
    let sum: f64 = numbers.iter().sum();
    let value = if lie {
        json!({ "sum": "a lot" })
    } else {
        json!({ "sum": sum })
    };
    ToolResult::structured(&value).into()
}
