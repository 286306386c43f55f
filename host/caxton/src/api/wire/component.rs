//! Components.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config::Source;
use crate::workspace::{Loaded, Refused};

/// The components of a workspace.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Components {
    /// Those that are loaded, sorted by name.
    pub components: Vec<Component>,
    /// Files that were found and refused.
    pub refused: Vec<RefusedComponent>,
}

/// A loaded component.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// What it can be used as: `tool`, `provider`, `router`.
    pub kinds: Vec<String>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// Its size in bytes.
    pub size: usize,
    /// Where its code comes from.
    pub source: String,
    /// What it exports.
    pub exports: Vec<String>,
    /// What it imports.
    pub imports: Vec<String>,
    /// The full names of its tools.
    pub tools: Vec<String>,
    /// What it was given.
    pub grants: Grants,
    /// What a call may use.
    pub limits: Limits,
    /// Of a provider, whether it can answer: `ok`, `auth`, `rate-limited`, `overloaded`, `unreachable`, `bad-response`, or
    /// what else is wrong; asked within the last half minute. Of any other component always `ok`: what can't be loaded is
    /// listed as refused.
    pub health: String,
    /// What is wrong, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_reason: Option<String>,
}

/// What a component may reach.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Grants {
    /// Origins that it may send HTTP requests to.
    pub http: Vec<String>,
    /// Directories that it may see.
    pub files: Vec<FileGrant>,
    /// Whether it has a key-value store.
    pub state: bool,
}

/// A directory that a component may see.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct FileGrant {
    /// The name under which the component sees it.
    pub path: String,
    /// `read` or `write`.
    pub mode: String,
}

/// What one call may use.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Units of fuel.
    pub fuel: u64,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Wall-clock time in milliseconds.
    pub time_ms: u64,
    /// Bytes given back.
    pub output_bytes: u64,
    /// HTTP requests.
    pub http_requests: u32,
    /// Bytes over HTTP.
    pub http_bytes: u64,
    /// Bytes of log messages.
    pub log_bytes: u64,
    /// How deeply calls may be nested.
    pub depth: u32,
}

/// A component that was refused.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RefusedComponent {
    /// Its name.
    pub name: String,
    /// What kind of fault it has.
    pub code: String,
    /// What is wrong.
    pub reason: String,
    /// What to do.
    pub remedy: String,
}

/// What became of a component that was put.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct StoredComponent {
    /// `added` or `replaced`.
    pub change: String,
    /// What is there now.
    #[serde(flatten)]
    pub component: Component,
}

impl Component {
    /// A component as it is now.
    pub async fn of(loaded: &Loaded) -> Self {
        let component = &loaded.component;
        let (health, health_reason) = match loaded.health().await {
            Ok(()) => ("ok", None),
            Err(ailment) => (ailment.code, Some(ailment.reason)),
        };
        Self {
            name: component.name().to_owned(),
            kinds: component
                .roles()
                .names()
                .into_iter()
                .map(str::to_owned)
                .collect(),
            digest: component.digest().to_owned(),
            size: component.size(),
            source: source(&loaded.spec.source),
            exports: component.exports().to_vec(),
            imports: component.imports().to_vec(),
            tools: loaded.tools.iter().map(|tool| tool.name.clone()).collect(),
            grants: component.grants().into(),
            limits: component.limits().into(),
            health: health.to_owned(),
            health_reason,
        }
    }
}

/// Where a component's code comes from, without saying how this machine's directories are laid out.
fn source(source: &Source) -> String {
    match source {
        Source::Path(path) => path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default(),
        Source::Builtin(name) => format!("builtin:{name}"),
        Source::Url { url, .. } => url.clone(),
        Source::Oci(image) => image.clone(),
    }
}

impl From<&caxton_sandbox::Grants> for Grants {
    fn from(grants: &caxton_sandbox::Grants) -> Self {
        let file = |file: &caxton_sandbox::FileGrant| FileGrant {
            path: file.guest.clone(),
            mode: match file.mode {
                caxton_sandbox::FileMode::Read => "read".to_owned(),
                caxton_sandbox::FileMode::Write => "write".to_owned(),
            },
        };
        Self {
            http: grants.http.iter().map(ToString::to_string).collect(),
            files: grants.files.iter().map(file).collect(),
            state: grants.state,
        }
    }
}

impl From<&caxton_sandbox::Limits> for Limits {
    fn from(limits: &caxton_sandbox::Limits) -> Self {
        let caxton_sandbox::Limits {
            fuel,
            memory_bytes,
            time,
            output_bytes,
            http_requests,
            http_bytes,
            log_bytes,
            depth,
        } = limits.clone();
        let time_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Self {
            fuel,
            memory_bytes,
            time_ms,
            output_bytes,
            http_requests,
            http_bytes,
            log_bytes,
            depth,
        }
    }
}

impl From<&Refused> for RefusedComponent {
    fn from(refused: &Refused) -> Self {
        let Refused {
            component,
            code,
            reason,
            remedy,
        } = refused.clone();
        Self {
            name: component,
            code: code.to_owned(),
            reason,
            remedy,
        }
    }
}
