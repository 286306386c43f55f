//! Loading a component: is it one, does it fit, what can it be used for. The result is ready to be called any number of
//! times at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use caxton_memory::{AuditEntry, Store, Verdict};
use sha2::{Digest, Sha256};
use wasmtime::component::InstancePre;
use wasmtime::component::types::ComponentItem;

use crate::cache::hex;
use crate::capabilities::http::Mask;
use crate::engine::{Sandbox, Shared};
use crate::error::LoadError;
use crate::grants::{Grants, Secret};
use crate::limits::{Limits, Overrides};
use crate::plain::Functions;
use crate::store::CallState;
use crate::tools::CallTool;
use crate::wit;

/// How a component is to be loaded.
#[derive(Clone, Default)]
pub struct Spec {
    /// Its name in the workspace.
    pub name: String,
    /// The workspace, by which its state is kept apart.
    pub workspace: String,
    /// Its settings: what `config.get` answers.
    pub config: BTreeMap<String, String>,
    /// Limits that differ from the defaults of its role.
    pub limits: Overrides,
    /// What it may reach.
    pub grants: Grants,
    /// Headers that the host adds to its requests.
    pub secrets: Vec<Secret>,
    /// Where it keeps state and where denied imports are written down: the workspace's own.
    pub store: Option<Store>,
}

/// What a component can be used as; it may be several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// It exports `caxton:plugin/tools`, or plain functions that can be called as tools.
    pub tools: bool,
    /// It exports `caxton:plugin/resources`.
    pub resources: bool,
    /// It exports `caxton:plugin/prompts`.
    pub prompts: bool,
    /// It exports `caxton:plugin/completion`.
    pub completion: bool,
    /// It exports `caxton:plugin/llm`.
    pub provider: bool,
    /// It exports `caxton:plugin/routing`.
    pub router: bool,
}

impl Roles {
    /// The roles that exports of `caxton:plugin` tell.
    pub(crate) fn of(exports: &[String]) -> Self {
        let has = |interface: &str| {
            let prefix = format!("caxton:plugin/{interface}@0.1.");
            exports.iter().any(|export| export.starts_with(&prefix))
        };
        Self {
            tools: has("tools"),
            resources: has("resources"),
            prompts: has("prompts"),
            completion: has("completion"),
            provider: has("llm"),
            router: has("routing"),
        }
    }

    /// The roles by name: `tool`, `provider`, `router`.
    pub fn names(self) -> Vec<&'static str> {
        let tool = self.tools || self.resources || self.prompts;
        [
            (tool, "tool"),
            (self.provider, "provider"),
            (self.router, "router"),
        ]
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name))
        .collect()
    }
}

/// Code that was compiled beforehand.
#[derive(Clone, Copy, Debug)]
pub struct Precompiled<'a> {
    /// SHA-256 of the component, in hexadecimal.
    pub digest: &'a str,
    /// The code.
    pub bytes: &'a [u8],
}

/// A loaded component. A cheap handle: clones share everything; calls in flight keep it alive.
#[derive(Clone)]
pub struct Component {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) workspace: String,
    pub(crate) digest: String,
    pub(crate) size: usize,
    pub(crate) roles: Roles,
    pub(crate) exports: Vec<String>,
    pub(crate) imports: Vec<String>,
    pub(crate) uses_wasi: bool,
    pub(crate) pre: InstancePre<CallState>,
    pub(crate) indices: Indices,
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) limits: Limits,
    pub(crate) grants: Grants,
    pub(crate) secrets: Vec<Secret>,
    /// Takes the secrets out of what comes back.
    pub(crate) mask: Mask,
    pub(crate) store: Option<Store>,
    pub(crate) shared: Arc<Shared>,
}

/// Where the exports of each role are found in an instance.
#[derive(Default)]
pub(crate) struct Indices {
    /// Where the component knows nothing of Caxton, its plain functions.
    pub(crate) plain: Option<Functions>,
    pub(crate) tools: Option<wit::tools::GuestIndices>,
    pub(crate) call_tool: Option<CallTool>,
    pub(crate) resources: Option<wit::resources::GuestIndices>,
    pub(crate) prompts: Option<wit::prompts::GuestIndices>,
    pub(crate) completion: Option<wit::completion::GuestIndices>,
    pub(crate) llm: Option<wit::llm::GuestIndices>,
    pub(crate) routing: Option<wit::routing::GuestIndices>,
}

impl Inner {
    /// Writes down that something was denied, in the log and in the audit trail.
    pub(crate) fn audit(&self, action: &str, target: &str, reason: &str) {
        let (target, reason) = (&*beginning(target), &*beginning(reason));
        tracing::warn!(
            workspace = self.workspace,
            component = self.name,
            action,
            target,
            reason,
            "denied"
        );
        if let Some(store) = &self.store {
            let entry = AuditEntry {
                component: self.name.clone(),
                action: action.to_owned(),
                target: target.to_owned(),
                verdict: Verdict::Denied,
                detail: reason.to_owned(),
            };
            if let Err(error) = store.audit(entry) {
                tracing::error!(%error, "a denial could not be written to the audit log");
            }
        }
    }
}

/// As much of a text as is worth keeping: a guest can make it as long as its memory.
fn beginning(text: &str) -> std::borrow::Cow<'_, str> {
    const CHARS_MAX: usize = 300;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

impl Sandbox {
    /// Compiles (or takes from the cache), links and checks a component. It blocks for as long as compiling takes: 0.1 s
    /// for a small one, seconds for a large one.
    ///
    /// # Errors
    /// [`LoadError`] says what is wrong with the bytes, the imports, the exports, the limits or the grants.
    pub fn load(&self, spec: Spec, wasm: &[u8]) -> Result<Component, LoadError> {
        // SAFETY: there is no code to trust.
        unsafe { self.load_precompiled(spec, wasm, None) }
    }

    /// As [`load`](Self::load), with code that was compiled from the same bytes beforehand. Code that does not fit this
    /// machine, or belongs to other bytes, is left aside.
    ///
    /// # Errors
    /// As those of [`load`](Self::load).
    ///
    /// # Safety
    /// It is run as it is, outside the sandbox if it wants: it has to be what [`Precompiler`](crate::Precompiler) gave.
    pub unsafe fn load_precompiled(
        &self,
        spec: Spec,
        wasm: &[u8],
        code: Option<Precompiled<'_>>,
    ) -> Result<Component, LoadError> {
        let name = spec.name.clone();
        check_header(&name, wasm, self.shared.settings.component_bytes_max)?;
        let digest = hex(&Sha256::digest(wasm));
        let made = code.filter(|code| code.digest == digest);
        // SAFETY: the caller's promise is passed on, and the digest says that it is about these bytes.
        let compiled = unsafe {
            self.shared.cache.compiled(
                &self.shared.engine,
                &digest,
                wasm,
                made.map(|code| code.bytes),
            )
        };
        let compiled = compiled.map_err(|e| LoadError::Malformed {
            name: name.clone(),
            reason: format!("{e:#}"),
        })?;

        let ty = compiled.component_type();
        let engine = &self.shared.engine;
        let imports: Vec<String> = ty
            .imports(engine)
            .map(|(import, _)| import.to_owned())
            .collect();
        for (import, item) in ty.imports(engine) {
            check_import(
                &name,
                import,
                matches!(item.ty, ComponentItem::ComponentInstance(_)),
            )?;
        }
        let exports: Vec<String> = ty
            .exports(engine)
            .map(|(export, _)| export.to_owned())
            .collect();
        let mismatch = |e: wasmtime::Error| LoadError::Mismatch {
            name: name.clone(),
            reason: format!("{e:#}"),
        };
        let pre = self
            .shared
            .linker
            .instantiate_pre(&compiled)
            .map_err(mismatch)?;
        let (roles, indices) = roles(&name, wasm, &exports, &pre)?;
        let defaults = if roles.provider {
            Limits::provider()
        } else {
            Limits::default()
        };
        let limits = defaults
            .with(&spec.limits, &self.shared.settings.ceiling)
            .map_err(|source| LoadError::Limit {
                name: name.clone(),
                source,
            })?;
        let uses_wasi = imports.iter().any(|import| import.starts_with("wasi:"));
        let mut grants = spec.grants;
        for grant in &mut grants.files {
            // What the path names now is what is granted, whatever it may come to name later.
            if let Ok(real) = grant.host.canonicalize() {
                grant.host = real;
            }
        }
        Ok(Component {
            inner: Arc::new(Inner {
                name,
                workspace: spec.workspace,
                digest,
                size: wasm.len(),
                roles,
                exports,
                imports,
                uses_wasi,
                pre,
                indices,
                config: spec.config,
                limits,
                grants,
                mask: Mask::new(&spec.secrets),
                secrets: spec.secrets,
                store: spec.store,
                shared: self.shared.clone(),
            }),
        })
    }
}

impl Component {
    /// Its name in the workspace.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// SHA-256 of its bytes, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.inner.size
    }

    /// What it can be used as.
    pub fn roles(&self) -> Roles {
        self.inner.roles
    }

    /// The names of its exports.
    pub fn exports(&self) -> &[String] {
        &self.inner.exports
    }

    /// The names of its imports.
    pub fn imports(&self) -> &[String] {
        &self.inner.imports
    }

    /// A text with asterisks in place of its secrets, as in all that comes back to it.
    pub fn masked(&self, text: String) -> String {
        self.inner.mask.text(text)
    }

    /// Its limits.
    pub fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    /// Its grants.
    pub fn grants(&self) -> &Grants {
        &self.inner.grants
    }

    /// Its settings.
    pub fn config(&self) -> &BTreeMap<String, String> {
        &self.inner.config
    }
}

/// Tells from the first eight bytes whether this can be a component at all.
pub(crate) fn check_header(name: &str, wasm: &[u8], limit: usize) -> Result<(), LoadError> {
    let name = name.to_owned();
    if wasm.len() > limit {
        return Err(LoadError::TooLarge {
            name,
            size: wasm.len(),
            limit,
        });
    }
    match wasm {
        [0, b'a', b's', b'm', 0x0d, 0, 1, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(LoadError::CoreModule { name }),
        [0, b'a', b's', b'm', ..] => Err(LoadError::Malformed {
            name,
            reason: "its version is none that this host knows".to_owned(),
        }),
        [] => Err(LoadError::NotWasm {
            name,
            found: "nothing: the file is empty".to_owned(),
        }),
        other => Err(LoadError::NotWasm {
            name,
            found: format!("`{}`", other[..other.len().min(8)].escape_ascii()),
        }),
    }
}

/// The interfaces of `caxton:plugin` that a component may import.
const INTERFACES: [&str; 9] = [
    "config", "deltas", "embed", "http", "input", "log", "progress", "state", "types",
];
/// The packages of WASI 0.2 that are linked.
const WASI: [&str; 6] = [
    "wasi:cli/",
    "wasi:clocks/",
    "wasi:filesystem/",
    "wasi:io/",
    "wasi:random/",
    "wasi:sockets/",
];

/// Refuses an import that the linker can't have, with a hint. Types of known imports are checked by wasmtime afterwards.
pub(crate) fn check_import(name: &str, import: &str, is_instance: bool) -> Result<(), LoadError> {
    let unknown = |hint: String| {
        Err(LoadError::UnknownImport {
            name: name.to_owned(),
            import: import.to_owned(),
            hint,
        })
    };
    if let Some(rest) = import.strip_prefix("caxton:plugin/") {
        let (interface, version) = rest.split_once('@').unwrap_or((rest, ""));
        if !version.starts_with("0.1.") {
            return unknown(format!(
                "this host speaks caxton:plugin@{}; rebuild the component with that SDK",
                wit::VERSION
            ));
        }
        // Interfaces of roles hold types that others use; they have no functions to link.
        let types_only = is_instance
            && [
                "tools",
                "llm",
                "routing",
                "resources",
                "prompts",
                "completion",
            ]
            .contains(&interface);
        if INTERFACES.contains(&interface) || types_only {
            return Ok(());
        }
        return unknown(format!("caxton:plugin offers {}", INTERFACES.join(", ")));
    }
    if import.starts_with("wasi:") {
        let known = WASI.iter().any(|package| import.starts_with(package))
            || import.starts_with("wasi:http/");
        return match import.rsplit_once('@') {
            Some((_, version)) if known && version.starts_with("0.2.") => Ok(()),
            Some((_, version)) if known => unknown(format!(
                "WASI {version} is not supported; build for WASI 0.2"
            )),
            _ => unknown(
                "of WASI 0.2, cli, clocks, filesystem, http, io, random and sockets are offered"
                    .to_owned(),
            ),
        };
    }
    unknown("components may import caxton:plugin and WASI 0.2 only".to_owned())
}

/// Finds what the component can be used as, and checks the types of those exports.
fn roles(
    name: &str,
    wasm: &[u8],
    exports: &[String],
    pre: &InstancePre<CallState>,
) -> Result<(Roles, Indices), LoadError> {
    let mut roles = Roles::of(exports);
    let mismatch = |e: wasmtime::Error| LoadError::Mismatch {
        name: name.to_owned(),
        reason: format!("{e:#}"),
    };
    let mut indices = Indices {
        plain: None,
        tools: roles
            .tools
            .then(|| wit::tools::GuestIndices::new(pre))
            .transpose()
            .map_err(mismatch)?,
        call_tool: roles
            .tools
            .then(|| CallTool::new(pre, exports))
            .transpose()
            .map_err(mismatch)?,
        resources: roles
            .resources
            .then(|| wit::resources::GuestIndices::new(pre))
            .transpose()
            .map_err(mismatch)?,
        prompts: roles
            .prompts
            .then(|| wit::prompts::GuestIndices::new(pre))
            .transpose()
            .map_err(mismatch)?,
        completion: roles
            .completion
            .then(|| wit::completion::GuestIndices::new(pre))
            .transpose()
            .map_err(mismatch)?,
        llm: roles
            .provider
            .then(|| wit::llm::GuestIndices::new(pre))
            .transpose()
            .map_err(mismatch)?,
        routing: roles
            .router
            .then(|| wit::routing::GuestIndices::new(pre))
            .transpose()
            .map_err(mismatch)?,
    };
    if roles.names().is_empty() {
        let functions = Functions::new(name, wasm, pre.component());
        indices.plain =
            Some(functions.map_err(|reason| LoadError::no_role(name, exports).because(&reason))?);
        roles.tools = true;
    }
    Ok((roles, indices))
}
