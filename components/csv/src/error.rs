//! Why a question about a table can't be answered. Each message names the file, column or row, and says what to do.

/// Why a question about a table can't be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// Neither or both of `path` and `text` are given.
    #[error("give either `path`, a file in a granted directory, or `text`, the CSV itself{0}")]
    Source(&'static str),
    /// No granted directory holds the path.
    #[error(
        "`{path}` lies in no directory that this component was granted. Add the grant to the component in caxton.toml: \
         files = [{{ path = \"{directory}\", mode = \"read\" }}]"
    )]
    NotGranted {
        /// The path that was asked for.
        path: String,
        /// The directory to grant.
        directory: String,
    },
    /// The path leads out of every directory.
    #[error(
        "`{0}` leads out of the granted directories; name a file by a path that starts at a granted directory, such as \
         data/sales.csv"
    )]
    Outside(String),
    /// The file can't be read.
    #[error("`{path}` can't be read: {reason}")]
    Unreadable {
        /// The path that was asked for.
        path: String,
        /// The reason, with the files that are there.
        reason: String,
    },
    /// The file is not a text.
    #[error("{name} is not a text file: byte {at} is 0. Save it as CSV in UTF-8")]
    Binary {
        /// The file's name.
        name: String,
        /// Where the first zero is, from 0.
        at: usize,
    },
    /// There is nothing in it.
    #[error("{0} is empty: a header line with the names of the columns is expected")]
    Empty(String),
    /// A quotation mark is never closed.
    #[error(
        "{name}: the quotation mark that opens on line {line} (row {row}, field {field}) is never closed. Close it, or \
         double it where it is meant literally"
    )]
    OpenQuote {
        /// The file's name.
        name: String,
        /// The line it opens on, from 1.
        line: usize,
        /// The row, from 1, the header not counted.
        row: usize,
        /// The field, from 1.
        field: usize,
    },
    /// The setting is not a delimiter.
    #[error(
        "the setting `delimiter` is {0:?}; it is one character such as \",\", \";\", \"|\" or \"tab\""
    )]
    Delimiter(String),
    /// There is no such column.
    #[error("there is no column `{name}`{hint}. The columns are: {known}")]
    UnknownColumn {
        /// What was asked for.
        name: String,
        /// The nearest name, as a question.
        hint: String,
        /// All columns.
        known: String,
    },
    /// The column holds something else than what was asked of it.
    #[error("{0}")]
    Kind(String),
    /// A part of the question can't be understood.
    #[error("{0}")]
    Question(String),
}
