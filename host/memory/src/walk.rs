//! Walking the graph: from some entities along relations, breadth first, as far and as wide as the caller allows. What lies
//! out of view is neither given nor passed through.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use rusqlite::Connection;
use serde::Serialize;

use crate::entities::{Entity, Memory, Room, select};
use crate::error::{Error, Fault, within};
use crate::relations::{Direction, Relation, Step, kind_numbers, relation, scope_of, steps_from};
use crate::scope::Seen;

/// How far a walk may go.
const DEPTH_MAX: usize = 8;

/// The most entities of a walk, its starts included.
const ENTITIES_MAX: usize = 10_000;

/// The most relations that are given; those between the nearest entities come first.
const RELATIONS_MAX: usize = 40_000;

/// Relations of one entity that a walk follows, for each entity that it may give: one that everything is related to is not
/// read to the end.
const RELATIONS_PER_ENTITY: usize = 4;

/// Where to walk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// Where it starts; what is not in view is left out.
    pub from: Vec<i64>,
    /// How many relations away from a start at most; 8 or fewer.
    pub depth: usize,
    /// Along relations of these types; empty: of all.
    pub kinds: Vec<String>,
    /// In which direction.
    pub direction: Direction,
    /// How many entities at most, the starts included; 10,000 or fewer.
    pub entities_max: usize,
}

/// An entity that a walk has come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reached {
    /// The entity.
    pub entity: Entity,
    /// How many relations it is away from the nearest start.
    pub depth: usize,
}

/// What a walk has seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Graph {
    /// Entities, the nearest first.
    pub entities: Vec<Reached>,
    /// The relations that were followed, each once; both ends are among the entities.
    pub relations: Vec<Relation>,
    /// Whether there was more than the bounds allowed.
    pub truncated: bool,
}

impl Memory {
    /// Walks along relations, the nearest entities first.
    ///
    /// # Errors
    /// [`Error::Limit`] for a walk that is too deep or too wide; any error of the database.
    pub async fn walk(&self, walk: Walk) -> Result<Graph, Error> {
        within("the depth of a walk", walk.depth, DEPTH_MAX)?;
        within("the entities of a walk", walk.entities_max, ENTITIES_MAX)?;
        within("the starts of a walk", walk.from.len(), ENTITIES_MAX)?;
        self.read(move |connection, seen| go(connection, &seen, &walk))
            .await
    }
}

fn go(connection: &Connection, seen: &Seen, walk: &Walk) -> Result<Graph, Fault> {
    let mut depths: HashMap<i64, usize> = HashMap::new();
    let mut order = Vec::new();
    let mut truncated = false;
    for id in &walk.from {
        if depths.contains_key(id) || scope_of(connection, seen, *id)?.is_none() {
            continue;
        }
        if order.len() == walk.entities_max {
            truncated = true;
            break;
        }
        depths.insert(*id, 0);
        order.push(*id);
    }
    let mut followed: HashSet<Step> = HashSet::new();
    let mut steps = Vec::new();
    let mut at = 0;
    if let Some(kinds) = kind_numbers(connection, &walk.kinds)? {
        while at < order.len() {
            let (id, depth) = (order[at], depths[&order[at]]);
            at += 1;
            if depth == walk.depth {
                break;
            }
            let limit = walk.entities_max * RELATIONS_PER_ENTITY;
            steps.clear();
            truncated |= !steps_from(
                connection,
                seen,
                id,
                walk.direction,
                &kinds,
                limit,
                &mut steps,
            )?;
            for step in &steps {
                let other = if step.source == id {
                    step.target
                } else {
                    step.source
                };
                if let Entry::Vacant(new) = depths.entry(other) {
                    if order.len() == walk.entities_max {
                        truncated = true;
                        continue;
                    }
                    new.insert(depth + 1);
                    order.push(other);
                }
                followed.insert(*step);
            }
        }
    }
    let mut graph = Graph {
        truncated,
        ..Graph::default()
    };
    let mut room = Room::default();
    let mut given = HashSet::with_capacity(order.len());
    for id in order {
        if let Some(entity) = select(connection, seen, id)? {
            let depth = depths[&id];
            let is_full = room.is_full_with(&entity);
            given.insert(id);
            graph.entities.push(Reached { entity, depth });
            if is_full && given.len() < depths.len() {
                graph.truncated = true;
                break;
            }
        }
    }
    let both = |step: &Step| given.contains(&step.source) && given.contains(&step.target);
    let mut followed: Vec<Step> = followed.into_iter().filter(both).collect();
    followed.sort_unstable_by_key(|step| {
        (
            depths[&step.source].min(depths[&step.target]),
            step.source,
            step.kind,
            step.target,
        )
    });
    if followed.len() > RELATIONS_MAX {
        followed.truncate(RELATIONS_MAX);
        graph.truncated = true;
    }
    for step in followed {
        graph.relations.push(relation(connection, step)?);
    }
    Ok(graph)
}
