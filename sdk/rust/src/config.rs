//! The component's settings from `caxton.toml`.

/// Gives the value of `key`: a string as it is, anything else as JSON text.
pub fn get(key: &str) -> Option<String> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::host::caxton::plugin::config::get(key);
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| host.config.get(key).cloned())
}

/// Gives all keys and values.
pub fn get_all() -> Vec<(String, String)> {
    #[cfg(target_arch = "wasm32")]
    return crate::bindings::host::caxton::plugin::config::get_all();
    #[cfg(not(target_arch = "wasm32"))]
    crate::testing::with(|host| {
        host.config
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    })
}

/// Gives the value of `key` as a type of your own; nothing where it is not set.
///
/// # Errors
/// A sentence that names the key and says what is wrong with its value.
pub fn parse<T: serde::de::DeserializeOwned>(key: &str) -> Result<Option<T>, String> {
    let Some(text) = get(key) else {
        return Ok(None);
    };
    // A string comes without its quotation marks, so what is not JSON of the wanted type is tried as a string.
    serde_json::from_str(&text)
        .or_else(|error| {
            serde_json::from_value(serde_json::Value::String(text.clone())).map_err(|_| error)
        })
        .map(Some)
        .map_err(|error| format!("The setting `{key}` is {text:?}, which does not fit: {error}"))
}
