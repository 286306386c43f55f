//! The rooms of the Caxton server, in reading order.
//!
//! - [`config`]: what a workspace's files say, and every fault in them.
//! - [`secrets`]: where the values of secrets come from.
//! - [`workspace`]: the running workspace: agents, components and tools, loaded and ready.
//! - [`routing`]: which agent gets a message.
//! - [`turn`]: a message in, an answer out.
//! - [`builtin`]: the components that are part of this program.
//! - [`data`]: the directory in which a server keeps what it has to remember.
//! - [`telemetry`]: log lines and numbers.
//! - [`api`]: what is answered over HTTP and to MCP clients.
//! - [`cli`]: the command line.

pub mod api;
pub mod builtin;
pub mod cli;
pub mod config;
pub mod data;
pub mod routing;
pub mod secrets;
pub mod telemetry;
pub mod turn;
pub mod workspace;
