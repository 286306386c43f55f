//! Why a chart can't be drawn. Each message names the column, row or value, and says what to do.

/// Why a chart can't be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// There is nothing to draw.
    #[error("there is nothing to draw: {0}")]
    Empty(String),
    /// The data has neither form.
    #[error(
        "`data` has neither form: give {{\"columns\": [...], \"rows\": [[...]]}}, as the csv tools do, or \
         {{\"categories\": [...], \"series\": [{{\"name\": \"...\", \"values\": [...]}}]}}"
    )]
    Form,
    /// There is no such column.
    #[error("there is no column `{name}`; the columns are: {known}")]
    UnknownColumn {
        /// What was asked for.
        name: String,
        /// All columns.
        known: String,
    },
    /// A value is not a number.
    #[error("{place} is {value}, which is no number; {remedy}")]
    NotANumber {
        /// Where it stands.
        place: String,
        /// What stands there.
        value: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The lengths do not fit.
    #[error("{0}")]
    Lengths(String),
    /// There is too much to draw.
    #[error("{0}")]
    TooMuch(String),
    /// The kind of chart can't show such values.
    #[error("{0}")]
    Kind(String),
}
