//! What models there are: the API's list, completed from a small table of what Google publishes.

use caxton_sdk::Value;
use caxton_sdk::provider::{Model, Price};

/// US dollars per million tokens (input, cached input, output), for prompts of up to 200,000 tokens; longer ones cost some
/// models more. From the price list of the Gemini API. Models whose price is an introductory one are left out: it ends on a
/// day that a table does not know.
#[rustfmt::skip]
const PRICES: &[(&str, f64, f64, f64)] = &[
    ("gemini-3.5-flash",      1.5,  0.15,  9.0),
    ("gemini-3.5-flash-lite", 0.3,  0.03,  2.5),
    ("gemini-3.1-pro",        2.0,  0.2,  12.0),
    ("gemini-3.1-flash-lite", 0.25, 0.025, 1.5),
    ("gemini-3-pro",          2.0,  0.2,  12.0),
    ("gemini-3-flash",        0.5,  0.05,  3.0),
    ("gemini-2.5-pro",        1.25, 0.125, 10.0),
    ("gemini-2.5-flash",      0.3,  0.03,  2.5),
    ("gemini-2.5-flash-lite", 0.1,  0.01,  0.4),
];

/// Parts of the ids of models that answer with something else than text.
const OTHER_KINDS: &[&str] = &[
    "-tts",
    "-image",
    "-audio",
    "-live",
    "computer-use",
    "embedding",
    "aqa",
];

/// Reads a page of the list of models.
pub fn read(page: &Value) -> Vec<Model> {
    let entries = page["models"].as_array().map_or(&[][..], Vec::as_slice);
    entries.iter().filter_map(model).collect()
}

fn model(entry: &Value) -> Option<Model> {
    let methods = entry["supportedGenerationMethods"].as_array()?;
    if !methods.iter().any(|method| method == "generateContent") {
        return None;
    }
    let name = entry["name"].as_str().filter(|name| !name.is_empty())?;
    let id = name.strip_prefix("models/").unwrap_or(name);
    if OTHER_KINDS.iter().any(|kind| id.contains(kind)) {
        return None;
    }
    let tokens = |key: &str| {
        entry[key]
            .as_u64()
            .and_then(|tokens| u32::try_from(tokens).ok())
            .filter(|tokens| *tokens > 0)
    };
    let (input, output) = (tokens("inputTokenLimit"), tokens("outputTokenLimit"));
    Some(Model {
        id: id.to_owned(),
        name: entry["displayName"].as_str().unwrap_or(id).to_owned(),
        // The API does not say. Its small open models of that generation refuse tools; all others take them.
        tools: !id.starts_with("gemma-3"),
        vision: id.starts_with("gemini-") || id.starts_with("gemma-"),
        context_window: input.map(|input| input.saturating_add(output.unwrap_or(0))),
        max_output: output,
        price: price(id),
    })
}

fn price(id: &str) -> Option<Price> {
    PRICES
        .iter()
        .find(|(name, ..)| is_release(id, name))
        .map(|(_, input, cached_input, output)| Price {
            input: *input,
            cached_input: *cached_input,
            output: *output,
        })
}

/// Whether `id` is `name` itself, or a preview or numbered release of it, such as `gemini-2.5-flash-preview-09-2025`.
fn is_release(id: &str, name: &str) -> bool {
    let is_number = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    id.strip_prefix(name).is_some_and(|rest| {
        rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|rest| {
                rest.split('-')
                    .all(|word| word == "preview" || is_number(word))
            })
    })
}
