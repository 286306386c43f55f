//! What can go wrong when a component is loaded and when it is called. The texts are for people: what failed, why, and
//! what to do.

use std::time::Duration;

use crate::grants::GrantError;
use crate::limits::LimitError;

/// Why a component was refused.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not WebAssembly at all.
    #[error(
        "component `{name}` is not WebAssembly: it starts with {found}; give a .wasm component"
    )]
    NotWasm {
        /// The component.
        name: String,
        /// Its first bytes.
        found: String,
    },
    /// A core module, not a component.
    #[error(
        "`{name}` is a core WebAssembly module, not a component; build it for wasm32-wasip2, or turn it into a component with `wasm-tools component new`"
    )]
    CoreModule {
        /// The component.
        name: String,
    },
    /// The bytes end too early or break the rules of the format.
    #[error("component `{name}` is broken: {reason}; build it again or fetch it again")]
    Malformed {
        /// The component.
        name: String,
        /// What the validator said.
        reason: String,
    },
    /// More bytes than the sandbox takes.
    #[error("component `{name}` has {size} bytes; the limit is {limit}")]
    TooLarge {
        /// The component.
        name: String,
        /// Its size in bytes.
        size: usize,
        /// The most that is taken, in bytes.
        limit: usize,
    },
    /// It imports something that the host does not have.
    #[error("component `{name}` imports `{import}`, which this host does not offer: {hint}")]
    UnknownImport {
        /// The component.
        name: String,
        /// The import.
        import: String,
        /// What is offered instead.
        hint: String,
    },
    /// An import or export has the right name and the wrong type.
    #[error("component `{name}` does not fit caxton:plugin@{version}: {reason}; rebuild it with that version of the SDK", version = crate::wit::VERSION)]
    Mismatch {
        /// The component.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// It exports nothing that Caxton can use.
    #[error(
        "component `{name}` fits no world: it exports {exports}; a tool exports caxton:plugin/tools or plain functions, a provider caxton:plugin/llm, a router caxton:plugin/routing"
    )]
    NoRole {
        /// The component.
        name: String,
        /// What it exports.
        exports: String,
    },
    /// What it says of itself can't be used.
    #[error("component `{name}` describes itself wrongly: {reason}")]
    Description {
        /// The component.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A limit can't be used.
    #[error("component `{name}`: {source}")]
    Limit {
        /// The component.
        name: String,
        /// The limit.
        #[source]
        source: LimitError,
    },
    /// A grant can't be used.
    #[error("component `{name}`: {source}")]
    Grant {
        /// The component.
        name: String,
        /// The grant.
        #[source]
        source: GrantError,
    },
    /// The host could not set up the engine, or ran out of something.
    #[error("component `{name}` can't be loaded: {reason}")]
    Host {
        /// The component.
        name: String,
        /// What went wrong.
        reason: String,
    },
}

impl LoadError {
    /// The refusal of a component that exports nothing of use.
    pub(crate) fn no_role(name: &str, exports: &[String]) -> Self {
        let exports = if exports.is_empty() {
            "nothing".to_owned()
        } else {
            exports.join(", ")
        };
        Self::NoRole {
            name: name.to_owned(),
            exports,
        }
    }

    /// Adds why the exports that there are can't be used.
    pub(crate) fn because(self, reason: &str) -> Self {
        match self {
            Self::NoRole { name, exports } if !reason.is_empty() => Self::NoRole {
                name,
                exports: format!("{exports} ({reason})"),
            },
            other => other,
        }
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The fuel is used up.
    #[error(
        "`{component}` used all of its {limit} units of fuel; it computes too much or loops (limit `fuel`)"
    )]
    Fuel {
        /// The component.
        component: String,
        /// The limit, in units.
        limit: u64,
    },
    /// It wanted more memory than it may have.
    #[error("`{component}` wanted more than its {limit} bytes of memory (limit `memory`)")]
    Memory {
        /// The component.
        component: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It took too long.
    #[error("`{component}` took longer than {limit:?} (limit `time`)")]
    Time {
        /// The component.
        component: String,
        /// The limit.
        limit: Duration,
    },
    /// It gave back more than it may.
    #[error("`{component}` gave back more than {limit} bytes (limit `output`)")]
    Output {
        /// The component.
        component: String,
        /// The limit, in bytes.
        limit: u64,
    },
    /// It holds too many files, streams or responses.
    #[error("`{component}` wanted more than {limit} open handles")]
    Handles {
        /// The component.
        component: String,
        /// How many it may hold.
        limit: usize,
    },
    /// Calls are nested too deeply.
    #[error(
        "the call to `{component}` is nested {depth} deep; at most {limit} are allowed (limit `depth`)"
    )]
    Depth {
        /// The component.
        component: String,
        /// How deep this call is.
        depth: u32,
        /// The limit.
        limit: u32,
    },
    /// Its call stack overflowed.
    #[error("`{component}` overflowed its stack; it recurses without end")]
    Stack {
        /// The component.
        component: String,
    },
    /// It trapped: a panic, an abort, a bug.
    #[error("`{component}` crashed: {reason}")]
    Trap {
        /// The component.
        component: String,
        /// The trap, in wasmtime's words, and where it happened.
        reason: String,
    },
    /// It ended the process that it thought it was.
    #[error("`{component}` ended itself with exit code {code} instead of answering")]
    Exit {
        /// The component.
        component: String,
        /// The code.
        code: i32,
    },
    /// It answered something that can't be used, or refused.
    #[error("`{component}` failed: {reason}")]
    Guest {
        /// The component.
        component: String,
        /// In its own words.
        reason: String,
    },
    /// It has no such role.
    #[error("`{component}` is not a {role}")]
    Role {
        /// The component.
        component: String,
        /// The role that was asked for.
        role: &'static str,
    },
    /// Every instance of the sandbox is in use, and none became free in time.
    #[error("the sandbox is full: all {limit} instances are busy; try again, or raise `instances`")]
    Busy {
        /// How many instances there are.
        limit: usize,
    },
    /// The host failed.
    #[error("the host could not run `{component}`: {reason}")]
    Host {
        /// The component.
        component: String,
        /// What went wrong.
        reason: String,
    },
}

impl CallError {
    /// A stable kebab-case code for APIs, logs and receipts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fuel { .. } => "fuel-exhausted",
            Self::Memory { .. } => "memory-exceeded",
            Self::Time { .. } => "deadline-exceeded",
            Self::Output { .. } => "output-exceeded",
            Self::Handles { .. } => "handles-exceeded",
            Self::Depth { .. } => "depth-exceeded",
            Self::Stack { .. } => "stack-overflow",
            Self::Trap { .. } => "component-trapped",
            Self::Exit { .. } => "component-exited",
            Self::Guest { .. } => "component-failed",
            Self::Role { .. } => "wrong-role",
            Self::Busy { .. } => "sandbox-busy",
            Self::Host { .. } => "host-failed",
        }
    }
}
