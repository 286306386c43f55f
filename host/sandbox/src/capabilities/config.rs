//! `config`: the component's settings.

use crate::store::CallState;
use crate::wit::config::Host;

impl Host for CallState {
    fn get(&mut self, key: String) -> Option<String> {
        self.component.config.get(&key).cloned()
    }

    fn get_all(&mut self) -> Vec<(String, String)> {
        self.component
            .config
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}
