//! Keeping what somebody says: as a statement of its own, unless it is known already (`alike`). What is nearly the same as an
//! earlier statement is put to that one, the latest last, for it may be what changed: a port, a favourite colour.

use caxton_memory::{Change, Entity, Error, Filter, NewEntity, Outcome, Query, Scope, Weights};
use serde_json::{Map, Value};

use super::alike::{Known, known};
use super::words::spelled;
use crate::workspace::Memories;

/// The type of what was said. What people and agents write down on purpose has other types, and is not changed here.
const STATEMENT: &str = "statement";

/// How often something may be said anew before its oldest version is forgotten.
const VERSIONS_MAX: usize = 16;

/// How many entities are held against what was said.
const COMPARED: usize = 16;

/// What became of something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Kept {
    /// The entity that says so now.
    pub(super) id: i64,
    /// Its name.
    pub(super) name: String,
    /// Whether it is new, was added to, or said so already.
    pub(super) outcome: Outcome,
}

/// Keeps what was said, 1 to 1,024 bytes in one line, in a scope.
///
/// # Errors
/// As [`Memories::remember`].
pub(super) async fn keep(
    memories: &Memories,
    scope: &Scope,
    said: &str,
    metadata: Map<String, Value>,
) -> Result<Kept, Error> {
    let query = Query {
        text: said.to_owned(),
        vector: memories.vector(said).await,
        filter: Filter {
            scopes: vec![scope.clone()],
            ..Filter::default()
        },
        limit: COMPARED,
        weights: Weights {
            recency: 0.0,
            ..Weights::default()
        },
        similarity_min: None,
    };
    // Two who say the same at once would both find that nobody has.
    let _alone = memories.alone().await;
    loop {
        let near = memories.memory.search(query.clone()).await?;
        match known(&near, said) {
            Known::Already(entity) => return Ok(kept(entity, Outcome::Unchanged)),
            Known::Nearly(entity) => {
                let change = Change {
                    observations: Some(with(entity, said)),
                    version: Some(entity.version),
                    ..Change::default()
                };
                match memories.change(entity.id, change).await {
                    // Somebody else has changed or forgotten it since, so it is looked for anew.
                    Err(Error::EntityChanged { .. } | Error::NotFound { .. }) => {}
                    changed => return Ok(kept(&changed?, Outcome::Merged)),
                }
            }
            Known::Not => {
                let new = NewEntity {
                    name: said.to_owned(),
                    kind: STATEMENT.to_owned(),
                    observations: Vec::new(),
                    metadata,
                    vector: query.vector,
                };
                let remembered = memories.remember(scope, vec![new]).await?;
                let one = remembered.first().copied();
                return Ok(Kept {
                    id: one.map_or(0, |one| one.id),
                    name: said.to_owned(),
                    outcome: one.map_or(Outcome::Unchanged, |one| one.outcome),
                });
            }
        }
    }
}

/// The statements of an entity from the oldest to what holds now; nothing where it is none that was said.
pub(super) fn versions(entity: &Entity) -> Option<impl DoubleEndedIterator<Item = &str>> {
    (entity.kind == STATEMENT).then(|| {
        let observations = entity.observations.iter().map(String::as_str);
        std::iter::once(entity.name.as_str()).chain(observations)
    })
}

/// The observations of a statement to which another version is put.
fn with(entity: &Entity, said: &str) -> Vec<String> {
    let words = spelled(said);
    let mut observations = entity.observations.clone();
    observations.retain(|observation| spelled(observation) != words);
    observations.push(said.to_owned());
    let over = observations.len().saturating_sub(VERSIONS_MAX);
    observations.drain(..over);
    observations
}

fn kept(entity: &Entity, outcome: Outcome) -> Kept {
    Kept {
        id: entity.id,
        name: entity.name.clone(),
        outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::super::hit;
    use super::*;

    #[test]
    fn the_latest_version_is_last_and_the_oldest_goes() {
        let port = hit(1, STATEMENT, "Port 0", &["Port 1", "Port 2"], None).entity;
        assert_eq!(with(&port, "port 1"), ["Port 2", "port 1"]);
        let many: Vec<String> = (1..=VERSIONS_MAX).map(|n| format!("Port {n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let full = hit(1, STATEMENT, "Port 0", &many, None).entity;
        let now = with(&full, "Port 99");
        assert_eq!(now.len(), VERSIONS_MAX);
        assert_eq!(
            (now[0].as_str(), now[VERSIONS_MAX - 1].as_str()),
            ("Port 2", "Port 99")
        );
    }
}
