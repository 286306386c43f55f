//! What a workspace remembers, in one SQLite file: conversations, turns, what models cost, the state of components and the
//! audit log. This is the only crate with SQL. It does not know what a message means or what a component is: contents are JSON or bytes,
//! and everything that comes from outside reaches SQLite as a bound parameter.
//!
//! [`Store`] is the handle. A call that writes returns when its data is on disk; many such calls that arrive together
//! share one transaction, and so one wait for the disk. Only [`Store::audit`] does not wait.
//!
//! In reading order: `store` (opening, reading), `writer` (group commit), `schema` (migrations), then what is kept:
//! `conversations`, `messages`, `fork`, `summaries`, `turns`, `usage`, `state`, `audit`.

mod audit;
mod conversations;
mod error;
mod fork;
mod messages;
mod schema;
mod state;
mod store;
mod summaries;
mod turns;
mod usage;
mod writer;

pub use audit::{AuditEntry, AuditRecord, Verdict};
pub use conversations::{Conversation, NewConversation};
pub use error::Error;
pub use messages::{Message, NewMessage, Role};
pub use state::{
    STATE_ENTRY_BYTES, STATE_KEY_BYTES_MAX, STATE_KEYS_LISTED_MAX, STATE_TOTAL_BYTES_MAX,
    STATE_VALUE_BYTES_MAX,
};
pub use store::{Store, new_id};
pub use summaries::Summary;
pub use turns::{NewTurn, Turn, TurnConversation, TurnEnd, TurnKey, TurnStatus};
pub use usage::{NewUsage, Usage, today};
