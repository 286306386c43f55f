//! What models there are: Anthropic's list, completed from a small table of what it publishes about them.

use caxton_sdk::provider::{Model, Price};
use serde_json::Value;

/// What is known of a model.
#[derive(Debug, PartialEq)]
pub struct Known {
    name: &'static str,
    /// Tokens it can read and write in one request.
    context_window: u32,
    /// The most tokens it can write.
    pub max_output: u32,
    /// US dollars per million tokens: input, input read from the cache, output.
    price: (f64, f64, f64),
    /// It thinks up to a number of tokens, as models up to Claude 4.5 do.
    pub has_budget: bool,
}

const fn known_as(
    name: &'static str,
    context_window: u32,
    max_output: u32,
    price: (f64, f64, f64),
    has_budget: bool,
) -> Known {
    Known {
        name,
        context_window,
        max_output,
        price,
        has_budget,
    }
}

/// From Anthropic's pages on its models and prices as of November 2026. Writing to the cache costs a quarter more than
/// reading anew, which a price has no field for. Haiku 5.5 costs five times as much where a prompt exceeds 100,000 tokens.
#[rustfmt::skip]
const KNOWN: &[Known] = &[
    known_as("claude-fable-5-2",  1_000_000, 128_000, ( 8.0,  0.2,  40.0), false),
    known_as("claude-fable-5-1",  1_000_000, 128_000, (10.0, 0.25,  50.0), false),
    known_as("claude-fable-5",    1_000_000, 128_000, (10.0,  1.0,  50.0), false),
    known_as("claude-opus-5-5",   1_000_000, 128_000, ( 4.0,  0.2,  20.0), false),
    known_as("claude-opus-5",     1_000_000, 128_000, ( 5.0,  0.5,  25.0), false),
    known_as("claude-opus-4-8",   1_000_000, 128_000, ( 5.0,  0.5,  25.0), false),
    known_as("claude-opus-4-7",   1_000_000, 128_000, ( 5.0,  0.5,  25.0), false),
    known_as("claude-opus-4-6",   1_000_000, 128_000, ( 5.0,  0.5,  25.0), false),
    known_as("claude-opus-4-5",     200_000,  64_000, ( 5.0,  0.5,  25.0), true),
    known_as("claude-sonnet-5-5", 1_000_000, 128_000, ( 2.0,  0.1,  10.0), false),
    known_as("claude-sonnet-5",   1_000_000, 128_000, ( 2.0,  0.2,  10.0), false),
    known_as("claude-sonnet-4-6", 1_000_000, 128_000, ( 3.0,  0.3,  15.0), false),
    known_as("claude-sonnet-4-5",   200_000,  64_000, ( 3.0,  0.3,  15.0), true),
    known_as("claude-haiku-5-5",  1_000_000, 128_000, ( 0.1, 0.01,   0.5), false),
    known_as("claude-haiku-4-5",    200_000,  64_000, ( 1.0,  0.1,   5.0), true),
];

/// Gives what is known of the model `id`: by its name or a dated snapshot of it, such as `claude-haiku-4-5-20251001`.
pub fn known(id: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| {
        id.strip_prefix(known.name).is_some_and(|rest| {
            rest.is_empty()
                || rest
                    .strip_prefix("-20")
                    .is_some_and(|date| date.len() == 6 && date.bytes().all(|b| b.is_ascii_digit()))
        })
    })
}

/// Reads a page of the answer of `GET /models`. Gives nothing where it has no list.
pub fn read(base_url: &str, page: &Value) -> Option<Vec<Model>> {
    let is_anthropic = base_url
        .strip_prefix("https://api.anthropic.com")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let entries = page["data"].as_array()?;
    Some(
        entries
            .iter()
            .filter_map(|entry| Some(model(is_anthropic, entry["id"].as_str()?, entry)))
            .collect(),
    )
}

/// Gives the id after which the next page begins; nothing on the last page, and nothing that has no place in a URL.
pub fn next(page: &Value) -> Option<&str> {
    let last = page["last_id"]
        .as_str()
        .filter(|_| page["has_more"] == true)?;
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:@".contains(c);
    (!last.is_empty() && last.chars().all(is_plain)).then_some(last)
}

fn model(is_anthropic: bool, id: &str, entry: &Value) -> Model {
    let known = known(id).filter(|_| is_anthropic);
    let number = |key: &str| {
        entry[key]
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
    };
    Model {
        id: id.to_owned(),
        name: entry["display_name"].as_str().unwrap_or(id).to_owned(),
        tools: true,
        // Every model that Anthropic still serves sees pictures; servers like it may say otherwise.
        vision: entry["capabilities"]["image_input"]["supported"]
            .as_bool()
            .unwrap_or(true),
        context_window: number("max_input_tokens").or(known.map(|known| known.context_window)),
        max_output: number("max_tokens").or(known.map(|known| known.max_output)),
        price: known.map(|known| {
            let (input, cached_input, output) = known.price;
            Price {
                input,
                cached_input,
                output,
            }
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_snapshot_is_known_by_its_family() {
        for (id, max_output) in [
            ("claude-haiku-4-5", Some(64_000)),
            ("claude-haiku-4-5-20251001", Some(64_000)),
            ("claude-opus-5", Some(128_000)),
            ("claude-opus-5-5", Some(128_000)),
            ("claude-opus-5-9", None),
            ("claude-haiku-4-5-20251001x", None),
            ("claude", None),
        ] {
            assert_eq!(known(id).map(|known| known.max_output), max_output, "{id}");
        }
        assert_eq!(
            known("claude-opus-5-5").map(|known| known.name),
            Some("claude-opus-5-5")
        );
    }

    #[test]
    fn the_list_says_more_than_the_table() {
        let page = json!({"data": [
            {"type": "model", "id": "claude-opus-5-5", "display_name": "Claude Opus 5.5", "max_input_tokens": 900_000, "max_tokens": 7, "capabilities": {"image_input": {"supported": false}}},
            {"type": "model", "id": "claude-haiku-4-5-20251001", "max_tokens": null},
            {"type": "model", "id": "claude-9"},
            {"type": "model"},
        ]});
        let models = read("https://api.anthropic.com/v1", &page).expect("a list");
        assert_eq!(models.len(), 3);
        assert_eq!(models[0].name, "Claude Opus 5.5");
        assert_eq!(
            (
                models[0].context_window,
                models[0].max_output,
                models[0].vision
            ),
            (Some(900_000), Some(7), false)
        );
        assert_eq!(
            (
                models[1].context_window,
                models[1].max_output,
                models[1].vision
            ),
            (Some(200_000), Some(64_000), true)
        );
        assert_eq!(
            models[1].price.as_ref().map(|price| price.cached_input),
            Some(0.1)
        );
        assert_eq!(
            (models[2].max_output, models[2].price.is_some()),
            (None, false)
        );
        let elsewhere = read("https://api.anthropic.com.example.com/v1", &page).expect("a list");
        assert!(elsewhere.iter().all(|model| model.price.is_none()));
        assert_eq!(read("u", &json!({"type": "error"})), None);
    }

    #[test]
    fn pages_go_on_only_where_the_server_says_so_plainly() {
        for (page, expected) in [
            (
                json!({"has_more": true, "last_id": "claude-2"}),
                Some("claude-2"),
            ),
            (json!({"has_more": false, "last_id": "claude-2"}), None),
            (json!({"has_more": true, "last_id": ""}), None),
            (json!({"has_more": true, "last_id": "x&limit=1"}), None),
            (json!({"has_more": true}), None),
        ] {
            assert_eq!(next(&page), expected, "{page}");
        }
    }
}
