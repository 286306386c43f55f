//! The index: what search needs of every entity, in memory. The tables are the truth; the index is made from them when
//! something is searched first, and follows each edit once that is on disk and before its caller hears of it. It is never
//! saved, so it can't be behind its file after a crash.
//!
//! In reading order: `segment` (the rows), `words`, `codes` (vectors in few bits), `kernels` (their inner loops), `best`,
//! `scan` (a search).

mod best;
mod codes;
mod kernels;
mod scan;
mod segment;
mod words;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};

use rusqlite::Connection;
use serde_json::{Map, Value};

use crate::entities::text;
use crate::error::{Error, Fault, stored};
use crate::scope::Seen;
use crate::store::Store;
use crate::vectors::{STORED_BYTES, decode};
pub(crate) use codes::LEVELS_ERROR_MAX;
use kernels::Kernels;
use scan::{Place, Wanted, place};
use segment::{Entry, Segment, Term};

/// The words of a text that are indexed. A text of 1 MiB may have half a million.
const WORDS_MAX: usize = 1 << 16;

/// Entities that are handed from one thread to the other at once when the index is made, and how often ahead.
const BATCH: usize = 256;
const BATCHES_WAITING_MAX: usize = 8;

/// An entity as it was written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) scope: i64,
    pub(crate) kind: i64,
    pub(crate) updated_ms: i64,
    pub(crate) text: String,
    pub(crate) metadata: Map<String, Value>,
    pub(crate) vector: Option<Box<[u8; STORED_BYTES]>>,
}

/// What an edit did to the tables.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// The entity is new or changed.
    Put(Box<Row>),
    /// The entity has another vector.
    Vector(i64, Box<[u8; STORED_BYTES]>),
    /// The entity is gone.
    Gone(i64),
}

/// Which entities may be found, in the database's numbers.
#[derive(Debug, Clone)]
pub(crate) struct Narrow {
    pub(crate) scopes: Seen,
    pub(crate) kinds: Option<Vec<i64>>,
    pub(crate) metadata: Map<String, Value>,
    /// The time of the last change: from this one on.
    pub(crate) from_ms: Option<i64>,
    /// Before this one.
    pub(crate) until_ms: Option<i64>,
    /// Only these.
    pub(crate) only: Option<Vec<i64>>,
}

impl Narrow {
    /// Whether nothing is left out, so that no row needs to be looked at.
    fn is_everything(&self) -> bool {
        self.scopes.0.is_none()
            && self.kinds.is_none()
            && self.metadata.is_empty()
            && self.from_ms.is_none()
            && self.until_ms.is_none()
            && self.only.is_none()
    }
}

/// A search.
pub(crate) struct Ask<'a> {
    pub(crate) narrow: Narrow,
    pub(crate) vector: Wanted<'a>,
    pub(crate) text: &'a str,
    /// How many results by words are wanted.
    pub(crate) texts_max: usize,
}

impl Ask<'_> {
    /// Asks for no order.
    pub(crate) fn of(narrow: Narrow) -> Self {
        Ask {
            narrow,
            vector: None,
            text: "",
            texts_max: 0,
        }
    }
}

/// A result of the index: the score, the entity, and when it was changed last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scored {
    pub(crate) score: f32,
    pub(crate) id: i64,
    pub(crate) updated_ms: i64,
}

/// What the index finds, best first.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// With cosines that are wrong by [`LEVELS_ERROR_MAX`] at most.
    pub(crate) vectors: Vec<Scored>,
    /// With BM25.
    pub(crate) texts: Vec<Scored>,
}

/// The index of one file.
pub(crate) struct Index {
    state: RwLock<State>,
    loading: Mutex<()>,
}

enum State {
    /// Nobody has searched yet, so edits need not be noted.
    Absent,
    /// It is being made from the tables as they were at some time after these edits began.
    Loading(Vec<Edit>),
    Ready(Box<Rows>),
}

impl Default for Index {
    fn default() -> Self {
        Index {
            state: RwLock::new(State::Absent),
            loading: Mutex::new(()),
        }
    }
}

impl Index {
    /// Brings the index up to date with edits that are on disk. They must come in the order of their commits.
    pub(crate) fn apply(&self, edits: Vec<Edit>) {
        if edits.is_empty() {
            return;
        }
        match &mut *self.state.write().unwrap_or_else(PoisonError::into_inner) {
            State::Absent => {}
            State::Loading(waiting) => waiting.extend(edits),
            State::Ready(rows) => rows.apply(edits),
        }
    }

    /// Makes the index from the tables, unless it is there. This takes some seconds for a million entities; edits go on
    /// meanwhile.
    pub(crate) fn load(&self, connection: &Connection) -> Result<(), Fault> {
        let _one_at_a_time = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        let set = |state| {
            let mut current = self.state.write().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, state)
        };
        if self.is_ready() {
            return Ok(());
        }
        // Whatever is committed from here on is noted; whatever was committed before, the tables have. What is both is
        // applied twice, which changes nothing.
        set(State::Loading(Vec::new()));
        let mut rows = match read_all(connection) {
            Ok(rows) => rows,
            Err(fault) => {
                set(State::Absent);
                return Err(fault);
            }
        };
        let mut current = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if let State::Loading(waiting) = &mut *current {
            rows.apply(std::mem::take(waiting));
        }
        *current = State::Ready(Box::new(rows));
        Ok(())
    }

    fn is_ready(&self) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        matches!(&*state, State::Ready(_))
    }

    /// Finds what `ask` wants.
    pub(crate) fn search(&self, ask: &Ask<'_>) -> Found {
        self.with(|rows| {
            let scanned = scan::scan(rows, ask);
            let scored = |(score, place): (f32, Place)| {
                let (segment, row) = rows.at(place);
                Scored {
                    score,
                    id: segment.ids[row],
                    updated_ms: segment.updated_ms[row],
                }
            };
            // Of equal ones the latest comes first.
            let in_order = |places: Vec<(f32, Place)>| {
                let mut all: Vec<Scored> = places.into_iter().map(scored).collect();
                let time = |scored: &Scored| (scored.updated_ms, scored.id);
                all.sort_by(|a, b| b.score.total_cmp(&a.score).then(time(b).cmp(&time(a))));
                all
            };
            Found {
                vectors: in_order(scanned.vectors),
                texts: in_order(scanned.texts),
            }
        })
    }

    /// Gives the entities that were changed last, latest first, from `before` on.
    pub(crate) fn newest(
        &self,
        ask: &Ask<'_>,
        limit: usize,
        before: Option<(i64, i64)>,
    ) -> Vec<i64> {
        self.with(|rows| scan::newest(rows, ask, limit, before))
    }

    /// Bytes that the index takes.
    pub(crate) fn bytes(&self) -> u64 {
        self.with(|rows| rows.bytes() as u64)
    }

    fn with<T: Default>(&self, work: impl FnOnce(&Rows) -> T) -> T {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Ready(rows) => work(rows),
            State::Absent | State::Loading(_) => T::default(),
        }
    }
}

impl Store {
    /// Makes the index, so that the first search need not wait for it.
    ///
    /// # Errors
    /// Any error of the database.
    pub async fn warm_memory(&self) -> Result<(), Error> {
        self.index().await.map(drop)
    }

    /// Gives the index when it is there.
    pub(crate) async fn index(&self) -> Result<Arc<Index>, Error> {
        let index = self.index_handle();
        if index.is_ready() {
            return Ok(index);
        }
        // Not one of the readers: those that wait for the index would leave none for anything else.
        let loaded = Arc::clone(&index);
        self.read_apart(move |connection| loaded.load(connection))
            .await?;
        Ok(index)
    }

    pub(crate) fn index_bytes(&self) -> u64 {
        self.index_handle().bytes()
    }
}

/// The rows of the index.
pub(crate) struct Rows {
    pub(crate) segments: Vec<Segment>,
    places: HashMap<i64, Place>,
    /// Words of all rows that are there.
    pub(crate) length_sum: u64,
    live: usize,
    hasher: RandomState,
    pub(crate) kernels: Kernels,
    pub(crate) threads: usize,
    /// Up to so many rows in question vectors are compared with all; see [`scan::EXACT_MAX`].
    pub(crate) exact_max: usize,
}

impl Rows {
    fn new() -> Rows {
        let kernels = Kernels::fastest();
        tracing::debug!(kernels = kernels.name, "memory index");
        Rows {
            segments: Vec::new(),
            places: HashMap::new(),
            length_sum: 0,
            live: 0,
            hasher: RandomState::new(),
            kernels,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            exact_max: scan::EXACT_MAX,
        }
    }

    pub(crate) fn live_count(&self) -> usize {
        self.live
    }

    pub(crate) fn at(&self, place: Place) -> (&Segment, usize) {
        (
            &self.segments[place as usize >> 16],
            place as usize & 0xffff,
        )
    }

    fn apply(&mut self, edits: Vec<Edit>) {
        for edit in edits {
            match edit {
                Edit::Put(row) => {
                    self.remove(row.id);
                    let entry = self.entry(&row);
                    self.push(entry);
                }
                Edit::Vector(id, value) => {
                    if let Some(place) = self.places.get(&id) {
                        let segment = &mut self.segments[*place as usize >> 16];
                        segment.embed(*place as u16, codes::codes(&decode(&*value)));
                    }
                }
                Edit::Gone(id) => self.remove(id),
            }
        }
        self.compact();
    }

    fn entry(&self, row: &Row) -> Entry {
        let mut terms = self.terms_of(&row.text);
        let length = terms
            .iter()
            .map(|(_, count)| u64::from(*count))
            .sum::<u64>();
        terms.extend(
            self.metadata_terms(&row.metadata)
                .into_iter()
                .map(|term| (term, 1)),
        );
        Entry {
            id: row.id,
            // Numbers of scopes and types count rows of small tables.
            scope: row.scope as u32,
            kind: row.kind as u32,
            updated_ms: row.updated_ms,
            length: u16::try_from(length).unwrap_or(u16::MAX),
            terms,
            codes: row
                .vector
                .as_ref()
                .map(|value| codes::codes(&decode(&**value))),
        }
    }

    fn push(&mut self, entry: Entry) {
        let open = self.segments.iter().rposition(|segment| !segment.is_full());
        let at = open.unwrap_or_else(|| {
            self.segments.push(Segment::default());
            self.segments.len() - 1
        });
        let id = entry.id;
        self.length_sum += u64::from(entry.length);
        self.live += 1;
        let row = self.segments[at].push(entry);
        self.places.insert(id, place(at, row));
    }

    fn remove(&mut self, id: i64) {
        if let Some(place) = self.places.remove(&id) {
            let segment = &mut self.segments[place as usize >> 16];
            self.length_sum -= u64::from(segment.lengths[place as usize & 0xffff]);
            segment.remove(place as u16);
            self.live -= 1;
        }
    }

    /// Makes segments anew of which less than half is left, so that edits without end take no memory without end.
    fn compact(&mut self) {
        for at in 0..self.segments.len() {
            let segment = &mut self.segments[at];
            if segment.ids.len() >= 1024 && segment.live_count < segment.ids.len() / 2 {
                let left = std::mem::take(segment).drain();
                for entry in left {
                    self.remove_place(entry.id, entry.length);
                    self.push(entry);
                }
            }
        }
    }

    fn remove_place(&mut self, id: i64, length: u16) {
        self.places.remove(&id);
        self.length_sum -= u64::from(length);
        self.live -= 1;
    }

    /// The words of a text, each once, with how often they occur.
    pub(crate) fn terms_of(&self, text: &str) -> Vec<(Term, u8)> {
        let mut all = Vec::new();
        words::words(text, |word| {
            if all.len() < WORDS_MAX {
                all.push(self.hasher.hash_one(word));
            }
        });
        all.sort_unstable();
        let count = |same: &[Term]| (same[0], u8::try_from(same.len()).unwrap_or(u8::MAX));
        all.chunk_by(|a, b| a == b).map(count).collect()
    }

    /// What of metadata can be asked for: each key of the first level with its value.
    pub(crate) fn metadata_terms(&self, metadata: &Map<String, Value>) -> Vec<Term> {
        let term = |(key, value): (&String, &Value)| self.hasher.hash_one((key, value.to_string()));
        metadata.iter().map(term).collect()
    }

    /// A bit for each row of each segment whose entity is among `ids`.
    pub(crate) fn bits_of(&self, ids: &[i64]) -> Vec<Vec<u64>> {
        let none = |segment: &Segment| vec![0; segment.live.len()];
        let mut bits: Vec<Vec<u64>> = self.segments.iter().map(none).collect();
        for place in ids.iter().filter_map(|id| self.places.get(id)) {
            let row = *place as usize & 0xffff;
            bits[*place as usize >> 16][row / 64] |= 1 << (row % 64);
        }
        bits
    }

    fn bytes(&self) -> usize {
        let segments: usize = self.segments.iter().map(Segment::bytes).sum();
        // A bucket has a byte of its own, and one in eight stays empty.
        segments + self.places.capacity() * (size_of::<(i64, Place)>() + 1) * 8 / 7
    }
}

/// Reads all entities. One thread reads, another makes the rows.
fn read_all(connection: &Connection) -> Result<Rows, Fault> {
    let started = std::time::Instant::now();
    let (sender, batches) = mpsc::sync_channel::<Vec<Row>>(BATCHES_WAITING_MAX);
    let made = std::thread::scope(|scope| {
        let maker = scope.spawn(move || {
            let mut rows = Rows::new();
            for row in batches.into_iter().flatten() {
                let entry = rows.entry(&row);
                rows.push(entry);
            }
            rows
        });
        let read = send_all(connection, &sender);
        drop(sender);
        match maker.join() {
            Ok(rows) => read.map(|()| rows),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    });
    let ms = started.elapsed().as_millis();
    tracing::debug!(ms, "memory index made");
    made
}

fn send_all(connection: &Connection, sender: &mpsc::SyncSender<Vec<Row>>) -> Result<(), Fault> {
    let sql = "SELECT entities.id, scope, kind, updated_ms, name, observations, metadata, value \
               FROM entities LEFT JOIN vectors ON vectors.entity = entities.id ORDER BY entities.id";
    let mut statement = connection.prepare(sql)?;
    let mut selected = statement.query([])?;
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(row) = selected.next()? {
        let text_at = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
        let observations: Vec<String> = stored("observations", text_at(5)?)?;
        let metadata = row
            .get_ref(6)?
            .as_str_or_null()
            .map_err(rusqlite::Error::from)?;
        let metadata = metadata.map(|text| stored("metadata", text)).transpose()?;
        batch.push(Row {
            id: row.get(0)?,
            scope: row.get(1)?,
            kind: row.get(2)?,
            updated_ms: row.get(3)?,
            text: text(text_at(4)?, &observations),
            metadata: metadata.unwrap_or_default(),
            vector: row.get::<_, Option<[u8; STORED_BYTES]>>(7)?.map(Box::new),
        });
        if batch.len() == BATCH && sender.send(std::mem::take(&mut batch)).is_err() {
            break;
        }
    }
    // Nobody takes it only where the other thread has panicked, which is passed on there.
    drop(sender.send(batch));
    Ok(())
}
