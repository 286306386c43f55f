//! What models are on the machine, and what each can do.

use caxton_sdk::Value;
use caxton_sdk::provider::{LlmError, Model, Price};

use crate::server::Server;

/// They run on one's own machine.
const PRICE: Price = Price {
    input: 0.0,
    cached_input: 0.0,
    output: 0.0,
};

/// Gives the entries of the server's list of models.
///
/// # Errors
/// `bad-response` where there is no list; otherwise those of the server.
pub fn entries(server: &Server) -> Result<Vec<Value>, LlmError> {
    let list = server.get("/api/tags")?;
    list["models"].as_array().cloned().ok_or_else(|| {
        LlmError::BadResponse(format!("{}/api/tags has no list of models", server.name()))
    })
}

/// Gives the models that can chat. `num_ctx` is the context that requests set, if they do.
///
/// # Errors
/// Those of [`entries`].
pub fn list(server: &Server, num_ctx: Option<u32>) -> Result<Vec<Model>, LlmError> {
    // Older servers tell a model's abilities only one by one. A call's requests are limited, so after the first failure the
    // others are listed without.
    let mut asking = true;
    let mut models = Vec::new();
    for entry in entries(server)? {
        let Some(id) = name(&entry) else { continue };
        let shown = if asking && !entry["capabilities"].is_array() {
            let shown = server.show(id);
            asking = shown.is_ok();
            shown.unwrap_or_default()
        } else {
            Value::Null
        };
        let Some(model) = model(id, &entry, &shown, num_ctx) else {
            continue;
        };
        // The tag may be left out of a request, and whoever looks such a model up here is to find it.
        let short = id.strip_suffix(":latest").map(|short| Model {
            id: short.to_owned(),
            ..model.clone()
        });
        models.push(model);
        models.extend(short);
    }
    Ok(models)
}

/// Gives the id of an entry of the list.
pub fn name(entry: &Value) -> Option<&str> {
    entry["model"]
        .as_str()
        .or_else(|| entry["name"].as_str())
        .filter(|name| !name.is_empty())
}

/// Gives the model of an entry and of what the server shows of it; nothing where it can't chat.
fn model(id: &str, entry: &Value, shown: &Value, num_ctx: Option<u32>) -> Option<Model> {
    let capabilities = entry["capabilities"]
        .as_array()
        .or_else(|| shown["capabilities"].as_array());
    let can = |word: &str| capabilities.map(|all| all.iter().any(|capability| capability == word));
    if can("completion") == Some(false) {
        return None;
    }
    let trained = context_length(&shown["model_info"])
        .or_else(|| entry["details"]["context_length"].as_u64())
        .and_then(|length| u32::try_from(length).ok())
        .filter(|length| *length > 0);
    Some(Model {
        id: id.to_owned(),
        name: id.to_owned(),
        // Where the server does not say, a request with tools is worth trying: its error names the reason.
        tools: can("tools").unwrap_or(true),
        vision: can("vision").unwrap_or(false),
        context_window: match (num_ctx, trained) {
            (Some(set), Some(trained)) => Some(set.min(trained)),
            (set, trained) => set.or(trained),
        },
        max_output: None,
        price: Some(PRICE),
    })
}

/// Finds the context length, whose key begins with the model's architecture: `llama.context_length`.
fn context_length(info: &Value) -> Option<u64> {
    let info = info.as_object()?;
    let own = info
        .get("general.architecture")
        .and_then(Value::as_str)
        .and_then(|architecture| info.get(&format!("{architecture}.context_length")));
    own.or_else(|| {
        info.iter()
            .find(|(key, _)| key.ends_with(".context_length"))
            .map(|(_, value)| value)
    })
    .and_then(Value::as_u64)
}
