//! What is known of a provider's models: what it lists, with the prices that the workspace sets. A list is asked for anew now
//! and then, while the old one serves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use caxton_sandbox::{Call, llm_types};
use tokio::sync::Notify;

use super::load::Loaded;
use crate::config::Price;

/// How long a list of models holds, and how long it is not asked for again after the provider failed to give one.
const KEPT: Duration = Duration::from_secs(600);
const RETRY: Duration = Duration::from_secs(60);

/// How long the list may take, and how long a first message waits for it: it only adds prices and sizes to what is known
/// anyway.
const LIST_TIME: Duration = Duration::from_secs(10);
const WAIT_MAX: Duration = Duration::from_secs(2);

/// A provider's models, as it listed them last.
#[derive(Debug, Default)]
pub(super) struct Models {
    kept: Mutex<Kept>,
    listed: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    models: Option<Arc<Vec<llm_types::Model>>>,
    until: Option<Instant>,
    asking: bool,
}

/// What is known of one model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What it costs.
    pub price: Option<Price>,
    /// Tokens that it can read and write in one request.
    pub context_window: Option<u64>,
    /// Tokens that it can write in one request.
    pub max_output: Option<u64>,
}

impl Loaded {
    /// What is known of the model `id`. The first to ask waits for the provider's list, if not for long.
    pub async fn known(self: &Arc<Self>, id: &str) -> Known {
        let models = self.models().await;
        let listed = models.iter().find(|model| model.id == id);
        let set = self.spec.price(id);
        Known {
            price: set.or_else(|| listed.and_then(|model| model.price).map(|price| of(&price))),
            context_window: listed.and_then(|model| model.context_window).map(u64::from),
            max_output: listed.and_then(|model| model.max_output).map(u64::from),
        }
    }

    /// The models of a provider, as it listed them within the last minutes; empty where it can't tell.
    pub async fn models(self: &Arc<Self>) -> Arc<Vec<llm_types::Model>> {
        let listed = self.models.listed.notified();
        let mut listed = std::pin::pin!(listed);
        listed.as_mut().enable();
        if let Some(models) = self.current() {
            return models;
        }
        drop(tokio::time::timeout(WAIT_MAX, listed).await);
        let kept = self
            .models
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.models.clone().unwrap_or_default()
    }

    /// The list that there is. Where it is old or missing, a new one is asked for meanwhile.
    fn current(self: &Arc<Self>) -> Option<Arc<Vec<llm_types::Model>>> {
        let mut kept = self
            .models
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let fresh = kept.until.is_some_and(|until| Instant::now() < until);
        if !fresh && !kept.asking {
            kept.asking = true;
            tokio::spawn(Arc::clone(self).list());
        }
        kept.models.clone()
    }

    async fn list(self: Arc<Self>) {
        let call = Call {
            time: Some(LIST_TIME),
            ..Call::default()
        };
        let listed = match self.component.list_models(call).await {
            Ok(called) => called.value.map_err(|e| format!("{e:?}")),
            Err(failed) => Err(failed.to_string()),
        };
        let mut kept = self
            .models
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        kept.asking = false;
        match listed {
            Ok(models) => {
                kept.models = Some(Arc::new(models));
                kept.until = Some(Instant::now() + KEPT);
            }
            Err(reason) => {
                let component = self.component.name();
                tracing::debug!(component, reason, "a provider does not list its models");
                // An old list is better than none.
                kept.models.get_or_insert_default();
                kept.until = Some(Instant::now() + RETRY);
            }
        }
        drop(kept);
        self.models.listed.notify_waiters();
    }
}

/// A listed price: US dollars per million tokens, as pico-US-dollars per token.
fn of(price: &llm_types::Price) -> Price {
    // A price that is no number, or negative, says nothing; the cast saturates.
    let pusd = |usd: f64| (usd.max(0.0) * 1e6).round() as u64;
    Price {
        input_pusd: pusd(price.input),
        cached_input_pusd: pusd(price.cached_input),
        output_pusd: pusd(price.output),
    }
}
