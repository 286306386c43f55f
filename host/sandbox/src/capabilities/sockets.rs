//! `wasi:sockets`: refused at the first step, before the host has opened anything, and written down. Components that are
//! granted origins reach them by `http`.

use wasmtime::Result;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::bindings::sockets::ip_name_lookup::ResolveAddressStream;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, Network};
use wasmtime_wasi::p2::bindings::sockets::tcp::TcpSocket;
use wasmtime_wasi::p2::bindings::sockets::udp::UdpSocket;

use crate::store::CallState;

/// Puts refusals in the place of what WASI has for the first steps to a connection.
pub(crate) fn link(linker: &mut Linker<CallState>) -> Result<()> {
    linker.allow_shadowing(true);
    linker
        .instance("wasi:sockets/tcp-create-socket@0.2.12")?
        .func_wrap(
            "create-tcp-socket",
            |mut store, (_,): (IpAddressFamily,)| {
                Ok((refuse::<TcpSocket>(store.data_mut(), "TCP"),))
            },
        )?;
    linker
        .instance("wasi:sockets/udp-create-socket@0.2.12")?
        .func_wrap(
            "create-udp-socket",
            |mut store, (_,): (IpAddressFamily,)| {
                Ok((refuse::<UdpSocket>(store.data_mut(), "UDP"),))
            },
        )?;
    linker
        .instance("wasi:sockets/ip-name-lookup@0.2.12")?
        .func_wrap(
            "resolve-addresses",
            |mut store, (_, name): (Resource<Network>, String)| {
                Ok((refuse::<ResolveAddressStream>(store.data_mut(), &name),))
            },
        )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn refuse<T>(state: &mut CallState, target: &str) -> std::result::Result<Resource<T>, ErrorCode> {
    state.denied(
        "sockets",
        target,
        "sockets are given to no component; grant origins under `http` instead",
    );
    Err(ErrorCode::AccessDenied)
}
