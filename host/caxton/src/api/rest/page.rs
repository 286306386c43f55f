//! Lists in pages, what was changed last first.

use std::fmt::Display;
use std::str::FromStr;

use http::StatusCode;

use super::Problem;

/// How many entries a page has where nothing is said, and at most.
const ENTRIES: usize = 50;
const ENTRIES_MAX: usize = 500;

/// Which page is wanted.
pub(super) struct Page<K> {
    /// How many entries.
    pub(super) limit: usize,
    /// When the last entry of the page before was changed, and its key.
    pub(super) before: Option<(i64, K)>,
}

impl<K: FromStr> Page<K> {
    /// Reads what a query says.
    ///
    /// # Errors
    /// `invalid-query` where `before` is not the `next` of a page.
    pub(super) fn of(limit: Option<usize>, before: Option<&str>) -> Result<Self, Problem> {
        Ok(Self {
            limit: limit.unwrap_or(ENTRIES).clamp(1, ENTRIES_MAX),
            before: before.map(cursor).transpose()?,
        })
    }
}

/// The `next` of a page whose last entry this is: when that was changed, and its key.
pub(super) fn next((changed_ms, key): (i64, impl Display)) -> String {
    format!("{changed_ms}.{key}")
}

fn cursor<K: FromStr>(text: &str) -> Result<(i64, K), Problem> {
    let parsed = text
        .split_once('.')
        .and_then(|(time, key)| Some((time.parse().ok()?, key.parse().ok()?)));
    parsed.ok_or_else(|| {
        let text = text.escape_debug();
        let detail = format!("`before` is `{text}`, which is not the `next` of a page");
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid-query", detail)
    })
}
