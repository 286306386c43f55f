//! Products with the weights, in whole numbers of 16 bits. Rows and columns are scaled so that they are as long as they can
//! be without any sum leaving 32 bits, whatever the numbers are: by Cauchy and Schwarz no sum, nor any part of it, exceeds
//! the product of the two lengths. What rounding takes is as little as half precision takes, and each instruction does
//! twice the work that it does on `f32`, on half the bytes. The sums are exact, so every processor gives the same.

use super::gelu;
use super::lanes::{Lanes, Line, WIDTH};
use super::rows;

/// Columns of a panel: two vectors, and one attention head.
pub(crate) const PANEL: usize = 2 * WIDTH;

/// How long a row is made. Rounding adds at most half the root of 1536 to it, and it fits 16 bits.
pub(crate) const ROW_LENGTH: f32 = 32_700.;

/// How long a column is made, at most. With [`ROW_LENGTH`], and what rounding adds to both, the product stays below 2^31.
const COLUMN_LENGTH: f32 = 65_500.;

/// The largest weight.
const WEIGHT_MAX: f32 = 32_767.;

/// How many lines ahead of their use weights are asked for.
const LINES_AHEAD: usize = 24;

/// A row of whole numbers, two and two: `[2 · PAIRS]`.
pub(crate) type Row<const PAIRS: usize> = [[i16; 2]; PAIRS];

/// Part of a row: one panel's.
pub(crate) type Piece = [f32; PANEL];

/// Weights `[2 · PAIRS, columns]` with a bias, in panels of 32 columns.
pub(crate) struct Matrix<const PAIRS: usize> {
    /// For each panel and pair of rows, two lines: the first and the second 16 columns.
    lines: Vec<Line>,
    /// For each panel, what its columns' sums are multiplied by.
    scales: Vec<Piece>,
    bias: Vec<Piece>,
}

impl<const PAIRS: usize> Matrix<PAIRS> {
    /// Packs `weights`, `[columns, 2 · PAIRS]` with a multiple of 32 columns, and `bias`. Results of column `n` are
    /// multiplied by `factor(n)`.
    pub(crate) fn pack(weights: &[f32], bias: &[f32], factor: impl Fn(usize) -> f32) -> Self {
        let panels = bias.len() / PANEL;
        let mut matrix = Matrix {
            lines: vec![Line([0; 2 * WIDTH]); panels * PAIRS * 2],
            scales: vec![[0.; PANEL]; panels],
            bias: vec![[0.; PANEL]; panels],
        };
        for (n, (column, bias)) in weights.chunks_exact(2 * PAIRS).zip(bias).enumerate() {
            let (panel, place) = (n / PANEL, n % PANEL);
            let length = column.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>();
            let largest = column.iter().fold(0f32, |most, w| most.max(w.abs()));
            let scale = (COLUMN_LENGTH / (length.sqrt() as f32).max(f32::MIN_POSITIVE))
                .min(WEIGHT_MAX / largest.max(f32::MIN_POSITIVE));
            matrix.scales[panel][place] = factor(n) / scale;
            matrix.bias[panel][place] = factor(n) * bias;
            let lines = &mut matrix.lines[panel * PAIRS * 2..][..PAIRS * 2];
            for (pair, weights) in column.chunks_exact(2).enumerate() {
                let line = &mut lines[2 * pair + place / WIDTH].0;
                let at = 2 * (place % WIDTH);
                line[at] = (weights[0] * scale).round() as i16;
                line[at + 1] = (weights[1] * scale).round() as i16;
            }
        }
        matrix
    }

    /// Panels, which are computed apart.
    pub(crate) fn panels(&self) -> usize {
        self.bias.len()
    }

    /// One panel's product with `rows`.
    pub(crate) fn panel<'a>(
        &'a self,
        panel: usize,
        (rows, scales): (&'a [Row<PAIRS>], &'a [f32]),
        then: Then,
    ) -> Panel<'a, PAIRS> {
        Panel {
            rows,
            row_scales: scales,
            lines: &self.lines[panel * PAIRS * 2..][..PAIRS * 2],
            scales: &self.scales[panel],
            bias: &self.bias[panel],
            then,
        }
    }
}

/// What is done with a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// It is written down.
    Write,
    /// It is added to what is there.
    Add,
    /// GELU of it is written down.
    Gelu,
}

/// A product that is to be computed: rows with a panel of weights.
pub(crate) struct Panel<'a, const PAIRS: usize> {
    rows: &'a [Row<PAIRS>],
    row_scales: &'a [f32],
    lines: &'a [Line],
    scales: &'a Piece,
    bias: &'a Piece,
    then: Then,
}

/// Computes a panel's product into `out`, a piece for each row.
#[inline(always)]
pub(super) fn panel<L: Lanes, const PAIRS: usize>(
    lanes: L,
    work: &Panel<'_, PAIRS>,
    out: &mut [Piece],
) {
    // Blocks of equal size: a last one of few rows would read the weights for little.
    let count = work.rows.len();
    let size = count.div_ceil(count.div_ceil(L::ROWS).max(1)).max(1);
    let (mut first, mut out) = (0, &mut out[..count]);
    while first < count {
        let size = size.min(count - first);
        let (here, rest) = out.split_at_mut(size);
        rows!(size, L::ROWS, block[L, PAIRS](lanes, work, first, here));
        (first, out) = (first + size, rest);
    }
}

/// A block of `R` rows, whose sums stay in registers.
#[inline(always)]
fn block<L: Lanes, const PAIRS: usize, const R: usize>(
    lanes: L,
    work: &Panel<'_, PAIRS>,
    first: usize,
    out: &mut [Piece],
) {
    let (Some(rows), Some(row_scales)) = (
        work.rows[first..].first_chunk::<R>(),
        work.row_scales[first..].first_chunk::<R>(),
    ) else {
        return;
    };
    let Some(lines) = work.lines.as_chunks::<2>().0.first_chunk::<PAIRS>() else {
        return;
    };
    let mut sums = [[lanes.zero(); 2]; R];
    for pair in 0..PAIRS {
        let [left, right] = &lines[pair];
        let ahead = std::ptr::from_ref(left).wrapping_add(LINES_AHEAD);
        lanes.prefetch(ahead);
        lanes.prefetch(ahead.wrapping_add(1));
        for r in 0..R {
            sums[r][0] = lanes.dot(sums[r][0], rows[r][pair], left);
            sums[r][1] = lanes.dot(sums[r][1], rows[r][pair], right);
        }
    }
    let halves = |piece: &Piece| {
        let [left, right] = rows::halves(piece);
        [lanes.load(left), lanes.load(right)]
    };
    let (scales, bias) = (halves(work.scales), halves(work.bias));
    for ((sums, scale), out) in sums.into_iter().zip(row_scales).zip(out) {
        for (half, out) in rows::halves_mut(out).enumerate() {
            let scale = lanes.mul(lanes.splat(*scale), scales[half]);
            let product = lanes.mul_add(lanes.floats(sums[half]), scale, bias[half]);
            let product = match work.then {
                Then::Write => product,
                Then::Add => lanes.add(lanes.load(out), product),
                Then::Gelu => gelu::gelu(lanes, product),
            };
            lanes.store(product, out);
        }
    }
}
