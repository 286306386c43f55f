//! The host's sentence embeddings: 384 numbers, length 1. Results are cached by the host.

pub use crate::bindings::host::caxton::plugin::embed::Error;

/// Gives a vector for each text.
///
/// # Errors
/// [`Error`]: the model is not there, or the texts are too many or too long.
pub fn vectors(texts: &[String]) -> Result<Vec<Vec<f32>>, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::host::caxton::plugin::embed::vectors(texts);
    #[cfg(not(target_arch = "wasm32"))]
    texts
        .iter()
        .map(|text| crate::testing::vector(text))
        .collect()
}

/// Gives the cosine similarity, -1 to 1, of `text` to each of `others`, without moving the vectors into the component.
///
/// # Errors
/// [`Error`]: the model is not there, or the texts are too many or too long.
pub fn similarities(text: &str, others: &[String]) -> Result<Vec<f32>, Error> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::host::caxton::plugin::embed::similarities(text, others);
    #[cfg(not(target_arch = "wasm32"))]
    {
        let of = crate::testing::vector(text)?;
        others
            .iter()
            .map(|other| {
                Ok(of
                    .iter()
                    .zip(crate::testing::vector(other)?)
                    .map(|(a, b)| a * b)
                    .sum())
            })
            .collect()
    }
}
