//! A panic ends a component as a trap, which carries no words. The hook here logs the message first.

use std::sync::Once;

/// Logs panics from here on. Every export calls it; only the first call of an instance does something.
pub(crate) fn log_panics() {
    static INSTALLED: Once = Once::new();
    // Natively the default hook prints to standard error, which is what a test wants.
    if cfg!(target_arch = "wasm32") {
        INSTALLED.call_once(|| {
            std::panic::set_hook(Box::new(|panic| crate::log::critical(&panic.to_string())));
        });
    }
}
