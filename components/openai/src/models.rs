//! What models there are: the upstream's list, completed from a small table of what OpenAI publishes about its own.

use caxton_sdk::provider::{Model, Price};
use serde_json::Value;

/// Whether `base_url` is OpenAI's own, whose models and prices the table describes.
pub fn is_openai(base_url: &str) -> bool {
    base_url
        .strip_prefix("https://api.openai.com")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Context windows and the most that can be written, in tokens; prices in US dollars per million tokens (input, cached input,
/// output); whether it sees pictures. From OpenAI's pages on its models and prices as of November 2026; a dated snapshot
/// costs what its family costs. Since GPT-5.4, a request that reads more than 272,000 tokens costs up to twice as much.
#[rustfmt::skip]
const KNOWN: &[(&str, u32, u32, (f64, f64, f64), bool)] = &[
    ("gpt-6-astra",   1_050_000, 128_000, ( 10.0,   1.0,  50.0), true),
    ("gpt-6.1-sol",   1_050_000, 128_000, (  2.0,   0.1,  10.0), true),
    ("gpt-6.1-terra", 1_050_000, 128_000, (  1.0,  0.05,   5.0), true),
    ("gpt-6-sol",     1_050_000, 128_000, (  2.0,   0.2,  10.0), true),
    ("gpt-6-luna",    1_050_000, 128_000, (  0.1,  0.01,   0.5), true),
    ("gpt-5.6",       1_050_000, 128_000, (  4.0,   0.4,  20.0), true),
    ("gpt-5.6-sol",   1_050_000, 128_000, (  4.0,   0.4,  20.0), true),
    ("gpt-5.6-terra", 1_050_000, 128_000, (  2.0,   0.2,  12.0), true),
    ("gpt-5.6-luna",  1_050_000, 128_000, (  0.2,  0.02,   1.2), true),
    ("gpt-5.5",       1_050_000, 128_000, (  5.0,   0.5,  30.0), true),
    ("gpt-5.4",       1_050_000, 128_000, (  2.5,  0.25,  15.0), true),
    ("gpt-5.4-mini",    400_000, 128_000, ( 0.75, 0.075,   4.5), true),
    ("gpt-5.1",         400_000, 128_000, ( 1.25, 0.125,  10.0), true),
    ("gpt-5",           400_000, 128_000, ( 1.25, 0.125,  10.0), true),
    ("gpt-5-mini",      400_000, 128_000, ( 0.25, 0.025,   2.0), true),
    ("gpt-5-nano",      400_000, 128_000, ( 0.05, 0.005,   0.4), true),
    ("gpt-4.1",       1_047_576,  32_768, (  2.0,   0.5,   8.0), true),
    ("gpt-4.1-mini",  1_047_576,  32_768, (  0.4,   0.1,   1.6), true),
    ("gpt-4.1-nano",  1_047_576,  32_768, (  0.1, 0.025,   0.4), true),
    ("gpt-4o",          128_000,  16_384, (  2.5,  1.25,  10.0), true),
    ("gpt-4o-mini",     128_000,  16_384, ( 0.15, 0.075,   0.6), true),
    ("o3",              200_000, 100_000, (  2.0,   0.5,   8.0), true),
    ("o3-mini",         200_000, 100_000, (  1.1,  0.55,   4.4), false),
    ("o4-mini",         200_000, 100_000, (  1.1, 0.275,   4.4), true),
];

/// Parts of the ids of OpenAI's models that answer no conversation in text.
const OTHER_KINDS: &[&str] = &[
    "audio",
    "babbage",
    "computer-use",
    "dall-e",
    "davinci",
    "deep-research",
    "embedding",
    "image",
    "instruct",
    "moderation",
    "realtime",
    "search",
    "sora",
    "transcribe",
    "tts",
    "whisper",
];

/// Reads the answer of `GET /models`. Gives nothing where it has no list of models.
pub fn read(base_url: &str, list: &Value) -> Option<Vec<Model>> {
    let entries = list["data"]
        .as_array()
        .or_else(|| list["models"].as_array())
        .or_else(|| list.as_array())?;
    let is_openai = is_openai(base_url);
    let mut models: Vec<Model> = entries
        .iter()
        .filter_map(|entry| {
            entry["id"]
                .as_str()
                .or_else(|| entry["name"].as_str())
                .map(|id| (id, entry))
        })
        .filter(|(id, _)| !is_openai || !OTHER_KINDS.iter().any(|kind| id.contains(kind)))
        .map(|(id, entry)| model(is_openai, id, entry))
        .collect();
    models.sort_by(|a, b| a.id.cmp(&b.id));
    models.dedup_by(|a, b| a.id == b.id);
    Some(models)
}

fn model(is_openai: bool, id: &str, entry: &Value) -> Model {
    let known = KNOWN
        .iter()
        .find(|(name, ..)| is_openai && is_snapshot(id, name));
    // Each server has its own word for the context window.
    let window = [
        "context_length",
        "context_window",
        "max_model_len",
        "max_context_length",
    ]
    .iter()
    .find_map(|key| entry[*key].as_u64())
    .or_else(|| entry["meta"]["n_ctx_train"].as_u64())
    .and_then(|window| u32::try_from(window).ok());
    let max_output = entry["top_provider"]["max_completion_tokens"]
        .as_u64()
        .or_else(|| entry["max_output_tokens"].as_u64())
        .or_else(|| entry["max_completion_tokens"].as_u64())
        .and_then(|max| u32::try_from(max).ok());
    let modalities = entry["architecture"]["input_modalities"].as_array();
    let parameters = entry["supported_parameters"].as_array();
    let lists = |values: &Vec<Value>, word: &str| values.iter().any(|value| value == word);
    Model {
        id: id.to_owned(),
        name: entry["display_name"]
            .as_str()
            .or_else(|| entry["name"].as_str())
            .unwrap_or(id)
            .to_owned(),
        // Where the server does not say, a request with tools is worth trying: it answers an error that names the reason.
        tools: parameters.is_none_or(|parameters| lists(parameters, "tools")),
        vision: known.map_or_else(
            || modalities.is_some_and(|modalities| lists(modalities, "image")),
            |(.., vision)| *vision,
        ),
        context_window: window.or(known.map(|(_, window, ..)| *window)),
        max_output: max_output.or(known.map(|(_, _, max, ..)| *max)),
        price: price(&entry["pricing"]).or(known.map(|(.., (input, cached_input, output), _)| {
            Price {
                input: *input,
                cached_input: *cached_input,
                output: *output,
            }
        })),
    }
}

/// Whether `id` is `name` itself or a dated snapshot of it, such as `gpt-5-mini-2025-08-07`.
fn is_snapshot(id: &str, name: &str) -> bool {
    id.strip_prefix(name)
        .is_some_and(|rest| rest.is_empty() || (rest.starts_with("-20") && rest.len() == 11))
}

/// Reads prices that are given in dollars for one token, as text.
fn price(pricing: &Value) -> Option<Price> {
    let per_million = |key: &str| {
        let price = match &pricing[key] {
            Value::String(text) => text.parse::<f64>().ok(),
            value => value.as_f64(),
        };
        // A negative price is how a server says that it varies.
        price
            .filter(|price| price.is_finite() && *price >= 0.0)
            .map(|price| price * 1e6)
    };
    let input = per_million("prompt")?;
    Some(Price {
        input,
        cached_input: per_million("input_cache_read").unwrap_or(input),
        output: per_million("completion")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn openais_models_have_windows_and_prices() {
        let list = json!({"data": [{"id": "gpt-5-mini-2025-08-07"}, {"id": "gpt-5-mini"}, {"id": "text-embedding-3-small"}, {"id": "gpt-9"}]});
        let models = read("https://api.openai.com/v1", &list).expect("a list");
        assert_eq!(
            models
                .iter()
                .map(|model| model.id.as_str())
                .collect::<Vec<_>>(),
            ["gpt-5-mini", "gpt-5-mini-2025-08-07", "gpt-9"]
        );
        for model in &models[..2] {
            assert_eq!(model.context_window, Some(400_000));
            assert_eq!(model.max_output, Some(128_000));
            assert_eq!(model.price.as_ref().map(|price| price.output), Some(2.0));
        }
        assert_eq!(models[2].price, None);
    }

    #[test]
    fn only_openai_itself_has_openais_prices() {
        for (base_url, expected) in [
            ("https://api.openai.com", true),
            ("https://api.openai.com/v1", true),
            ("https://api.openai.com.example.com/v1", false),
            ("http://api.openai.com/v1", false),
        ] {
            assert_eq!(is_openai(base_url), expected, "{base_url}");
        }
    }

    #[test]
    fn other_servers_say_it_in_their_own_words() {
        for (entry, window, output) in [
            (
                json!({"id": "m", "context_length": 8192, "top_provider": {"max_completion_tokens": 4096}, "pricing": {"prompt": "0.0000005", "completion": "0.000002"}}),
                Some(8192),
                Some(2.0),
            ),
            (json!({"id": "m", "max_model_len": 512}), Some(512), None),
            (
                json!({"id": "m", "meta": {"n_ctx_train": 2048}}),
                Some(2048),
                None,
            ),
            (
                json!({"id": "m", "context_length": -1, "pricing": {"prompt": "-1", "completion": "-1"}}),
                None,
                None,
            ),
            (json!({"id": "gpt-5"}), None, None),
        ] {
            let models =
                read("http://localhost:8000/v1", &json!({"data": [entry]})).expect("a list");
            assert_eq!(models[0].context_window, window);
            assert_eq!(models[0].max_output.is_some(), window == Some(8192));
            assert_eq!(
                models[0].price.as_ref().map(|price| price.output.round()),
                output
            );
        }
        assert_eq!(
            read(
                "u",
                &json!({"models": [{"name": "llama"}, 7, {"id": null}]})
            )
            .expect("a list")
            .len(),
            1
        );
        assert_eq!(read("u", &json!({"object": "error"})), None);
    }
}
