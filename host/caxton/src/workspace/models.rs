//! What is known of a provider's models: what it lists, with the prices that the workspace sets. A list is asked for anew now
//! and then, while the old one serves.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use caxton_sandbox::{Call, llm_types};
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::health::Ailment;
use super::load::Loaded;
use super::state::State;
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
    /// Why the last list could not be had.
    ailment: Option<Ailment>,
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

/// A provider's models.
#[derive(Clone, Debug)]
pub struct Listing {
    /// The provider.
    pub provider: String,
    /// Its models: those that it lists, then those that the workspace names besides.
    pub models: Vec<Model>,
    /// Why it could not say which it has, or has now.
    pub ailment: Option<Ailment>,
}

/// A model of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// The id by which the provider knows it.
    pub id: String,
    /// A name for people.
    pub name: String,
    /// Whether it can call tools, where known.
    pub tools: Option<bool>,
    /// Whether it can see pictures, where known.
    pub vision: Option<bool>,
    /// What else is known of it.
    pub known: Known,
    /// Whether the provider lists it.
    pub listed: bool,
}

impl State {
    /// The models of all providers that are loaded, by provider. All are asked at once, for as long as a list may take.
    pub async fn listings(&self) -> Vec<Listing> {
        let providers = self.components.iter();
        let providers = providers.filter(|(_, loaded)| loaded.component.roles().provider);
        join_all(providers.map(|(name, loaded)| loaded.listing(self.named(name)))).await
    }

    /// The ids of models of `provider` that the workspace names: for its agents, or with a price.
    fn named(&self, provider: &str) -> BTreeSet<String> {
        let own = &self.config.model;
        let agents = self
            .agents
            .values()
            .flat_map(|agent| self.models(&agent.config));
        let used = agents
            .chain(std::iter::once(own.default.clone()))
            .chain(own.fallback.iter().cloned())
            .filter(|model| model.provider == provider)
            .map(|model| model.model);
        let spec = self.config.components.get(provider);
        let prices = spec.into_iter().flat_map(|spec| spec.prices.iter());
        let priced = prices.filter(|(id, _)| id.is_literal());
        used.chain(priced.map(|(id, _)| id.as_str().to_owned()))
            .collect()
    }
}

impl Loaded {
    /// What is known of the model `id`. The first to ask waits for the provider's list, if not for long.
    pub async fn known(self: &Arc<Self>, id: &str) -> Known {
        let models = self.models().await;
        self.knows(id, models.iter().find(|model| model.id == id))
    }

    fn knows(&self, id: &str, listed: Option<&llm_types::Model>) -> Known {
        let set = self.spec.price(id);
        Known {
            price: set.or_else(|| listed.and_then(|model| model.price).map(|price| of(&price))),
            context_window: listed.and_then(|model| model.context_window).map(u64::from),
            max_output: listed.and_then(|model| model.max_output).map(u64::from),
        }
    }

    /// The models of a provider, as it listed them within the last minutes; empty where it can't tell.
    pub async fn models(self: &Arc<Self>) -> Arc<Vec<llm_types::Model>> {
        self.models_within(WAIT_MAX).await
    }

    /// Its models, and those among `named` that it does not list.
    async fn listing(self: &Arc<Self>, named: BTreeSet<String>) -> Listing {
        let listed = self.models_within(LIST_TIME).await;
        let mut models: Vec<Model> = listed
            .iter()
            .map(|model| Model {
                id: model.id.clone(),
                name: model.name.clone(),
                tools: Some(model.tools),
                vision: Some(model.vision),
                known: self.knows(&model.id, Some(model)),
                listed: true,
            })
            .collect();
        let besides = named
            .into_iter()
            .filter(|id| !listed.iter().any(|model| model.id == *id));
        models.extend(besides.map(|id| Model {
            name: id.clone(),
            tools: None,
            vision: None,
            known: self.knows(&id, None),
            listed: false,
            id,
        }));
        let kept = self.kept();
        let ailment = match &kept.models {
            Some(_) => kept.ailment.clone(),
            None => Some(Ailment::late(LIST_TIME)),
        };
        Listing {
            provider: self.component.name().to_owned(),
            models,
            ailment,
        }
    }

    /// The list that there is; the first one is waited for, so long at most.
    async fn models_within(self: &Arc<Self>, wait: Duration) -> Arc<Vec<llm_types::Model>> {
        let listed = self.models.listed.notified();
        let mut listed = std::pin::pin!(listed);
        listed.as_mut().enable();
        if let Some(models) = self.current() {
            return models;
        }
        drop(tokio::time::timeout(wait, listed).await);
        self.kept().models.clone().unwrap_or_default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that is done under the lock can panic half way.
        self.models
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The list that there is. Where it is old or missing, a new one is asked for meanwhile.
    fn current(self: &Arc<Self>) -> Option<Arc<Vec<llm_types::Model>>> {
        let mut kept = self.kept();
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
            Ok(called) => called.value.map_err(|error| Ailment::of(&error)),
            Err(failed) => Err(Ailment::failed(&failed)),
        };
        let mut kept = self.kept();
        kept.asking = false;
        match listed {
            Ok(models) => {
                kept.models = Some(Arc::new(models));
                kept.ailment = None;
                kept.until = Some(Instant::now() + KEPT);
            }
            Err(ailment) => {
                let component = self.component.name();
                let reason = &ailment.reason;
                tracing::debug!(component, reason, "a provider does not list its models");
                kept.ailment = Some(ailment);
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
