//! What is remembered, as people read it.

use anyhow::Result;
use serde_json::Value;

use super::super::output::{self, Style, ago, plain};
use crate::api::wire;

pub(super) fn hits(found: &wire::MemoryHits) -> Result<()> {
    let row = |hit: &wire::MemoryHit| {
        let place = |rank: Option<u32>| rank.map_or_else(String::new, |rank| rank.to_string());
        let similarity = hit.similarity.map(|cosine| format!("{cosine:.2}"));
        [
            hit.entity.id.to_string(),
            format!("{:.4}", hit.score),
            similarity.unwrap_or_default(),
            place(hit.text_rank),
            hit.entity.r#type.clone(),
            hit.entity.scope.clone(),
            told(&hit.entity),
        ]
    };
    let rows: Vec<_> = found.hits.iter().map(row).collect();
    output::table(
        [
            "ID",
            "SCORE",
            "SIMILARITY",
            "BY WORDS",
            "TYPE",
            "SCOPE",
            "ENTITY",
        ],
        &rows,
        "Nothing was found.",
    )?;
    if !found.by_meaning {
        output::remark(
            "Words alone decided: the server's embedding model is not there, or is busy.",
        );
    }
    Ok(())
}

pub(super) fn list(found: &wire::Entities) -> Result<()> {
    let row = |entity: &wire::Entity| {
        [
            entity.id.to_string(),
            entity.r#type.clone(),
            entity.scope.clone(),
            ago(entity.updated_ms),
            told(entity),
        ]
    };
    let rows: Vec<_> = found.entities.iter().map(row).collect();
    output::table(
        ["ID", "TYPE", "SCOPE", "CHANGED", "ENTITY"],
        &rows,
        "Nothing is remembered; begin with `caxton memory add NAME \"WHAT IS KNOWN\"`.",
    )?;
    if let Some(next) = &found.next {
        output::remark(format_args!("There are more: --before {next}"));
    }
    Ok(())
}

/// An entity in a line.
fn told(entity: &wire::Entity) -> String {
    match entity.observations.as_slice() {
        [] => entity.name.clone(),
        // What somebody said, and then said anew.
        versions if entity.r#type == "statement" => {
            format!("{} / {}", entity.name, versions.join(" / "))
        }
        observations => format!("{}: {}", entity.name, observations.join(" / ")),
    }
}

pub(super) fn show(id: i64, around: &wire::MemoryGraph) -> Result<()> {
    let style = Style::of_stdout();
    let name = |id: i64| {
        let known = around.entities.iter().find(|at| at.entity.id == id);
        known.map_or_else(String::new, |at| plain(&at.entity.name).into_owned())
    };
    let entities = around.entities.iter().map(|reached| &reached.entity);
    for entity in entities.filter(|entity| entity.id == id) {
        output::line(format_args!(
            "#{id} {} {}",
            style.bold(plain(&entity.name)),
            style.dim(plain(&format!("({}, {})", entity.r#type, entity.scope)))
        ))?;
        for observation in &entity.observations {
            output::line(format_args!("- {}", plain(observation)))?;
        }
        if !entity.metadata.is_empty() {
            let metadata = Value::Object(entity.metadata.clone());
            output::line(format_args!("metadata  {}", plain(&metadata.to_string())))?;
        }
        output::line(format_args!(
            "changed   {}, {}",
            ago(entity.updated_ms),
            match entity.embedded {
                true => "found by meaning and by words",
                false => "found by words until its meaning is known",
            }
        ))?;
    }
    for relation in &around.relations {
        output::line(format_args!(
            "{} (#{}) {} {} (#{})",
            name(relation.source),
            relation.source,
            style.bold(plain(&relation.r#type)),
            name(relation.target),
            relation.target
        ))?;
    }
    Ok(())
}
