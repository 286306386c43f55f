//! What a workspace says about itself: `caxton.toml` and the agents' TOML as plain data with defaults, and `check`, which reads them
//! and finds every fault at once. Nothing is loaded, started or fetched here.
//!
//! Reading order: `workspace` and `agent` (the data), `limits`, `prompt`, `glob`, `name`, `units`, `money`, `grants` (what single values
//! mean), `fault`, `document` (TOML that survives its faults), `check`.

mod agent;
mod check;
mod delegate;
mod document;
mod fault;
mod glob;
pub mod grants;
mod limits;
pub mod money;
pub mod name;
mod offers;
mod prompt;
mod suggest;
#[cfg(test)]
mod tests;
pub mod units;
mod workspace;

pub(crate) use agent::names_memory;
pub use agent::{
    Agent, Capability, Context, ContextScope, MEMORY_FORGET, MEMORY_PREFIX, MEMORY_RELATE,
    MEMORY_REMEMBER, MEMORY_SEARCH, MEMORY_TOOLS, Memory, Overflow, Parameter, Recall, Scope,
};
pub use check::{
    AgentContext, Checked, Known, SecretUse, check, check_agent, check_agent_file, components_in,
    secret_use,
};
pub use delegate::{Delegate, split_version, takes};
pub use fault::{Fault, Refusal};
pub use glob::Glob;
pub use limits::{Breaker, Budget, Rate, TurnCeilings, TurnLimits};
pub use money::{Price, Prices};
pub(crate) use offers::Offers;
pub use prompt::{Misprint, Prompt, Variable};
pub use workspace::{
    ComponentSpec, Keep, Keeping, MODEL_DEFAULT, Model, ModelRef, ROUTER_DEFAULT, ROUTER_FALLBACK,
    Router, Source, Workspace,
};
