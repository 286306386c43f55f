//! Why a workspace can't be opened or changed.

use std::path::PathBuf;

use caxton_sandbox::LoadError;

use super::tool::did_you_mean;
use crate::config::Fault;

/// Why a workspace can't be opened or changed. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Files of the workspace are wrong: all faults at once.
    #[error("{}", faults_shown(.0))]
    Faults(Vec<Fault>),
    /// A component was refused.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// There is no such agent.
    #[error("there is no agent `{name}`{}", did_you_mean(nearest))]
    NoAgent {
        /// The name that was asked for.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// There is no such component.
    #[error("there is no component `{name}`{}", did_you_mean(nearest))]
    NoComponent {
        /// The name that was asked for.
        name: String,
        /// Names that look like it.
        nearest: Vec<String>,
    },
    /// Something else needs it, so it stays.
    #[error("`{name}` can't be removed: {reason}; {remedy}")]
    InUse {
        /// What was to be removed.
        name: String,
        /// Who needs it.
        reason: String,
        /// What to do first.
        remedy: String,
    },
    /// It is written down somewhere else, so it can't be changed here.
    #[error("`{name}` can't be changed: {reason}; {remedy}")]
    Elsewhere {
        /// What was to be changed.
        name: String,
        /// Where it is written down.
        reason: String,
        /// Where to change it.
        remedy: String,
    },
    /// A file can't be read or written.
    #[error("can't {action} {}: {source}", path.display())]
    File {
        /// What was to be done: `read`, `write`, `remove`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] caxton_memory::Error),
}

impl Error {
    /// A stable kebab-case code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Faults(_) => "invalid-workspace",
            Self::Refused(refused) => refused.code,
            Self::NoAgent { .. } => "agent-not-found",
            Self::NoComponent { .. } => "component-not-found",
            Self::InUse { .. } => "in-use",
            Self::Elsewhere { .. } => "declared-elsewhere",
            Self::File { .. } => "file-failed",
            Self::Store(_) => "store-failed",
        }
    }
}

fn faults_shown(faults: &[Fault]) -> String {
    faults
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

/// A component that was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}; {remedy}")]
pub struct Refused {
    /// Its name.
    pub component: String,
    /// What kind of fault it has, in kebab-case.
    pub code: &'static str,
    /// What is wrong, naming the component.
    pub reason: String,
    /// What to do about it.
    pub remedy: String,
}

impl Refused {
    /// A fault that is found outside of the sandbox.
    pub(crate) fn new(
        component: &str,
        code: &'static str,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            component: component.to_owned(),
            code,
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    /// A fault of a file's name or place.
    pub(crate) fn from_fault(fault: Fault) -> Self {
        let stem = std::path::Path::new(&fault.file).file_stem();
        let component = stem
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default();
        Self {
            component,
            code: fault.code,
            reason: fault.reason,
            remedy: fault.remedy,
        }
    }

    /// What the sandbox refused.
    pub(crate) fn from_load(component: &str, error: &LoadError) -> Self {
        let code = match error {
            LoadError::NotWasm { .. } => "not-wasm",
            LoadError::CoreModule { .. } => "core-module",
            LoadError::Malformed { .. } => "malformed-component",
            LoadError::TooLarge { .. } => "component-too-large",
            LoadError::UnknownImport { .. } => "unknown-import",
            LoadError::Mismatch { .. } => "interface-mismatch",
            LoadError::NoRole { .. } => "no-role",
            LoadError::Description { .. } => "bad-description",
            LoadError::Limit { .. } => "bad-limit",
            LoadError::Grant { .. } => "bad-grant",
            LoadError::Host { .. } => "host-failed",
        };
        // The sandbox's texts end with what to do, where there is something to do.
        let text = error.to_string();
        let (reason, remedy) = text
            .rsplit_once("; ")
            .unwrap_or((&text, "replace or remove the component"));
        Self::new(component, code, reason, remedy)
    }

    /// The same as a fault of the file from which the component came.
    pub(crate) fn fault(self, file: String) -> Fault {
        Fault {
            file,
            line: 1,
            column: 1,
            code: self.code,
            reason: self.reason,
            remedy: self.remedy,
        }
    }
}
