//! Lanes on x86-64 with AVX2 and FMA: a vector is two registers.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::lanes::{Lanes, Line, WIDTH};

/// AVX2 and FMA.
#[derive(Clone, Copy)]
pub(super) struct Avx2(());

impl Avx2 {
    /// # Safety
    /// The processor has these instructions.
    pub(super) unsafe fn new() -> Self {
        Self(())
    }
}

/// A call of instructions that the processor has.
macro_rules! has {
    ($($call:tt)*) => {
        // SAFETY: the value that this is a method of proves that the processor has the instructions. Vectors are as large as
        // the array that they are made of or become, and any bits are valid in both.
        unsafe { $($call)* }
    };
}

/// The lower eight and the upper eight.
type Two = [__m256; 2];

impl Lanes for Avx2 {
    type Floats = Two;
    type Sums = [__m256i; 2];

    const ROWS: usize = 3;

    #[inline(always)]
    fn splat(self, x: f32) -> Two {
        has!([_mm256_set1_ps(x); 2])
    }

    #[inline(always)]
    fn load(self, from: &[f32; WIDTH]) -> Two {
        has!(transmute::<[f32; WIDTH], Two>(*from))
    }

    #[inline(always)]
    fn store(self, x: Two, to: &mut [f32; WIDTH]) {
        *to = has!(transmute::<Two, [f32; WIDTH]>(x));
    }

    #[inline(always)]
    fn add(self, a: Two, b: Two) -> Two {
        has!([_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])])
    }

    #[inline(always)]
    fn sub(self, a: Two, b: Two) -> Two {
        has!([_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])])
    }

    #[inline(always)]
    fn mul(self, a: Two, b: Two) -> Two {
        has!([_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])])
    }

    #[inline(always)]
    fn div(self, a: Two, b: Two) -> Two {
        has!([_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])])
    }

    #[inline(always)]
    fn min(self, a: Two, b: Two) -> Two {
        has!([_mm256_min_ps(a[0], b[0]), _mm256_min_ps(a[1], b[1])])
    }

    #[inline(always)]
    fn max(self, a: Two, b: Two) -> Two {
        has!([_mm256_max_ps(a[0], b[0]), _mm256_max_ps(a[1], b[1])])
    }

    #[inline(always)]
    fn mul_add(self, a: Two, b: Two, c: Two) -> Two {
        has!([
            _mm256_fmadd_ps(a[0], b[0], c[0]),
            _mm256_fmadd_ps(a[1], b[1], c[1])
        ])
    }

    #[inline(always)]
    fn sum(self, x: Two) -> f32 {
        has!({
            let eight = _mm256_add_ps(x[0], x[1]);
            let upper = _mm256_extractf128_ps::<1>(eight);
            let four = _mm_add_ps(_mm256_castps256_ps128(eight), upper);
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
        })
    }

    #[inline(always)]
    fn times_power(self, x: Two, rounded: Two) -> Two {
        let one = |x, rounded| {
            has!({
                let power = _mm256_slli_epi32::<23>(_mm256_castps_si256(rounded));
                _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), power))
            })
        };
        [one(x[0], rounded[0]), one(x[1], rounded[1])]
    }

    #[inline(always)]
    fn store_whole(self, x: Two, to: &mut [i16; WIDTH]) {
        has!({
            let packed = _mm256_packs_epi32(_mm256_cvtps_epi32(x[0]), _mm256_cvtps_epi32(x[1]));
            // Packing works in halves of a register, so the middle quarters have changed places.
            let ordered = _mm256_permute4x64_epi64::<0b11_01_10_00>(packed);
            *to = transmute::<__m256i, [i16; WIDTH]>(ordered);
        })
    }

    #[inline(always)]
    fn zero(self) -> Self::Sums {
        has!([_mm256_setzero_si256(); 2])
    }

    #[inline(always)]
    fn dot(self, sums: Self::Sums, [a, b]: [i16; 2], weights: &Line) -> Self::Sums {
        has!({
            let [left, right] = transmute::<[i16; 2 * WIDTH], [__m256i; 2]>(weights.0);
            let pair = _mm256_set1_epi32(i32::from(b) << 16 | i32::from(a) & 0xffff);
            let lower = _mm256_madd_epi16(pair, left);
            let upper = _mm256_madd_epi16(pair, right);
            [
                _mm256_add_epi32(sums[0], lower),
                _mm256_add_epi32(sums[1], upper),
            ]
        })
    }

    #[inline(always)]
    fn floats(self, sums: Self::Sums) -> Two {
        has!([_mm256_cvtepi32_ps(sums[0]), _mm256_cvtepi32_ps(sums[1])])
    }

    #[inline(always)]
    fn prefetch(self, at: *const Line) {
        has!(_mm_prefetch::<_MM_HINT_T0>(at.cast()))
    }
}
