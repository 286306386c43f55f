//! Write Caxton components in Rust.
//!
//! A component is a crate with `crate-type = ["cdylib", "rlib"]` that implements a trait for what it offers and exports
//! it with one line: [`Tools`] and [`export_tools!`], [`Provider`] and [`export_provider!`], [`Router`] and
//! [`export_router!`]; beside tools also [`Resources`], [`Prompts`] and [`Completion`] (all four at once:
//! [`export_full_tool!`]). What it may ask of the host are the modules [`config`], [`state`], [`http`], [`log`],
//! [`progress`], [`embed`], [`input`] and [`deltas`]. Natively, in unit tests, [`testing`] stands in for the host. Providers
//! that speak to a server have [`upstream`] and [`sse`].
//!
//! ```
//! use caxton_sdk::{Answer, Arguments, Tool, ToolError, ToolResult, Tools, json};
//!
//! #[derive(serde::Deserialize)]
//! struct Greet {
//!     name: String,
//! }
//!
//! struct Greeter;
//!
//! impl Tools for Greeter {
//!     fn list() -> Result<Vec<Tool>, String> {
//!         Ok(vec![
//!             Tool::new("greet", "Greets a person by name.")
//!                 .input(json!({
//!                     "type": "object",
//!                     "properties": { "name": { "type": "string", "description": "Who is greeted." } },
//!                     "required": ["name"],
//!                 }))
//!                 .read_only(),
//!         ])
//!     }
//!
//!     fn call(name: &str, arguments: Arguments) -> Answer {
//!         match name {
//!             "greet" => {
//!                 let Greet { name } = arguments.parse()?;
//!                 ToolResult::text(format!("Hello, {name}!")).into()
//!             }
//!             _ => Err(ToolError::not_found(name)),
//!         }
//!     }
//! }
//!
//! caxton_sdk::export_tools!(Greeter);
//! ```

#[doc(hidden)]
pub mod bindings;

pub mod config;
pub mod content;
pub mod deltas;
pub mod embed;
mod export;
#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "heap"))]
mod heap;
pub mod http;
pub mod input;
pub mod log;
mod panic;
pub mod progress;
pub mod provider;
pub mod router;
pub mod server;
pub mod sse;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod tools;
pub mod upstream;

pub use content::{
    Audience, Blob, Body, Content, ContentAnnotations, ResourceContents, ResourceData,
    ResourceLink, Role,
};
pub use provider::Provider;
pub use router::Router;
pub use server::{Completion, Prompts, Resources};
pub use tools::{Annotations, Answer, Arguments, Outcome, Tool, ToolError, ToolResult, Tools};

pub use serde;
pub use serde_json::{self, Value, json};
