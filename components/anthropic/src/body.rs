//! Our request as the JSON body of a Messages request.

use caxton_sdk::provider::{LlmError, Request, ToolChoice};
use caxton_sdk::upstream::{input_schema, schema};
use serde_json::{Map, Value, json};

use crate::messages::{self, Conversation};
use crate::models;
use crate::options::{Options, Settings, THINKING_TOKENS_MIN, Thinking};

/// The most tokens to write where neither the request nor the table of models says: every model that is still served can.
const MAX_TOKENS_DEFAULT: u32 = 4096;

/// Gives the body that asks for a streamed answer.
///
/// # Errors
/// `bad-request` where a schema is not JSON.
pub fn body(request: &Request, settings: &Settings, options: Options) -> Result<Value, LlmError> {
    let mut body = Map::new();
    let mut set = |key: &str, value: Value| drop(body.insert(key.to_owned(), value));
    let max_tokens = request
        .max_tokens
        .or_else(|| models::known(&request.model).map(|model| model.max_output))
        .unwrap_or(MAX_TOKENS_DEFAULT);
    set("model", json!(request.model));
    set("max_tokens", json!(max_tokens));
    set("stream", json!(true));

    let mut thinks_by_budget = false;
    let choice = tool_choice(request, options);
    match options.thinking {
        Thinking::Unasked => {}
        // Unasked, newer models keep what they think to themselves.
        Thinking::Adaptive => set(
            "thinking",
            json!({"type": "adaptive", "display": "summarized"}),
        ),
        Thinking::Budget => {
            // The budget is part of what is written; and a model with a budget can't be made to call a tool.
            let budget = settings
                .thinking_tokens
                .unwrap_or_default()
                .min(max_tokens.saturating_sub(1));
            let is_forced = choice
                .as_ref()
                .is_some_and(|choice| choice["type"] == "any" || choice["type"] == "tool");
            if budget >= THINKING_TOKENS_MIN && !is_forced {
                set(
                    "thinking",
                    json!({"type": "enabled", "budget_tokens": budget}),
                );
                thinks_by_budget = true;
            }
        }
    }
    if let Some(temperature) = request.temperature.filter(|_| options.temperature) {
        // With a budget, only the default is taken. Ours go to 2, Anthropic's to 1.
        if !thinks_by_budget {
            set("temperature", json!(temperature.min(1.0)));
        }
    }
    if !request.stop.is_empty() {
        set("stop_sequences", json!(request.stop));
    }

    let Conversation {
        mut system,
        mut messages,
    } = messages::conversation(&request.messages, options.thoughts);
    if let Some(text) = &request.response_schema {
        let schema = schema(text, "the response schema")?;
        if options.schema {
            set(
                "output_config",
                json!({"format": {"type": "json_schema", "schema": schema}}),
            );
        } else {
            system.push(json!({"type": "text", "text": format!("Answer with nothing but JSON, without a code fence, that satisfies this JSON Schema:\n{schema}")}));
        }
    }
    let mut tools = request
        .tools
        .iter()
        .map(|tool| {
            let schema = input_schema(tool)?;
            Ok(json!({"name": tool.name, "description": tool.description, "input_schema": schema}))
        })
        .collect::<Result<Vec<Value>, LlmError>>()?;
    if settings.cache {
        // The order upstream is tools, system, messages, and a mark covers all before it: the first lasts for all
        // conversations of an agent, the second for the rounds of a turn.
        mark(system.last_mut().or(tools.last_mut()));
        mark(messages::last_of_user(&mut messages));
    }
    if !system.is_empty() {
        set("system", Value::Array(system));
    }
    set("messages", Value::Array(messages));
    if !tools.is_empty() {
        set("tools", Value::Array(tools));
        if let Some(choice) = choice {
            set("tool_choice", choice);
        }
    }
    Ok(Value::Object(body))
}

/// Gives the tool choice where it is another than what the model does without one.
fn tool_choice(request: &Request, options: Options) -> Option<Value> {
    match &request.tool_choice {
        _ if request.tools.is_empty() => None,
        ToolChoice::Auto => None,
        ToolChoice::None => Some(json!({"type": "none"})),
        ToolChoice::Required => options.forced_tool.then(|| json!({"type": "any"})),
        ToolChoice::Named(name) => options
            .forced_tool
            .then(|| json!({"type": "tool", "name": name})),
    }
}

/// Asks for all that comes before and with this block to be cached.
fn mark(block: Option<&mut Value>) {
    if let Some(Value::Object(fields)) = block {
        fields.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}
