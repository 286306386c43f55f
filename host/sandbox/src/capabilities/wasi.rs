//! WASI 0.2 for components that know nothing of Caxton: clocks and random numbers work, the environment and the
//! arguments are empty, sockets are refused, standard output goes to the log, and of files there is what was granted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtx;

use crate::call::{Call, Emitted};
use crate::capabilities::http::{Caller, WasiEgress};
use crate::capabilities::log::record;
use crate::component::Inner;
use crate::grants::FileMode;
use crate::store::CallState;
use crate::wit::log::Level;

/// The largest number of random bytes given at once.
const RANDOM_BYTES_MAX: u64 = 1 << 16;

/// What WASI needs for one call.
pub(crate) struct Wasi {
    pub(crate) ctx: WasiCtx,
    pub(crate) http: WasiHttpCtx,
    pub(crate) egress: WasiEgress,
}

impl Wasi {
    /// Makes the context of one call: the granted directories and nothing else.
    ///
    /// # Errors
    /// A text that names a granted directory that can't be opened.
    pub(crate) fn new(caller: Caller, call: &Call) -> Result<Self, String> {
        let inner = &caller.inner;
        let mut builder = WasiCtx::builder();
        builder
            .max_random_size(RANDOM_BYTES_MAX)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false);
        let left = Arc::new(AtomicU64::new(inner.limits.log_bytes));
        builder.stdout(Output {
            inner: inner.clone(),
            call: call.clone(),
            level: Level::Info,
            left: left.clone(),
        });
        builder.stderr(Output {
            inner: inner.clone(),
            call: call.clone(),
            level: Level::Warning,
            left,
        });
        for grant in &inner.grants.files {
            let perms = match grant.mode {
                FileMode::Read => FsPerms::ReadOnly,
                FileMode::Write => FsPerms::ReadWrite,
            };
            // The directory was this one when it was granted. Whoever may write beside it could have put a link in its place.
            let same = grant.host.canonicalize();
            if same.as_ref().is_ok_and(|now| *now != grant.host) {
                return Err(format!(
                    "the granted directory `{}` has become a link to another place; put the directory back, or grant that place",
                    grant.host.display()
                ));
            }
            builder
                .preopened_dir(&grant.host, &grant.guest, perms)
                .map_err(|e| {
                    format!(
                        "the granted directory `{}` can't be opened: {e:#}",
                        grant.host.display()
                    )
                })?;
        }
        Ok(Self {
            ctx: builder.build(),
            http: WasiHttpCtx::new(),
            egress: WasiEgress::new(caller),
        })
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let caller = self.caller();
        let wasi = self.wasi.get_or_insert_with(|| Box::new(empty(caller)));
        WasiCtxView {
            ctx: &mut wasi.ctx,
            table: &mut self.table,
        }
    }
}

/// A context with nothing in it, for a component that reaches WASI without importing it by name.
pub(crate) fn empty(caller: Caller) -> Wasi {
    let mut builder = WasiCtx::builder();
    builder
        .max_random_size(RANDOM_BYTES_MAX)
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false);
    Wasi {
        ctx: builder.build(),
        http: WasiHttpCtx::new(),
        egress: WasiEgress::new(caller),
    }
}

/// Standard output or error: into the log, within the call's limit; more is swallowed.
#[derive(Clone)]
struct Output {
    inner: Arc<Inner>,
    call: Call,
    level: Level,
    left: Arc<AtomicU64>,
}

impl Output {
    fn take(&self, bytes: usize) -> bool {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(bytes as u64)
            })
            .is_ok()
    }

    fn print(&self, bytes: &[u8]) {
        if bytes.is_empty() || !self.take(bytes.len()) {
            return;
        }
        let text = String::from_utf8_lossy(bytes);
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            record(&self.inner.workspace, &self.inner.name, self.level, line);
            if let Some(listener) = &self.call.listener {
                listener.tell(Emitted::Log {
                    level: self.level,
                    message: line.to_owned(),
                });
            }
        }
    }
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.print(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(16 << 10)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}
