//! Messages for the people who run the server, and for an MCP client that listens. Messages beyond the call's limit are
//! dropped and counted.

pub use crate::bindings::host::caxton::plugin::log::Level;

/// Writes a message.
pub fn write(level: Level, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::host::caxton::plugin::log::write(level, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.logs.push((level, message.into())));
}

/// For developers.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Normal operation.
pub fn info(message: &str) {
    write(Level::Info, message);
}

/// Normal but significant.
pub fn notice(message: &str) {
    write(Level::Notice, message);
}

/// Something may be wrong.
pub fn warning(message: &str) {
    write(Level::Warning, message);
}

/// Something is wrong.
pub fn error(message: &str) {
    write(Level::Error, message);
}

/// A part does not work.
pub fn critical(message: &str) {
    write(Level::Critical, message);
}
