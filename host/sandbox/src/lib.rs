//! Runs WASM components that nobody trusts. A [`Sandbox`] compiles and links a component once; a [`Component`] is the
//! loaded result, and every call to it runs in a fresh instance under [`Limits`], with nothing but its [`Grants`], and
//! leaves a [`Receipt`].
//!
//! Reading order: `engine` (how wasmtime is set up), `cache` (compiled code on disk), `precompile`, `linker` (what an import finds),
//! `component` (loading), `call` (one call under its limits), `fair` (whose turn it is to compute), then a file for each
//! role (`tools`, `resources`, `llm`, `routing`, `plain`) and one for each import under `capabilities`. What lives
//! elsewhere: which component a workspace uses, and what its tools are called, is the business of the `caxton` crate.

mod cache;
mod call;
pub mod capabilities;
mod component;
mod engine;
mod error;
mod fair;
mod grants;
mod inspect;
mod limits;
mod linker;
mod llm;
mod plain;
mod precompile;
mod receipt;
mod resources;
mod routing;
mod store;
mod tools;
pub mod wit;

pub use call::{Call, Called, Emitted, Failed, Listener};
pub use capabilities::http::{Lookup, Network};
pub use component::{Component, Precompiled, Roles, Spec};
pub use engine::{Sandbox, Settings};
pub use error::{CallError, LoadError};
pub use grants::{FileGrant, FileMode, GrantError, Grants, Origin, Secret, SecretValue};
pub use inspect::{FunctionTool, GrantNeeded, Inspection, LeftOut, inspect};
pub use limits::{Limit, LimitError, Limits, Overrides};
pub use precompile::Precompiler;
pub use receipt::Receipt;
pub use wit::{Delta, input, llm as llm_types, routing as routing_types, tools as tool_types};
