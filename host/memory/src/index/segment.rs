//! Up to 16,384 rows of the index, in columns. Only a segment that is not full takes new rows; rows of any segment can be
//! taken away, and get other vectors. A row has a number of 16 bits, which keeps lists of rows short; a few thousand rows
//! are enough for processors to share evenly.

use std::collections::HashMap;

use super::codes::{Levels, Signs};

/// The most rows of a segment, a multiple of 64.
pub(crate) const ROWS_MAX: usize = 1 << 14;

/// Hash of a word, or of a key of metadata with its value.
pub(crate) type Term = u64;

/// An entity as the index knows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) id: i64,
    pub(crate) scope: u32,
    pub(crate) kind: u32,
    pub(crate) updated_ms: i64,
    /// Words of its text, at most 65,535 counted.
    pub(crate) length: u16,
    /// Its terms, each once, with how often they occur.
    pub(crate) terms: Vec<(Term, u8)>,
    pub(crate) codes: Option<(Signs, Levels)>,
}

#[derive(Default)]
pub(crate) struct Segment {
    pub(crate) ids: Vec<i64>,
    pub(crate) scopes: Vec<u32>,
    pub(crate) kinds: Vec<u32>,
    pub(crate) updated_ms: Vec<i64>,
    pub(crate) lengths: Vec<u16>,
    /// A bit for each row that is still there.
    pub(crate) live: Vec<u64>,
    pub(crate) live_count: usize,
    /// A bit for each row that has codes.
    pub(crate) embedded: Vec<u64>,
    /// As long as the last row with codes asks for.
    pub(crate) signs: Vec<Signs>,
    pub(crate) levels: Vec<Levels>,
    postings: Postings,
}

/// Which rows have which terms.
enum Postings {
    /// While rows come.
    Growing(HashMap<Term, Vec<(u16, u8)>>),
    /// When the segment is full: much smaller. `rows[starts[i]..starts[i + 1]]` have `terms[i]`.
    Settled {
        terms: Vec<Term>,
        starts: Vec<u32>,
        rows: Vec<u16>,
        counts: Vec<u8>,
    },
}

impl Default for Postings {
    fn default() -> Self {
        Postings::Growing(HashMap::new())
    }
}

impl Segment {
    pub(crate) fn is_full(&self) -> bool {
        self.ids.len() == ROWS_MAX
    }

    /// Adds a row to a segment that is not full, and returns its number.
    pub(crate) fn push(&mut self, entry: Entry) -> u16 {
        let row = self.ids.len();
        let number = row as u16;
        self.ids.push(entry.id);
        self.scopes.push(entry.scope);
        self.kinds.push(entry.kind);
        self.updated_ms.push(entry.updated_ms);
        self.lengths.push(entry.length);
        if row.is_multiple_of(64) {
            self.live.push(0);
            self.embedded.push(0);
        }
        self.live[row / 64] |= 1 << (row % 64);
        self.live_count += 1;
        if let Postings::Growing(postings) = &mut self.postings {
            for (term, count) in entry.terms {
                postings.entry(term).or_default().push((number, count));
            }
        }
        if let Some(codes) = entry.codes {
            self.embed(number, codes);
        }
        if self.is_full() {
            self.settle();
        }
        number
    }

    /// Gives a row another vector's codes.
    pub(crate) fn embed(&mut self, row: u16, (signs, levels): (Signs, Levels)) {
        let row = usize::from(row);
        if self.signs.len() <= row {
            self.signs.resize(row + 1, [0; 6]);
            self.levels.resize(row + 1, [0; 192]);
        }
        self.signs[row] = signs;
        self.levels[row] = levels;
        self.embedded[row / 64] |= 1 << (row % 64);
    }

    /// Takes a row away.
    pub(crate) fn remove(&mut self, row: u16) {
        let row = usize::from(row);
        self.live[row / 64] &= !(1 << (row % 64));
        self.live_count -= 1;
    }

    pub(crate) fn is_live(&self, row: usize) -> bool {
        self.live[row / 64] >> (row % 64) & 1 == 1
    }

    /// Calls `each` with the rows that have a term, in growing order, and how often; rows that were taken away are among
    /// them.
    #[inline]
    pub(crate) fn with_term(&self, term: Term, mut each: impl FnMut(u16, u8)) {
        match &self.postings {
            Postings::Growing(postings) => {
                for (row, count) in postings.get(&term).into_iter().flatten() {
                    each(*row, *count);
                }
            }
            Postings::Settled {
                terms,
                starts,
                rows,
                counts,
            } => {
                if let Ok(at) = terms.binary_search(&term) {
                    let range = starts[at] as usize..starts[at + 1] as usize;
                    for (row, count) in rows[range.clone()].iter().zip(&counts[range]) {
                        each(*row, *count);
                    }
                }
            }
        }
    }

    /// How many rows have a term, those that were taken away included.
    pub(crate) fn count_of(&self, term: Term) -> usize {
        match &self.postings {
            Postings::Growing(postings) => postings.get(&term).map_or(0, Vec::len),
            Postings::Settled { terms, starts, .. } => terms
                .binary_search(&term)
                .map_or(0, |at| (starts[at + 1] - starts[at]) as usize),
        }
    }

    /// Brings the postings of a full segment into their small form.
    fn settle(&mut self) {
        let Postings::Growing(postings) = std::mem::take(&mut self.postings) else {
            return;
        };
        let mut lists: Vec<_> = postings.into_iter().collect();
        lists.sort_unstable_by_key(|(term, _)| *term);
        let total = lists.iter().map(|(_, list)| list.len()).sum();
        let (mut rows, mut counts) = (Vec::with_capacity(total), Vec::with_capacity(total));
        let mut starts = Vec::with_capacity(lists.len() + 1);
        let mut terms = Vec::with_capacity(lists.len());
        for (term, list) in lists {
            terms.push(term);
            // At most 16,384 rows with 65,536 words each: the sum fits.
            starts.push(rows.len() as u32);
            for (row, count) in list {
                rows.push(row);
                counts.push(count);
            }
        }
        starts.push(rows.len() as u32);
        self.postings = Postings::Settled {
            terms,
            starts,
            rows,
            counts,
        };
    }

    /// Gives the rows that are still there as entries, to be added to other segments.
    pub(crate) fn drain(self) -> Vec<Entry> {
        let mut terms: Vec<Vec<(Term, u8)>> = vec![Vec::new(); self.ids.len()];
        let mut note = |term: Term, row: u16, count: u8| {
            if self.is_live(usize::from(row)) {
                terms[usize::from(row)].push((term, count));
            }
        };
        match &self.postings {
            Postings::Growing(postings) => {
                for (term, list) in postings {
                    for (row, count) in list {
                        note(*term, *row, *count);
                    }
                }
            }
            Postings::Settled {
                terms,
                starts,
                rows,
                counts,
            } => {
                for (at, term) in terms.iter().enumerate() {
                    for posting in starts[at] as usize..starts[at + 1] as usize {
                        note(*term, rows[posting], counts[posting]);
                    }
                }
            }
        }
        let entry = |(row, terms): (usize, Vec<(Term, u8)>)| {
            let embedded = self.embedded[row / 64] >> (row % 64) & 1 == 1;
            self.is_live(row).then(|| Entry {
                id: self.ids[row],
                scope: self.scopes[row],
                kind: self.kinds[row],
                updated_ms: self.updated_ms[row],
                length: self.lengths[row],
                terms,
                codes: embedded.then(|| (self.signs[row], self.levels[row])),
            })
        };
        terms.into_iter().enumerate().filter_map(entry).collect()
    }

    /// Bytes that the segment takes.
    pub(crate) fn bytes(&self) -> usize {
        let column = self.ids.capacity() * 8
            + self.scopes.capacity() * 4
            + self.kinds.capacity() * 4
            + self.updated_ms.capacity() * 8
            + self.lengths.capacity() * 2
            + (self.live.capacity() + self.embedded.capacity()) * 8
            + self.signs.capacity() * size_of::<Signs>()
            + self.levels.capacity() * size_of::<Levels>();
        let postings = match &self.postings {
            // A bucket of a hash map has a byte of its own, and one in eight stays empty.
            Postings::Growing(postings) => {
                let lists: usize = postings.values().map(|list| list.capacity() * 4).sum();
                postings.capacity() * (size_of::<(Term, Vec<(u16, u8)>)>() + 1) * 8 / 7 + lists
            }
            Postings::Settled {
                terms,
                starts,
                rows,
                counts,
            } => {
                terms.capacity() * 8
                    + starts.capacity() * 4
                    + rows.capacity() * 2
                    + counts.capacity()
            }
        };
        column + postings
    }
}
