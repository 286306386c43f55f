//! Comparing vectors.

use crate::DIMENSIONS;
use crate::kernels::Kernels;

/// The dot product of two vectors: of vectors of length 1, their cosine similarity.
pub fn dot(a: &[f32; DIMENSIONS], b: &[f32; DIMENSIONS]) -> f32 {
    Kernels::best().dot(a, b)
}

/// The dot product of `query` with each row, in order: `[rows]`. Rows are those of a matrix `[n, 384]`, or vectors that lie
/// anywhere.
pub fn dot_many<'a>(
    query: &[f32; DIMENSIONS],
    rows: impl IntoIterator<Item = &'a [f32; DIMENSIONS]>,
) -> Vec<f32> {
    let kernels = Kernels::best();
    rows.into_iter()
        .map(|row| kernels.dot(query, row))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_processor_gets_the_same_product() {
        let vector = |n: usize| std::array::from_fn(|d| ((d * 7 + n * 13) % 31) as f32 / 31. - 0.5);
        let rows: Vec<[f32; DIMENSIONS]> = (0..5).map(vector).collect();
        for (row, found) in rows.iter().zip(dot_many(&rows[2], &rows)) {
            let exact = row.iter().zip(&rows[2]).map(|(a, b)| f64::from(a * b));
            let exact = exact.sum::<f64>() as f32;
            assert!((found - exact).abs() < 1e-4, "{found} {exact}");
            for kernels in Kernels::all() {
                let found = kernels.dot(row, &rows[2]);
                let name = kernels.name;
                assert!((found - exact).abs() < 1e-4, "{name}: {found} {exact}");
            }
        }
        assert!(dot_many(&rows[0], []).is_empty());
    }
}
