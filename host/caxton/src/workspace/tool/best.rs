//! Which tools serve a purpose best: by the meaning of what they say of themselves, and by the words that they share with it.
//! Without vectors the words decide alone.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use caxton_embed::{Embedder, State, TEXTS_MAX, Vector, dot_many};

use super::Tool;

/// Damps the difference between the first ranks of the two lists; the value of Cormack, Clarke and Büttcher, "Reciprocal Rank
/// Fusion outperforms Condorcet and individual Rank Learning Methods" (SIGIR 2009).
const RANK_CONSTANT: f64 = 60.0;

/// Puts `tools` into order by how well they serve the purpose `text`; the best first.
pub(crate) async fn best(
    embedder: Option<&Embedder>,
    tools: Vec<Arc<Tool>>,
    text: &str,
) -> Vec<Arc<Tool>> {
    let told: Vec<String> = tools.iter().map(|tool| told(tool)).collect();
    let similar = similarities(embedder, &told, text).await;
    let mut scores = vec![0.0; tools.len()];
    for list in similar.iter().chain([&shared(&told, text)]) {
        let mut order: Vec<usize> = (0..list.len()).filter(|&place| list[place] > 0.0).collect();
        order.sort_by(|&a, &b| list[b].total_cmp(&list[a]).then(a.cmp(&b)));
        for (rank, place) in (1_u32..).zip(order) {
            scores[place] += 1.0 / (RANK_CONSTANT + f64::from(rank));
        }
    }
    let mut order: Vec<usize> = (0..tools.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
    order
        .into_iter()
        .map(|place| Arc::clone(&tools[place]))
        .collect()
}

/// Has the vectors of `tools` computed, so that they are there when the first message comes. It waits until the model is read.
pub(crate) async fn prepare(embedder: &Embedder, tools: &[Arc<Tool>]) {
    if embedder.loaded().await != State::Ready {
        return;
    }
    let told: Vec<String> = tools.iter().map(|tool| told(tool)).collect();
    if let Err(error) = vectors(embedder, &told).await {
        tracing::warn!(%error, "vectors of the tools are computed only when a message needs them");
    }
}

/// How alike the purpose and each tool are, from -1 to 1. Nothing where there are no vectors: while the model is still being
/// read, nobody waits for it.
async fn similarities(
    embedder: Option<&Embedder>,
    told: &[String],
    text: &str,
) -> Option<Vec<f32>> {
    let embedder = embedder.filter(|embedder| embedder.state() == State::Ready)?;
    let computed = async {
        let purpose = embedder.embed_async(&[text]).await?;
        Ok::<_, caxton_embed::Error>((purpose, vectors(embedder, told).await?))
    };
    match computed.await {
        Ok((purpose, vectors)) => {
            let purpose = purpose.first()?;
            Some(dot_many(purpose, vectors.iter().map(|vector| &**vector)))
        }
        Err(error) => {
            tracing::warn!(%error, "tools are chosen by their words alone");
            None
        }
    }
}

async fn vectors(embedder: &Embedder, told: &[String]) -> Result<Vec<Vector>, caxton_embed::Error> {
    let mut vectors = Vec::with_capacity(told.len());
    for texts in told.chunks(TEXTS_MAX) {
        vectors.extend(embedder.embed_async(texts).await?);
    }
    Ok(vectors)
}

/// How much the words are worth that a tool shares with the purpose: the rarer among the tools, the more.
fn shared(told: &[String], text: &str) -> Vec<f32> {
    let tools: Vec<HashSet<String>> = told.iter().map(|text| words(text)).collect();
    let mut having: HashMap<&str, f32> = HashMap::new();
    for word in tools.iter().flatten() {
        *having.entry(word).or_default() += 1.0;
    }
    let all = tools.len() as f32;
    let wanted = words(text);
    let worth = |tool: &HashSet<String>| {
        let known = wanted.iter().filter(|word| tool.contains(*word));
        let worth = |word: &String| having.get(word.as_str()).map_or(0.0, |n| (all / n).ln());
        // A long description has many words; that it has these, too, says less.
        known.map(worth).sum::<f32>() / (tool.len() as f32).sqrt()
    };
    tools.iter().map(worth).collect()
}

/// The words of a text in lower case. A plural or a third person is the same word.
fn words(text: &str) -> HashSet<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let word = word.to_lowercase();
            match word.strip_suffix('s') {
                Some(stem) if stem.len() > 2 && !stem.ends_with('s') => stem.to_owned(),
                _ => word,
            }
        })
        .collect()
}

/// What a tool says of itself, its name as words.
fn told(tool: &Tool) -> String {
    let name = tool.name.replace(['_', '-', '.'], " ");
    let name: Vec<&str> = name.split_whitespace().collect();
    format!("{}: {}", name.join(" "), tool.definition.description)
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn rare_words_count_and_those_that_all_have_do_not() {
        let tools = [
            "csv filter: keeps rows of a table",
            "csv describe: says which columns a table has",
            "chart render: draws a chart of a table",
        ];
        let told = tools.map(str::to_owned);
        let check = |text: &str, expected: Option<usize>| {
            let shared = shared(&told, text);
            let best = (0..told.len()).max_by(|&a, &b| shared[a].total_cmp(&shared[b]));
            assert_eq!(best.filter(|&best| shared[best] > 0.0), expected, "{text}");
        };
        check("Draw two charts", Some(2));
        check("which COLUMN?", Some(1));
        check("filter_rows", Some(0));
        check("a table", None);
        check("the weather in Quito", None);
        check("", None);
    }
}
