//! Waiting in line: turns of one conversation go one after the other, in the order in which they came; those of others do
//! not wait for them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock, PoisonError, Weak};

use tokio::sync::{Mutex, OwnedMutexGuard};

/// One line for each conversation in which a turn runs.
#[derive(Debug, Default)]
pub struct Lines {
    lines: Lock<HashMap<String, Weak<Mutex<()>>>>,
}

impl Lines {
    /// Waits until it is this turn's time. Its time ends when what is returned is dropped.
    pub async fn wait(&self, conversation: &str) -> OwnedMutexGuard<()> {
        let line = {
            let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
            match lines.get(conversation).and_then(Weak::upgrade) {
                Some(line) => line,
                None => {
                    lines.retain(|_, line| line.strong_count() > 0);
                    let line = Arc::new(Mutex::new(()));
                    lines.insert(conversation.to_owned(), Arc::downgrade(&line));
                    line
                }
            }
        };
        line.lock_owned().await
    }
}
