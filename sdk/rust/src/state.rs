//! A key-value store that outlives the call, private to this component in this workspace. Needs the grant `state`.

#[cfg(target_arch = "wasm32")]
use crate::bindings::host::caxton::plugin::state as host;
pub use crate::bindings::host::caxton::plugin::state::Error;

/// Gives the value of `key`.
///
/// # Errors
/// [`Error`]: not granted, or the store failed.
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    #[cfg(target_arch = "wasm32")]
    return host::get(key);
    #[cfg(not(target_arch = "wasm32"))]
    Ok(crate::testing::with(|host| host.state.get(key).cloned()))
}

/// Sets the value of `key`; when it returns, the value is on disk.
///
/// # Errors
/// [`Error`]: not granted, too large, or the store failed.
pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
    #[cfg(target_arch = "wasm32")]
    return host::set(key, value);
    #[cfg(not(target_arch = "wasm32"))]
    {
        crate::testing::with(|host| host.state.insert(key.into(), value.into()));
        Ok(())
    }
}

/// Removes `key`; not an error where there is none.
///
/// # Errors
/// [`Error`]: not granted, or the store failed.
pub fn delete(key: &str) -> Result<(), Error> {
    #[cfg(target_arch = "wasm32")]
    return host::delete(key);
    #[cfg(not(target_arch = "wasm32"))]
    {
        crate::testing::with(|host| host.state.remove(key));
        Ok(())
    }
}

/// Lists the keys that start with `prefix`, sorted.
///
/// # Errors
/// [`Error`]: not granted, or the store failed.
pub fn list_keys(prefix: &str) -> Result<Vec<String>, Error> {
    #[cfg(target_arch = "wasm32")]
    return host::list_keys(prefix);
    #[cfg(not(target_arch = "wasm32"))]
    Ok(crate::testing::with(|host| {
        host.state
            .keys()
            .filter(|key| key.starts_with(prefix))
            .cloned()
            .collect()
    }))
}

/// Gives the value of `key`, kept as JSON, as a type of your own.
///
/// # Errors
/// [`Error`]; [`Error::Failed`] also where the value is not JSON of that type.
pub fn get_json<T: serde::de::DeserializeOwned>(key: &str) -> Result<Option<T>, Error> {
    get(key)?
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()
        .map_err(|error| {
            Error::Failed(format!(
                "The state `{key}` does not hold what is wanted: {error}"
            ))
        })
}

/// Sets the value of `key` to `value` as JSON.
///
/// # Errors
/// [`Error`]; [`Error::Failed`] also where the value can't be written as JSON.
pub fn set_json(key: &str, value: &impl serde::Serialize) -> Result<(), Error> {
    let bytes = serde_json::to_vec(value).map_err(|error| {
        Error::Failed(format!(
            "The state `{key}` can't be written as JSON: {error}"
        ))
    })?;
    set(key, &bytes)
}
