//! The agent's turn: a message in, an answer out. `state` is what a turn is, and `step` the pure state machine. `turns`
//! starts turns and finds them (`known`, by a client's `key` too), `take_up` goes on with what another server began, `past`
//! is what was said up to the end of one; `begin` puts together what one is asked (`task`, `offer`, `request`) with the
//! conversation so far: what of it fits (`context`, of the `transcript`), a `summary` of the rest, or what the client says
//! was said (`exchange`); `attempt` has it performed, by another agent where the first fails before it has acted (`stand_in`);
//! `drive` has done what the machine asks for (`perform`): completions (`complete`, `miss`, `spent`, within an `allowance`),
//! tool calls and other agents (`effects`, `content`), and what is remembered (`memory`); and written down what came of it
//! (`record`).
//! `unfinished` sees to what is dropped half way, `close` to what is left on disk, and `health` notes how it went with the
//! agent. `live` is a turn as those see it who follow it, `event` what they see, `replay` what they see of one that is read
//! from the disk. `receipt` is what it cost, `fault` and `error` are why there is no answer.

mod allowance;
mod attempt;
mod begin;
mod close;
mod complete;
mod content;
mod context;
mod drive;
mod effects;
mod error;
mod event;
mod exchange;
mod fault;
mod health;
mod key;
mod known;
mod live;
mod memory;
mod miss;
mod offer;
mod past;
mod perform;
mod receipt;
mod record;
mod replay;
mod request;
mod spent;
mod stand_in;
pub mod state;
mod step;
mod summary;
mod take_up;
mod task;
mod transcript;
mod turns;
mod unfinished;

pub use error::Error;
pub use event::{
    Answer, Asked, Attachment, Event, Exchange, Image, Message, Recalled, Remembered, ToolCall,
};
pub use fault::Fault;
pub use key::Key;
pub use live::{EventId, Follower, Keep, Live};
pub use past::Past;
pub use receipt::{CompletionReceipt, Receipt};
pub use state::{ASK_AGENT, Wanted};
pub use step::step;
pub use turns::{Start, Turns};
