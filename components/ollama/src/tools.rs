//! Tools beside the provider: what models are there, and pulling one.

use caxton_sdk::provider::LlmError;
use caxton_sdk::{
    Answer, Arguments, Content, Tool, ToolError, ToolResult, Tools, Value, json, progress,
};

use crate::pull::pull;
use crate::server::Server;
use crate::{Ollama, failure, models};

impl Tools for Ollama {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(vec![models_tool(), pull_tool()])
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        let result = match name {
            "models" => call_models(),
            "pull" => {
                let arguments: Value = arguments.parse()?;
                let Some(model) = arguments["model"].as_str() else {
                    return Err(ToolError::invalid("`model` is missing"));
                };
                call_pull(model)
            }
            _ => return Err(ToolError::not_found(name)),
        };
        result
            .unwrap_or_else(|error| ToolResult::error(failure::told(error)))
            .into()
    }
}

fn models_tool() -> Tool {
    Tool::new(
        "models",
        "Lists the language models that are on the machine where Ollama runs, with their sizes.",
    )
    .title("List local models")
    .output(json!({
        "type": "object",
        "properties": { "models": { "type": "array", "items": {
            "type": "object",
            "properties": {
                "model": { "type": "string" },
                "bytes": { "type": "integer" },
                "parameters": { "type": ["string", "null"], "description": "How many it has, such as 8.0B." },
                "quantization": { "type": ["string", "null"] },
                "modified": { "type": ["string", "null"], "description": "When it was pulled or changed." }
            },
            "required": ["model", "bytes"]
        } } },
        "required": ["models"]
    }))
    .read_only()
    .open_world(false)
}

fn pull_tool() -> Tool {
    Tool::new(
        "pull",
        "Pulls a language model from Ollama's library onto the machine where Ollama runs, or brings it up to date. \
         A model has gigabytes; a pull that was broken off goes on where it stopped.",
    )
    .title("Pull a model")
    .input(json!({
        "type": "object",
        "properties": {
            "model": { "type": "string", "minLength": 1, "description": "Its name in the library, with a tag where one is wanted.", "examples": ["qwen3:8b", "llama3.2"] }
        },
        "required": ["model"],
        "additionalProperties": false
    }))
    .output(json!({
        "type": "object",
        "properties": { "model": { "type": "string" }, "bytes": { "type": "integer", "description": "Bytes of its layers." } },
        "required": ["model", "bytes"]
    }))
    .destructive(false)
    .idempotent()
    .open_world(true)
}

fn call_models() -> Result<ToolResult, LlmError> {
    let entries = models::entries(&Server::from_config()?)?;
    let rows: Vec<Value> = entries
        .iter()
        .filter_map(|entry| {
            let details = &entry["details"];
            Some(json!({
                "model": models::name(entry)?,
                "bytes": entry["size"].as_u64().unwrap_or(0),
                "parameters": details["parameter_size"].as_str(),
                "quantization": details["quantization_level"].as_str(),
                "modified": entry["modified_at"].as_str(),
            }))
        })
        .collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let name = row["model"].as_str().unwrap_or_default();
            format!("{name}: {}", size(row["bytes"].as_u64().unwrap_or(0)))
        })
        .collect();
    let text = if lines.is_empty() {
        "There are no models yet; `pull` brings one.".to_owned()
    } else {
        lines.join("\n")
    };
    Ok(ToolResult::new(vec![Content::text(text)]).with_structured(&json!({"models": rows})))
}

fn call_pull(model: &str) -> Result<ToolResult, LlmError> {
    let bytes = pull(&Server::from_config()?, model, |step| {
        let total = step.total.map(|total| total as f64);
        progress::report(step.done as f64, total, Some(&step.status));
    })?;
    let text = format!("`{model}` is there ({}).", size(bytes));
    Ok(ToolResult::new(vec![Content::text(text)])
        .with_structured(&json!({"model": model, "bytes": bytes})))
}

/// Bytes in the units that people use for files.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "kB", "MB", "GB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 1000.0 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} B")
    } else {
        format!("{size:.1} {}", UNITS[unit])
    }
}
