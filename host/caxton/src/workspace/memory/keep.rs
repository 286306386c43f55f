//! Keeping what somebody says: as a statement of its own, unless it is known already. What is nearly the same as an earlier
//! statement is put to that one, the latest last, for it may be what changed: a port, a favourite colour.

use std::collections::BTreeSet;

use caxton_memory::{
    Change, Entity, Error, Filter, Hit, NewEntity, Outcome, Query, Scope, Weights,
};
use serde_json::{Map, Value};

use super::Memories;
use super::words::{content_words, overlap};

/// The type of what was said. What people and agents write down on purpose has other types, and is not changed here.
const STATEMENT: &str = "statement";

/// How near the meanings of two statements are, as a cosine, where one says in other words what the other said.
const SIMILAR: f32 = 0.85;

/// The same where they begin alike, so that one most likely corrects the other: `… is blue`, `… is red`.
const SIMILAR_BEGUN_ALIKE: f32 = 0.75;

/// How much of their words they have in common, where they begin alike and their meaning is not known.
const OVERLAPPING: f32 = 0.6;

/// How often something may be said anew before its oldest version is forgotten.
const VERSIONS_MAX: usize = 16;

/// How many entities are held against what was said.
const COMPARED: usize = 16;

/// What became of something that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The entity that says so now.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Whether it is new, was added to, or said so already.
    pub outcome: Outcome,
}

impl Memories {
    /// Keeps what was said, 1 to 1,024 bytes in one line, in a scope.
    ///
    /// # Errors
    /// As [`Memories::remember`].
    pub async fn keep(
        &self,
        scope: &Scope,
        said: &str,
        metadata: Map<String, Value>,
    ) -> Result<Kept, Error> {
        let vector = self.vector(said).await;
        // Two who say the same at once would both find that nobody has.
        let _alone = self.keeping.lock().await;
        let query = Query {
            text: said.to_owned(),
            vector: vector.clone(),
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
        let near = self.memory.search(query).await?;
        match known(&near, said) {
            Known::Already(entity) => Ok(kept(entity, Outcome::Unchanged)),
            Known::Nearly(entity) => {
                let change = Change {
                    observations: Some(with(entity, said)),
                    ..Change::default()
                };
                let entity = self.change(entity.id, change).await?;
                Ok(kept(&entity, Outcome::Merged))
            }
            Known::Not => {
                let new = NewEntity {
                    name: said.to_owned(),
                    kind: STATEMENT.to_owned(),
                    observations: Vec::new(),
                    metadata,
                    vector,
                };
                let remembered = self.remember(scope, vec![new]).await?;
                let one = remembered.first().copied();
                Ok(Kept {
                    id: one.map_or(0, |one| one.id),
                    name: said.to_owned(),
                    outcome: one.map_or(Outcome::Unchanged, |one| one.outcome),
                })
            }
        }
    }
}

/// The statements of an entity from the oldest to what holds now; nothing where it is none that was said.
pub fn versions(entity: &Entity) -> Option<impl DoubleEndedIterator<Item = &str>> {
    (entity.kind == STATEMENT).then(|| {
        let observations = entity.observations.iter().map(String::as_str);
        std::iter::once(entity.name.as_str()).chain(observations)
    })
}

/// What of what is kept says what was said.
#[derive(Debug, PartialEq)]
enum Known<'e> {
    Already(&'e Entity),
    Nearly(&'e Entity),
    Not,
}

fn known<'e>(near: &'e [Hit], said: &str) -> Known<'e> {
    let words = &content_words(said);
    let says = |entity: &&Entity| match versions(entity) {
        // What was said before and is not what holds now is said anew.
        Some(mut versions) => versions
            .next_back()
            .is_some_and(|latest| content_words(latest) == *words),
        None => entity.observations.iter().any(|observation| {
            let alone = content_words(observation);
            let whole = alone.union(&content_words(&entity.name)).cloned().collect();
            alone == *words || *words == whole
        }),
    };
    if let Some(entity) = near.iter().map(|hit| &hit.entity).find(says) {
        return Known::Already(entity);
    }
    let similar = |hit: &&Hit| {
        let mut versions = versions(&hit.entity).into_iter().flatten();
        versions.any(|version| are_alike(version, said, hit.similarity))
    };
    let mut similar: Vec<&Hit> = near.iter().filter(similar).collect();
    similar.sort_by(|a, b| {
        let cosine = |hit: &Hit| hit.similarity.unwrap_or_default();
        cosine(b).total_cmp(&cosine(a))
    });
    match similar.first() {
        Some(hit) => Known::Nearly(&hit.entity),
        None => Known::Not,
    }
}

/// Whether one of two statements says what the other does, or something else of the same.
fn are_alike(one: &str, other: &str, cosine: Option<f32>) -> bool {
    let (words, others) = (content_words(one), content_words(other));
    let begun_alike = begin_alike(one, other);
    let near = match cosine {
        Some(cosine) if begun_alike => cosine >= SIMILAR_BEGUN_ALIKE,
        Some(cosine) => {
            cosine >= SIMILAR && !is_of_another(one, &others) && !is_of_another(other, &words)
        }
        None => begun_alike && overlap(&words, &others) >= OVERLAPPING,
    };
    near || words == others
}

/// Whether two statements have at least half of their words in common at their beginnings, where their subjects stand.
fn begin_alike(one: &str, other: &str) -> bool {
    let (one, other) = (said_words(one), said_words(other));
    let common = one
        .iter()
        .zip(&other)
        .take_while(|(a, b)| a.to_lowercase() == b.to_lowercase());
    common.count() * 2 >= one.len().max(other.len())
}

/// Whether a statement begins with a number or name that the other lacks: `Room 1 …` is not `Room 2 …`, however alike they are.
fn is_of_another(statement: &str, other: &BTreeSet<String>) -> bool {
    let words = said_words(statement);
    let first_half = words.iter().take(words.len().div_ceil(2)).enumerate();
    let named = |place: usize, word: &str| {
        let capital = place > 0 && word.starts_with(char::is_uppercase);
        capital || word.contains(|c: char| c.is_ascii_digit())
    };
    first_half
        .filter(|(place, word)| named(*place, word))
        .any(|(_, word)| !other.contains(&word.to_lowercase()))
}

/// The words of a statement that say something, in its order and as they are written.
fn said_words(statement: &str) -> Vec<&str> {
    let words = statement.split_whitespace();
    let bare = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
    bare.filter(|word| !content_words(word).is_empty())
        .collect()
}

/// The observations of a statement to which another version is put.
fn with(entity: &Entity, said: &str) -> Vec<String> {
    let words = content_words(said);
    let mut observations = entity.observations.clone();
    observations.retain(|observation| content_words(observation) != words);
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
    fn what_is_known_is_told_from_what_changed_and_what_is_new() {
        let port = || {
            hit(
                1,
                STATEMENT,
                "The server listens on port 8080.",
                &[],
                Some(0.97),
            )
        };
        let moved = || {
            let later = ["It is port 8081 where the server listens."];
            hit(
                2,
                STATEMENT,
                "The server listens on port 8080.",
                &later,
                Some(0.97),
            )
        };
        let anna = || hit(3, "person", "Anna", &["leads the sales team"], Some(0.9));
        let check = |near: &[Hit], said: &str, expected: (&str, i64)| {
            let found = match known(near, said) {
                Known::Already(entity) => ("already", entity.id),
                Known::Nearly(entity) => ("nearly", entity.id),
                Known::Not => ("not", 0),
            };
            assert_eq!(found, expected, "{said}");
        };
        check(&[port()], "the server listens on port 8080", ("already", 1));
        check(&[port()], "The server listens on port 8081.", ("nearly", 1));
        check(
            &[moved()],
            "The server listens on port 8080.",
            ("nearly", 2),
        );
        check(
            &[moved()],
            "The server listens on port 8081.",
            ("already", 2),
        );
        // What was written down on purpose is known, and not changed.
        check(&[anna()], "Anna leads the sales team.", ("already", 3));
        check(&[anna()], "Anna leads the support team.", ("not", 0));
        let far = hit(4, STATEMENT, "We ship on Fridays.", &[], Some(0.4));
        check(&[far, port()], "The server listens on 8081", ("nearly", 1));
        check(&[], "Anything.", ("not", 0));
        // Without vectors words decide.
        let mut unknown = port();
        unknown.similarity = None;
        check(
            std::slice::from_ref(&unknown),
            "The server listens on port 8081",
            ("nearly", 1),
        );
        check(&[unknown], "Servers like tips.", ("not", 0));
    }

    #[test]
    fn a_correction_is_told_from_what_is_said_of_another() {
        // With the cosines that the model gives them.
        let check = |one: &str, other: &str, cosine: f32, expected: bool| {
            assert_eq!(
                are_alike(one, other, Some(cosine)),
                expected,
                "{one} {other}"
            );
            assert_eq!(
                are_alike(other, one, Some(cosine)),
                expected,
                "{other} {one}"
            );
        };
        check(
            "My favourite colour is blue.",
            "My favourite colour is red.",
            0.837,
            true,
        );
        check("We ship on Fridays.", "We ship on Mondays.", 0.861, true);
        check(
            "Always answer in German.",
            "Always answer in English.",
            0.794,
            true,
        );
        check(
            "Our fiscal year starts in April.",
            "The fiscal year begins in April.",
            0.95,
            true,
        );
        check(
            "Our office is in Oslo.",
            "The office is located in Oslo.",
            0.874,
            true,
        );
        check(
            "Room 1 has a projector.",
            "Room 2 has a projector.",
            0.936,
            false,
        );
        check(
            "Region North sold 500 units.",
            "Region South sold 700 units.",
            0.817,
            false,
        );
        check(
            "Customer Acme renewed for 3 years.",
            "Customer Apex renewed for 2 years.",
            0.701,
            false,
        );
        check(
            "My birthday is 3 May.",
            "My wedding day is 3 May.",
            0.765,
            false,
        );
        check(
            "We use Postgres for orders.",
            "We use Redis for sessions.",
            0.439,
            false,
        );
    }

    #[test]
    fn the_latest_version_is_last_and_the_oldest_goes() {
        let port = hit(1, STATEMENT, "Port 0", &["Port 1", "Port 2"], Some(1.0)).entity;
        assert_eq!(with(&port, "port 1"), ["Port 2", "port 1"]);
        let many: Vec<String> = (1..=VERSIONS_MAX).map(|n| format!("Port {n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let full = hit(1, STATEMENT, "Port 0", &many, Some(1.0)).entity;
        let now = with(&full, "Port 99");
        assert_eq!(now.len(), VERSIONS_MAX);
        assert_eq!(
            (now[0].as_str(), now[VERSIONS_MAX - 1].as_str()),
            ("Port 2", "Port 99")
        );
    }
}
