//! Lanes on x86-64 with AVX-512: a vector is a register. With VNNI a product of pairs is one instruction, else two.
//!
//! Arrays become vectors by `transmute`, which is a load or store, and nothing more in a build with assertions either.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::lanes::{Lanes, Line, WIDTH};

/// AVX-512 F, BW, DQ and VL; and VNNI, where so said.
#[derive(Clone, Copy)]
pub(super) struct Avx512<const VNNI: bool>(());

impl<const VNNI: bool> Avx512<VNNI> {
    /// # Safety
    /// The processor has these instructions.
    pub(super) unsafe fn new() -> Self {
        Self(())
    }
}

/// A call of instructions that the processor has.
macro_rules! has {
    ($($call:tt)*) => {
        // SAFETY: the value that this is a method of proves that the processor has the instructions. A vector is as large as
        // the array that it is made of or becomes, and any bits are valid in both.
        unsafe { $($call)* }
    };
}

impl<const VNNI: bool> Lanes for Avx512<VNNI> {
    type Floats = __m512;
    type Sums = __m512i;

    const ROWS: usize = 12;

    #[inline(always)]
    fn splat(self, x: f32) -> __m512 {
        has!(_mm512_set1_ps(x))
    }

    #[inline(always)]
    fn load(self, from: &[f32; WIDTH]) -> __m512 {
        has!(transmute::<[f32; WIDTH], __m512>(*from))
    }

    #[inline(always)]
    fn store(self, x: __m512, to: &mut [f32; WIDTH]) {
        *to = has!(transmute::<__m512, [f32; WIDTH]>(x));
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        has!(_mm512_add_ps(a, b))
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        has!(_mm512_sub_ps(a, b))
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        has!(_mm512_mul_ps(a, b))
    }

    #[inline(always)]
    fn div(self, a: __m512, b: __m512) -> __m512 {
        has!(_mm512_div_ps(a, b))
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        has!(_mm512_min_ps(a, b))
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        has!(_mm512_max_ps(a, b))
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        has!(_mm512_fmadd_ps(a, b, c))
    }

    #[inline(always)]
    fn sum(self, x: __m512) -> f32 {
        has!(_mm512_reduce_add_ps(x))
    }

    #[inline(always)]
    fn times_power(self, x: __m512, rounded: __m512) -> __m512 {
        has!({
            let power = _mm512_slli_epi32::<23>(_mm512_castps_si512(rounded));
            _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(x), power))
        })
    }

    #[inline(always)]
    fn store_whole(self, x: __m512, to: &mut [i16; WIDTH]) {
        has!({
            let whole = _mm512_cvtepi32_epi16(_mm512_cvtps_epi32(x));
            *to = transmute::<__m256i, [i16; WIDTH]>(whole);
        })
    }

    #[inline(always)]
    fn zero(self) -> __m512i {
        has!(_mm512_setzero_si512())
    }

    #[inline(always)]
    fn dot(self, sums: __m512i, [a, b]: [i16; 2], weights: &Line) -> __m512i {
        has!({
            let pair = _mm512_set1_epi32(i32::from(b) << 16 | i32::from(a) & 0xffff);
            let weights = transmute::<[i16; 2 * WIDTH], __m512i>(weights.0);
            if VNNI {
                _mm512_dpwssd_epi32(sums, pair, weights)
            } else {
                _mm512_add_epi32(sums, _mm512_madd_epi16(pair, weights))
            }
        })
    }

    #[inline(always)]
    fn floats(self, sums: __m512i) -> __m512 {
        has!(_mm512_cvtepi32_ps(sums))
    }

    #[inline(always)]
    fn prefetch(self, at: *const Line) {
        has!(_mm_prefetch::<_MM_HINT_T0>(at.cast()))
    }
}
