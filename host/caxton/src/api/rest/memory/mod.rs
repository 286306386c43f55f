//! What is remembered, for the people who run the workspace: they see all of it, whoever it belongs to.

pub mod backup;
pub mod entities;
pub mod finding;
pub mod relations;
pub mod transfer;

use caxton_memory::{Error, Scope, View};
use http::StatusCode;

use super::super::State;
use super::{Problem, workspace};
use crate::workspace::Memories;

/// All of the workspace's memory.
fn memories(state: &State, name: &str) -> Result<Memories, Problem> {
    Ok(workspace(state, name)?.memories(View::everything("http")))
}

/// The scope of this name, given in `place` of the request.
fn scope(place: &str, text: &str) -> Result<Scope, Problem> {
    if text.chars().any(char::is_control) {
        let text = text.escape_debug();
        let detail = format!("`{text}` is no scope: it has control characters");
        return Err(invalid(place, detail));
    }
    text.parse()
        .map_err(|error: caxton_memory::NoScope| invalid(place, error.to_string()))
}

fn scopes(place: &str, texts: &[String]) -> Result<Vec<Scope>, Problem> {
    texts.iter().map(|text| scope(place, text)).collect()
}

/// The number of an entity as it stands in a path.
fn id(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| missing(text))
}

fn missing(id: impl std::fmt::Display) -> Problem {
    Error::NotFound {
        what: "entity",
        id: id.to_string(),
    }
    .into()
}

/// A value that can't be used: of a query where `place` is empty, else of a body.
fn invalid(place: &str, detail: String) -> Problem {
    if place.is_empty() {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-query", detail)
    } else {
        Problem::parameter(place, "invalid-body", detail)
    }
}

/// A number that must not be above `max`.
fn bounded(place: &str, name: &str, value: usize, max: usize) -> Result<usize, Problem> {
    if value <= max {
        return Ok(value);
    }
    Err(invalid(
        place,
        format!("`{name}` is {value}, and {max} is the most"),
    ))
}
