//! What a response sends while it is made. The event's name in the stream is its type.

use serde::Serialize;
use serde_json::Value;

use super::Error;
use super::responses::{OutputItem, OutputPart, Response};

/// An event, with its place in the stream.
#[derive(Clone, Debug, Serialize)]
pub struct ResponseEvent {
    /// From 0.
    pub sequence_number: u64,
    /// What happens.
    #[serde(flatten)]
    pub step: Step,
}

/// What happens to a response.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type")]
pub enum Step {
    /// It begins.
    #[serde(rename = "response.created")]
    Created {
        /// The response so far.
        response: Box<Response>,
    },
    /// It is being made.
    #[serde(rename = "response.in_progress")]
    InProgress {
        /// The response so far.
        response: Box<Response>,
    },
    /// An item begins.
    #[serde(rename = "response.output_item.added")]
    ItemAdded {
        /// Its place.
        output_index: usize,
        /// The item, still empty.
        item: OutputItem,
    },
    /// A part of a message begins.
    #[serde(rename = "response.content_part.added")]
    PartAdded {
        /// The message.
        item_id: String,
        /// Its place.
        output_index: usize,
        /// The part's place.
        content_index: usize,
        /// The part, still empty.
        part: OutputPart,
    },
    /// Text is added to a part.
    #[serde(rename = "response.output_text.delta")]
    TextDelta {
        /// The message.
        item_id: String,
        /// Its place.
        output_index: usize,
        /// The part's place.
        content_index: usize,
        /// The text.
        delta: String,
        /// None.
        logprobs: [Value; 0],
    },
    /// A part's text is whole.
    #[serde(rename = "response.output_text.done")]
    TextDone {
        /// The message.
        item_id: String,
        /// Its place.
        output_index: usize,
        /// The part's place.
        content_index: usize,
        /// The whole text.
        text: String,
        /// None.
        logprobs: [Value; 0],
    },
    /// A part is whole.
    #[serde(rename = "response.content_part.done")]
    PartDone {
        /// The message.
        item_id: String,
        /// Its place.
        output_index: usize,
        /// The part's place.
        content_index: usize,
        /// The whole part.
        part: OutputPart,
    },
    /// Arguments are added to a call.
    #[serde(rename = "response.function_call_arguments.delta")]
    ArgumentsDelta {
        /// The call's item.
        item_id: String,
        /// Its place.
        output_index: usize,
        /// JSON as text.
        delta: String,
    },
    /// A call's arguments are whole.
    #[serde(rename = "response.function_call_arguments.done")]
    ArgumentsDone {
        /// The call's item.
        item_id: String,
        /// Its place.
        output_index: usize,
        /// The tool.
        name: String,
        /// JSON as text.
        arguments: String,
    },
    /// An item is whole.
    #[serde(rename = "response.output_item.done")]
    ItemDone {
        /// Its place.
        output_index: usize,
        /// The whole item.
        item: OutputItem,
    },
    /// The response is whole.
    #[serde(rename = "response.completed")]
    Completed {
        /// The whole response.
        response: Box<Response>,
    },
    /// The response ends before its end.
    #[serde(rename = "response.incomplete")]
    Incomplete {
        /// The response as far as it got.
        response: Box<Response>,
    },
    /// The response failed; `error` is sent before it.
    #[serde(rename = "response.failed")]
    Failed {
        /// The response as far as it got.
        response: Box<Response>,
    },
    /// Something failed. Clients of one kind read the members, of another the object.
    #[serde(rename = "error")]
    Error {
        /// A stable name for programs.
        code: Option<String>,
        /// What failed, why, and what to do.
        message: String,
        /// The part of the body that is at fault.
        param: Option<String>,
        /// The same.
        error: Error,
    },
}

impl Step {
    /// The event's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => "response.created",
            Self::InProgress { .. } => "response.in_progress",
            Self::ItemAdded { .. } => "response.output_item.added",
            Self::PartAdded { .. } => "response.content_part.added",
            Self::TextDelta { .. } => "response.output_text.delta",
            Self::TextDone { .. } => "response.output_text.done",
            Self::PartDone { .. } => "response.content_part.done",
            Self::ArgumentsDelta { .. } => "response.function_call_arguments.delta",
            Self::ArgumentsDone { .. } => "response.function_call_arguments.done",
            Self::ItemDone { .. } => "response.output_item.done",
            Self::Completed { .. } => "response.completed",
            Self::Incomplete { .. } => "response.incomplete",
            Self::Failed { .. } => "response.failed",
            Self::Error { .. } => "error",
        }
    }
}
