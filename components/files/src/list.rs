//! The tool `list`.

use caxton_sdk::{Answer, Tool, ToolResult, Value, json};
use serde::Deserialize;

use crate::glob::Glob;
use crate::roots::{self, Root};
use crate::walk::{self, Entry, Kind};

/// Entries that are given where the caller sets no limit.
const LIMIT: usize = 200;
/// The most entries that a caller can ask for.
const LIMIT_MAX: usize = 5_000;

/// The tool.
pub fn tool() -> Tool {
    Tool::new(
        "list",
        "Lists files and directories: what is in a directory, all files below it, or those whose names match a pattern such as *.csv. \
         Without a path it lists the directories that may be read.",
    )
    .title("List files")
    .input(json!({
        "type": "object",
        "properties": {
            "path": { "type": "string", "description": "A directory, such as data. Without it, the granted directories." },
            "recursive": { "type": "boolean", "default": false, "description": "Also list what is in the directories below." },
            "depth": { "type": "integer", "minimum": 1, "maximum": walk::DEPTH_MAX, "description": "How many levels to go down." },
            "pattern": { "type": "string", "description": "Only entries that match: *.csv for names, reports/**/*.md for paths below the directory." },
            "limit": { "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT }
        },
        "additionalProperties": false
    }))
    .output(json!({
        "type": "object",
        "properties": {
            "entries": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "path": { "type": "string" }, "kind": { "enum": ["file", "directory", "link"] }, "bytes": { "type": "integer" }, "mode": { "enum": ["read", "write"] } },
                    "required": ["path", "kind"]
                }
            },
            "truncated": { "type": "boolean", "description": "Whether there is more than is listed." }
        },
        "required": ["entries", "truncated"]
    }))
    .read_only()
    .idempotent()
    .open_world(false)
}

/// What is asked.
#[derive(Deserialize)]
pub struct List {
    path: Option<String>,
    #[serde(default)]
    recursive: bool,
    depth: Option<usize>,
    pattern: Option<String>,
    limit: Option<usize>,
}

/// Lists.
pub fn call(list: List, roots: &[Root]) -> Answer {
    listed(&list, roots)
        .map_or_else(ToolResult::error, |value| ToolResult::structured(&value))
        .into()
}

fn listed(list: &List, roots: &[Root]) -> Result<Value, String> {
    let pattern = list.pattern.as_deref().map(Glob::parse).transpose()?;
    let limit = list.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
    let is_deep = list.recursive
        || list
            .pattern
            .as_deref()
            .is_some_and(|pattern| pattern.contains("**"));
    let depth = list
        .depth
        .unwrap_or(if is_deep { walk::DEPTH_MAX } else { 1 });
    let starts = roots::starts(roots, list.path.as_deref())?;
    let mut entries = Vec::new();
    if list.path.is_none() {
        let shown = |root: &Root| json!({"path": root.place().name, "kind": "directory", "mode": if root.is_writable { "write" } else { "read" }});
        entries.extend(roots.iter().map(shown));
        // The names of the granted directories are all that was asked for, unless something is looked for in them.
        if !list.recursive && list.pattern.is_none() && list.depth.is_none() && roots.len() > 1 {
            return Ok(json!({"entries": entries, "truncated": false}));
        }
    }
    let mut is_whole = true;
    for start in &starts {
        is_whole &= walk::walk(start, depth, &mut |entry| {
            if pattern
                .as_ref()
                .is_none_or(|pattern| pattern.matches(&entry.below))
            {
                if entries.len() >= limit {
                    return false;
                }
                entries.push(shown(&entry));
            }
            true
        })?;
    }
    Ok(json!({"entries": entries, "truncated": !is_whole}))
}

fn shown(entry: &Entry) -> Value {
    let kind = match entry.kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Link => "link",
    };
    match entry.bytes {
        Some(bytes) => json!({"path": entry.place.name, "kind": kind, "bytes": bytes}),
        None => json!({"path": entry.place.name, "kind": kind}),
    }
}
