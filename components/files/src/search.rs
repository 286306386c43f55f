//! The tool `search`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use caxton_sdk::{Answer, Tool, ToolResult, Value, json, progress};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::glob::Glob;
use crate::roots::{self, Place, Root};
use crate::walk::{self, Kind};

/// Matches that are given where the caller sets no limit.
const LIMIT: usize = 100;
/// The most matches that a caller can ask for.
const LIMIT_MAX: usize = 2_000;
/// Bytes of a line that are looked at: a longer one is data, not text.
const LINE_BYTES_MAX: u64 = 64 * 1024;
/// Characters of a matching line that are shown.
const LINE_CHARS_SHOWN: usize = 300;
/// Memory that a regular expression may take, in bytes.
const REGEX_BYTES_MAX: usize = 1024 * 1024;

/// The tool.
pub fn tool() -> Tool {
    Tool::new("search", "Searches for text in files: finds the lines that contain a word or match a regular expression, in a file or in all files under a directory.")
        .title("Search in files")
        .input(json!({
            "type": "object",
            "properties": {
                "query": { "type": "string", "minLength": 1, "description": "The text to find." },
                "path": { "type": "string", "description": "A file or directory; without it, all granted directories." },
                "regex": { "type": "boolean", "default": false, "description": "The query is a regular expression." },
                "ignore_case": { "type": "boolean", "default": false },
                "pattern": { "type": "string", "description": "Only files that match, such as *.md." },
                "limit": { "type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT }
            },
            "required": ["query"],
            "additionalProperties": false
        }))
        .output(json!({
            "type": "object",
            "properties": {
                "matches": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": { "path": { "type": "string" }, "line": { "type": "integer" }, "text": { "type": "string" } },
                        "required": ["path", "line", "text"]
                    }
                },
                "files_searched": { "type": "integer" },
                "truncated": { "type": "boolean", "description": "Whether there are more matches." }
            },
            "required": ["matches", "files_searched", "truncated"]
        }))
        .read_only()
        .idempotent()
        .open_world(false)
}

/// What is asked.
#[derive(Deserialize)]
pub struct Search {
    query: String,
    path: Option<String>,
    #[serde(default)]
    regex: bool,
    #[serde(default)]
    ignore_case: bool,
    pattern: Option<String>,
    limit: Option<usize>,
}

/// Searches.
pub fn call(search: &Search, roots: &[Root]) -> Answer {
    found(search, roots)
        .map_or_else(ToolResult::error, |value| ToolResult::structured(&value))
        .into()
}

fn found(search: &Search, roots: &[Root]) -> Result<Value, String> {
    let query = if search.regex {
        search.query.clone()
    } else {
        regex::escape(&search.query)
    };
    let query = RegexBuilder::new(&query)
        .case_insensitive(search.ignore_case)
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|error| {
            format!("`query` is not a regular expression that can be used: {error}")
        })?;
    let glob = search.pattern.as_deref().map(Glob::parse).transpose()?;
    let limit = search.limit.unwrap_or(LIMIT).min(LIMIT_MAX);
    let starts = roots::starts(roots, search.path.as_deref())?;
    let mut matches = Vec::new();
    let mut files: u64 = 0;
    let mut is_whole = true;
    for start in &starts {
        if start.path.is_file() {
            files += 1;
            is_whole &= search_file(start, &query, limit, &mut matches)
                .map_err(|error| roots::refused(start, &error))?;
            continue;
        }
        is_whole &= walk::walk(start, walk::DEPTH_MAX, &mut |entry| {
            if entry.kind != Kind::File
                || glob
                    .as_ref()
                    .is_some_and(|glob| !glob.matches(&entry.below))
            {
                return true;
            }
            files += 1;
            progress::report(files as f64, None, Some(&entry.place.name));
            // A file that can't be read among many is no reason to give nothing.
            search_file(&entry.place, &query, limit, &mut matches).unwrap_or(true)
        })?;
    }
    Ok(json!({"matches": matches, "files_searched": files, "truncated": !is_whole}))
}

/// Adds the matching lines of a file. Gives `false` where there are more than `limit` matches in all.
fn search_file(
    place: &Place,
    query: &Regex,
    limit: usize,
    matches: &mut Vec<Value>,
) -> std::io::Result<bool> {
    let mut reader = BufReader::new(File::open(&place.path)?);
    let mut line = Vec::new();
    let mut number: u64 = 0;
    let mut is_start = true;
    loop {
        line.clear();
        if (&mut reader)
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(true);
        }
        // A zero byte says that this is no text, as in other search tools.
        if line.contains(&0) {
            return Ok(true);
        }
        // The rest of an overlong line belongs to the same number.
        if is_start {
            number += 1;
        }
        is_start = line.ends_with(b"\n");
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        if let Some(found) = query.find(text) {
            if matches.len() >= limit {
                return Ok(false);
            }
            matches.push(
                json!({"path": place.name, "line": number, "text": excerpt(text, found.start())}),
            );
        }
    }
}

/// The line, or the part of a long one around the match.
fn excerpt(text: &str, at: usize) -> String {
    if text.chars().count() <= LINE_CHARS_SHOWN {
        return text.to_owned();
    }
    let before: usize = text[..at].chars().count();
    let skipped = before.saturating_sub(LINE_CHARS_SHOWN / 3);
    let shown: String = text.chars().skip(skipped).take(LINE_CHARS_SHOWN).collect();
    format!("{}{shown}…", if skipped > 0 { "…" } else { "" })
}
