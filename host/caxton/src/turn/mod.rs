//! The agent's turn: a message in, an answer out. `state` is the turn as a pure state machine; `drive` performs what it asks
//! for: completions (`complete`, `request`, `history`), tool calls and other agents (`effects`, `offer`, `content`).
//! `event` is what those who wait see, `receipt` what it cost.

mod complete;
mod content;
mod drive;
mod effects;
mod error;
mod event;
mod history;
mod offer;
mod receipt;
mod request;
pub mod state;

pub use drive::run;
pub use error::Error;
pub use event::{Answer, Attachment, Event, Message, ToolCall};
pub use receipt::Receipt;
pub use state::{ASK_AGENT, Fault};
