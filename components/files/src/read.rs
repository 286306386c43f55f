//! The tool `read`.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::{Answer, Tool, ToolResult, Value, json};
use serde::Deserialize;

use crate::roots::{self, Place, Root};

/// Lines that are given where the caller sets no limit.
const LINES: usize = 2_000;
/// Bytes that are given where the caller sets no limit: what a model can take in.
const BYTES: usize = 256 * 1024;
/// The most bytes that a caller can ask for.
const BYTES_MAX: usize = 4 * 1024 * 1024;

/// The tool.
pub fn tool() -> Tool {
    Tool::new("read", "Reads a file: its text, or a part of it by lines; with encoding base64 the bytes of any file, such as a picture.")
        .title("Read a file")
        .input(json!({
            "type": "object",
            "properties": {
                "path": { "type": "string", "description": "The file, such as data/notes.md." },
                "encoding": { "enum": ["text", "base64"], "default": "text", "description": "As UTF-8 text, or any bytes in base64." },
                "offset": { "type": "integer", "minimum": 0, "default": 0, "description": "Lines (of text) or bytes (of base64) to skip." },
                "limit": { "type": "integer", "minimum": 1, "description": "The most lines (of text) or bytes (of base64) to give." },
                "max_bytes": { "type": "integer", "minimum": 1, "maximum": BYTES_MAX, "default": BYTES, "description": "The most bytes to give." }
            },
            "required": ["path"],
            "additionalProperties": false
        }))
        .output(json!({
            "type": "object",
            "properties": {
                "path": { "type": "string" },
                "bytes": { "type": "integer", "description": "The size of the whole file." },
                "text": { "type": "string" },
                "base64": { "type": "string" },
                "offset": { "type": "integer" },
                "count": { "type": "integer", "description": "Lines or bytes given." },
                "truncated": { "type": "boolean", "description": "Whether the file goes on; continue at offset + count." }
            },
            "required": ["path", "bytes", "offset", "count", "truncated"]
        }))
        .read_only()
        .idempotent()
        .open_world(false)
}

/// How the content is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Text,
    /// Any bytes.
    Base64,
}

/// What is asked.
#[derive(Deserialize)]
pub struct ReadFile {
    path: String,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    offset: usize,
    limit: Option<usize>,
    max_bytes: Option<usize>,
}

/// Reads.
pub fn call(read: &ReadFile, roots: &[Root]) -> Answer {
    match content(read, roots) {
        Ok((text, value)) => ToolResult::text(text).with_structured(&value).into(),
        Err(error) => ToolResult::error(error).into(),
    }
}

fn content(read: &ReadFile, roots: &[Root]) -> Result<(String, Value), String> {
    let place = roots::find(roots, &read.path)?;
    let refused = |error: std::io::Error| roots::refused(&place, &error);
    let file = File::open(&place.path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    if metadata.is_dir() {
        return Err(refused(ErrorKind::IsADirectory.into()));
    }
    let bytes_max = read.max_bytes.unwrap_or(BYTES).min(BYTES_MAX);
    let mut value = json!({"path": place.name, "bytes": metadata.len(), "offset": read.offset});
    let text = match read.encoding {
        Encoding::Text => {
            let part = lines(
                file,
                &place,
                read.offset,
                read.limit.unwrap_or(LINES),
                bytes_max,
            )?;
            value["text"] = json!(part.text);
            value["count"] = json!(part.count);
            value["truncated"] = json!(part.goes_on);
            let next = read.offset + part.count;
            if part.goes_on {
                format!(
                    "{}\n[the file goes on; continue with offset {next}]",
                    part.text
                )
            } else {
                part.text
            }
        }
        Encoding::Base64 => {
            let wanted = read.limit.unwrap_or(bytes_max).min(bytes_max);
            let mut file = file;
            std::io::copy(
                &mut (&mut file).take(read.offset as u64),
                &mut std::io::sink(),
            )
            .map_err(refused)?;
            let mut bytes = Vec::new();
            file.take(wanted as u64)
                .read_to_end(&mut bytes)
                .map_err(refused)?;
            let text = STANDARD.encode(&bytes);
            value["base64"] = json!(text);
            value["count"] = json!(bytes.len());
            value["truncated"] = json!(read.offset as u64 + (bytes.len() as u64) < metadata.len());
            text
        }
    };
    Ok((text, value))
}

struct Lines {
    text: String,
    count: usize,
    goes_on: bool,
}

/// Reads lines `offset` to `offset + limit`, but not more than `bytes_max` bytes; at least one line or the start of it.
fn lines(
    file: File,
    place: &Place,
    offset: usize,
    limit: usize,
    bytes_max: usize,
) -> Result<Lines, String> {
    let mut reader = BufReader::new(file);
    let mut part = Lines {
        text: String::new(),
        count: 0,
        goes_on: false,
    };
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        // A file without line breaks must not be read whole into the memory.
        let length = (&mut reader)
            .take(BYTES_MAX as u64 + 1)
            .read_until(b'\n', &mut line)
            .map_err(|error| roots::refused(place, &error))?;
        if length == 0 {
            return Ok(part);
        }
        number += 1;
        if number <= offset {
            continue;
        }
        if part.count >= limit || (part.count > 0 && part.text.len() + length > bytes_max) {
            part.goes_on = true;
            return Ok(part);
        }
        let is_long = length > bytes_max;
        let bytes = &line[..length.min(bytes_max)];
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            // A line that was cut may end in the middle of a character.
            Err(error) if is_long && error.valid_up_to() + 4 > bytes.len() => {
                std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
            }
            Err(_) => {
                return Err(format!(
                    "`{}` is not UTF-8 text (line {number}); read it with encoding base64",
                    place.name
                ));
            }
        };
        part.text.push_str(text);
        part.count += 1;
        if is_long {
            part.goes_on = true;
            return Ok(part);
        }
    }
}
