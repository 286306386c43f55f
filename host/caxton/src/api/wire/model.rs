//! Models.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::config;
use crate::workspace::{self, Listing};

/// The models of all providers that are loaded.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Models {
    /// By provider, as each lists them; those that the workspace names besides come after.
    pub models: Vec<Model>,
    /// Providers that could not say which models they have. What they listed before is there.
    pub unavailable: Vec<Unavailable>,
}

/// A model of a provider.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// As agents name it: `PROVIDER/MODEL`.
    #[schema(example = "openai/gpt-5-mini")]
    pub id: String,
    /// A name for people.
    pub name: String,
    /// The provider.
    pub provider: String,
    /// It can call tools; `null` where that is not known.
    pub tools: Option<bool>,
    /// It can see pictures; `null` where that is not known.
    pub vision: Option<bool>,
    /// Tokens that it reads and writes in one request; `null` where that is not known.
    pub context_window: Option<u64>,
    /// Tokens that it can write in one request; `null` where that is not known.
    pub max_output: Option<u64>,
    /// What it costs: as `caxton.toml` says, else as its provider lists it; `null` where neither does.
    pub price: Option<Price>,
    /// Its provider lists it. One that is not listed stands in the workspace's files.
    pub listed: bool,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
pub struct Price {
    /// Tokens that it reads.
    pub input_usd_per_million: f64,
    /// Tokens that it reads from its provider's cache.
    pub cached_input_usd_per_million: f64,
    /// Tokens that it writes.
    pub output_usd_per_million: f64,
}

/// A provider that could not say which models it has.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Unavailable {
    /// The provider.
    pub provider: String,
    /// What kind of fault it is, as in a component's `health`.
    pub code: String,
    /// What is wrong.
    pub reason: String,
}

impl From<Vec<Listing>> for Models {
    fn from(listings: Vec<Listing>) -> Self {
        let (mut models, mut unavailable) = (Vec::new(), Vec::new());
        for listing in listings {
            let provider = listing.provider;
            models.extend(listing.models.into_iter().map(|m| Model::of(&provider, m)));
            unavailable.extend(listing.ailment.map(|ailment| Unavailable {
                provider,
                code: ailment.code.to_owned(),
                reason: ailment.reason,
            }));
        }
        Self {
            models,
            unavailable,
        }
    }
}

impl Model {
    fn of(provider: &str, model: workspace::Model) -> Self {
        let workspace::Model {
            id,
            name,
            tools,
            vision,
            known,
            listed,
        } = model;
        Self {
            id: format!("{provider}/{id}"),
            name,
            provider: provider.to_owned(),
            tools,
            vision,
            context_window: known.context_window,
            max_output: known.max_output,
            price: known.price.map(Price::from),
            listed,
        }
    }
}

impl From<config::Price> for Price {
    fn from(price: config::Price) -> Self {
        // A pico-US-dollar for a token is a millionth of a US dollar for a million.
        let usd_per_million = |pusd: u64| pusd as f64 / 1e6;
        Self {
            input_usd_per_million: usd_per_million(price.input_pusd),
            cached_input_usd_per_million: usd_per_million(price.cached_input_pusd),
            output_usd_per_million: usd_per_million(price.output_pusd),
        }
    }
}
