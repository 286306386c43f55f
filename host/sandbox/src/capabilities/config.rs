//! `config`: the component's settings.

use crate::store::CallState;
use crate::wit::config::Host;

impl Host for CallState {
    async fn get(&mut self, key: String) -> Option<String> {
        self.paced(key.len()).await;
        self.component.config.get(&key).cloned()
    }

    async fn get_all(&mut self) -> Vec<(String, String)> {
        let bytes = |(key, value): (&String, &String)| key.len() + value.len();
        let bytes = self.component.config.iter().map(bytes).sum();
        self.paced(bytes).await;
        self.component
            .config
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }
}
