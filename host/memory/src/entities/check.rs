//! What an entity may be.

use serde_json::{Map, Value};

use super::NewEntity;
use crate::error::{Error, within};

const NAME_BYTES_MAX: usize = 1024;
const KIND_BYTES_MAX: usize = 256;
const OBSERVATION_BYTES_MAX: usize = 32 << 10;
const OBSERVATIONS_BYTES_MAX: usize = 1 << 20;
const METADATA_BYTES_MAX: usize = 64 << 10;

/// How deep metadata may be nested: what reads it again, here and elsewhere, knows a bound as well.
const METADATA_DEPTH_MAX: usize = 32;

/// Checks what an entity is to be.
pub(crate) fn check(new: &NewEntity) -> Result<(), Error> {
    check_word("an entity's name", &new.name, NAME_BYTES_MAX)?;
    check_word("an entity's type", &new.kind, KIND_BYTES_MAX)?;
    let mut bytes = 0;
    for observation in &new.observations {
        within(
            "an observation's bytes",
            observation.len(),
            OBSERVATION_BYTES_MAX,
        )?;
        bytes += observation.len();
    }
    within(
        "the bytes of an entity's observations",
        bytes,
        OBSERVATIONS_BYTES_MAX,
    )?;
    check_metadata(&new.metadata)
}

/// Checks a name or type.
pub(crate) fn check_word(what: &'static str, word: &str, bytes_max: usize) -> Result<(), Error> {
    within(what, word.len(), bytes_max)?;
    if word.trim().is_empty() || word.chars().any(char::is_control) {
        return Err(Error::Unfit {
            what,
            value: word.chars().take(64).collect(),
            reason: "must have a letter or digit, and no line breaks or other control characters",
        });
    }
    Ok(())
}

/// Checks a type of a relation.
pub(crate) fn check_kind(kind: &str) -> Result<(), Error> {
    check_word("a relation's type", kind, KIND_BYTES_MAX)
}

pub(crate) fn check_metadata(metadata: &Map<String, Value>) -> Result<(), Error> {
    let bytes = metadata_json(metadata).map_or(0, |json| json.len());
    within("the bytes of metadata", bytes, METADATA_BYTES_MAX)?;
    let depth = metadata.values().map(depth).max().unwrap_or_default();
    within("the depth of metadata", depth, METADATA_DEPTH_MAX)
}

fn depth(value: &Value) -> usize {
    let within = match value {
        Value::Array(values) => values.iter().map(depth).max(),
        Value::Object(fields) => fields.values().map(depth).max(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    1 + within.unwrap_or_default()
}

pub(crate) fn metadata_json(metadata: &Map<String, Value>) -> Option<String> {
    let json = |metadata: &Map<String, Value>| Value::Object(metadata.clone()).to_string();
    (!metadata.is_empty()).then(|| json(metadata))
}
