//! Lanes in plain Rust, for any processor. The compiler makes of them what the target has at least: SSE2 or NEON.

use super::lanes::{Lanes, Line, ROUNDING, WIDTH};

/// No particular vectors.
#[derive(Clone, Copy)]
pub(super) struct Portable;

fn both(a: [f32; WIDTH], b: [f32; WIDTH], f: impl Fn(f32, f32) -> f32) -> [f32; WIDTH] {
    std::array::from_fn(|n| f(a[n], b[n]))
}

impl Lanes for Portable {
    type Floats = [f32; WIDTH];
    type Sums = [i32; WIDTH];

    const ROWS: usize = 2;

    #[inline(always)]
    fn splat(self, x: f32) -> Self::Floats {
        [x; WIDTH]
    }

    #[inline(always)]
    fn load(self, from: &[f32; WIDTH]) -> Self::Floats {
        *from
    }

    #[inline(always)]
    fn store(self, x: Self::Floats, to: &mut [f32; WIDTH]) {
        *to = x;
    }

    #[inline(always)]
    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        both(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        both(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        both(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        both(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn min(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        both(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(self, a: Self::Floats, b: Self::Floats) -> Self::Floats {
        both(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn mul_add(self, a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats {
        // Where the processor has no fused form, the standard library's is a slow call.
        #[cfg(target_arch = "aarch64")]
        let one = |n: usize| a[n].mul_add(b[n], c[n]);
        #[cfg(not(target_arch = "aarch64"))]
        let one = |n: usize| a[n] * b[n] + c[n];
        std::array::from_fn(one)
    }

    #[inline(always)]
    fn sum(self, x: Self::Floats) -> f32 {
        let eight: [f32; 8] = std::array::from_fn(|n| x[n] + x[n + 8]);
        let four: [f32; 4] = std::array::from_fn(|n| eight[n] + eight[n + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }

    #[inline(always)]
    fn times_power(self, x: Self::Floats, rounded: Self::Floats) -> Self::Floats {
        both(x, rounded, |x, rounded| {
            f32::from_bits(x.to_bits().wrapping_add(rounded.to_bits() << 23))
        })
    }

    #[inline(always)]
    fn store_whole(self, x: Self::Floats, to: &mut [i16; WIDTH]) {
        // What `ROUNDING` leaves in the lowest sixteen bits is the whole number in two's complement.
        *to = std::array::from_fn(|n| (x[n] + ROUNDING).to_bits() as i16);
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        [0; WIDTH]
    }

    #[inline(always)]
    fn dot(self, sums: Self::Sums, [a, b]: [i16; 2], weights: &Line) -> Self::Sums {
        let product = |x: i16, y: i16| i32::from(x) * i32::from(y);
        std::array::from_fn(|n| {
            sums[n] + (product(a, weights.0[2 * n]) + product(b, weights.0[2 * n + 1]))
        })
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Self::Floats {
        sums.map(|sum| sum as f32)
    }

    #[inline(always)]
    fn prefetch(self, _: *const Line) {}
}
