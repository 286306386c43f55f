//! Where a provider sends its answer while it is being written.

pub use crate::bindings::host::caxton::plugin::deltas::Delta;

/// Sends a piece to whoever waits for the answer.
pub fn emit(delta: Delta) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::host::caxton::plugin::deltas::emit(&delta);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.deltas.push(delta));
}

/// Sends text to append.
pub fn text(text: impl Into<String>) {
    emit(Delta::Text(text.into()));
}

/// Sends a piece of the model's reasoning.
pub fn reasoning(text: impl Into<String>) {
    emit(Delta::Reasoning(text.into()));
}

/// Says that a call of the tool `name` is being written.
pub fn call(name: impl Into<String>) {
    emit(Delta::Call(name.into()));
}
