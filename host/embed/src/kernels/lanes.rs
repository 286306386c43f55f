//! Sixteen numbers at a time: what the kernels need of a processor, said once. The kernels are written for any `Lanes`, and
//! compiled once for each.

/// Numbers in one vector.
pub(crate) const WIDTH: usize = 16;

/// Adding this to a number rounds it to a whole one, which is then in the lowest bits: 1.5 · 2^23.
pub(super) const ROUNDING: f32 = 12_582_912.;

/// Two weights each of sixteen columns: those of rows `2k` and `2k + 1`, beside each other.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [i16; 2 * WIDTH]);

/// A processor's vectors. A value of an implementation proves that the processor has them, which is why the methods are
/// safe to call.
pub(crate) trait Lanes: Copy {
    /// Sixteen `f32`.
    type Floats: Copy;
    /// Sixteen `i32`.
    type Sums: Copy;

    /// How many rows a product takes at once, so that two vectors of sums for each stay in registers. At most 12.
    const ROWS: usize;

    fn splat(self, x: f32) -> Self::Floats;
    fn load(self, from: &[f32; WIDTH]) -> Self::Floats;
    fn store(self, x: Self::Floats, to: &mut [f32; WIDTH]);
    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn div(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn min(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;
    fn max(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// `a · b + c`
    fn mul_add(self, a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats;

    /// The sum of all sixteen.
    fn sum(self, x: Self::Floats) -> f32;

    /// `x · 2^n`, where `rounded` is `n` with [`ROUNDING`] added, and neither `x` nor the result is 0 or too large.
    fn times_power(self, x: Self::Floats, rounded: Self::Floats) -> Self::Floats;

    /// Rounds to whole numbers, which must fit.
    fn store_whole(self, x: Self::Floats, to: &mut [i16; WIDTH]);

    /// Sixteen times 0.
    fn zero(self) -> Self::Sums;

    /// Adds to each column's sum the pair's product with the column's two weights.
    fn dot(self, sums: Self::Sums, pair: [i16; 2], weights: &Line) -> Self::Sums;

    /// The sums as floating-point numbers.
    fn floats(self, sums: Self::Sums) -> Self::Floats;

    /// Asks for memory that will be read soon; any address will do.
    fn prefetch(self, at: *const Line);
}
