//! Which tools serve a purpose best: by what they say of themselves.

use std::sync::Arc;

use caxton_embed::{Embedder, State};

use super::Tool;
use crate::workspace::texts;

/// Puts `tools` into order by how well they serve the purpose `text`; the best first.
pub(crate) async fn best(
    embedder: Option<&Embedder>,
    tools: Vec<Arc<Tool>>,
    text: &str,
) -> Vec<Arc<Tool>> {
    let told: Vec<String> = tools.iter().map(|tool| told(tool)).collect();
    let order = texts::ranked(embedder, &told, text).await;
    order
        .into_iter()
        .map(|(place, _)| Arc::clone(&tools[place]))
        .collect()
}

/// Has the vectors of `tools` computed, so that they are there when the first message comes. It waits until the model is read.
pub(crate) async fn prepare(embedder: &Embedder, tools: &[Arc<Tool>]) {
    if embedder.loaded().await != State::Ready {
        return;
    }
    let told: Vec<String> = tools.iter().map(|tool| told(tool)).collect();
    if let Err(error) = texts::vectors(embedder, &told).await {
        tracing::warn!(%error, "vectors of the tools are computed only when a message needs them");
    }
}

/// What a tool says of itself, its name as words.
fn told(tool: &Tool) -> String {
    let name = tool.name.replace(['_', '-', '.'], " ");
    let name: Vec<&str> = name.split_whitespace().collect();
    format!("{}: {}", name.join(" "), tool.definition.description)
}
