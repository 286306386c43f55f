//! A tool with an effect that lasts: it counts how often each entry was made, so that a call that is made twice is found out.

use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, Value, json, state};
use serde::Deserialize;

struct Ledger;

const ENTRY: &str = "entry/";
const REPEATED: &str = "repeated/";

#[derive(Deserialize)]
struct Entry {
    key: String,
}

impl Tools for Ledger {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![
            // Nothing is said about it, so nobody may call it again on their own.
            Tool::new("enter", "Makes an entry, and says how often it was made.").input(json!({
                "type": "object",
                "properties": { "key": { "type": "string", "minLength": 1, "maxLength": 100 } },
                "required": ["key"],
            })),
            Tool::new(
                "entries",
                "Tells how many entries there are, and which were made more than once.",
            )
            .read_only(),
            Tool::new("count", "Tells how often an entry was made.")
                .input(json!({
                    "type": "object",
                    "properties": { "key": { "type": "string" } },
                    "required": ["key"],
                }))
                .read_only(),
        ])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        match name {
            "enter" => {
                let Entry { key } = arguments.parse()?;
                let made = count(&key)? + 1;
                let set = state::set(&format!("{ENTRY}{key}"), &made.to_le_bytes());
                set.map_err(failed)?;
                if made > 1 {
                    state::set(&format!("{REPEATED}{key}"), &[]).map_err(failed)?;
                }
                ToolResult::text(format!("entered {made}")).into()
            }
            "entries" => {
                let entries = state::list_keys(ENTRY).map_err(failed)?.len();
                let repeated = state::list_keys(REPEATED).map_err(failed)?;
                let told: Value = json!({ "entries": entries, "repeated": repeated });
                ToolResult::text(told.to_string()).into()
            }
            "count" => {
                let Entry { key } = arguments.parse()?;
                ToolResult::text(count(&key)?.to_string()).into()
            }
            other => Err(ToolError::not_found(other)),
        }
    }
}

fn count(key: &str) -> Result<u32, ToolError> {
    let bytes = state::get(&format!("{ENTRY}{key}"))
        .map_err(failed)?
        .unwrap_or_default();
    Ok(bytes.try_into().map_or(0, u32::from_le_bytes))
}

fn failed(error: state::Error) -> ToolError {
    ToolError::failed(format!("{error:?}"))
}

caxton_sdk::export_tools!(Ledger);
