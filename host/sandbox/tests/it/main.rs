//! The sandbox from outside: real components, real sockets on loopback. The components are those of `tests/guests`, which
//! `cargo xtask test` builds.

mod egress;
mod imports;
mod plain;
mod precompiled;
mod support;
