//! `caxton memory`: looks at what is remembered, and changes it. `shown` prints it, `transfer` moves it in files.

mod shown;
mod transfer;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{ArgGroup, Subcommand};
use serde_json::{Map, Value};

use super::Output;
use super::client::Client;
use super::output;
use super::target::Target;
use crate::api::wire;

/// As many of one name are looked at: there may be one in each scope.
const NAMESAKES: &str = "500";

const EXAMPLES: &str = "\
Examples:
  caxton memory search \"who leads sales\"
  caxton memory add \"Anna Berg\" \"Leads the sales team.\" --type person
  caxton memory relate \"Anna Berg\" works-at Acme
  caxton memory change \"Anna Berg\" --observation \"Leads the support team.\"
  caxton memory export memory.jsonl && caxton memory import memory.jsonl

ENTITY is a name where only one entity has it, or a number: #12, or 12 where nothing is called so.
SCOPE is `workspace`, `global`, `agent:NAME` or `conversation:ID`.";

/// Look at what is remembered, and change it.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find what is nearest to some words, by meaning and by words.
    Search {
        /// The words; several are one text.
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        #[command(flatten)]
        only: Only,
        /// How many.
        #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
        limit: u16,
        /// The similarity, from -1 to 1, under which meaning does not count.
        #[arg(long, value_name = "COSINE", allow_negative_numbers = true)]
        similarity_min: Option<f32>,
        #[command(flatten)]
        output: Output,
    },
    /// List what is remembered, what was changed last first.
    List {
        #[command(flatten)]
        only: Only,
        /// With these words in this order only; `*` at the end lets the last word go on.
        #[arg(long, value_name = "WORDS")]
        phrase: Option<String>,
        /// How many.
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
        /// Go on after a list: the `next` that it ended with.
        #[arg(long, value_name = "NEXT")]
        before: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Show an entity with its relations.
    Show {
        /// The entity.
        entity: String,
        #[command(flatten)]
        output: Output,
    },
    /// Remember something, or more about it: the same name in the same scope is the same entity.
    Add {
        /// What it is called.
        name: String,
        /// What is known about it, a sentence each.
        observations: Vec<String>,
        /// What it is [default: note].
        #[arg(long, value_name = "TYPE")]
        r#type: Option<String>,
        /// Where it is kept.
        #[arg(long, default_value = "workspace", value_name = "SCOPE")]
        scope: String,
        #[command(flatten)]
        output: Output,
    },
    /// Relate an entity to another.
    Relate {
        /// The entity that the relation leads from.
        #[arg(value_name = "ENTITY")]
        source: String,
        /// How it relates to the other: works-at, owns, part-of.
        #[arg(value_name = "RELATION")]
        relation: String,
        /// The entity that it leads to.
        #[arg(value_name = "ENTITY")]
        target: String,
        /// Take the relation away instead.
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Change an entity: what is given replaces what was there.
    #[command(group(ArgGroup::new("change").args(["name", "type", "observations", "metadata"]).required(true).multiple(true)))]
    Change {
        /// The entity.
        entity: String,
        /// What it is called from now on.
        #[arg(long)]
        name: Option<String>,
        /// What it is.
        #[arg(long, value_name = "TYPE")]
        r#type: Option<String>,
        /// What is known about it; several times for several sentences, which are then all.
        #[arg(long = "observation", value_name = "WHAT IS KNOWN")]
        observations: Vec<String>,
        /// All of its metadata, a JSON object.
        #[arg(long, value_name = "JSON", value_parser = metadata)]
        metadata: Option<Map<String, Value>>,
        #[command(flatten)]
        output: Output,
    },
    /// Forget entities, with their relations.
    Forget {
        /// The entities.
        #[arg(required_unless_present = "scope", value_name = "ENTITY")]
        entities: Vec<String>,
        /// Forget all that is kept in this scope instead.
        #[arg(long, value_name = "SCOPE", conflicts_with = "entities")]
        scope: Option<String>,
        #[command(flatten)]
        output: Output,
    },
    /// Write what is remembered as JSON Lines.
    Export(transfer::Export),
    /// Take in what was exported; importing a file again changes nothing.
    Import(transfer::Import),
    /// Copy the server's whole database into a file: what is remembered, conversations and turns.
    Backup(transfer::Backup),
}

/// Which entities.
#[derive(Debug, clap::Args)]
struct Only {
    /// In this scope only.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// Of this type only.
    #[arg(long, value_name = "TYPE")]
    r#type: Option<String>,
}

/// Does it.
pub async fn run(args: Args, target: &Target) -> Result<ExitCode> {
    let client = &target.client()?;
    match args.command {
        Command::Search {
            words,
            only,
            limit,
            similarity_min,
            output,
        } => {
            let search = wire::MemorySearch {
                text: words.join(" "),
                scopes: only.scope.into_iter().collect(),
                types: only.r#type.into_iter().collect(),
                limit: Some(usize::from(limit)),
                similarity_min,
                ..wire::MemorySearch::default()
            };
            let found: wire::MemoryHits = client.post(&["memory", "search"], &search).await?;
            if output.json {
                output::json(&found)?
            } else {
                shown::hits(&found)?
            }
        }
        Command::List {
            only,
            phrase,
            limit,
            before,
            output,
        } => {
            let limit = limit.to_string();
            let mut query = vec![("limit", limit.as_str())];
            let given = [
                ("scope", &only.scope),
                ("type", &only.r#type),
                ("phrase", &phrase),
                ("before", &before),
            ];
            query.extend(
                given
                    .iter()
                    .filter_map(|(key, value)| Some((*key, value.as_deref()?))),
            );
            let found: wire::Entities = client.find(&["memory", "entities"], &query).await?;
            if output.json {
                output::json(&found)?
            } else {
                shown::list(&found)?
            }
        }
        Command::Show { entity, output } => {
            let id = resolved(client, &entity).await?;
            let path = ["memory", "entities", &id.to_string(), "related"];
            let around: wire::MemoryGraph = client.get(&path).await?;
            if output.json {
                output::json(&around)?
            } else {
                shown::show(id, &around)?
            }
        }
        Command::Add {
            name,
            observations,
            r#type,
            scope,
            output,
        } => {
            let new = wire::NewEntities {
                scope: Some(scope),
                name: Some(name),
                r#type,
                observations,
                ..wire::NewEntities::default()
            };
            let entity: wire::Entity = client.post(&["memory", "entities"], &new).await?;
            if output.json {
                output::json(&entity)?
            } else {
                output::line(format_args!("{} is #{}", entity.name, entity.id))?
            }
        }
        Command::Relate {
            source,
            relation,
            target,
            remove,
            output,
        } => relate(client, &source, relation, &target, remove, output).await?,
        Command::Change {
            entity,
            name,
            r#type,
            observations,
            metadata,
            output,
        } => {
            let change = wire::EntityChange {
                name,
                r#type,
                observations: (!observations.is_empty()).then_some(observations),
                metadata,
                version: None,
            };
            let id = resolved(client, &entity).await?.to_string();
            let path = ["memory", "entities", &id];
            let changed: wire::Entity = client.patch(&path, &change).await?;
            if output.json {
                output::json(&changed)?
            } else {
                output::line(format_args!("changed #{id} {}", changed.name))?
            }
        }
        Command::Forget {
            scope: Some(scope),
            output,
            ..
        } => {
            let path = ["memory", "entities"];
            let gone: wire::Forgotten = client.delete_all(&path, &[("scope", &*scope)]).await?;
            if output.json {
                output::json(&gone)?
            } else {
                match gone.entities {
                    1 => output::line(format_args!("forgot 1 entity of {scope}"))?,
                    count => output::line(format_args!("forgot {count} entities of {scope}"))?,
                }
            }
        }
        Command::Forget {
            entities, output, ..
        } => forget(client, &entities, output).await?,
        Command::Export(args) => transfer::export(client, &args).await?,
        Command::Import(args) => transfer::import(client, &args).await?,
        Command::Backup(args) => transfer::backup(client, &args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn relate(
    client: &Client,
    source: &str,
    relation: String,
    target: &str,
    remove: bool,
    output: Output,
) -> Result<()> {
    let new = wire::NewRelation {
        source: resolved(client, source).await?,
        r#type: relation,
        target: resolved(client, target).await?,
        metadata: Map::new(),
    };
    let path = ["memory", "relations"];
    if remove {
        let (from, to) = (new.source.to_string(), new.target.to_string());
        let query = [("source", &*from), ("type", &*new.r#type), ("target", &*to)];
        client.delete_where(&path, &query).await.map(drop)?;
    } else {
        client.post::<Value>(&path, &new).await?;
    }
    if output.json {
        return output::json(&new);
    }
    let done = if remove { "no longer" } else { "now" };
    output::line(format_args!("{done}: {source} {} {target}", new.r#type))
}

async fn forget(client: &Client, entities: &[String], output: Output) -> Result<()> {
    // All are found before any is forgotten, so that a slip in one name forgets nothing.
    let mut ids = Vec::with_capacity(entities.len());
    for entity in entities {
        ids.push(resolved(client, entity).await?.to_string());
    }
    let mut was = Vec::with_capacity(ids.len());
    for id in &ids {
        let path = ["memory", "entities", id];
        was.push(client.get::<wire::Entity>(&path).await?);
    }
    for (id, entity) in ids.iter().zip(&was) {
        client.delete(&["memory", "entities", id]).await?;
        if !output.json {
            output::line(format_args!("forgot #{id} {}", entity.name))?;
        }
    }
    if output.json {
        output::json(&was)?;
    }
    Ok(())
}

/// Reads metadata.
fn metadata(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text)
        .map_err(|error| format!("write a JSON object, such as {{\"team\": \"red\"}}: {error}"))
}

/// The number of an entity that was named by it, or by its name.
async fn resolved(client: &Client, entity: &str) -> Result<i64> {
    if let Some(Ok(id)) = entity.strip_prefix('#').map(str::parse) {
        return Ok(id);
    }
    let query = [("name", entity), ("limit", NAMESAKES)];
    let found: wire::Entities = client.find(&["memory", "entities"], &query).await?;
    match found.entities.as_slice() {
        [one] => Ok(one.id),
        [] if let Ok(id) = entity.parse() => Ok(id),
        [] => bail!(
            "nothing of the name `{entity}` is remembered; `caxton memory search {entity:?}` finds what is near"
        ),
        several => {
            let places = several
                .iter()
                .map(|entity| format!("#{} in {}", entity.id, entity.scope));
            let places: Vec<String> = places.collect();
            bail!(
                "several are called `{entity}`: {}; give its number",
                places.join(", ")
            )
        }
    }
}
