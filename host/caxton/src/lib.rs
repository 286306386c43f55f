//! The rooms of the Caxton server, in reading order.
//!
//! - [`config`]: what a workspace's files say, and every fault in them.
//! - [`workspace`]: the running workspace: agents, components and tools, loaded and ready.
//! - [`routing`]: which agent gets a message.
//! - [`turn`]: a message in, an answer out.
//! - [`builtin`]: the components that are part of this program.

pub mod builtin;
pub mod config;
pub mod routing;
pub mod turn;
pub mod workspace;
