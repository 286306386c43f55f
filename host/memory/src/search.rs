//! Search: what is nearest in meaning, what shares words, and what is recent, fused by their ranks (reciprocal rank fusion:
//! Cormack, Clarke and Büttcher, 2009). The index gives candidates that the view and the filter allow; the nearest of them
//! are compared once more by their stored vectors, and all are read from the tables, again through the view.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::entities::{Entity, Memory, Room, select};
use crate::error::{Error, Fault, within};
use crate::index::{Ask, LEVELS_ERROR_MAX, Narrow, Scored};
use crate::scope::{Scope, Seen};
use crate::vectors::{self, VECTOR_DIMENSIONS, Vector};

/// The most hits of a search.
pub const HITS_MAX: usize = 1000;

/// The most bytes of a search's text.
const TEXT_BYTES_MAX: usize = 64 << 10;

/// What is added to a rank before its reciprocal is taken, which keeps a first place in one list from being worth more than
/// good places in two: the value of the method's authors.
const RANK_OFFSET: f64 = 60.0;

/// How many of each list are fused at least. What is further down in both lists can't come to the top.
const FUSED_MIN: usize = 100;

/// How many entities phrases may leave in question; of more, the latest.
const PHRASED_MAX: usize = 100_000;

/// Which entities are wanted. The default wants all that the view sees.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// In one of these scopes; empty: in any. One out of view has nothing in it.
    pub scopes: Vec<Scope>,
    /// Of one of these types; empty: of any.
    pub kinds: Vec<String>,
    /// Of this very name.
    pub name: Option<String>,
    /// With all of these values in their metadata, under the same keys of the first level.
    pub metadata: Map<String, Value>,
    /// Changed at this time or later, in milliseconds since 1970, UTC.
    pub from_ms: Option<i64>,
    /// Changed before this time.
    pub until_ms: Option<i64>,
    /// With all of these phrases in their texts: words in this order, whatever their case and accents. A `*` at the end
    /// lets the last word go on.
    pub phrases: Vec<String>,
}

impl Filter {
    /// Gives the filter in the database's numbers, or `None` where nothing can pass it.
    pub(crate) fn narrow(
        &self,
        connection: &Connection,
        seen: Seen,
    ) -> Result<Option<Narrow>, Fault> {
        let scopes = seen.within(connection, &self.scopes)?;
        let mut kinds = Vec::new();
        for kind in &self.kinds {
            let sql = "SELECT id FROM kinds WHERE name = ?1";
            let mut statement = connection.prepare_cached(sql)?;
            kinds.extend(
                statement
                    .query_row([kind], |row| row.get::<_, i64>(0))
                    .optional()?,
            );
        }
        let mut only = self.phrased(connection)?;
        if let Some(name) = &self.name {
            let named = named(connection, name)?;
            only = Some(match only {
                Some(phrased) => named
                    .into_iter()
                    .filter(|id| phrased.contains(id))
                    .collect(),
                None => named,
            });
        }
        let nothing = scopes.0.as_ref().is_some_and(Vec::is_empty)
            || (!self.kinds.is_empty() && kinds.is_empty())
            || only.as_ref().is_some_and(Vec::is_empty);
        Ok((!nothing).then(|| Narrow {
            scopes,
            kinds: (!kinds.is_empty()).then_some(kinds),
            metadata: self.metadata.clone(),
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            only,
        }))
    }

    /// The entities whose texts have all phrases.
    fn phrased(&self, connection: &Connection) -> Result<Option<Vec<i64>>, Fault> {
        if self.phrases.is_empty() {
            return Ok(None);
        }
        let mut terms = Vec::with_capacity(self.phrases.len());
        for phrase in &self.phrases {
            let (words, more) = match phrase.trim_end().strip_suffix('*') {
                Some(words) => (words, " *"),
                None => (&**phrase, ""),
            };
            if !words.chars().any(char::is_alphanumeric) {
                return Err(Error::Unfit {
                    what: "a phrase",
                    value: phrase.chars().take(64).collect(),
                    reason: "must have a letter or digit",
                }
                .into());
            }
            // In quotation marks nothing has a meaning but these, doubled; a NUL would end the text.
            let quoted = words.replace('\0', " ").replace('"', "\"\"");
            terms.push(format!("\"{quoted}\"{more}"));
        }
        let sql = format!(
            "SELECT rowid FROM entity_texts WHERE entity_texts MATCH ?1 ORDER BY rowid DESC LIMIT {PHRASED_MAX}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let found = statement.query_map([terms.join(" AND ")], |row| row.get(0))?;
        Ok(Some(found.collect::<Result<_, _>>()?))
    }
}

/// The entities of that name, one in each scope at most.
fn named(connection: &Connection, name: &str) -> Result<Vec<i64>, Fault> {
    // Scope by scope, for names are kept in order within each.
    let sql = "SELECT entities.id FROM scopes CROSS JOIN entities ON entities.scope = scopes.id AND entities.name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_map([name], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// Its words; 64 KiB at most. Without words and without a vector the latest entities are found.
    pub text: String,
    /// What it means.
    pub vector: Option<Vector>,
    /// Which entities are wanted at all.
    pub filter: Filter,
    /// How many hits at most; no more than 1,000. There are fewer where these hold more than 4 MiB.
    pub limit: usize,
    /// How much each list counts.
    pub weights: Weights,
    /// The cosine under which meaning does not count.
    pub similarity_min: Option<f32>,
}

/// How much each list counts; 0 leaves it out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// Nearness in meaning.
    pub vector: f32,
    /// Common words.
    pub text: f32,
    /// How lately an entity was changed, among those that the other lists have.
    pub recency: f32,
}

impl Default for Weights {
    /// Meaning and words count alike; recency only decides between what is about as good.
    fn default() -> Self {
        Weights {
            vector: 1.0,
            text: 1.0,
            recency: 0.1,
        }
    }
}

/// A result of a search, with what speaks for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// What was found.
    pub entity: Entity,
    /// The sum over the lists of weight / (60 + rank).
    pub score: f64,
    /// Its place by meaning, from 1; `None` where it is not among the nearest.
    pub vector_rank: Option<u32>,
    /// Its place by words.
    pub text_rank: Option<u32>,
    /// Its place by time, among all that were found.
    pub recency_rank: u32,
    /// The cosine of its vector and the query's.
    pub similarity: Option<f32>,
    /// The BM25 of its text for the query's words.
    pub bm25: Option<f32>,
}

impl Memory {
    /// Finds what is nearest to a query, best first. Nothing is found that the view does not see or that the filter does
    /// not let pass, and neither costs results: they are applied before anything is chosen. By meaning the nearest are
    /// exact where up to 131,072 entities are in question, and above it practically so.
    ///
    /// # Errors
    /// [`Error::Limit`]; [`Error::Unfit`] for a vector that has not the length 1, and for a phrase without words; any error
    /// of the database.
    pub async fn search(&self, query: Query) -> Result<Vec<Hit>, Error> {
        within("the hits of a search", query.limit, HITS_MAX)?;
        within(
            "the bytes of a search's text",
            query.text.len(),
            TEXT_BYTES_MAX,
        )?;
        if let Some(vector) = &query.vector {
            vectors::encode(vector)?;
        }
        let index = self.store.index().await?;
        self.read(move |connection, seen| {
            let Some(narrow) = query.filter.narrow(connection, seen.clone())? else {
                return Ok(Vec::new());
            };
            let fused_max = FUSED_MIN.max(query.limit.saturating_mul(4));
            if query.text.trim().is_empty() && query.vector.is_none() {
                let latest = index.newest(&Ask::of(narrow), query.limit, None);
                return latest_hits(connection, &seen, latest, query.weights);
            }
            let vector = query
                .vector
                .as_deref()
                .filter(|_| query.weights.vector > 0.0);
            let found = index.search(&Ask {
                narrow,
                vector,
                text: if query.weights.text > 0.0 {
                    &query.text
                } else {
                    ""
                },
                texts_max: fused_max,
            });
            let mut nearest = match vector {
                Some(vector) => compare(connection, found.vectors, vector, query.limit)?,
                None => Vec::new(),
            };
            if let Some(least) = query.similarity_min {
                nearest.retain(|scored| scored.score >= least);
            }
            nearest.truncate(fused_max);
            let fused = fuse(&nearest, &found.texts, query.weights);
            hits(connection, &seen, fused, query.limit)
        })
        .await
    }
}

/// Orders candidates by their stored vectors, as far down as one of them could still be among the best `limit`; those
/// below keep their estimates.
fn compare(
    connection: &Connection,
    candidates: Vec<Scored>,
    vector: &[f32; VECTOR_DIMENSIONS],
    limit: usize,
) -> Result<Vec<Scored>, Fault> {
    let mut statement = connection.prepare_cached("SELECT value FROM vectors WHERE entity = ?1")?;
    let mut exact: Vec<Scored> = Vec::new();
    // The best cosines so far, the worst of them first.
    let mut best = std::collections::BinaryHeap::new();
    let mut rest = candidates.into_iter();
    for candidate in rest.by_ref() {
        let mut rows = statement.query([candidate.id])?;
        // What was forgotten since the index was asked is no candidate any more.
        let Some(row) = rows.next()? else { continue };
        let value = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let cosine = vectors::dot(&vectors::decode(value), vector);
        exact.push(Scored {
            score: cosine,
            ..candidate
        });
        best.push(std::cmp::Reverse(Cosine(cosine)));
        if best.len() > limit {
            best.pop();
            let worst = best.peek().map_or(f32::MIN, |worst| worst.0.0);
            if candidate.score + LEVELS_ERROR_MAX < worst {
                break;
            }
        }
    }
    exact.sort_by(|a, b| b.score.total_cmp(&a.score));
    exact.extend(rest);
    Ok(exact)
}

/// A cosine, which is never NaN, as something that can be ordered.
#[derive(PartialEq)]
struct Cosine(f32);

impl Eq for Cosine {}

impl PartialOrd for Cosine {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cosine {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// What is known about a hit before its entity is read.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Fused {
    id: i64,
    updated_ms: i64,
    score: f64,
    vector: Option<(u32, f32)>,
    text: Option<(u32, f32)>,
    recency_rank: u32,
}

/// Fuses the lists by ranks, best first. Of equal scores the one changed later comes first.
fn fuse(nearest: &[Scored], texts: &[Scored], weights: Weights) -> Vec<Fused> {
    let mut all: HashMap<i64, Fused> = HashMap::new();
    let entry = |scored: &Scored| Fused {
        id: scored.id,
        updated_ms: scored.updated_ms,
        ..Fused::default()
    };
    for (rank, scored) in (1..).zip(nearest) {
        let fused = all.entry(scored.id).or_insert_with(|| entry(scored));
        fused.vector = Some((rank, scored.score));
        fused.score += part(weights.vector, rank);
    }
    for (rank, scored) in (1..).zip(texts) {
        let fused = all.entry(scored.id).or_insert_with(|| entry(scored));
        fused.text = Some((rank, scored.score));
        fused.score += part(weights.text, rank);
    }
    let mut all: Vec<Fused> = all.into_values().collect();
    all.sort_unstable_by_key(|fused| std::cmp::Reverse((fused.updated_ms, fused.id)));
    for (rank, fused) in (1..).zip(&mut all) {
        fused.recency_rank = rank;
        fused.score += part(weights.recency, rank);
    }
    // A stable sort, which keeps the order by time where scores are equal.
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all
}

fn part(weight: f32, rank: u32) -> f64 {
    f64::from(weight) / (RANK_OFFSET + f64::from(rank))
}

fn hits(
    connection: &Connection,
    seen: &Seen,
    fused: Vec<Fused>,
    limit: usize,
) -> Result<Vec<Hit>, Fault> {
    let mut hits = Vec::with_capacity(limit.min(fused.len()));
    let mut room = Room::default();
    let mut is_full = false;
    for fused in fused {
        if hits.len() == limit || is_full {
            break;
        }
        if let Some(entity) = select(connection, seen, fused.id)? {
            is_full = room.is_full_with(&entity);
            hits.push(Hit {
                entity,
                score: fused.score,
                vector_rank: fused.vector.map(|(rank, _)| rank),
                text_rank: fused.text.map(|(rank, _)| rank),
                recency_rank: fused.recency_rank,
                similarity: fused.vector.map(|(_, cosine)| cosine),
                bm25: fused.text.map(|(_, score)| score),
            });
        }
    }
    Ok(hits)
}

fn latest_hits(
    connection: &Connection,
    seen: &Seen,
    latest: Vec<i64>,
    weights: Weights,
) -> Result<Vec<Hit>, Fault> {
    let fused = (1..).zip(latest).map(|(rank, id)| Fused {
        id,
        score: part(weights.recency, rank),
        recency_rank: rank,
        ..Fused::default()
    });
    hits(connection, seen, fused.collect(), HITS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ids: &[(i64, i64)]) -> Vec<Scored> {
        let scored = |(id, updated_ms): &(i64, i64)| Scored {
            score: 1.0,
            id: *id,
            updated_ms: *updated_ms,
        };
        ids.iter().map(scored).collect()
    }

    #[test]
    fn ranks_are_fused_by_weights() {
        let even = Weights::default();
        let check = |vectors: &[(i64, i64)], texts: &[(i64, i64)], weights, expected: &[i64]| {
            let fused = fuse(&list(vectors), &list(texts), weights);
            let ids: Vec<i64> = fused.iter().map(|fused| fused.id).collect();
            assert_eq!(ids, expected, "{vectors:?} {texts:?}");
        };
        check(&[], &[], even, &[]);
        check(
            &[(1, 0), (2, 0)],
            &[],
            Weights {
                recency: 0.0,
                ..even
            },
            &[1, 2],
        );
        // Second in both lists is better than first in one.
        check(&[(1, 0), (2, 0)], &[(3, 0), (2, 0)], even, &[2, 3, 1]);
        // Of two equals the later one.
        check(&[(1, 5)], &[(2, 9)], even, &[2, 1]);
        check(&[(1, 9)], &[(2, 5)], even, &[1, 2]);
        check(
            &[(1, 0)],
            &[(2, 9)],
            Weights {
                vector: 2.0,
                ..even
            },
            &[1, 2],
        );
    }
}
