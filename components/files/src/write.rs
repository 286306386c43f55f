//! The tool `write`. It works only in directories that are granted with `mode = "write"`.

use std::fs::OpenOptions;
use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::{Answer, Tool, ToolError, ToolResult, json};
use serde::Deserialize;

use crate::roots::{self, Root};

/// The tool.
pub fn tool() -> Tool {
    Tool::new("write", "Writes a file: creates it with a text or bytes, or overwrites or appends to it. Only in directories granted for writing.")
        .title("Write a file")
        .input(json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "description": "The file. Its directory is made where it is missing." },
                "text": { "type": "string", "description": "The content as text. Give this or `base64`." },
                "base64": { "type": "string", "description": "The content as bytes in base64. Give this or `text`." },
                "mode": { "enum": ["create", "overwrite", "append"], "default": "create", "description": "`create` refuses where the file is there already." }
            },
            "required": ["path"],
            "additionalProperties": false
        }))
        .output(json!({
            "type": "object",
            "properties": { "path": { "type": "string" }, "bytes_written": { "type": "integer" } },
            "required": ["path", "bytes_written"]
        }))
        .destructive(true)
        .open_world(false)
}

/// How a file that is there already is treated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Refuse.
    #[default]
    Create,
    /// Replace its content.
    Overwrite,
    /// Add at its end.
    Append,
}

/// What is asked.
#[derive(Deserialize)]
pub struct WriteFile {
    path: String,
    text: Option<String>,
    base64: Option<String>,
    #[serde(default)]
    mode: Mode,
}

/// Writes.
pub fn call(write: &WriteFile, roots: &[Root]) -> Answer {
    let bytes = match (&write.text, &write.base64) {
        (Some(text), None) => text.clone().into_bytes(),
        (None, Some(text)) => STANDARD
            .decode(text.trim())
            .map_err(|error| ToolError::invalid(format!("`base64` is not base64: {error}")))?,
        _ => {
            return Err(ToolError::invalid(
                "give the content as `text` or as `base64`, one of them",
            ));
        }
    };
    match written(write, &bytes, roots) {
        Ok(name) => {
            ToolResult::structured(&json!({"path": name, "bytes_written": bytes.len()})).into()
        }
        Err(error) => ToolResult::error(error).into(),
    }
}

fn written(write: &WriteFile, bytes: &[u8], roots: &[Root]) -> Result<String, String> {
    let place = roots::find(roots, &write.path)?;
    if !place.is_writable {
        return Err(format!(
            "`{}` can't be written: its directory is granted for reading only. To allow it, set mode = \"write\" in the grant: files = [{{ path = \"…\", mode = \"write\" }}]",
            place.name
        ));
    }
    let refused = |error: std::io::Error| roots::refused(&place, &error);
    if let Some(parent) = place.path.parent() {
        std::fs::create_dir_all(parent).map_err(refused)?;
    }
    let mut options = OpenOptions::new();
    match write.mode {
        Mode::Create => options.write(true).create_new(true),
        Mode::Overwrite => options.write(true).create(true).truncate(true),
        Mode::Append => options.append(true).create(true),
    };
    let mut file = options.open(&place.path).map_err(refused)?;
    file.write_all(bytes)
        .and_then(|()| file.flush())
        .map_err(refused)?;
    Ok(place.name)
}
