//! What a component may import, one file each. Every function here is called by code that nobody trusts: it checks the
//! grant, counts what is used, and answers with a value; only a fault of the host traps.

mod config;
mod deltas;
mod embed;
pub mod http;
mod input;
mod log;
mod progress;
pub(crate) mod sockets;
mod state;
pub(crate) mod wasi;
