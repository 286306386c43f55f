//! Vectors in few bits. A vector is turned by a fixed rotation, after which its numbers look as if drawn from a normal
//! distribution, whatever the model that made it; then one sign bit of each number (48 bytes) finds candidates among
//! millions, and four bits of each (192 bytes) order them. The rotation and the estimate from signs follow RaBitQ (Gao and
//! Long, 2024).

use crate::vectors::VECTOR_DIMENSIONS;

/// A vector's signs: a set bit is a number that is not negative.
pub(crate) type Signs = [u64; VECTOR_DIMENSIONS / 64];

/// A vector's numbers as levels 0 to 15. Byte `i` has number `i` in its low half and number `i + 192` in its high half.
pub(crate) type Levels = [u8; VECTOR_DIMENSIONS / 2];

/// The distance of two levels: the best one for 16 even levels of a normal distribution (0.3352 of its deviation; Max,
/// "Quantizing for minimum distortion", 1960), where the deviation is that of a unit vector's numbers, 384^-0.5.
const STEP: f32 = 0.3352 * 0.051_031;

/// The middle between the levels 7 and 8, which stands for 0.
const MIDDLE: f32 = 7.5;

/// How far the cosine that levels estimate may be from the true one: their error has a deviation of 0.0055, and six times
/// that is met once in a thousand million.
pub(crate) const LEVELS_ERROR_MAX: f32 = 0.033;

/// A vector's codes.
pub(crate) fn codes(vector: &[f32; VECTOR_DIMENSIONS]) -> (Signs, Levels) {
    let turned = turn(vector);
    let mut signs = [0; VECTOR_DIMENSIONS / 64];
    let mut levels = [0; VECTOR_DIMENSIONS / 2];
    for (i, number) in turned.iter().enumerate() {
        signs[i / 64] |= u64::from(*number >= 0.0) << (i % 64);
    }
    let (low, high) = turned.split_at(VECTOR_DIMENSIONS / 2);
    for ((byte, low), high) in levels.iter_mut().zip(low).zip(high) {
        *byte = level(*low) | level(*high) << 4;
    }
    (signs, levels)
}

fn level(number: f32) -> u8 {
    // Half a level more, and what is behind the point is dropped: rounding, without calling a function.
    (number * (1.0 / STEP) + (MIDDLE + 0.5)).clamp(0.0, 15.0) as u8
}

/// A query's vector, made ready for the kernels.
pub(crate) struct Sought {
    /// The turned numbers in 8 bits, for the levels: `[384]`.
    pub(crate) fine: [i8; VECTOR_DIMENSIONS],
    /// The turned numbers from -8 to 7, for the signs: `[384]`.
    pub(crate) coarse: [i8; VECTOR_DIMENSIONS],
    /// The same as four planes of bits, of two's complement.
    pub(crate) planes: [Signs; 4],
    scale: f32,
    offset: f32,
}

impl Sought {
    pub(crate) fn of(vector: &[f32; VECTOR_DIMENSIONS]) -> Sought {
        let turned = turn(vector);
        let largest = turned
            .iter()
            .fold(f32::MIN_POSITIVE, |most, number| most.max(number.abs()));
        let unit = largest / 127.0;
        let fine = turned.map(|number| (number / unit).round() as i8);
        let coarse = turned.map(|number| (number / STEP).round().clamp(-8.0, 7.0) as i8);
        let mut planes = [[0; VECTOR_DIMENSIONS / 64]; 4];
        for (i, number) in coarse.iter().enumerate() {
            for (bit, plane) in planes.iter_mut().enumerate() {
                plane[i / 64] |= u64::from(number.cast_unsigned() >> bit & 1) << (i % 64);
            }
        }
        let sum: i32 = fine.iter().map(|number| i32::from(*number)).sum();
        Sought {
            fine,
            coarse,
            planes,
            scale: STEP * unit,
            offset: -MIDDLE * sum as f32,
        }
    }

    /// The cosine that the sum of products with a vector's levels stands for.
    pub(crate) fn cosine(&self, levels_sum: i32) -> f32 {
        (levels_sum as f32 + self.offset) * self.scale
    }
}

/// Turns a vector by a fixed rotation: three rounds of changing some signs and two overlapping Hadamard transforms.
fn turn(vector: &[f32; VECTOR_DIMENSIONS]) -> [f32; VECTOR_DIMENSIONS] {
    let mut turned = *vector;
    // SplitMix64; any numbers do, as long as they stay the same while a process lives.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    for _ in 0..3 {
        for chunk in turned.as_chunks_mut::<64>().0 {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut bits = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            bits ^= bits >> 31;
            for (i, number) in chunk.iter_mut().enumerate() {
                // The sign bit of an IEEE number.
                *number = f32::from_bits(number.to_bits() ^ ((bits >> i & 1) as u32) << 31);
            }
        }
        hadamard(&mut turned[..256]);
        hadamard(&mut turned[VECTOR_DIMENSIONS - 256..]);
    }
    turned
}

/// The Hadamard transform of 256 numbers, scaled to keep their length.
fn hadamard(numbers: &mut [f32]) {
    let mut half = 1;
    while half < numbers.len() {
        for pair in numbers.chunks_exact_mut(2 * half) {
            let (a, b) = pair.split_at_mut(half);
            for (a, b) in a.iter_mut().zip(b) {
                (*a, *b) = (*a + *b, *a - *b);
            }
        }
        half *= 2;
    }
    for number in numbers {
        *number *= 1.0 / 16.0;
    }
}
