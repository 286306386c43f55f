//! Pieces of a request that both protocols write the same way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::Blob;
use serde_json::Value;

/// A picture as a `data:` URL.
pub fn data_url(blob: &Blob) -> String {
    format!(
        "data:{};base64,{}",
        blob.mime_type,
        STANDARD.encode(&blob.data)
    )
}

/// A call's arguments, which must be JSON even where there are none.
pub fn arguments(text: &str) -> &str {
    if text.trim().is_empty() { "{}" } else { text }
}

/// Whether the upstream's strict mode takes this schema: every object closed, every property required.
pub fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => {
            let closed = object.get("properties").is_none_or(|properties| {
                let required: Vec<&str> = object
                    .get("required")
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .collect();
                object.get("additionalProperties") == Some(&Value::Bool(false))
                    && properties.as_object().is_some_and(|properties| {
                        properties
                            .keys()
                            .all(|key| required.contains(&key.as_str()))
                    })
            });
            let is_bare_object = object.get("type").and_then(Value::as_str) == Some("object")
                && !object.contains_key("properties");
            closed && !is_bare_object && object.values().all(is_strict)
        }
        Value::Array(items) => items.iter().all(is_strict),
        _ => true,
    }
}
