//! Why a tool call gave no result.

use caxton_sandbox::{CallError, Receipt};

/// One argument that is not as its schema wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentFault {
    /// Where it is: a JSON Pointer (RFC 6901) into the arguments; empty for the arguments as a whole.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for ArgumentFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.pointer.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "{}: {}", self.pointer, self.reason)
        }
    }
}

/// Why a tool call gave no result.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// There is no such tool.
    #[error("there is no tool `{name}`{}", did_you_mean(nearest))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Names that look like it, nearest first.
        nearest: Vec<String>,
    },
    /// The arguments do not fit the tool's schema.
    #[error("the arguments of `{tool}` do not fit its schema: {}", list(faults))]
    Arguments {
        /// The tool.
        tool: String,
        /// What is wrong, at most eight faults.
        faults: Vec<ArgumentFault>,
    },
    /// The tool itself does not take these arguments.
    #[error("`{tool}` does not take these arguments: {reason}")]
    Unfit {
        /// The tool.
        tool: String,
        /// In the tool's words.
        reason: String,
        /// What the call cost.
        receipt: Box<Receipt>,
    },
    /// The tool says that it could not be called.
    #[error("`{tool}` failed: {reason}")]
    Refused {
        /// The tool.
        tool: String,
        /// In the tool's words.
        reason: String,
        /// What the call cost.
        receipt: Box<Receipt>,
    },
    /// The component crashed or passed a limit.
    #[error("`{tool}` failed: {source}")]
    Failed {
        /// The tool.
        tool: String,
        /// What went wrong.
        #[source]
        source: CallError,
        /// What the call cost.
        receipt: Box<Receipt>,
    },
    /// The result is not what the tool's own schema promises.
    #[error(
        "`{tool}` gave a result that does not fit its own output schema: {reason}; this is a fault of the component"
    )]
    Output {
        /// The tool.
        tool: String,
        /// What does not fit.
        reason: String,
        /// What the call cost.
        receipt: Box<Receipt>,
    },
    /// The component of the tool, a built-in one that is loaded on first use, can't be loaded.
    #[error("`{tool}` can't be called: {reason}")]
    Load {
        /// The tool.
        tool: String,
        /// Why its component was refused.
        reason: String,
    },
}

impl Error {
    /// A stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "tool-not-found",
            Self::Arguments { .. } | Self::Unfit { .. } => "invalid-arguments",
            Self::Refused { .. } => "tool-failed",
            Self::Failed { source, .. } => source.code(),
            Self::Output { .. } => "invalid-output",
            Self::Load { .. } => "component-refused",
        }
    }

    /// What the call cost, where one was made.
    pub fn receipt(&self) -> Option<&Receipt> {
        match self {
            Self::Unknown { .. } | Self::Arguments { .. } | Self::Load { .. } => None,
            Self::Unfit { receipt, .. }
            | Self::Refused { receipt, .. }
            | Self::Failed { receipt, .. }
            | Self::Output { receipt, .. } => Some(receipt),
        }
    }
}

/// `; did you mean …?`, or nothing where no name is near.
pub(crate) fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        [one] => format!("; did you mean `{one}`?"),
        many => format!("; did you mean one of `{}`?", many.join("`, `")),
    }
}

fn list(faults: &[ArgumentFault]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
