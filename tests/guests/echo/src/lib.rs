//! A small record in and out, a computation, and JSON: what a call costs is measured with these.

use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, json};
use serde::Deserialize;

struct Echo;

#[derive(Deserialize)]
struct Fib {
    n: u32,
}

impl Tools for Echo {
    fn list() -> Result<Vec<Tool>, String> {
        let object = |properties: Value| json!({ "type": "object", "properties": properties });
        Ok(vec![
            Tool::new("echo", "Gives back its arguments.")
                .input(json!({ "type": "object" }))
                .read_only(),
            Tool::new("fib", "Computes a Fibonacci number the slow way.")
                .input(object(
                    json!({ "n": { "type": "integer", "minimum": 0, "maximum": 45 } }),
                ))
                .read_only(),
            Tool::new(
                "sum",
                "Parses its arguments and adds up all numbers in them.",
            )
            .input(json!({ "type": "object" }))
            .read_only(),
        ])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        match name {
            "echo" => ToolResult::text(arguments.as_json()).into(),
            "fib" => {
                let Fib { n } = arguments.parse()?;
                ToolResult::text(fib(std::hint::black_box(n)).to_string()).into()
            }
            "sum" => ToolResult::text(sum(&arguments.parse::<Value>()?).to_string()).into(),
            other => Err(ToolError::not_found(other)),
        }
    }
}

fn fib(n: u32) -> u64 {
    if n < 2 {
        u64::from(n)
    } else {
        fib(n - 1) + fib(n - 2)
    }
}

fn sum(value: &Value) -> f64 {
    match value {
        Value::Number(number) => number.as_f64().unwrap_or(0.0),
        Value::Array(values) => values.iter().map(sum).sum(),
        Value::Object(fields) => fields.values().map(sum).sum(),
        _ => 0.0,
    }
}

caxton_sdk::export_tools!(Echo);
