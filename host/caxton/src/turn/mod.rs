//! The agent's turn: a message in, an answer out. `state` is what a turn is, and `step` the pure state machine; `drive`
//! performs what that asks for: completions (`complete`, `request`, `history`), tool calls and other agents (`effects`,
//! `offer`, `content`). `event` is what those who wait see, `receipt` what it cost, `fault` and `error` why there is no
//! answer.

mod complete;
mod content;
mod drive;
mod effects;
mod error;
mod event;
mod fault;
mod history;
mod offer;
mod receipt;
mod request;
pub mod state;
mod step;

pub use drive::run;
pub use error::Error;
pub use event::{Answer, Attachment, Event, Message, ToolCall};
pub use fault::Fault;
pub use receipt::Receipt;
pub use state::ASK_AGENT;
pub use step::step;
