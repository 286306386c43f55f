//! Which texts come nearest to another one: by their meaning, and by the words that they share with it. Without vectors the
//! words decide alone. Tools are found so, and what agents can do.

use std::collections::{HashMap, HashSet};

use caxton_embed::{Embedder, Error, State, TEXTS_MAX, Vector, dot_many};

/// Damps the difference between the first ranks of the two lists; the value of Cormack, Clarke and Büttcher, "Reciprocal Rank
/// Fusion outperforms Condorcet and individual Rank Learning Methods" (SIGIR 2009).
const RANK_CONSTANT: f64 = 60.0;

/// The places of all `texts`, each with how near its text comes to `text`: the nearest first, and 0 where they have nothing
/// in common. Only the order of what is not 0 means anything.
pub(crate) async fn ranked(
    embedder: Option<&Embedder>,
    texts: &[String],
    text: &str,
) -> Vec<(usize, f64)> {
    let similar = similarities(embedder, texts, text).await;
    let mut scores: Vec<(usize, f64)> = (0..texts.len()).map(|place| (place, 0.0)).collect();
    for list in similar.iter().chain([&shared(texts, text)]) {
        let mut order: Vec<usize> = (0..list.len()).filter(|&place| list[place] > 0.0).collect();
        order.sort_by(|&a, &b| list[b].total_cmp(&list[a]).then(a.cmp(&b)));
        for (rank, place) in (1_u32..).zip(order) {
            scores[place].1 += 1.0 / (RANK_CONSTANT + f64::from(rank));
        }
    }
    // A stable sort: equals stay in the order in which they came.
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    scores
}

/// A vector for each text, however many there are: `[texts.len(), 384]`.
///
/// # Errors
/// Where there is no model, or it fails.
pub(crate) async fn vectors(
    embedder: &Embedder,
    texts: &[impl AsRef<str>],
) -> Result<Vec<Vector>, Error> {
    let mut vectors = Vec::with_capacity(texts.len());
    for some in texts.chunks(TEXTS_MAX) {
        vectors.extend(embedder.embed_async(some).await?);
    }
    Ok(vectors)
}

/// How alike `text` and each of `texts` are, from -1 to 1. Nothing where there are no vectors: while the model is still being
/// read, nobody waits for it.
async fn similarities(
    embedder: Option<&Embedder>,
    texts: &[String],
    text: &str,
) -> Option<Vec<f32>> {
    let embedder = embedder.filter(|embedder| embedder.state() == State::Ready)?;
    let computed = async {
        let wanted = embedder.embed_async(&[text]).await?;
        Ok::<_, Error>((wanted, vectors(embedder, texts).await?))
    };
    match computed.await {
        Ok((wanted, vectors)) => {
            let wanted = wanted.first()?;
            Some(dot_many(wanted, vectors.iter().map(|vector| &**vector)))
        }
        Err(error) => {
            tracing::warn!(%error, "texts are compared by their words alone");
            None
        }
    }
}

/// How much the words are worth that each text shares with `text`: the rarer among all texts, the more.
fn shared(texts: &[String], text: &str) -> Vec<f32> {
    let known: Vec<HashSet<String>> = texts.iter().map(|text| words(text)).collect();
    let mut having: HashMap<&str, f32> = HashMap::new();
    for word in known.iter().flatten() {
        *having.entry(word).or_default() += 1.0;
    }
    let all = known.len() as f32;
    let wanted = words(text);
    let worth = |own: &HashSet<String>| {
        let both = wanted.iter().filter(|word| own.contains(*word));
        let worth = |word: &String| having.get(word.as_str()).map_or(0.0, |n| (all / n).ln());
        // A long text has many words; that it has these, too, says less.
        both.map(worth).sum::<f32>() / (own.len().max(1) as f32).sqrt()
    };
    known.iter().map(worth).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[tokio::test]
    async fn the_nearest_comes_first_and_what_shares_nothing_keeps_its_place() {
        let texts = ["tides in the sea", "recipes for dinner", "", "bar charts"];
        let texts = texts.map(str::to_owned);
        let check = async |text: &str, expected: [usize; 4], near: usize| {
            let ranked = ranked(None, &texts, text).await;
            assert_eq!(
                ranked.iter().map(|(place, _)| *place).collect::<Vec<_>>(),
                expected,
                "{text}"
            );
            assert_eq!(
                ranked.iter().filter(|(_, score)| *score > 0.0).count(),
                near,
                "{text}"
            );
        };
        check("Charts of a dinner", [3, 1, 0, 2], 2).await;
        check("the weather", [0, 1, 2, 3], 1).await;
        check("", [0, 1, 2, 3], 0).await;
    }
}
