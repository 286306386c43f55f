//! The audit log.

use caxton_memory::{AuditRecord, Verdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Audit {
    /// The latest first.
    pub entries: Vec<AuditEntry>,
    /// What to give as `before` for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<i64>,
}

/// Something that was done, or refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// Its place in the log, growing.
    pub number: i64,
    /// Milliseconds since 1970, UTC.
    pub time_ms: i64,
    /// Who did it: a component's name, `agent NAME`, `http`; empty where it was the log itself.
    #[schema(example = "agent analyst")]
    pub by: String,
    /// What was done.
    #[schema(example = "memory-remember")]
    pub action: String,
    /// To what, such as an origin or a scope.
    #[schema(example = "workspace")]
    pub target: String,
    /// What came of it.
    pub verdict: AuditVerdict,
    /// Why, or of what, in words.
    pub detail: String,
}

/// What came of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuditVerdict {
    /// It was granted.
    Allowed,
    /// It was not granted.
    Denied,
    /// It was granted and went wrong.
    Failed,
}

impl From<AuditRecord> for AuditEntry {
    fn from(record: AuditRecord) -> Self {
        Self {
            number: record.number,
            time_ms: record.time_ms,
            by: record.component,
            action: record.action,
            target: record.target,
            verdict: match record.verdict {
                Verdict::Allowed => AuditVerdict::Allowed,
                Verdict::Denied => AuditVerdict::Denied,
                Verdict::Failed => AuditVerdict::Failed,
            },
            detail: record.detail,
        }
    }
}
