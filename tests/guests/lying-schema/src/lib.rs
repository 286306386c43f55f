//! Its tool's schema is JSON, but no schema.

use caxton_sdk::{Answer, Arguments, Tool, ToolResult, Tools, json};

struct Liar;

impl Tools for Liar {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![
            Tool::new("lie", "Says that it takes what can't be.")
                .input(json!({ "type": "objekt", "properties": 7 })),
        ])
    }

    fn call(_: &str, _: Arguments) -> Answer {
        ToolResult::text("called all the same").into()
    }
}

caxton_sdk::export_tools!(Liar);
