//! `state`: a key-value store that outlives the call, private to the component in its workspace.

use caxton_memory::Store;

use crate::store::CallState;
use crate::wit::state::{Error, Host};

impl Host for CallState {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, Error> {
        self.paced(key.len()).await;
        let (store, name) = self.granted(&key)?;
        store
            .state_get(&name, &key)
            .await
            .map_err(|error| self.failed(error))
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), Error> {
        self.paced(key.len() + value.len()).await;
        let (store, name) = self.granted(&key)?;
        store
            .state_set(&name, &key, value)
            .await
            .map_err(|error| self.failed(error))
    }

    async fn delete(&mut self, key: String) -> Result<(), Error> {
        self.paced(key.len()).await;
        let (store, name) = self.granted(&key)?;
        store
            .state_delete(&name, &key)
            .await
            .map(drop)
            .map_err(|error| self.failed(error))
    }

    async fn list_keys(&mut self, prefix: String) -> Result<Vec<String>, Error> {
        self.paced(prefix.len()).await;
        let (store, name) = self.granted(&prefix)?;
        store
            .state_keys(&name, &prefix)
            .await
            .map_err(|error| self.failed(error))
    }
}

impl CallState {
    /// The store, if the component may use it, and the name under which it keeps its keys.
    fn granted(&mut self, key: &str) -> Result<(Store, String), Error> {
        let component = self.component.clone();
        let name = &component.name;
        if !component.grants.state {
            let reason = format!(
                "state is not granted to `{name}`; add it under [components.{name}.grants] state = true"
            );
            self.denied("state", key, &reason);
            return Err(Error::Denied(reason));
        }
        let store = component.store.clone();
        let store = store.ok_or_else(|| {
            Error::Failed(
                "this host keeps no state: it was started without a data directory".to_owned(),
            )
        })?;
        Ok((store, name.clone()))
    }

    /// Tells the component what it can mend, and the people who run the server the rest.
    fn failed(&self, error: caxton_memory::Error) -> Error {
        match error {
            caxton_memory::Error::Limit { .. } => Error::Limit(error.to_string()),
            _ => {
                let component = &self.component;
                tracing::error!(workspace = component.workspace, component = component.name, %error, "state can't be read or written");
                Error::Failed("the store failed; the server's log says why".to_owned())
            }
        }
    }
}
