//! Why there is no vector.

/// Why there is no vector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The model is not there or can't be read.
    #[error("the embedding model is not available: {0}")]
    Unavailable(String),

    /// Too many texts wait already.
    #[error(
        "too many texts wait for the embedding model (the limit is {max}); try again later or with fewer texts"
    )]
    Busy {
        /// How many may wait.
        max: usize,
    },

    /// Too many texts in one call.
    #[error("{count} texts are too many for one call of the embedding model; the limit is {max}")]
    TooManyTexts {
        /// How many there were.
        count: usize,
        /// How many there may be.
        max: usize,
    },

    /// The computation failed.
    #[error("the embedding model failed: {0}")]
    Failed(String),
}
