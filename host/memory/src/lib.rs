//! What a workspace remembers, in one SQLite file: entities with their relations, texts and vectors, conversations, turns,
//! what models cost, the state of components and the audit log. This is the only crate with SQL. It does not know what a message means or what a component is: contents are JSON or bytes,
//! and everything that comes from outside reaches SQLite as a bound parameter.
//!
//! [`Store`] is the handle. A call that writes returns when its data is on disk; many such calls that arrive together
//! share one transaction, and so one wait for the disk. Only [`Store::audit`] does not wait.
//!
//! In reading order: `store` (opening, reading), `writer` (group commit), `schema` (migrations), then what is kept:
//! `conversations`, `messages`, `fork`, `summaries`, `turns`, `usage`, `state`, `audit`. What agents remember is reached by
//! [`Store::memory`]: `scope` (what may be seen), `entities`, `relations`, `walk`, `search`, `index` (what search needs, in
//! memory), `vectors`, `transfer` (export and import), `retention`, `backup`.

mod audit;
mod backup;
mod conversations;
mod entities;
mod error;
mod fork;
mod index;
mod messages;
mod relations;
mod retention;
mod schema;
mod scope;
mod search;
mod state;
mod store;
mod summaries;
mod transfer;
mod turns;
mod usage;
mod vectors;
mod walk;
mod writer;

pub use audit::{AuditEntry, AuditRecord, Verdict};
pub use conversations::{Conversation, NewConversation};
pub use entities::rows::{Outcome, Remembered};
pub use entities::write::Change;
pub use entities::{ENTITIES_MAX, Entity, Listed, Memory, MemoryCount, NewEntity};
pub use error::Error;
pub use messages::{Message, NewMessage, Role};
pub use relations::{Direction, NewRelation, Relation, RelationKey};
pub use retention::Retention;
pub use scope::{NoScope, Scope, View};
pub use search::{Filter, HITS_MAX, Hit, Query, Weights};
pub use state::{
    STATE_ENTRY_BYTES, STATE_KEY_BYTES_MAX, STATE_KEYS_LISTED_MAX, STATE_TOTAL_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
};
pub use store::{Store, new_id};
pub use summaries::Summary;
pub use transfer::{Export, Import, Imported};
pub use turns::{NewTurn, Turn, TurnConversation, TurnEnd, TurnKey, TurnStatus};
pub use usage::{NewUsage, Usage, today};
pub use vectors::{VECTOR_DIMENSIONS, Vector};
pub use walk::{Graph, Reached, Walk};
