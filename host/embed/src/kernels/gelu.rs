//! The two functions that are no arithmetic: GELU and the power of 2.

use super::lanes::{Lanes, ROUNDING};

/// Beyond this the normal distribution is 0 or 1 but for 2e-8.
const EDGE: f32 = 5.5;

/// `(Φ(x) - ½) / x = P(x²) / Q(x²)` for the normal distribution `Φ`, a rational fit on `-5.5..5.5` with an error of 2e-8,
/// weighted by `x`; the lowest power first.
const P: [f32; 6] = [
    3.989_42e-1,
    3.514_198e-2,
    4.761_593_4e-3,
    1.828_541_3e-4,
    6.530_666e-6,
    2.221_596e-8,
];
const Q: [f32; 6] = [
    1.,
    2.547_514_7e-1,
    2.939_849e-2,
    1.962_413e-3,
    7.860_87e-5,
    1.195_393_1e-6,
];

/// `2^x` on `-½..½`, a fit with a relative error of 2e-9; the lowest power first.
const POWER: [f32; 7] = [
    1.,
    6.931_472e-1,
    2.402_264_7e-1,
    5.550_329e-2,
    9.618_489e-3,
    1.339_993_1e-3,
    1.534_581e-4,
];

#[inline(always)]
fn polynomial<L: Lanes, const N: usize>(lanes: L, of: &[f32; N], x: L::Floats) -> L::Floats {
    let mut value = lanes.splat(of[N - 1]);
    for n in (0..N - 1).rev() {
        value = lanes.mul_add(value, x, lanes.splat(of[n]));
    }
    value
}

/// `x · Φ(x)`, the GELU with the error function (Hendrycks and Gimpel 2016).
#[inline(always)]
pub(super) fn gelu<L: Lanes>(lanes: L, x: L::Floats) -> L::Floats {
    let near = lanes.max(lanes.min(x, lanes.splat(EDGE)), lanes.splat(-EDGE));
    let square = lanes.mul(near, near);
    let above = lanes.mul(near, polynomial(lanes, &P, square));
    let part = lanes.div(above, polynomial(lanes, &Q, square));
    lanes.mul(x, lanes.add(part, lanes.splat(0.5)))
}

/// `2^x` for `x` of at most 0; below -126 it is 2^-126.
#[inline(always)]
pub(super) fn power<L: Lanes>(lanes: L, x: L::Floats) -> L::Floats {
    let x = lanes.max(x, lanes.splat(-126.));
    let rounded = lanes.add(x, lanes.splat(ROUNDING));
    let rest = lanes.sub(x, lanes.sub(rounded, lanes.splat(ROUNDING)));
    lanes.times_power(polynomial(lanes, &POWER, rest), rounded)
}
