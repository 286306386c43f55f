//! What is done to one token's row: layer norm, and scaling to whole numbers for the next product.

use super::lanes::{Lanes, WIDTH};
use super::product::{Piece, ROW_LENGTH, Row};

/// The two vectors of a piece.
#[inline(always)]
pub(super) fn halves(piece: &Piece) -> [&[f32; WIDTH]; 2] {
    let (left, right) = piece.split_at(WIDTH);
    match (left.first_chunk(), right.first_chunk()) {
        (Some(left), Some(right)) => [left, right],
        _ => [&[0.; WIDTH]; 2],
    }
}

/// As [`halves`], to be written.
#[inline(always)]
pub(super) fn halves_mut(piece: &mut Piece) -> impl Iterator<Item = &mut [f32; WIDTH]> {
    piece.as_chunks_mut().0.iter_mut()
}

/// A row's vectors.
#[inline(always)]
fn vectors(row: &[Piece]) -> impl Iterator<Item = &[f32; WIDTH]> {
    row.as_flattened().as_chunks().0.iter()
}

/// A layer norm's weights, `[12, 32]` each.
pub(crate) struct Norm {
    pub(crate) weight: Vec<Piece>,
    pub(crate) bias: Vec<Piece>,
    pub(crate) eps: f32,
}

/// Layer norm (Ba et al. 2016) of a row, in place.
#[inline(always)]
pub(super) fn normalise<L: Lanes>(lanes: L, norm: &Norm, row: &mut [Piece]) {
    let count = row.as_flattened().len() as f32;
    let zero = lanes.splat(0.);
    let sum = vectors(row).fold(zero, |sum, x| lanes.add(sum, lanes.load(x)));
    let mean = lanes.splat(lanes.sum(sum) / count);
    let squares = vectors(row).fold(zero, |sum, x| {
        let x = lanes.sub(lanes.load(x), mean);
        lanes.mul_add(x, x, sum)
    });
    let scale = lanes.splat(1. / (lanes.sum(squares) / count + norm.eps).sqrt());
    let row = row.as_flattened_mut().as_chunks_mut().0.iter_mut();
    for ((x, weight), bias) in row.zip(vectors(&norm.weight)).zip(vectors(&norm.bias)) {
        let scaled = lanes.mul(lanes.sub(lanes.load(x), mean), scale);
        lanes.store(
            lanes.mul_add(scaled, lanes.load(weight), lanes.load(bias)),
            x,
        );
    }
}

/// Scales a row to whole numbers, and gives what they are to be multiplied by.
#[inline(always)]
pub(super) fn whole<L: Lanes, const PAIRS: usize>(
    lanes: L,
    row: &[Piece],
    to: &mut Row<PAIRS>,
) -> f32 {
    let squares = vectors(row).fold(lanes.splat(0.), |sum, x| {
        let x = lanes.load(x);
        lanes.mul_add(x, x, sum)
    });
    // A row of nothing stays so.
    let length = lanes.sum(squares).sqrt().max(1e-20);
    let scale = lanes.splat(ROW_LENGTH / length);
    let to = to.as_flattened_mut().as_chunks_mut().0;
    for (x, to) in vectors(row).zip(to) {
        lanes.store_whole(lanes.mul(lanes.load(x), scale), to);
    }
    length / ROW_LENGTH
}
