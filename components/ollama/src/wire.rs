//! Our request as the body of a chat request, after Ollama's API documentation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use caxton_sdk::provider::{LlmError, Message, Part, Request, ToolChoice, ToolOutput, ToolSpec};
use caxton_sdk::upstream::{arguments, input_schema, output_text, schema};
use caxton_sdk::{Role, Value, config, json};
use serde_json::Map;

/// What the workspace sets for every request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Tokens that a model reads and writes in one request; the server's own default where absent.
    pub num_ctx: Option<u32>,
    /// Any other `options` of the API, such as `top_k`.
    pub options: Map<String, Value>,
    /// How long the model stays loaded: `"10m"`, seconds, or -1 for ever.
    pub keep_alive: Option<Value>,
    /// Whether a model thinks before it answers: true, false, or how hard (`"low"`, `"medium"`, `"high"`).
    pub think: Option<Value>,
    /// Whether a model that is missing is pulled.
    pub pull: bool,
}

impl Settings {
    /// Reads the component's settings.
    ///
    /// # Errors
    /// `bad-request` with the setting that is wrong.
    pub fn from_config() -> Result<Self, LlmError> {
        let read = || {
            Ok::<_, String>(Self {
                num_ctx: config::parse("num_ctx")?,
                options: config::parse("options")?.unwrap_or_default(),
                keep_alive: config::parse("keep_alive")?,
                think: config::parse("think")?,
                pull: config::parse("pull")?.unwrap_or_default(),
            })
        };
        read().map_err(LlmError::BadRequest)
    }
}

/// Gives the body that asks for a streamed answer.
///
/// # Errors
/// `bad-request` where a schema is not JSON.
pub fn body(request: &Request, settings: &Settings) -> Result<Value, LlmError> {
    let mut body = json!({
        "model": request.model,
        "messages": messages(&request.messages),
        "stream": true,
        // Otherwise the server silently leaves out what does not fit, and nobody knows what the model has not read.
        "truncate": false,
    });
    let tools = offered(request)?;
    if !tools.is_empty() {
        body["tools"] = Value::Array(tools);
    }
    if let Some(text) = &request.response_schema {
        body["format"] = schema(text, "the response schema")?;
    }
    let options = options(request, settings);
    if !options.is_empty() {
        body["options"] = Value::Object(options);
    }
    if let Some(keep_alive) = &settings.keep_alive {
        body["keep_alive"] = keep_alive.clone();
    }
    if let Some(think) = &settings.think {
        body["think"] = think.clone();
    }
    Ok(body)
}

fn options(request: &Request, settings: &Settings) -> Map<String, Value> {
    let mut options = settings.options.clone();
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(key.to_owned(), value);
        }
    };
    set("num_ctx", settings.num_ctx.map(Value::from));
    set("num_predict", request.max_tokens.map(Value::from));
    set("temperature", request.temperature.map(Value::from));
    set(
        "stop",
        (!request.stop.is_empty()).then(|| json!(request.stop)),
    );
    options
}

/// The tools as the API wants them. It can't make a model call one; what can be done is to offer no other.
fn offered(request: &Request) -> Result<Vec<Value>, LlmError> {
    let is_offered = |tool: &&ToolSpec| match &request.tool_choice {
        ToolChoice::Auto | ToolChoice::Required => true,
        ToolChoice::None => false,
        ToolChoice::Named(name) => tool.name == *name,
    };
    let declared = |tool: &ToolSpec| {
        let mut parameters = input_schema(tool)?;
        // The templates of some models go through the properties and stumble where there are none.
        if let Some(parameters) = parameters.as_object_mut() {
            parameters.entry("properties").or_insert_with(|| json!({}));
        }
        Ok(json!({"type": "function", "function": {
            "name": tool.name, "description": tool.description, "parameters": parameters,
        }}))
    };
    request
        .tools
        .iter()
        .filter(is_offered)
        .map(declared)
        .collect()
}

fn messages(all: &[Message]) -> Vec<Value> {
    all.iter().flat_map(|message| one(message, all)).collect()
}

/// One of our messages may be several of theirs: each tool output is a message of its own.
fn one(message: &Message, all: &[Message]) -> Vec<Value> {
    let mut messages = Vec::new();
    let mut texts = Vec::new();
    let mut images = Vec::new();
    let mut calls = Vec::new();
    let mut thinking = None;
    for part in &message.parts {
        match part {
            Part::Text(text) => texts.push(text.as_str()),
            Part::Image(blob) => images.push(json!(STANDARD.encode(&blob.data))),
            Part::Call(call) => calls.push(json!({"id": call.id, "function": {
                "name": call.name, "arguments": arguments(&call.arguments),
            }})),
            Part::Output(output) => messages.push(tool_message(output, all)),
            Part::Opaque(text) => thinking = thought(text),
        }
    }
    if texts.is_empty() && images.is_empty() && calls.is_empty() {
        return messages;
    }
    let role = match message.role {
        Role::System => "system",
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    let mut own = json!({"role": role, "content": texts.join("\n")});
    if let Some(thinking) = thinking {
        own["thinking"] = Value::String(thinking);
    }
    if !images.is_empty() {
        own["images"] = Value::Array(images);
    }
    if !calls.is_empty() {
        own["tool_calls"] = Value::Array(calls);
    }
    messages.push(own);
    messages
}

/// What a call gave. Newer servers find the call by its id, older ones by the tool's name.
fn tool_message(output: &ToolOutput, all: &[Message]) -> Value {
    let name = all
        .iter()
        .flat_map(|message| &message.parts)
        .find_map(|part| match part {
            Part::Call(call) if call.id == output.id => Some(call.name.as_str()),
            _ => None,
        });
    json!({"role": "tool", "tool_name": name, "tool_call_id": output.id, "content": output_text(output)})
}

/// What a model thought before its calls, to be given back with them.
pub fn keep_thought(thinking: &str) -> Part {
    Part::Opaque(json!({"thinking": thinking}).to_string())
}

fn thought(text: &str) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    value["thinking"].as_str().map(str::to_owned)
}
