//! What an import finds: one linker for all components, with everything in it. Whether a call may use an import is
//! decided by the component's grants when it is used, so that a denial can be answered and written down.

use wasmtime::Engine;
use wasmtime::Result;
use wasmtime::component::{HasSelf, Linker};

use crate::capabilities::sockets;
use crate::store::CallState;
use crate::wit;

/// Links every import that a component may have.
pub(crate) fn link(engine: &Engine) -> Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    sockets::link(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    wit::config::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::deltas::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::embed::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::http::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::input::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::log::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::progress::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wit::state::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    Ok(linker)
}
