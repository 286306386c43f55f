//! The agent's turn: a message in, an answer out. `state` is what a turn is, and `step` the pure state machine. `turns` starts
//! turns, finds them and takes them up again; `begin` puts together what one is asked (`task`, `offer`, `request`, and
//! `context`, the conversation so far); `drive` performs what the machine asks for: completions (`complete`, `miss`, `spent`,
//! within an `allowance`), tool calls and other agents (`effects`, `content`), and `unfinished` sees to what is dropped half
//! way. `live` is a turn as those see it who follow it, `event` what they see, `replay` what they see of one that is read from
//! the disk. `receipt` is what it cost, `fault` and `error` are why there is no answer.

mod allowance;
mod begin;
mod complete;
mod content;
mod context;
mod drive;
mod effects;
mod error;
mod event;
mod fault;
mod live;
mod miss;
mod offer;
mod past;
mod receipt;
mod replay;
mod request;
mod spent;
pub mod state;
mod step;
mod task;
mod turns;
mod unfinished;

pub use error::Error;
pub use event::{Answer, Asked, Attachment, Event, Exchange, Image, Message, ToolCall};
pub use fault::Fault;
pub use live::{EventId, Follower, Keep, Live};
pub use past::Past;
pub use receipt::{CompletionReceipt, Receipt};
pub use state::{ASK_AGENT, Wanted};
pub use step::step;
pub use turns::{Key, Start, Turns};
