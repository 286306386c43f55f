//! Attention of one head within one text. Sixteen queries are a vector, so that the softmax needs no sums across a vector,
//! and every text has its own length: nothing is padded or masked.

use super::gelu::power;
use super::lanes::{Lanes, WIDTH};
use super::product::Piece;
use super::rows;
use crate::TOKENS_MAX;

/// Queries that are computed together.
pub(crate) const QUERIES: usize = WIDTH;

/// Keys whose scores stay in registers; few enough for AVX2.
const KEYS: usize = 8;

/// One head's part of a text.
pub(crate) struct Head<'a> {
    /// At most [`QUERIES`] tokens, whose numbers were multiplied by 1/√32 and by log₂ e, since the softmax here is one of
    /// powers of 2.
    pub(crate) queries: &'a [Piece],
    /// All tokens of the text, at most 256.
    pub(crate) keys: &'a [Piece],
    pub(crate) values: &'a [Piece],
}

/// Computes the attention's result for each query into `out`.
#[inline(always)]
pub(super) fn attend<L: Lanes>(lanes: L, head: &Head<'_>, out: &mut [Piece]) {
    let mut queries = [[0f32; WIDTH]; 2 * WIDTH];
    for (n, query) in head.queries.iter().enumerate().take(QUERIES) {
        for (to, from) in queries.iter_mut().zip(query) {
            to[n] = *from;
        }
    }
    let mut shares = [[0f32; WIDTH]; TOKENS_MAX];
    let shares = &mut shares[..head.keys.len()];
    let mut most = lanes.splat(f32::MIN);
    for (keys, scores) in head.keys.chunks(KEYS).zip(shares.chunks_mut(KEYS)) {
        rows!(
            keys.len(),
            KEYS,
            score[L](lanes, &queries, keys, scores, &mut most)
        );
    }
    let mut sum = lanes.splat(0.);
    for share in shares.iter_mut() {
        let power = power(lanes, lanes.sub(lanes.load(share), most));
        sum = lanes.add(sum, power);
        lanes.store(power, share);
    }
    let mut scales = [0f32; WIDTH];
    lanes.store(lanes.div(lanes.splat(1.), sum), &mut scales);
    for (n, out) in out.chunks_mut(KEYS).enumerate() {
        let first = n * KEYS;
        rows!(
            out.len(),
            KEYS,
            mix[L](lanes, shares, head.values, &scales, first, out)
        );
    }
}

/// Scores of `R` keys for all queries, and the largest so far.
#[inline(always)]
fn score<L: Lanes, const R: usize>(
    lanes: L,
    queries: &[[f32; WIDTH]; 2 * WIDTH],
    keys: &[Piece],
    scores: &mut [[f32; WIDTH]],
    most: &mut L::Floats,
) {
    let Some(keys) = keys.first_chunk::<R>() else {
        return;
    };
    let mut sums = [lanes.splat(0.); R];
    for (d, query) in queries.iter().enumerate() {
        let query = lanes.load(query);
        for r in 0..R {
            sums[r] = lanes.mul_add(lanes.splat(keys[r][d]), query, sums[r]);
        }
    }
    for (sum, score) in sums.into_iter().zip(scores) {
        *most = lanes.max(*most, sum);
        lanes.store(sum, score);
    }
}

/// The mean of the values for `R` queries from `first` on, by their shares.
#[inline(always)]
fn mix<L: Lanes, const R: usize>(
    lanes: L,
    shares: &[[f32; WIDTH]],
    values: &[Piece],
    scales: &[f32; WIDTH],
    first: usize,
    out: &mut [Piece],
) {
    let mut sums = [[lanes.splat(0.); 2]; R];
    for (share, value) in shares.iter().zip(values) {
        let Some(share) = share[first..].first_chunk::<R>() else {
            return;
        };
        let [left, right] = rows::halves(value);
        let (left, right) = (lanes.load(left), lanes.load(right));
        for r in 0..R {
            let share = lanes.splat(share[r]);
            sums[r][0] = lanes.mul_add(share, left, sums[r][0]);
            sums[r][1] = lanes.mul_add(share, right, sums[r][1]);
        }
    }
    for ((sums, scale), out) in sums.into_iter().zip(&scales[first..]).zip(out) {
        for (sum, out) in sums.into_iter().zip(rows::halves_mut(out)) {
            lanes.store(lanes.mul(sum, lanes.splat(*scale)), out);
        }
    }
}
