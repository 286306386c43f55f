//! Taking calls: arguments in, answers out. What a table can't answer is told to the model, which can ask better.

use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools};
use serde::Deserialize;

use crate::error::CsvError;
use crate::query::Rows;
use crate::source::Source;
use crate::table::Table;
use crate::{aggregate, describe, query, schema};

/// The component.
pub struct Csv;

impl Tools for Csv {
    fn list() -> Result<Vec<Tool>, String> {
        Ok(schema::tools())
    }

    fn call(name: &str, arguments: Arguments) -> Answer {
        let answer = match name {
            "describe" => describe(arguments.parse()?),
            "read" | "filter" => run(arguments.parse()?, query::run),
            "aggregate" => run(arguments.parse()?, aggregate::run),
            _ => return Err(ToolError::not_found(name)),
        };
        answer
            .unwrap_or_else(|error| ToolResult::error(sentence(&error.to_string())))
            .into()
    }
}

/// A table and what is asked of it.
#[derive(Deserialize)]
struct Asked<T> {
    #[serde(flatten)]
    source: Source,
    #[serde(flatten)]
    question: T,
}

fn describe(source: Source) -> Result<ToolResult, CsvError> {
    let description = describe::describe(&source.table()?);
    Ok(ToolResult::text(description.text).with_structured(&description.structured))
}

fn run<T>(
    Asked { source, question }: Asked<T>,
    answer: impl Fn(&Table, &T) -> Result<Rows, CsvError>,
) -> Result<ToolResult, CsvError> {
    let table = source.table()?;
    let rows = answer(&table, &question)?;
    Ok(ToolResult::text(rows.to_text(&table.notes)).with_structured(&rows.to_json(&table.notes)))
}

/// Makes a sentence of a message.
fn sentence(message: &str) -> String {
    let mut characters = message.chars();
    let first = characters
        .next()
        .map(char::to_uppercase)
        .into_iter()
        .flatten();
    let end = if message.ends_with(['.', '?', '!']) {
        ""
    } else {
        "."
    };
    first
        .chain(characters.as_str().chars())
        .chain(end.chars())
        .collect()
}
