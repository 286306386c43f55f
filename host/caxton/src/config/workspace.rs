//! A workspace as `caxton.toml` describes it, with the defaults filled in.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use caxton_sandbox::{Grants, Limits, Overrides, Secret};

use super::fault::{Refusal, quoted};
use super::limits::{Budget, Rate, TurnCeilings};
use super::money::{Price, Prices};
use super::name;

/// The model of a workspace that names none: the one that needs no key and no network.
pub const MODEL_DEFAULT: &str = "offline/demo";
/// The router of a workspace that names none.
pub const ROUTER_DEFAULT: &str = "semantic";
/// The router that is heard where the first fails.
pub const ROUTER_FALLBACK: &str = "keyword";

/// The score below which the first router is unsure. Measured on the requests of `tests/data/routing` that are there for
/// tuning: with the fallback heard below it, most requests find their agent.
const ROUTER_THRESHOLD: f32 = 0.7;
/// How far the first router's best two must be apart. Measured likewise: a wider one lets words overrule meaning too often.
const ROUTER_MARGIN: f32 = 0.01;
/// Capabilities as close as this are told to be alike. Of the 49 in `tests/data/routing`, which are meant to be told apart, the
/// closest two of different agents are at 0.45; around 0.4 three times as many requests go to the wrong one of two agents as
/// around 0.2.
const OVERLAP: f32 = 0.5;

/// A workspace: its components and how they are used.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Its name.
    pub name: String,
    /// Which models its agents think with.
    pub model: Model,
    /// Which routers choose among its agents.
    pub router: Router,
    /// Every component that it can use, by name: those it declares, those that lie in `components/`, and the built-in ones.
    pub components: BTreeMap<String, ComponentSpec>,
    /// The ceilings of every component's limits.
    pub limits: Limits,
    /// The ceilings of every agent's limits.
    pub turn_ceilings: TurnCeilings,
    /// What all turns of one day may use, those of all agents together.
    pub budget: Budget,
    /// How much of what is remembered is kept.
    pub keeping: Keeping,
}

/// How much of what is remembered is kept in each scope, by the kind of scope.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keeping {
    /// Of each conversation's.
    pub conversation: Keep,
    /// Of each agent's own.
    pub agent: Keep,
    /// Of the workspace's.
    pub workspace: Keep,
    /// Of what is global.
    pub global: Keep,
}

/// How much of a scope is kept. The default keeps all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// What was not changed for so many days is forgotten.
    pub days: Option<u32>,
    /// Of more than so many entities, those that were changed longest ago are forgotten.
    pub count: Option<u64>,
}

/// Which models are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The model of agents that name none.
    pub default: ModelRef,
    /// Models to try, in order, where one can't answer.
    pub fallback: Vec<ModelRef>,
}

/// Which routers are used, by component.
#[derive(Debug, Clone, PartialEq)]
pub struct Router {
    /// The one that is asked first.
    pub component: String,
    /// The one that is heard where the first fails, is slow or unsure.
    pub fallback: Option<String>,
    /// The first is unsure where its best score is below this, from 0 to 1.
    pub threshold: f32,
    /// The first is unsure where its best score is less than this above the second.
    pub margin: f32,
    /// From which cosine on two capabilities of different agents are told to be alike.
    pub overlap: f32,
    /// From which cosine on that is a fault; nothing is where absent.
    pub overlap_max: Option<f32>,
    /// The agent that gets messages which, by their meaning, fit none.
    pub default: Option<String>,
}

/// A provider component and one of its models.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelRef {
    /// The component's name.
    pub provider: String,
    /// The model's id, as the provider knows it.
    pub model: String,
}

/// A component and what it is given.
#[derive(Debug, Clone)]
pub struct ComponentSpec {
    /// Where its code comes from.
    pub source: Source,
    /// Its settings, which it reads through the `config` import.
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Its limits, as far as they are written down; none is above the workspace's ceiling.
    pub limits: Overrides,
    /// What it may reach.
    pub grants: Grants,
    /// Headers that the host adds to its requests.
    pub secrets: Vec<Secret>,
    /// How fast it is asked, where it is a provider.
    pub rate: Rate,
    /// What its models cost, where it is a provider.
    pub prices: Prices,
    /// What stands before the names of its tools; `NAME__` where absent.
    pub prefix: Option<String>,
    /// It is there without being written down in `caxton.toml`.
    pub implied: bool,
    /// Its source is not written down: it is the file of its name in `components/`, else the built-in one.
    pub source_implied: bool,
}

/// Where a component's code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file on this machine.
    Path(PathBuf),
    /// One that is part of this program.
    Builtin(String),
    /// A file on the web, known by its digest.
    Url {
        /// Where it lies.
        url: String,
        /// The SHA-256 of the file, in lower-case hexadecimal.
        sha256: String,
    },
    /// An image in a registry, such as `oci://registry.example.com/tools/csv:1.0`.
    Oci(String),
}

impl ModelRef {
    /// Parses `PROVIDER/MODEL`. The model's own id may have slashes.
    ///
    /// # Errors
    /// `bad-model` where either part is missing or the provider's name is no name.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let refuse = |why: &str| {
            let remedy = format!("write provider/model, such as \"{MODEL_DEFAULT}\"");
            Refusal::new("bad-model", format!("is {}, {why}", quoted(text)), remedy)
        };
        let (provider, model) = text
            .split_once('/')
            .ok_or_else(|| refuse("which names no provider"))?;
        if name::check(provider).is_err() {
            return Err(refuse("whose provider is not a component's name"));
        }
        if model.trim().is_empty() || model.chars().any(char::is_control) {
            return Err(refuse("which names no model"));
        }
        Ok(Self {
            provider: provider.to_owned(),
            model: model.to_owned(),
        })
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.provider, self.model)
    }
}

impl ComponentSpec {
    /// A component that nothing was written down about: from `source`, with default limits and nothing granted.
    pub fn new(source: Source) -> Self {
        Self {
            source,
            config: serde_json::Map::new(),
            limits: Overrides::default(),
            grants: Grants::default(),
            secrets: Vec::new(),
            rate: Rate::default(),
            prices: Prices::default(),
            prefix: None,
            implied: true,
            source_implied: true,
        }
    }

    /// What `model` of this provider costs, by the provider's own id. Nothing where no price is written down.
    pub fn price(&self, model: &str) -> Option<Price> {
        self.prices.of(model)
    }
}

impl Default for Model {
    fn default() -> Self {
        let (provider, model) = MODEL_DEFAULT.split_once('/').unwrap_or((MODEL_DEFAULT, ""));
        Self {
            default: ModelRef {
                provider: provider.to_owned(),
                model: model.to_owned(),
            },
            fallback: Vec::new(),
        }
    }
}

impl Default for Router {
    fn default() -> Self {
        Self {
            component: ROUTER_DEFAULT.to_owned(),
            fallback: Some(ROUTER_FALLBACK.to_owned()),
            threshold: ROUTER_THRESHOLD,
            margin: ROUTER_MARGIN,
            overlap: OVERLAP,
            overlap_max: None,
            default: None,
        }
    }
}

impl Workspace {
    /// A workspace that declares nothing: what a server without `caxton.toml` runs, with these built-in components.
    pub fn bare(name: &str, builtins: &[&str]) -> Self {
        let components = builtins
            .iter()
            .map(|builtin| {
                (
                    (*builtin).to_owned(),
                    ComponentSpec::new(Source::Builtin((*builtin).to_owned())),
                )
            })
            .collect();
        Self {
            name: name.to_owned(),
            model: Model::default(),
            router: Router::default(),
            components,
            limits: Limits::ceiling(),
            turn_ceilings: TurnCeilings::default(),
            budget: Budget::default(),
            keeping: Keeping::default(),
        }
    }
}
