//! How far a long call has come.

/// Reports `done` of `total` steps. `done` must grow from call to call.
pub fn report(done: f64, total: Option<f64>, message: Option<&str>) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::host::caxton::plugin::progress::report(done, total, message);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.progress.push((done, total, message.map(Into::into))));
}
