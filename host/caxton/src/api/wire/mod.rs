//! The shapes of everything that is sent and received as JSON; nothing else in `api` has any. They are what
//! `/openapi.json` describes, and part of what Caxton promises: a field may be added, and none changes its meaning.

mod agent;
mod audit;
mod component;
mod content;
mod conversation;
mod event;
mod memory;
mod message;
mod model;
pub mod openai;
mod probe;
mod route;
mod tool;
mod turn;
pub mod usage;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::money::PUSD_PER_USD;

pub use agent::{
    Agent, AgentContext, AgentMemory, Agents, Capability, Counters, Overlap, Parameter,
    StoredAgent, TurnLimits,
};
pub use audit::{Audit, AuditEntry, AuditVerdict};
pub use component::{
    Component, Components, FileGrant, Grants, Limits, RefusedComponent, StoredComponent,
};
pub use content::{Annotations, Content, ResourceContents};
pub use conversation::{Conversation, ConversationMessage, Conversations, ForkRequest, Transcript};
pub use event::Event;
pub use memory::{
    Direction, Entities, Entity, EntityChange, Forgotten, MemoryGraph, MemoryHit, MemoryHits,
    MemoryImported, MemorySearch, MemoryWalk, NewEntities, NewEntity, NewRelation, Reached,
    Recalled, Relation, Relations, Remembered, SearchWeights, StoredEntities, StoredEntity,
};
pub use message::{
    Attachment, CompletionReceipt, Image, Message, MessageAnswer, ToolCall, TurnReceipt,
};
pub use model::{Model, Models, Price, Unavailable};
pub use probe::{Health, Readiness};
pub use route::{Near, Opinion, Ranked, Route, RouteRequest};
pub use tool::{
    Annotations as ToolAnnotations, Question, Tool, ToolAnswer, ToolInput, ToolRequest, Tools,
};
pub use turn::{MessageEvent, Reset, Turn};
pub use usage::{Budget, BudgetLeft, Usage, UsageEntry, Used};

/// An amount of pico-US-dollars in US dollars. Up to 15 digits it is exact when it is read back as a decimal number.
fn usd(pusd: u64) -> f64 {
    pusd as f64 / PUSD_PER_USD as f64
}

/// What a call cost.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// Units of fuel: about one per WebAssembly instruction.
    pub fuel: u64,
    /// The most memory held at once, in bytes.
    pub memory_bytes_peak: u64,
    /// Wall-clock time, in microseconds.
    pub duration_us: u64,
    /// Bytes that the component gave back or emitted.
    pub output_bytes: u64,
    /// HTTP requests sent.
    pub http_requests: u32,
    /// Bytes sent and received over HTTP, bodies only.
    pub http_bytes: u64,
    /// Log messages dropped because they were over the limit.
    pub log_dropped: u64,
    /// Imports that were used without a grant.
    pub denied: u32,
}

impl From<&caxton_sandbox::Receipt> for Receipt {
    fn from(receipt: &caxton_sandbox::Receipt) -> Self {
        receipt.clone().into()
    }
}

impl From<caxton_sandbox::Receipt> for Receipt {
    fn from(receipt: caxton_sandbox::Receipt) -> Self {
        let caxton_sandbox::Receipt {
            digest,
            fuel,
            memory_bytes_peak,
            duration_us,
            output_bytes,
            http_requests,
            http_bytes,
            log_dropped,
            denied,
        } = receipt;
        Self {
            digest,
            fuel,
            memory_bytes_peak,
            duration_us,
            output_bytes,
            http_requests,
            http_bytes,
            log_dropped,
            denied,
        }
    }
}

/// Why a request failed: problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The status code in words.
    pub title: String,
    /// The status code.
    pub status: u16,
    /// A stable kebab-case name for programs.
    #[schema(example = "tool-not-found")]
    pub code: String,
    /// What failed, why, and what to do.
    pub detail: String,
    /// Where a JSON body is at fault: a JSON Pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Where a body is at fault: the line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Where a body is at fault: the column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// Several faults at once, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// Where no agent was found: the capabilities that come nearest, the nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<Near>,
    /// The conversation in which a turn failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// What a failed call or turn cost: a `Receipt` or a `TurnReceipt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub receipt: Option<serde_json::Value>,
}

/// One of several faults.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// The file, where it is one of a workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Where in the arguments of a tool: a JSON Pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What kind of fault it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Why it is one.
    pub reason: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}
