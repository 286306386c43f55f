//! The two inner loops of a vector search: sums of products of a query's numbers with many vectors' signs or levels. Which
//! instructions the processor has is found out once; all variants give the same sums.

use super::codes::{Levels, Signs, Sought};

/// Writes to `sums[i]` the sum of the query's numbers where bits of `rows[i]` are set.
pub(crate) type SignsKernel = fn(rows: &[Signs], sought: &Sought, sums: &mut [i32]);

/// Writes to `sums[i]` the sum of products of the query's numbers and the levels of `rows[i]`.
pub(crate) type LevelsKernel = fn(rows: &[Levels], sought: &Sought, sums: &mut [i32]);

/// The fastest loops for this processor.
#[derive(Clone, Copy)]
pub(crate) struct Kernels {
    pub(crate) signs: SignsKernel,
    pub(crate) levels: LevelsKernel,
    /// What they are made of, for people.
    pub(crate) name: &'static str,
}

impl Kernels {
    /// The loops that every processor can run.
    const PORTABLE: Kernels = Kernels {
        signs: portable::signs,
        levels: portable::levels,
        name: "portable",
    };

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn fastest() -> Kernels {
        Kernels::PORTABLE
    }

    #[cfg(target_arch = "x86_64")]
    pub(crate) fn fastest() -> Kernels {
        if x86::has_avx512() {
            x86::AVX512
        } else if x86::has_avx2() {
            x86::AVX2
        } else {
            Kernels::PORTABLE
        }
    }
}

mod portable {
    use super::{Levels, Signs, Sought};

    /// A bit counts as often as the planes say: 1, 2, 4 and, in two's complement, -8.
    #[inline(always)]
    pub(super) fn signs(rows: &[Signs], sought: &Sought, sums: &mut [i32]) {
        for (row, sum) in rows.iter().zip(sums) {
            let mut counts = [0; 4];
            for (plane, count) in sought.planes.iter().zip(&mut counts) {
                for (a, b) in row.iter().zip(plane) {
                    *count += (a & b).count_ones().cast_signed();
                }
            }
            *sum = counts[0] + 2 * counts[1] + 4 * counts[2] - 8 * counts[3];
        }
    }

    pub(super) fn levels(rows: &[Levels], sought: &Sought, sums: &mut [i32]) {
        let (low, high) = sought.fine.split_at(size_of::<Levels>());
        for (row, sum) in rows.iter().zip(sums) {
            *sum = 0;
            for ((byte, low), high) in row.iter().zip(low).zip(high) {
                *sum += i32::from(byte & 15) * i32::from(*low);
                *sum += i32::from(byte >> 4) * i32::from(*high);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::{Kernels, Levels, Signs, Sought, portable};

    pub(super) const AVX512: Kernels = Kernels {
        signs: |rows, sought, sums| {
            debug_assert!(has_avx512());
            // SAFETY: `Kernels::fastest` gives this loop only where the processor has these instructions.
            unsafe { avx512_signs(rows, sought, sums) }
        },
        levels: |rows, sought, sums| {
            debug_assert!(has_avx512());
            // SAFETY: `Kernels::fastest` gives this loop only where the processor has these instructions.
            unsafe { avx512_levels(rows, sought, sums) }
        },
        name: "AVX-512 VNNI",
    };

    pub(super) const AVX2: Kernels = Kernels {
        signs: |rows, sought, sums| {
            debug_assert!(has_avx2());
            // SAFETY: `Kernels::fastest` gives this loop only where the processor has these instructions.
            unsafe { popcnt_signs(rows, sought, sums) }
        },
        levels: |rows, sought, sums| {
            debug_assert!(has_avx2());
            // SAFETY: `Kernels::fastest` gives this loop only where the processor has these instructions.
            unsafe { avx2_levels(rows, sought, sums) }
        },
        name: "AVX2",
    };

    pub(super) fn has_avx512() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vnni")
    }

    pub(super) fn has_avx2() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("popcnt")
    }

    /// The sixteen numbers of each of four registers added up, in the order of the registers.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    fn four_sums(a: __m512i, b: __m512i, c: __m512i, d: __m512i) -> __m128i {
        let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
        let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
        let all = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
        let half = _mm256_add_epi32(
            _mm512_castsi512_si256(all),
            _mm512_extracti64x4_epi64::<1>(all),
        );
        _mm_add_epi32(
            _mm256_castsi256_si128(half),
            _mm256_extracti128_si256::<1>(half),
        )
    }

    /// The 64 bytes at `offset` of `bytes`.
    #[target_feature(enable = "avx512f")]
    fn load(bytes: &[u8; 192], chunk: usize) -> __m512i {
        let chunk = &bytes.as_chunks::<64>().0[chunk];
        // SAFETY: the chunk is 64 bytes long, and the load needs no alignment.
        unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
    }

    /// The query's numbers in six registers.
    #[target_feature(enable = "avx512f")]
    fn query(numbers: &[i8; 384]) -> [__m512i; 6] {
        std::array::from_fn(|i| {
            let chunk = &numbers.as_chunks::<64>().0[i];
            // SAFETY: the chunk is 64 bytes long, and the load needs no alignment.
            unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
        })
    }

    /// A row's bits choose numbers of the query, which VNNI adds up by multiplying with 1.
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vnni")]
    fn avx512_signs(rows: &[Signs], sought: &Sought, sums: &mut [i32]) {
        let query = query(&sought.coarse);
        let ones = _mm512_set1_epi8(1);
        let one = |row: &Signs| {
            let mut sum = _mm512_setzero_si512();
            for (bits, numbers) in row.iter().zip(query) {
                sum = _mm512_dpbusd_epi32(sum, ones, _mm512_maskz_mov_epi8(*bits, numbers));
            }
            sum
        };
        let (fours, rest) = rows.as_chunks::<4>();
        let (sums, rest_sums) = sums[..rows.len()].split_at_mut(4 * fours.len());
        for ([a, b, c, d], sums) in fours.iter().zip(sums.as_chunks_mut::<4>().0) {
            let four = four_sums(one(a), one(b), one(c), one(d));
            // SAFETY: there is room for four numbers of 32 bits, and the store needs no alignment.
            unsafe { _mm_storeu_si128(sums.as_mut_ptr().cast(), four) };
        }
        for (row, sum) in rest.iter().zip(rest_sums) {
            *sum = _mm512_reduce_add_epi32(one(row));
        }
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vnni")]
    fn avx512_levels(rows: &[Levels], sought: &Sought, sums: &mut [i32]) {
        let query = query(&sought.fine);
        let low = _mm512_set1_epi8(15);
        let one = |row: &Levels| {
            let mut sum = _mm512_setzero_si512();
            for chunk in 0..3 {
                let bytes = load(row, chunk);
                let lows = _mm512_and_si512(bytes, low);
                let highs = _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), low);
                sum = _mm512_dpbusd_epi32(sum, lows, query[chunk]);
                sum = _mm512_dpbusd_epi32(sum, highs, query[chunk + 3]);
            }
            sum
        };
        let (fours, rest) = rows.as_chunks::<4>();
        let (sums, rest_sums) = sums[..rows.len()].split_at_mut(4 * fours.len());
        for ([a, b, c, d], sums) in fours.iter().zip(sums.as_chunks_mut::<4>().0) {
            let four = four_sums(one(a), one(b), one(c), one(d));
            // SAFETY: there is room for four numbers of 32 bits, and the store needs no alignment.
            unsafe { _mm_storeu_si128(sums.as_mut_ptr().cast(), four) };
        }
        for (row, sum) in rest.iter().zip(rest_sums) {
            *sum = _mm512_reduce_add_epi32(one(row));
        }
    }

    /// The portable loop with the processor's instruction for counting bits.
    #[target_feature(enable = "popcnt")]
    fn popcnt_signs(rows: &[Signs], sought: &Sought, sums: &mut [i32]) {
        portable::signs(rows, sought, sums);
    }

    #[target_feature(enable = "avx2")]
    fn avx2_levels(rows: &[Levels], sought: &Sought, sums: &mut [i32]) {
        let load = |bytes: &[u8; 32]| {
            // SAFETY: there are 32 bytes, and the load needs no alignment.
            unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
        };
        let numbers = sought.fine.map(i8::cast_unsigned);
        let (low_numbers, high_numbers) = numbers.split_at(size_of::<Levels>());
        let low = _mm256_set1_epi8(15);
        let ones = _mm256_set1_epi16(1);
        for (row, total) in rows.iter().zip(sums) {
            let mut sum = _mm256_setzero_si256();
            let chunks = row.as_chunks::<32>().0.iter();
            let numbers = low_numbers
                .as_chunks::<32>()
                .0
                .iter()
                .zip(high_numbers.as_chunks::<32>().0);
            for (chunk, (low_numbers, high_numbers)) in chunks.zip(numbers) {
                let bytes = load(chunk);
                let lows = _mm256_and_si256(bytes, low);
                let highs = _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), low);
                // Two products add up to 2 × 15 × 128 at most, which fits into 16 bits.
                let lows = _mm256_maddubs_epi16(lows, load(low_numbers));
                let highs = _mm256_maddubs_epi16(highs, load(high_numbers));
                let both = _mm256_add_epi16(lows, highs);
                sum = _mm256_add_epi32(sum, _mm256_madd_epi16(both, ones));
            }
            let half = _mm_add_epi32(
                _mm256_castsi256_si128(sum),
                _mm256_extracti128_si256::<1>(sum),
            );
            let quarter = _mm_add_epi32(half, _mm_shuffle_epi32::<0b01_00_11_10>(half));
            let last = _mm_add_epi32(quarter, _mm_shuffle_epi32::<0b10_11_00_01>(quarter));
            *total = _mm_cvtsi128_si32(last);
        }
    }

    #[cfg(test)]
    pub(super) fn all() -> Vec<Kernels> {
        let mut all = Vec::new();
        all.extend(has_avx512().then_some(AVX512));
        all.extend(has_avx2().then_some(AVX2));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::codes::codes;
    use crate::vectors::{dot, unit_vector};

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_processor_gives_the_same_sums() {
        let (signs, levels): (Vec<_>, Vec<_>) =
            (1..=71).map(|seed| codes(&unit_vector(seed))).unzip();
        for vector in [unit_vector(5), unit_vector(99), [0.0; 384], {
            let mut axis = [0.0; 384];
            axis[7] = -1.0;
            axis
        }] {
            let sought = Sought::of(&vector);
            for kernels in x86::all() {
                // Whole groups, groups with a rest, a rest alone, none.
                for count in [71, 64, 5, 4, 3, 1, 0] {
                    let (mut ours, mut theirs) = (vec![-1; count], vec![-1; count]);
                    (kernels.signs)(&signs[..count], &sought, &mut ours);
                    portable::signs(&signs[..count], &sought, &mut theirs);
                    assert_eq!(ours, theirs, "{} signs of {count}", kernels.name);
                    (kernels.levels)(&levels[..count], &sought, &mut ours);
                    portable::levels(&levels[..count], &sought, &mut theirs);
                    assert_eq!(ours, theirs, "{} levels of {count}", kernels.name);
                }
            }
        }
    }

    #[test]
    fn levels_tell_the_cosine() {
        let a = unit_vector(1);
        for seed in 1..500 {
            let b = crate::vectors::between(&a, 1.0, &unit_vector(seed), (seed % 7) as f32);
            let (sought, (_, levels)) = (Sought::of(&a), codes(&b));
            let mut sum = [0];
            (Kernels::fastest().levels)(&[levels], &sought, &mut sum);
            let error = sought.cosine(sum[0]) - dot(&a, &b);
            assert!(
                error.abs() < crate::index::codes::LEVELS_ERROR_MAX,
                "{seed}: {error}"
            );
        }
    }
}
