//! The dot product of two vectors.

use super::lanes::Lanes;
use crate::DIMENSIONS;

/// Four sums at a time, since each addition waits for the one before it.
const SUMS: usize = 4;

#[inline(always)]
pub(super) fn dot<L: Lanes>(lanes: L, a: &[f32; DIMENSIONS], b: &[f32; DIMENSIONS]) -> f32 {
    let mut sums = [lanes.splat(0.); SUMS];
    let (a, b) = (a.as_chunks().0, b.as_chunks().0);
    for (a, b) in a.chunks_exact(SUMS).zip(b.chunks_exact(SUMS)) {
        for n in 0..SUMS {
            sums[n] = lanes.mul_add(lanes.load(&a[n]), lanes.load(&b[n]), sums[n]);
        }
    }
    lanes.sum(lanes.add(lanes.add(sums[0], sums[1]), lanes.add(sums[2], sums[3])))
}
