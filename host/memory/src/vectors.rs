//! Vectors as they are stored: 384 numbers of half precision. Rounding moves the cosine of two unit vectors by some 0.00002,
//! far less than what tells two sentences apart, and halves the file.

use std::sync::Arc;

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::error::Error;

/// Numbers in a vector.
pub const VECTOR_DIMENSIONS: usize = 384;

/// A text's vector: `[384]`, length 1.
pub type Vector = Arc<[f32; VECTOR_DIMENSIONS]>;

/// A stored vector: `[384]`, half precision, little-endian.
pub(crate) const STORED_BYTES: usize = 2 * VECTOR_DIMENSIONS;

/// How far a vector's length may be from 1. Half precision alone moves it by 0.0005.
const LENGTH_ERROR_MAX: f32 = 0.01;

/// Gives a vector as it is stored.
///
/// # Errors
/// [`Error::Unfit`] where its length is not 1, which also holds where one of its numbers is none.
pub(crate) fn encode(vector: &[f32; VECTOR_DIMENSIONS]) -> Result<Box<[u8; STORED_BYTES]>, Error> {
    let length = dot(vector, vector).sqrt();
    if length.is_nan() || (length - 1.0).abs() > LENGTH_ERROR_MAX {
        return Err(Error::Unfit {
            what: "a vector of the length",
            value: length.to_string(),
            reason: "can't be compared; divide it by its length, so that it has the length 1",
        });
    }
    let mut halves = [f16::ZERO; VECTOR_DIMENSIONS];
    halves.convert_from_f32_slice(vector);
    let mut bytes = Box::new([0; STORED_BYTES]);
    for (to, half) in bytes.chunks_exact_mut(2).zip(halves) {
        to.copy_from_slice(&half.to_le_bytes());
    }
    Ok(bytes)
}

/// Gives a stored vector's numbers. What is missing counts as 0; the table's check lets no such vector in.
pub(crate) fn decode(bytes: &[u8]) -> [f32; VECTOR_DIMENSIONS] {
    let mut halves = [f16::ZERO; VECTOR_DIMENSIONS];
    for (half, from) in halves.iter_mut().zip(bytes.chunks_exact(2)) {
        *half = f16::from_le_bytes([from[0], from[1]]);
    }
    let mut vector = [0.0; VECTOR_DIMENSIONS];
    halves.convert_to_f32_slice(&mut vector);
    vector
}

/// The dot product: of unit vectors the cosine. Sixteen sums side by side let the compiler use vector instructions.
pub(crate) fn dot(a: &[f32; VECTOR_DIMENSIONS], b: &[f32; VECTOR_DIMENSIONS]) -> f32 {
    let mut sums = [0.0f32; 16];
    for (a, b) in a.as_chunks::<16>().0.iter().zip(b.as_chunks::<16>().0) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum()
}

/// The direction between two unit vectors, nearer to that with more weight; `b` where they cancel out.
pub(crate) fn between(
    a: &[f32; VECTOR_DIMENSIONS],
    a_weight: f32,
    b: &[f32; VECTOR_DIMENSIONS],
    b_weight: f32,
) -> [f32; VECTOR_DIMENSIONS] {
    let mut sum = [0.0; VECTOR_DIMENSIONS];
    for ((sum, a), b) in sum.iter_mut().zip(a).zip(b) {
        *sum = a * a_weight + b * b_weight;
    }
    let length = dot(&sum, &sum).sqrt();
    if length < 1e-3 {
        return *b;
    }
    sum.map(|number| number / length)
}

/// A vector of length 1 for tests, another one for each number, in no direction that any other shares.
#[cfg(test)]
pub(crate) fn unit_vector(number: u64) -> [f32; VECTOR_DIMENSIONS] {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut vector = [0.0; VECTOR_DIMENSIONS];
    for number in &mut vector {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *number = (state >> 40) as f32 / (1 << 23) as f32 - 1.0;
    }
    let length = dot(&vector, &vector).sqrt();
    vector.map(|number| number / length)
}
