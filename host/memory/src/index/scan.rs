//! A search over the segments: first which rows may be found at all, then the best of them by vector and by words. What
//! may not be found is left out before anything is scored, so that a filter never costs a result. Both processors work on
//! segments of their own.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::best::Best;
use super::codes::Sought;
use super::segment::{ROWS_MAX, Segment, Term};
use super::{Ask, Narrow, Rows};
use crate::vectors::VECTOR_DIMENSIONS;

/// Up to so many rows in question, every one is scored by its levels: the result is exact. Above, signs choose candidates.
pub(crate) const EXACT_MAX: usize = 1 << 17;

/// How many rows signs choose at least, all threads together, for levels to order.
const SIGNS_KEPT: usize = 1 << 12;

/// How many each thread chooses at least: the best are not shared out evenly.
const SIGNS_KEPT_EACH: usize = 1 << 11;

/// How many rows levels choose for their stored vectors to be read.
pub(crate) const LEVELS_KEPT: usize = 1 << 10;

/// Fewer rows are not worth starting a thread for.
const ROWS_PER_THREAD_MIN: usize = 1 << 14;

/// Rows with a word that are scored at most, the rarest words first. What a very frequent word adds to the score is next to
/// nothing, and it is the only thing that this leaves out.
const POSTINGS_MAX: usize = 1 << 19;

/// How much a word's repetition and a text's length count: the usual constants of BM25 (Robertson and Zaragoza, 2009).
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// Where a row is: the segment's number and, in the low 16 bits, the row's.
pub(crate) type Place = u32;

pub(crate) fn place(segment: usize, row: u16) -> Place {
    (segment as u32) << 16 | u32::from(row)
}

/// What the segments give for a search, in any order.
#[derive(Default)]
pub(crate) struct Scanned {
    /// Cosines as levels estimate them.
    pub(crate) vectors: Vec<(f32, Place)>,
    /// BM25.
    pub(crate) texts: Vec<(f32, Place)>,
}

/// A word that is asked for, with what it adds to a row's score: `adds[times - 1][length]`, for lengths as
/// [`short_length`] gives them.
struct Weighed {
    term: Term,
    adds: Box<[[f32; 256]; 4]>,
}

/// Finds the rows that `ask` wants.
pub(crate) fn scan(rows: &Rows, ask: &Ask<'_>) -> Scanned {
    let segments = &rows.segments;
    let bits = allowed(rows, &ask.narrow);
    let sought = ask.vector.map(Sought::of);
    let embedded = |at: usize| {
        let both = bits[at].iter().zip(&segments[at].embedded);
        both.map(|(a, b)| (a & b).count_ones() as usize)
            .sum::<usize>()
    };
    let exact = (0..segments.len()).map(embedded).sum::<usize>() <= rows.exact_max;
    let words = weigh(rows, ask);
    // Whatever the machine, no fewer are chosen than where recall was measured.
    let signs_kept = SIGNS_KEPT.div_ceil(threads(rows)).max(SIGNS_KEPT_EACH);

    let workers = in_parallel(rows, |next| {
        let mut signs = Best::new(signs_kept);
        let mut levels = Best::new(LEVELS_KEPT);
        let mut texts = Best::new(ask.texts_max);
        let mut scores = Vec::new();
        while let Some(at) = next() {
            let segment = &segments[at];
            if let Some(sought) = &sought {
                if exact {
                    by_levels(rows, at, &bits[at], sought, &mut levels);
                } else {
                    by_signs(rows, at, &bits[at], sought, &mut signs);
                }
            }
            if !words.is_empty() {
                by_words(segment, at, &bits[at], &words, &mut scores, &mut texts);
            }
        }
        if let Some(sought) = &sought {
            let mut sum = [0];
            for (_, place) in signs.any_order() {
                let (segment, row) = (&segments[place as usize >> 16], place as usize & 0xffff);
                (rows.kernels.levels)(&segment.levels[row..=row], sought, &mut sum);
                levels.push(sum[0], place);
            }
        }
        (levels, texts)
    });
    let mut levels = Best::new(LEVELS_KEPT);
    let mut texts = Best::new(ask.texts_max);
    for (more_levels, more_texts) in workers {
        levels.append(more_levels);
        texts.append(more_texts);
    }
    let cosine = |(sum, place)| {
        (
            sought.as_ref().map_or(0.0, |sought| sought.cosine(sum)),
            place,
        )
    };
    Scanned {
        vectors: levels.any_order().into_iter().map(cosine).collect(),
        texts: texts.any_order(),
    }
}

/// The rows that were changed last, latest first, from `before` on.
pub(crate) fn newest(
    rows: &Rows,
    ask: &Ask<'_>,
    limit: usize,
    before: Option<(i64, i64)>,
) -> Vec<i64> {
    let bits = allowed(rows, &ask.narrow);
    let found = each_segment(rows, |at| {
        let segment = &rows.segments[at];
        let mut best = Best::new(limit);
        for_each(&bits[at], |row| {
            let key = (segment.updated_ms[row], segment.ids[row]);
            if before.is_none_or(|before| key < before) {
                best.push(key, ());
            }
        });
        best
    });
    let mut best = Best::new(limit);
    for more in found {
        best.append(more);
    }
    best.sorted().into_iter().map(|((_, id), ())| id).collect()
}

/// A bit for each row of each segment that may be found.
fn allowed(rows: &Rows, narrow: &Narrow) -> Vec<Vec<u64>> {
    if narrow.is_everything() {
        let live = |segment: &Segment| segment.live.clone();
        return rows.segments.iter().map(live).collect();
    }
    let only = narrow.only.as_deref().map(|ids| rows.bits_of(ids));
    let metadata = rows.metadata_terms(&narrow.metadata);
    each_segment(rows, |at| {
        let mut bits = allowed_in(&rows.segments[at], narrow, &metadata);
        if let Some(only) = &only {
            for (bits, only) in bits.iter_mut().zip(&only[at]) {
                *bits &= only;
            }
        }
        bits
    })
}

fn allowed_in(segment: &Segment, narrow: &Narrow, metadata: &[Term]) -> Vec<u64> {
    let mut bits = segment.live.clone();
    if segment.live_count == 0 {
        bits.fill(0);
        return bits;
    }
    let one_of = |bits: &mut Vec<u64>, column: &[u32], wanted: &[i64]| {
        let wanted: Vec<u32> = wanted
            .iter()
            .filter_map(|n| u32::try_from(*n).ok())
            .collect();
        for (bits, values) in bits.iter_mut().zip(column.chunks(64)) {
            // Entities of a scope often come together.
            if values.iter().all(|value| *value == values[0]) {
                if !wanted.contains(&values[0]) {
                    *bits = 0;
                }
                continue;
            }
            let mut here = 0;
            for (bit, value) in values.iter().enumerate() {
                let found = wanted
                    .iter()
                    .fold(false, |found, wanted| found | (wanted == value));
                here |= u64::from(found) << bit;
            }
            *bits &= here;
        }
    };
    if let Some(scopes) = &narrow.scopes.0 {
        one_of(&mut bits, &segment.scopes, scopes);
    }
    if let Some(kinds) = &narrow.kinds {
        one_of(&mut bits, &segment.kinds, kinds);
    }
    if narrow.from_ms.is_some() || narrow.until_ms.is_some() {
        let from = narrow.from_ms.unwrap_or(i64::MIN);
        let until = narrow.until_ms.unwrap_or(i64::MAX);
        for (bits, times) in bits.iter_mut().zip(segment.updated_ms.chunks(64)) {
            let mut here = 0;
            for (bit, time) in times.iter().enumerate() {
                here |= u64::from(from <= *time && *time < until) << bit;
            }
            *bits &= here;
        }
    }
    for term in metadata {
        let mut here = vec![0; bits.len()];
        segment.with_term(*term, |row, _| {
            here[usize::from(row) / 64] |= 1u64 << (row % 64);
        });
        for (bits, here) in bits.iter_mut().zip(here) {
            *bits &= here;
        }
    }
    bits
}

fn for_each(bits: &[u64], mut each: impl FnMut(usize)) {
    for (at, word) in bits.iter().enumerate() {
        let mut left = *word;
        while left != 0 {
            each(at * 64 + left.trailing_zeros() as usize);
            left &= left - 1;
        }
    }
}

/// Scores all allowed rows of a segment that have codes by the sums of a kernel.
fn score<R>(
    (segment, at): (&Segment, usize),
    bits: &[u64],
    codes: &[R],
    kernel: impl Fn(&[R], &mut [i32]),
    best: &mut Best<i32, Place>,
) {
    let mut sums = [i32::MIN; 64];
    for (word, (allowed, embedded)) in bits.iter().zip(&segment.embedded).enumerate() {
        let mut left = allowed & embedded;
        if left == 0 {
            continue;
        }
        let first = word * 64;
        // Where only a few of the 64 rows are asked for, each is looked at on its own.
        if left.count_ones() > 16 {
            let codes = &codes[first..codes.len().min(first + 64)];
            kernel(codes, &mut sums[..codes.len()]);
        } else {
            let mut few = left;
            while few != 0 {
                let bit = few.trailing_zeros() as usize;
                kernel(&codes[first + bit..=first + bit], &mut sums[bit..=bit]);
                few &= few - 1;
            }
        }
        // Soon hardly any is good enough, so all are compared at once before each is.
        let most = sums.iter().fold(i32::MIN, |most, sum| most.max(*sum));
        if !best.wants(most) {
            continue;
        }
        while left != 0 {
            let bit = left.trailing_zeros() as usize;
            best.push(sums[bit], place(at, (first + bit) as u16));
            left &= left - 1;
        }
    }
}

fn by_signs(rows: &Rows, at: usize, bits: &[u64], sought: &Sought, best: &mut Best<i32, Place>) {
    let segment = &rows.segments[at];
    let kernel = |codes: &[_], out: &mut [i32]| (rows.kernels.signs)(codes, sought, out);
    score((segment, at), bits, &segment.signs, kernel, best);
}

fn by_levels(rows: &Rows, at: usize, bits: &[u64], sought: &Sought, best: &mut Best<i32, Place>) {
    let segment = &rows.segments[at];
    let kernel = |codes: &[_], out: &mut [i32]| (rows.kernels.levels)(codes, sought, out);
    score((segment, at), bits, &segment.levels, kernel, best);
}

/// Chooses the words that are scored, and makes their tables.
fn weigh(rows: &Rows, ask: &Ask<'_>) -> Vec<Weighed> {
    let count_of = |term| {
        rows.segments
            .iter()
            .map(|segment| segment.count_of(term))
            .sum::<usize>()
    };
    let mut terms: Vec<(usize, Term)> = rows
        .terms_of(ask.text)
        .into_iter()
        .map(|(term, _)| (count_of(term), term))
        .filter(|(count, _)| *count > 0)
        .collect();
    terms.sort_unstable();
    let all = rows.live_count().max(1) as f32;
    let length_mean = (rows.length_sum as f32 / all).max(1.0);
    let mut scored = 0;
    let mut weighed = Vec::new();
    for (count, term) in terms {
        scored += count;
        if scored > POSTINGS_MAX && !weighed.is_empty() {
            break;
        }
        // Rows that were taken away are still counted, so that a word may seem to be in more rows than there are.
        let count = (count as f32).min(all);
        let rarity = (1.0 + (all - count + 0.5) / (count + 0.5)).ln();
        let mut adds = Box::new([[0.0; 256]; 4]);
        for (times, adds) in (1u8..).map(f32::from).zip(adds.iter_mut()) {
            for (length, add) in adds.iter_mut().enumerate() {
                let relative = long_length(length) / length_mean;
                *add = rarity * times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * relative));
            }
        }
        weighed.push(Weighed { term, adds });
    }
    weighed
}

/// A text's length in 8 bits: as it is up to 127, and above that roughly.
#[inline]
fn short_length(length: u16) -> usize {
    let length = usize::from(length);
    if length < 128 {
        length
    } else {
        128 + (length >> 9)
    }
}

fn long_length(short: usize) -> f32 {
    if short < 128 {
        short as f32
    } else {
        (((short - 128) << 9) + 256) as f32
    }
}

fn by_words(
    segment: &Segment,
    at: usize,
    bits: &[u64],
    words: &[Weighed],
    scores: &mut Vec<f32>,
    best: &mut Best<f32, Place>,
) {
    scores.clear();
    scores.resize(ROWS_MAX.min(segment.ids.len()), 0.0f32);
    for word in words {
        segment.with_term(word.term, |row, times| {
            let row = usize::from(row);
            let times = usize::from(times.clamp(1, 4)) - 1;
            scores[row] += word.adds[times][short_length(segment.lengths[row])];
        });
    }
    for (word, (scores, bits)) in scores.chunks(64).zip(bits).enumerate() {
        if *bits == 0 {
            continue;
        }
        let most = scores.iter().fold(0.0, |most: f32, score| most.max(*score));
        if most == 0.0 || !best.wants(most) {
            continue;
        }
        for (bit, score) in scores.iter().enumerate() {
            if *score > 0.0 && bits >> bit & 1 == 1 {
                best.push(*score, place(at, (word * 64 + bit) as u16));
            }
        }
    }
}

/// Runs `work` for each segment and gives the results in the segments' order.
fn each_segment<T: Send>(rows: &Rows, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let done = in_parallel(rows, |next| {
        let mut done = Vec::new();
        while let Some(at) = next() {
            done.push((at, work(at)));
        }
        done
    });
    let mut done: Vec<_> = done.into_iter().flatten().collect();
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Runs `work` on as many threads as the rows are worth; each takes segments' numbers from `next` until there are no more.
fn in_parallel<T: Send>(
    rows: &Rows,
    work: impl Fn(&dyn Fn() -> Option<usize>) -> T + Sync,
) -> Vec<T> {
    let taken = AtomicUsize::new(0);
    let next = || {
        let at = taken.fetch_add(1, Ordering::Relaxed);
        (at < rows.segments.len()).then_some(at)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads(rows))
            .map(|_| scope.spawn(|| work(&next)))
            .collect();
        let mut results = vec![work(&next)];
        for other in others {
            match other.join() {
                Ok(result) => results.push(result),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    })
}

/// As many threads as the rows are worth.
fn threads(rows: &Rows) -> usize {
    let worth = rows.live_count() / ROWS_PER_THREAD_MIN;
    rows.threads.min(rows.segments.len()).min(worth).max(1)
}

/// The vector that a search is for.
pub(crate) type Wanted<'a> = Option<&'a [f32; VECTOR_DIMENSIONS]>;

#[cfg(test)]
mod tests {
    use super::super::{Edit, Row};
    use super::*;
    use crate::scope::Seen;
    use crate::vectors::{between, encode, unit_vector};

    #[test]
    fn signs_find_what_levels_find() {
        let mut rows = Rows::new();
        let put = |id: i64| {
            // Near one of ten directions each, so that there are near ones to find.
            let near = between(
                &unit_vector(id as u64 % 10),
                1.0,
                &unit_vector(id as u64 + 100),
                0.8,
            );
            Edit::Put(Box::new(Row {
                id,
                scope: id % 3,
                kind: 1,
                updated_ms: id,
                text: String::new(),
                metadata: Default::default(),
                vector: Some(encode(&near).expect("a unit vector")),
            }))
        };
        rows.apply((0..20_000).map(put).collect());
        rows.apply((0..20_000).step_by(7).map(Edit::Gone).collect());
        for number in 0..4 {
            let wanted = between(&unit_vector(number), 1.0, &unit_vector(number + 7000), 0.5);
            let ask = Ask {
                vector: Some(&wanted),
                ..Ask::of(Narrow {
                    scopes: Seen(Some(vec![0, 2])),
                    kinds: None,
                    metadata: Default::default(),
                    from_ms: None,
                    until_ms: None,
                    only: None,
                })
            };
            let mut best = |exact_max| {
                rows.exact_max = exact_max;
                let mut found = scan(&rows, &ask).vectors;
                found.sort_by(|a, b| b.0.total_cmp(&a.0));
                found.truncate(10);
                found
            };
            let (by_levels, by_signs) = (best(EXACT_MAX), best(0));
            assert_eq!(by_levels, by_signs);
            for (_, place) in by_signs {
                let (segment, row) = rows.at(place);
                assert!(segment.is_live(row) && segment.scopes[row] != 1);
            }
        }
    }
}
