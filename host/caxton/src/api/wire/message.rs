//! Messages, answers, routes and conversations.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Recalled, Receipt, Remembered};
use crate::turn;

/// A message to a workspace.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// The agent that it is for. With neither `to` nor `capability`, a router chooses by meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The capability that is wanted, also with a requirement on its version, `charting@^1.2`; not together with `to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<String>,
    /// What is said. It may be empty only where there are pictures.
    pub content: String,
    /// Pictures that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// The conversation that it goes on with; a new one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<String>,
    /// Values for the parameters of the agent's prompts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// From 0 (the likeliest words) to 2; as the agent's file says where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f64>,
    /// The most tokens of one answer of the model; the agent's own limit holds beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, value_type = Option<u32>)]
    pub max_tokens: Option<NonZeroU32>,
    /// Texts that end the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// JSON Schema that the answer must satisfy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub response_schema: Option<Map<String, Value>>,
}

/// A picture.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Its media type: `image/png`, `image/jpeg`, `image/gif` or `image/webp`.
    pub mime_type: String,
    /// Its bytes, in base64.
    pub data: String,
}

/// The answer to a message.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MessageAnswer {
    /// The turn's id.
    pub id: String,
    /// The conversation.
    pub conversation: String,
    /// Who answered.
    pub agent: String,
    /// The model that answered last, as `provider/model`.
    pub model: String,
    /// Where a fallback stood in: the model that was to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fallback_from: Option<String>,
    /// What is said.
    pub content: String,
    /// Why the model stopped: `end-turn`, `max-tokens`, `stop-text` or `content-filter`.
    pub stop_reason: String,
    /// What its agent was told of what is remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recalled: Vec<Recalled>,
    /// What of the message was remembered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remembered: Vec<Remembered>,
    /// The tools that were called, also those of agents that were asked.
    pub tool_calls: Vec<ToolCall>,
    /// What each request to a model cost. Those of agents that were asked stand in their own turns.
    #[serde(default)]
    pub completions: Vec<CompletionReceipt>,
    /// What it cost.
    pub receipt: TurnReceipt,
}

/// What one request to a model cost.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct CompletionReceipt {
    /// The model that was asked, as `provider/model`.
    pub model: String,
    /// Tokens that it read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that its provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that it wrote.
    pub output_tokens: u64,
    /// What they cost, in US dollars; `null` where the price is not known.
    pub cost_usd: Option<f64>,
    /// Wall-clock time, in milliseconds.
    pub duration_ms: u64,
    /// The counts are an estimate, because the provider did not tell: the request broke off or was given up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub estimated: bool,
}

/// A finished tool call.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ToolCall {
    /// The call's id.
    pub id: String,
    /// Who called it.
    pub agent: String,
    /// The tool's full name, or `ask_agent`.
    pub name: String,
    /// Its arguments.
    #[schema(value_type = Object)]
    pub arguments: Value,
    /// The call failed.
    pub is_error: bool,
    /// What the model was told.
    pub text: String,
    /// The structured result, where there is one of at most 64 KiB.
    #[schema(value_type = Option<Object>)]
    pub structured: Option<Value>,
    /// Files that the tool made.
    pub attachments: Vec<Attachment>,
    /// What the call cost; nothing where none was made.
    pub receipt: Option<Receipt>,
}

/// A file that a tool made.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Attachment {
    /// Its media type.
    pub mime_type: String,
    /// Its size.
    pub bytes: u64,
    /// Where it lies on the server.
    pub path: String,
}

/// What a turn cost, other agents that it asked included.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TurnReceipt {
    /// Wall-clock time from message to answer, in milliseconds.
    pub duration_ms: u64,
    /// Requests to models.
    pub completions: u32,
    /// Tools called.
    pub tool_calls: u32,
    /// Tokens that models read, cached ones included.
    pub input_tokens: u64,
    /// Of these, the ones that a provider had cached.
    pub cached_input_tokens: u64,
    /// Tokens that models wrote.
    pub output_tokens: u64,
    /// What the tokens cost, in US dollars; `null` where a model's price is not known.
    pub cost_usd: Option<f64>,
    /// Units of fuel that components used.
    pub fuel: u64,
    /// The most memory that one component held, in bytes.
    pub memory_bytes_peak: u64,
    /// Time that components ran, waits included, in microseconds.
    pub component_us: u64,
    /// Bytes that components gave back.
    pub output_bytes: u64,
    /// HTTP requests that components sent.
    pub http_requests: u32,
    /// Bytes that components sent and received over HTTP.
    pub http_bytes: u64,
    /// Imports that components used without a grant.
    pub denied: u32,
}

impl TryFrom<Message> for turn::Message {
    /// What is wrong with it.
    type Error = String;

    fn try_from(message: Message) -> Result<Self, String> {
        let Message {
            to,
            capability,
            content,
            images,
            conversation,
            parameters,
            temperature,
            max_tokens,
            stop,
            response_schema,
        } = message;
        if let Some(temperature) = temperature.filter(|t| !(0.0..=2.0).contains(t)) {
            return Err(format!(
                "`temperature` is {temperature}, and must be from 0 to 2"
            ));
        }
        let images = images.into_iter().enumerate();
        let images = images.map(|(place, image)| image.read(place));
        Ok(Self {
            to,
            capability,
            content,
            images: images.collect::<Result<_, _>>()?,
            conversation,
            parameters,
            asked: turn::Asked {
                temperature,
                max_tokens: max_tokens.map(NonZeroU32::get),
                stop,
                response_schema: response_schema.map(|schema| Value::Object(schema).to_string()),
            },
            exchange: None,
        })
    }
}

impl Image {
    fn read(self, place: usize) -> Result<turn::Image, String> {
        const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];
        if !TYPES.contains(&self.mime_type.as_str()) {
            let given = self.mime_type.escape_debug();
            return Err(format!(
                "`images[{place}].mime_type` is `{given}`, and must be one of {}",
                TYPES.join(", ")
            ));
        }
        let data = STANDARD
            .decode(&self.data)
            .map_err(|e| format!("`images[{place}].data` is not base64: {e}"))?;
        Ok(turn::Image {
            mime_type: self.mime_type,
            data,
        })
    }
}

impl From<turn::Answer> for MessageAnswer {
    fn from(answer: turn::Answer) -> Self {
        let turn::Answer {
            id,
            conversation,
            agent,
            model,
            fallback_from,
            content,
            stop_reason,
            // Only clients that keep the conversation themselves have tools of their own.
            calls: _,
            recalled,
            remembered,
            tool_calls,
            completions,
            receipt,
        } = answer;
        let completions = completions
            .into_iter()
            .map(CompletionReceipt::from)
            .collect();
        let tool_calls = tool_calls.into_iter().map(ToolCall::from).collect();
        Self {
            id,
            conversation,
            agent,
            model,
            fallback_from,
            content,
            stop_reason: stop_reason.to_owned(),
            recalled: recalled.into_iter().map(Recalled::from).collect(),
            remembered: remembered.into_iter().map(Remembered::from).collect(),
            tool_calls,
            completions,
            receipt: receipt.into(),
        }
    }
}

impl From<turn::CompletionReceipt> for CompletionReceipt {
    fn from(completion: turn::CompletionReceipt) -> Self {
        let turn::CompletionReceipt {
            model,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            cost_pusd,
            duration_ms,
            day: _,
            estimated,
        } = completion;
        Self {
            model,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            cost_usd: cost_pusd.map(super::usd),
            duration_ms,
            estimated,
        }
    }
}

impl From<turn::ToolCall> for ToolCall {
    fn from(call: turn::ToolCall) -> Self {
        let turn::ToolCall {
            id,
            agent,
            name,
            arguments,
            is_error,
            text,
            structured,
            attachments,
            receipt,
        } = call;
        let attachments = attachments.into_iter().map(Attachment::from).collect();
        Self {
            id,
            agent,
            name,
            arguments,
            is_error,
            text,
            structured,
            attachments,
            receipt: receipt.map(Receipt::from),
        }
    }
}

impl From<turn::Attachment> for Attachment {
    fn from(attachment: turn::Attachment) -> Self {
        let turn::Attachment {
            mime_type,
            bytes,
            path,
        } = attachment;
        Self {
            mime_type,
            bytes,
            path: path.display().to_string(),
        }
    }
}

impl From<turn::Receipt> for TurnReceipt {
    fn from(receipt: turn::Receipt) -> Self {
        let turn::Receipt {
            duration_ms,
            completions,
            tool_calls,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            cost_pusd,
            fuel,
            memory_bytes_peak,
            component_us,
            output_bytes,
            http_requests,
            http_bytes,
            denied,
        } = receipt;
        Self {
            duration_ms,
            completions,
            tool_calls,
            input_tokens,
            cached_input_tokens,
            output_tokens,
            cost_usd: cost_pusd.map(super::usd),
            fuel,
            memory_bytes_peak,
            component_us,
            output_bytes,
            http_requests,
            http_bytes,
            denied,
        }
    }
}
